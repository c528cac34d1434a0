// What is known of a loop while its rounds are traced as one.
import type { Term } from "../graph/graph.ts";
import type { Loop, Position } from "../graph/loops.ts";
import type { ArrayValue, Place, Value } from "./values.ts";

/** An element that is written in a round, while the loop is traced. */
interface Entry {
  readonly array: ArrayValue;
  readonly index: Term;
  readonly place: Place;
}

/** What goes into an array when all rounds are done. */
export interface Written {
  readonly array: ArrayValue;
  readonly index: Term;
  readonly value: Value;
  /** From the outermost to the innermost. */
  readonly loops: readonly Loop[];
}

/** A loop that is being traced. */
export class Kept {
  readonly loop: Loop;
  /** How many places there were before it. */
  readonly births: number;
  readonly entries: Entry[] = [];
  readonly written: Written[] = [];
  /** What has been read of arrays that may be written to, other than by an entry. */
  readonly reads: { readonly array: ArrayValue; readonly index: Position | undefined }[] = [];

  constructor(loop: Loop, births: number) {
    this.loop = loop;
    this.births = births;
  }

  reset(): void {
    this.entries.length = 0;
    this.written.length = 0;
    this.reads.length = 0;
  }
}

/** Thrown where the rounds from `at` on differ from those before. */
export class Split extends Error {
  readonly loop: Loop;
  readonly at: number;

  constructor(loop: Loop, at: number) {
    super("a loop is to be split");
    this.loop = loop;
    this.at = at;
  }
}
