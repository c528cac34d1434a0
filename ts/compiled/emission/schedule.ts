// In what order a graph is computed: every term right before the first value that needs it, so that few are alive at a time.
import type { Scalar, Term } from "../graph/graph.ts";

/** Where a value goes: element `index` of an array, set or, with `adds`, added to. */
export interface Store {
  readonly array: string;
  readonly index: number;
  readonly value: Scalar;
  readonly adds?: boolean;
}

export type Step = { readonly term: Term } | { readonly store: Store };

export interface Schedule {
  readonly steps: readonly Step[];
  /** How often each term is used, by its number. */
  readonly uses: Uint32Array;
}

const NONE: readonly Term[] = [];

/** What an operation is computed from. An input is read, whatever it depends on. */
const partsOf = ({ array, list }: Term): readonly Term[] => (array ? NONE : list);

/** Terms are computed once; constants are none of them. Without recursion: sums may be thousands of terms deep. */
export function scheduleOf(stores: readonly Store[], count: number): Schedule {
  const uses = new Uint32Array(count);
  const steps: Step[] = [];
  const done = new Uint8Array(count);
  for (const store of stores) {
    const { value } = store;
    const stack: Term[] = typeof value === "object" ? [value] : [];
    if (typeof value === "object") uses[value.id]!++;
    while (stack.length > 0) {
      const term = stack.at(-1)!;
      if (done[term.id] === 0) {
        done[term.id] = 1;
        const parts = partsOf(term);
        for (const part of parts) uses[part.id]!++;
        // The first argument is computed first.
        for (let i = parts.length - 1; i >= 0; i--) if (done[parts[i]!.id] !== 2) stack.push(parts[i]!);
        continue;
      }
      stack.pop();
      if (done[term.id] === 2) continue;
      done[term.id] = 2;
      if (term.operation.name !== "constant") steps.push({ term });
    }
    steps.push({ store });
  }
  return { steps, uses };
}
