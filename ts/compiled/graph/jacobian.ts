// The Jacobian of a graph, entry by entry, as more of the same graph: what entries have in common is computed once. Columns
// that no value depends on together are pushed forward in one sweep, or rows that share no input pulled back in one,
// whichever way is less work.
import type { SparsityPattern } from "../../fields/field.ts";
import { forward, reverse } from "./derivatives.ts";
import type { Graph, Scalar, Term } from "./graph.ts";
import { isFlat } from "./partials.ts";

export interface Jacobian {
  readonly pattern: SparsityPattern;
  /** The entries in the pattern's order. */
  readonly values: readonly Scalar[];
}

const NONE: readonly number[] = [];

/** The numbers that are in one of two lists, both ascending. */
function union(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === 0 || a === b) return b;
  if (b.length === 0) return a;
  const both = [...new Set([...a, ...b])];
  return both.length === a.length ? a : both.length === b.length ? b : both.sort((p, q) => p - q);
}

/** The arguments that a derivative may pass. */
const passing = (term: Term): readonly Term[] => (isFlat(term) ? [] : term.list);

/** By term, which of the inputs y[0], y[1], … it depends on. */
function inputsOf(terms: readonly Term[]): (readonly number[])[] {
  const found: (readonly number[])[] = [];
  for (const term of terms) {
    const own = term.array === "y" ? [term.index] : NONE;
    found.push(passing(term).reduce((all, { id }) => union(all, found[id]!), own));
  }
  return found;
}

/** By term, which of the values depend on it. */
function reachedBy(terms: readonly Term[], values: readonly Scalar[]): (readonly number[])[] {
  const found = terms.map(() => NONE);
  values.forEach((value, row) => {
    if (typeof value === "object") found[value.id] = union(found[value.id]!, [row]);
  });
  for (let i = terms.length - 1; i >= 0; i--)
    for (const { id } of passing(terms[i]!)) found[id] = union(found[id]!, found[i]!);
  return found;
}

/** A colour for each of `count` numbers, such that no list has two numbers of one colour. */
function coloured(count: number, lists: readonly (readonly number[])[]): number[][] {
  const beside: Set<number>[] = Array.from({ length: count }, () => new Set());
  for (const list of lists) for (const a of list) for (const b of list) beside[a]!.add(b);
  const colours = new Array<number>(count).fill(-1);
  const groups: number[][] = [];
  for (let k = 0; k < count; k++) {
    const taken = new Set(Array.from(beside[k]!, (other) => colours[other]!));
    let colour = 0;
    while (taken.has(colour)) colour++;
    colours[k] = colour;
    groups[colour] ??= [];
    groups[colour]!.push(k);
  }
  return groups;
}

const total = (lists: readonly (readonly number[])[]): number => lists.reduce((sum, { length }) => sum + length, 0);

/**
 * ∂ values/∂ y for y of `dim` numbers. Entries that are 0 whatever y is are not in the pattern. `step` is called between
 * sweeps: it may stop what becomes too large.
 */
export function jacobianOf(graph: Graph, values: readonly Scalar[], dim: number, step: () => void): Jacobian {
  const terms = graph.terms.slice();
  const [inputs, reached] = [inputsOf(terms), reachedBy(terms, values)];
  const columnsOf = values.map((value) => (typeof value === "object" ? inputs[value.id]! : NONE));
  const rowsOf: number[][] = Array.from({ length: dim }, () => []);
  columnsOf.forEach((columns, row) => {
    for (const column of columns) rowsOf[column]!.push(row);
  });
  const entries = values.map(() => new Map<number, Scalar>());
  // A term is worked on once for each input that it depends on, or for each value that depends on it.
  const alive = inputs.filter((_, id) => reached[id]!.length > 0);
  if (total(alive) <= total(reached.filter((_, id) => inputs[id]!.length > 0))) {
    for (const group of coloured(dim, columnsOf)) {
      const own = new Set(group);
      const pushed = forward(graph, values, (array, index) => (array === "y" && own.has(index) ? 1 : undefined));
      for (const column of group) for (const row of rowsOf[column]!) entries[row]!.set(column, pushed[row]!);
      step();
    }
  } else {
    for (const group of coloured(values.length, rowsOf)) {
      const seeds = values.map(() => 0);
      for (const row of group) seeds[row] = 1;
      const bar = reverse(graph, values, seeds, ["y"]);
      for (const row of group) for (const column of columnsOf[row]!) entries[row]!.set(column, bar("y", column));
      step();
    }
  }
  const kept = entries.map((row) => Array.from(row).filter(([, value]) => value !== 0));
  for (const row of kept) row.sort(([a], [b]) => a - b);
  const starts = new Int32Array(values.length + 1);
  kept.forEach(({ length }, row) => (starts[row + 1] = starts[row]! + length));
  return {
    pattern: {
      size: dim,
      starts,
      rows: Int32Array.from(kept.flatMap((row, i) => row.map(() => i))),
      columns: Int32Array.from(kept.flatMap((row) => row.map(([column]) => column))),
    },
    values: kept.flatMap((row) => row.map(([, value]) => value)),
  };
}
