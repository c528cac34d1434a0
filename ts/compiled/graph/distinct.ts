// Folds within folds go along loops of their own: derivatives turn nests inside out, and would go along one twice.
import type { Block } from "./blocks.ts";
import { type Graph, known, type Scalar, type Term } from "./graph.ts";
import type { Loop } from "./loops.ts";
import { Substitution } from "./substitution.ts";

const NO_BOUND: ReadonlySet<Loop> = new Set();

/** The blocks with other loops for folds that are within a loop of the same name. */
export function distinct(graph: Graph, blocks: readonly Block[]): Block[] {
  const bound: ReadonlySet<Loop>[] = [];
  /** The loops of the folds that a term is made of. */
  const boundIn = ({ id }: Term): ReadonlySet<Loop> => {
    for (let i = bound.length; i <= id; i++) {
      const { list, loop } = graph.terms[i]!;
      const parts = list.map((part) => bound[part.id]!).filter((part) => part.size > 0);
      if (loop) bound[i] = new Set([loop, ...parts.flatMap((part) => [...part])]);
      else bound[i] = parts.length > 1 ? new Set(parts.flatMap((part) => [...part])) : (parts[0] ?? NO_BOUND);
    }
    return bound[id]!;
  };
  const done = new Map<string, Scalar>();
  const of = (value: Scalar, around: readonly Loop[]): Scalar => {
    if (typeof value === "number" || boundIn(value).size === 0) return value;
    const key = `${value.id} ${around.map(({ id }) => id).join()}`;
    let made = done.get(key);
    if (made === undefined) {
      made = value.loop ? foldOf(value, around) : termOf(value, around);
      done.set(key, made);
    }
    return made;
  };
  const termOf = (term: Term, around: readonly Loop[]): Scalar => {
    const list = term.list.map((part) => of(known(part), around));
    const isSame = list.every((part, i) => part === known(term.list[i]!));
    return isSame ? term : graph.remade(term.operation, list);
  };
  const foldOf = (term: Term, around: readonly Loop[]): Scalar => {
    const inside = [...around, term.loop!];
    const isSame = of(known(term.list[0]!), inside) === known(term.list[0]!) && !around.includes(term.loop!);
    if (isSame && of(known(term.list[2]!), around) === known(term.list[2]!)) return term;
    const copy = new Substitution(graph, new Map(), (count) => graph.loop(count)).fold(term);
    if (typeof copy === "number" || !copy.loop) return copy;
    const [next, carry, init] = copy.list as [Term, Term, Term];
    const own = of(known(next), [...around, copy.loop]);
    return graph.fold(copy.loop, carry, own, of(known(init), around), copy.value === 1);
  };
  return blocks.map((block) => ({
    ...block,
    stores: block.stores.map((store) => ({ ...store, value: of(store.value, block.loops) })),
    ...(block.folds && { folds: block.folds.filter((fold) => of(fold, []) === fold) }),
  }));
}
