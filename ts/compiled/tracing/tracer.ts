// What the parts of the tracing interpreter know of each other.
import type { Block } from "../graph/blocks.ts";
import type { Graph } from "../graph/graph.ts";
import { refusal, type Source } from "../reader/refusal.ts";
import type { Expression } from "../reader/syntax.ts";
import type { Heap } from "./heap.ts";
import type { Kept } from "./rounds.ts";
import { ArrayValue, type Scope, type Value } from "./values.ts";

export abstract class Tracer {
  readonly graph: Graph;
  readonly heap: Heap;
  /** The text that is being traced, and where, for messages. */
  source: Source;
  at = 0;
  /** Whether loops may stay loops. */
  readonly keepsLoops: boolean;
  /** Those that are being traced, the innermost last. */
  readonly kept: Kept[] = [];
  /** What they have become. */
  readonly blocks: Block[] = [];

  constructor(graph: Graph, heap: Heap, source: Source, keepsLoops: boolean) {
    this.keepsLoops = keepsLoops;
    this.graph = graph;
    this.heap = heap;
    this.source = source;
  }

  fail(problem: string, remedy: string): never {
    throw refusal(this.source, this.at, problem, remedy);
  }

  array(values: readonly Value[], typed = false, fixed?: string): ArrayValue {
    const { heap } = this;
    return new ArrayValue(
      values.map((value) => heap.place(value)),
      heap.place(values.length),
      typed,
      fixed,
    );
  }

  /** Builtins and what was handed in, where no variable of the function has this name. */
  abstract global(name: string): Value;

  abstract isGlobal(name: string): boolean;

  /** Runs something that may fail: if it throws, nothing has changed. */
  abstract attempt(run: () => void): void;

  abstract evaluate(expression: Expression, scope: Scope): Value;

  abstract call(callee: Value, list: readonly Value[]): Value;
}
