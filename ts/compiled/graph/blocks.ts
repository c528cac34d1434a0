// What a function consists of beside its graph: blocks, one after the other. Each computes values of the graph and stores
// them: once, or in every round of one to three nested loops, at places that are affine in the rounds. What a later block
// needs of an earlier one it reads from a temporary array. Whatever no loop changes is computed once, wherever it is used.
import type { Scalar, Term } from "./graph.ts";
import type { Along, Loop } from "./loops.ts";
import { isOwn } from "./terms.ts";

/** Where a value goes: an element of an array, set or, with `adds`, added to. */
export interface Store {
  readonly array: string;
  readonly index: number;
  /** The loops of its block that the element moves with; none: it is one element. */
  readonly along?: readonly Along[];
  readonly value: Scalar;
  readonly adds?: boolean;
}

/** No round reads what another one stores: they may be computed in any order, side by side. */
export interface Block {
  /** From the outermost to the innermost; none: it is straight-line code. */
  readonly loops: readonly Loop[];
  readonly stores: readonly Store[];
  /** Sums over the rounds of its one loop, in any order, that later blocks need. */
  readonly folds?: readonly Term[];
  /** How many terms the graph had when the block was traced: what reads its arrays came later. */
  readonly end: number;
}

/** Straight-line code. */
export const straight = (stores: readonly Store[], end: number): Block => ({ loops: [], stores, end });

/** The blocks without stores in temporary arrays that nobody reads. */
export function needed(blocks: readonly Block[]): Block[] {
  const read = new Set<string>();
  const seen = new Set<Term>();
  const visit = (value: Scalar): void => {
    const stack = [value];
    while (stack.length > 0) {
      const term = stack.pop()!;
      if (typeof term !== "object" || seen.has(term)) continue;
      seen.add(term);
      read.add(term.array);
      stack.push(...term.list);
    }
  };
  const kept = blocks.toReversed().flatMap((block) => {
    const stores = block.stores.filter(({ array }) => !isOwn(array) || read.has(array));
    for (const { value } of stores) visit(value);
    for (const fold of block.folds ?? []) visit(fold);
    return stores.length > 0 ? [{ ...block, stores }] : [];
  });
  return kept.reverse();
}

/** All folds that values need. */
export function foldsIn(values: readonly Scalar[]): Term[] {
  const seen = new Set<Term>();
  const folds: Term[] = [];
  const stack = values.filter((value) => typeof value === "object");
  while (stack.length > 0) {
    const term = stack.pop()!;
    if (seen.has(term)) continue;
    seen.add(term);
    if (term.loop) folds.push(term);
    stack.push(...term.list);
  }
  return folds;
}
