// Derivatives of a graph, as more of the same graph: cotangents pulled back from the values to the inputs (reverse mode), and
// tangents pushed forward.
import type { Graph, Scalar, Term, Truth } from "./graph.ts";
import { choiceOf, isFlat, pull, push } from "./partials.ts";

/** A cotangent that counts only where its condition is true: what no branch uses must not become 0 · ∞ there. */
interface Guarded {
  readonly where: Truth;
  readonly value: Scalar;
}

const NOWHERE: Guarded = { where: false, value: 0 };

function sum(graph: Graph, a: Guarded, b: Guarded): Guarded {
  if (a.where === false) return b;
  if (b.where === false) return a;
  if (a.where === b.where) return { where: a.where, value: graph.add(a.value, b.value) };
  const where = graph.or(a.where, b.where);
  if (graph.and(a.where, b.where) === false) return { where, value: graph.select(a.where, a.value, b.value) };
  return { where, value: graph.add(open(graph, a), open(graph, b)) };
}

/** The cotangent as a number everywhere. */
const open = (graph: Graph, { where, value }: Guarded): Scalar => graph.select(where, value, 0);

/** Which terms depend on an input of these arrays, and how: booleans and steps have no derivative. */
function dependent(terms: readonly Term[], count: number, arrays: ReadonlySet<string>): Uint8Array {
  const depends = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const term = terms[i]!;
    const depend = term.array ? arrays.has(term.array) : !isFlat(term) && term.list.some(({ id }) => depends[id]);
    depends[i] = depend ? 1 : 0;
  }
  return depends;
}

/**
 * Pulls `cotangents` of `values` back to the inputs: what it returns gives ∂/∂ input `index` of an array, of the sum of the
 * products of cotangents and values.
 */
export function reverse(
  graph: Graph,
  values: readonly Scalar[],
  cotangents: readonly Scalar[],
  arrays: readonly string[],
): (array: string, index: number) => Scalar {
  const count = graph.terms.length;
  const depends = dependent(graph.terms, count, new Set(arrays));
  const bars = new Array<Guarded | undefined>(count);
  const give = (to: Term, where: Truth, value: Scalar): void => {
    if (depends[to.id] && where !== false && value !== 0)
      bars[to.id] = sum(graph, bars[to.id] ?? NOWHERE, { where, value });
  };
  const relaxed = graph.relaxed;
  graph.relaxed = true;
  values.forEach((value, i) => {
    if (typeof value === "object") give(value, true, cotangents[i]!);
  });
  for (let i = count - 1; i >= 0; i--) {
    const bar = bars[i];
    const term = graph.terms[i]!;
    if (!bar || term.array) continue;
    const { list } = term;
    const choice = choiceOf(graph, term);
    if (choice !== undefined) {
      give(list.at(-2)!, graph.and(bar.where, choice), bar.value);
      give(list.at(-1)!, graph.and(bar.where, graph.not(choice)), bar.value);
    } else if (list[0] === list[1] && depends[list[0]!.id]) {
      // x · x: one product instead of two alike.
      give(list[0]!, bar.where, push(graph, term, [bar.value, bar.value]));
    } else {
      list.forEach((argument, k) => {
        if (depends[argument.id]) give(argument, bar.where, pull(graph, term, k, bar.value));
      });
    }
  }
  const bar = (array: string, index: number): Scalar => {
    const found = bars[graph.input(array, index).id];
    return found ? open(graph, found) : 0;
  };
  // Opened here, while the graph is relaxed.
  const opened = new Map(
    graph.terms
      .slice(0, count)
      .flatMap(({ array, index }) => (array ? [[`${array} ${index}`, bar(array, index)]] : [])),
  );
  graph.relaxed = relaxed;
  return (array, index) => opened.get(`${array} ${index}`) ?? 0;
}

/** By number up to the latest of them, which terms are needed for some values. */
function neededFor(values: readonly Scalar[], terms: readonly Term[]): Uint8Array {
  const last = values.reduce<number>(
    (most, value) => (typeof value === "object" ? Math.max(most, value.id) : most),
    -1,
  );
  const needed = new Uint8Array(last + 1);
  for (const value of values) if (typeof value === "object") needed[value.id] = 1;
  for (let i = last; i >= 0; i--) if (needed[i]) for (const { id } of terms[i]!.list) needed[id] = 1;
  return needed;
}

/** Pushes tangents of the inputs forward to the values; `tangent` answers undefined for an input that stays. */
export function forward(
  graph: Graph,
  values: readonly Scalar[],
  tangent: (array: string, index: number) => Scalar | undefined,
): Scalar[] {
  const relaxed = graph.relaxed;
  graph.relaxed = true;
  // Guarded, too: what stays on the way that is taken must not become 0 · ∞.
  const needed = neededFor(values, graph.terms);
  const dots = new Array<Guarded | undefined>(needed.length);
  for (let i = 0; i < needed.length; i++) {
    if (!needed[i]) continue;
    const term = graph.terms[i]!;
    if (term.array) {
      const value = tangent(term.array, term.index);
      if (value !== undefined) dots[i] = { where: true, value };
      continue;
    }
    const list = term.list.map(({ id }) => dots[id]);
    if (isFlat(term) || list.every((dot) => !dot)) continue;
    const choice = choiceOf(graph, term);
    const part = (dot: Guarded | undefined, where: Truth, value: (own: Scalar) => Scalar): Guarded =>
      dot ? { where: graph.and(dot.where, where), value: value(dot.value) } : NOWHERE;
    if (choice !== undefined) {
      const same = (value: Scalar): Scalar => value;
      dots[i] = sum(graph, part(list.at(-2), choice, same), part(list.at(-1), graph.not(choice), same));
    } else if (list.every((dot) => !dot || dot.where === true)) {
      dots[i] = {
        where: true,
        value: push(
          graph,
          term,
          list.map((dot) => dot?.value),
        ),
      };
    } else {
      const [a, b] = list.map((dot, k) => part(dot, true, (value) => pull(graph, term, k, value)));
      dots[i] = sum(graph, a!, b ?? NOWHERE);
    }
  }
  const pushed = values.map((value) => open(graph, (typeof value === "object" && dots[value.id]) || NOWHERE));
  graph.relaxed = relaxed;
  return pushed;
}
