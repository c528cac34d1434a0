// Derivatives of a graph, as more of the same graph: cotangents pulled back from the values to the inputs (reverse mode), and
// tangents pushed forward.
import { pulledCall, pushedCall } from "./calls.ts";
import type { Graph, Scalar, Term, Truth } from "./graph.ts";
import { type Guarded, NEVER, open, sum } from "./guarded.ts";
import { type Along, CARRY, joined, type Loop, NO_LOOPS } from "./loops.ts";
import { choiceOf, isFlat, pull, push } from "./partials.ts";
import type { Call } from "./terms.ts";

/** Which terms depend on an input of these arrays, and how: booleans and steps have no derivative. */
export function dependent(
  terms: readonly Term[],
  count: number,
  arrays: ReadonlySet<string>,
  sources: ReadonlyMap<string, readonly Scalar[]> = NO_SOURCES,
): Uint8Array {
  const depends = new Uint8Array(count);
  const doesDepend = (value: Scalar): unknown => typeof value === "object" && depends[value.id];
  for (let i = 0; i < count; i++) {
    const term = terms[i]!;
    const isCall = term.array !== "" && term.list.length > 0;
    const depend =
      term.array && !isCall
        ? arrays.has(term.array) || sources.get(term.array)?.some(doesDepend)
        : // A network has parameters of its own.
          (isCall && arrays.has("p")) || (!isFlat(term) && term.list.some(({ id }) => depends[id]));
    depends[i] = depend ? 1 : 0;
  }
  return depends;
}

const NO_SOURCES: ReadonlyMap<string, readonly Scalar[]> = new Map();

/** Pulls cotangents back through the terms of a graph, from the latest to the first, as more of the graph. */
export class Pullback {
  private readonly graph: Graph;
  private readonly depends: Uint8Array;
  private readonly bars: (Guarded | undefined)[];
  private readonly params: boolean;
  private at: number;

  /** `depends`: of each term so far, whether its cotangent is wanted; `params`: whether those of networks' parameters are. */
  constructor(graph: Graph, depends: Uint8Array, params = false) {
    this.params = params;
    this.graph = graph;
    this.depends = depends;
    this.at = depends.length;
    this.bars = new Array(this.at);
  }

  /** Adds to a term's cotangent a value that there is in every round of `loops`. */
  give(to: Term, where: Truth, value: Scalar, loops: readonly Loop[]): void {
    if (!this.depends[to.id] || where === false || value === 0) return;
    const { graph, bars } = this;
    let own: Guarded = { where, value };
    const over = loops.length > to.loops.length ? loops.filter((loop) => !to.loops.includes(loop)) : NO_LOOPS;
    if (over.length > 0) {
      const isOutside = where === true || where.loops.every((loop) => to.loops.includes(loop));
      own = isOutside
        ? { where, value: graph.sum(over, value) }
        : { where: true, value: graph.sum(over, open(graph, own)) };
    }
    bars[to.id] = sum(graph, bars[to.id] ?? NEVER, own);
  }

  /** Pulls back all terms from number `end` on; `arrive` is told the cotangents of inputs. */
  sweep(end: number, arrive?: (input: Term, bar: Scalar) => void): void {
    const { graph, bars } = this;
    while (this.at > end) {
      const i = --this.at;
      const bar = bars[i];
      const term = graph.terms[i]!;
      const call = graph.callOf(term);
      if (call) {
        // Whatever uses an output came later than all of them.
        if (call.outputs[0] === term) this.pullCall(call);
        continue;
      }
      if (!bar) continue;
      if (term.array) arrive?.(term, open(graph, bar));
      else this.pull(term, bar);
    }
  }

  private pullCall(call: Call): void {
    const { graph, params, depends } = this;
    for (const { to, where, value } of pulledCall(graph, call, (term) => this.bars[term.id], params, depends))
      this.give(to, where, value, NO_LOOPS);
  }

  private pull(term: Term, bar: Guarded): void {
    const { graph, depends } = this;
    const { list, loops, loop } = term;
    if (loop) {
      // What is carried is only added to: each round's part has the cotangent of the sum.
      const [next, , init] = list;
      this.give(next!, bar.where, bar.value, joined(loops, [loop]));
      this.give(init!, bar.where, bar.value, loops);
      return;
    }
    const choice = choiceOf(graph, term);
    if (choice !== undefined) {
      this.give(list.at(-2)!, graph.and(bar.where, choice), bar.value, loops);
      this.give(list.at(-1)!, graph.and(bar.where, graph.not(choice)), bar.value, loops);
    } else if (list[0] === list[1] && depends[list[0]!.id]) {
      // x · x: one product instead of two alike.
      this.give(list[0]!, bar.where, push(graph, term, [bar.value, bar.value]), loops);
    } else {
      list.forEach((argument, k) => {
        if (depends[argument.id]) this.give(argument, bar.where, pull(graph, term, k, bar.value), loops);
      });
    }
  }
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
  const pullback = new Pullback(
    graph,
    dependent(graph.terms, graph.terms.length, new Set(arrays)),
    arrays.includes("p"),
  );
  const bars = new Map<Term, Scalar>();
  graph.derive(() => {
    values.forEach((value, i) => {
      if (typeof value === "object") pullback.give(value, true, cotangents[i]!, NO_LOOPS);
    });
    pullback.sweep(0, (input, bar) => void bars.set(input, bar));
  });
  return (array, index) => bars.get(graph.input(array, index)) ?? 0;
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
  tangent: (array: string, index: number, along: readonly Along[]) => Scalar | undefined,
): Scalar[] {
  const relaxed = graph.relaxed;
  graph.relaxed = true;
  // Guarded, too: what stays on the way that is taken must not become 0 · ∞.
  const needed = neededFor(values, graph.terms);
  const dots = new Array<Guarded | undefined>(needed.length);
  const pushed = new Map<Call, readonly (Guarded | undefined)[]>();
  for (let i = 0; i < needed.length; i++) {
    if (!needed[i]) continue;
    const term = graph.terms[i]!;
    const call = graph.callOf(term);
    if (call) {
      const known =
        pushed.get(call) ?? pushedCall(graph, call, (part) => dots[part.id], tangent("p", 0, []) !== undefined);
      pushed.set(call, known);
      dots[i] = known[term.index];
      continue;
    }
    if (term.array) {
      // What is carried has a tangent that is carried.
      const value = term.array === CARRY ? graph.carry(term.loops[0]!) : tangent(term.array, term.index, term.along);
      if (value !== undefined) dots[i] = { where: true, value };
      continue;
    }
    if (term.loop) {
      const [next, carry, init] = term.list.map(({ id }) => open(graph, dots[id] ?? NEVER));
      const value = graph.fold(term.loop, carry as Term, next!, init!);
      if (value !== 0) dots[i] = { where: true, value };
      continue;
    }
    const list = term.list.map(({ id }) => dots[id]);
    if (isFlat(term) || list.every((dot) => !dot)) continue;
    const choice = choiceOf(graph, term);
    const part = (dot: Guarded | undefined, where: Truth, value: (own: Scalar) => Scalar): Guarded =>
      dot ? { where: graph.and(dot.where, where), value: value(dot.value) } : NEVER;
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
      dots[i] = sum(graph, a!, b ?? NEVER);
    }
  }
  const result = values.map((value) => open(graph, (typeof value === "object" && dots[value.id]) || NEVER));
  graph.relaxed = relaxed;
  return result;
}
