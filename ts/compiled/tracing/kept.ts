// Loops that stay loops: the body is traced once, on a counter that stands for every round. That is possible where it reads
// and writes arrays at places that are affine in the counter, and where rounds only add to what they have in common. Where a
// condition on the counter changes its answer, or an array what it holds, the rounds are split there. A loop that is none of
// this is traced round by round, as if nothing had been tried.
import { SolveError } from "../../base/errors.ts";
import type { Block, Store } from "../graph/blocks.ts";
import type { Scalar, Term } from "../graph/graph.ts";
import { denseAlong, elementsAt, type Loop } from "../graph/loops.ts";
import { ADD, FOLD, SELECT, SUBTRACT } from "../graph/operations.ts";
import { Substitution } from "../graph/substitution.ts";
import { Kept, Split, type Written } from "./rounds.ts";
import type { Tracer } from "./tracer.ts";
import { NotKept, UNREAD } from "./unread.ts";
import { type ArrayValue, isTerm, type Place, UNSET, type Value } from "./values.ts";

/** Loops of fewer rounds are traced round by round. */
const LEAST = 16;
/** And what splitting has left of them. */
const LEAST_LEFT = 8;
/** Parts of a loop, at most. */
const MOST_PARTS = 12;
/** Traces of a body until it is known what its rounds have in common. */
const MOST_PASSES = 4;

/** Runs the rounds 0 … count − 1, as loops where that can be; `round` is given a number or a counter. */
export function keepRounds(tracer: Tracer, count: number, round: (k: Scalar) => void): boolean {
  if (count < LEAST || !tracer.keepsLoops) return false;
  try {
    tracer.attempt(() => {
      const parts: [from: number, to: number][] = [[0, count]];
      let some = 0;
      for (let part = parts.shift(); part; part = parts.shift()) {
        const [from, to] = part;
        if (some++ > 2 * MOST_PARTS || parts.length > MOST_PARTS) throw new NotKept();
        if (to - from < LEAST_LEFT) for (let k = from; k < to; k++) round(k);
        else {
          const at = splitOf(tracer, from, to, round);
          if (at !== undefined) parts.unshift([from, from + at], [from + at, to]);
        }
      }
    });
    return true;
  } catch (error) {
    // What was refused is refused again when it is traced round by round, if it must be.
    if (error instanceof NotKept || error instanceof SolveError) return false;
    if (error instanceof Split && !tracer.kept.some(({ loop }) => loop === error.loop)) return false;
    throw error;
  }
}

/** Traces some rounds as a loop; returns after how many of them it is to be split, and has changed nothing then. */
function splitOf(tracer: Tracer, from: number, to: number, round: (k: Scalar) => void): number | undefined {
  const loop = tracer.graph.loop(to - from);
  try {
    tracer.attempt(() =>
      keep(tracer, loop, () => round(tracer.graph.counter({ index: from, along: [{ loop, stride: 1 }] }))),
    );
    return undefined;
  } catch (error) {
    if (error instanceof Split && error.loop === loop) return error.at;
    throw error;
  }
}

function keep(tracer: Tracer, loop: Loop, round: () => void): void {
  const { heap, graph, kept } = tracer;
  const { mark, waiting } = heap;
  const own = new Kept(loop, mark.births);
  // The places of entries are made at the mark, before any other.
  heap.place(undefined);
  kept.push(own);
  /** What every round finds in the places that others have written to. */
  const common = new Map<Place, Common>();
  for (let pass = 0, isKnown = false; !isKnown; pass++) {
    if (pass > MOST_PASSES) throw new NotKept();
    own.reset();
    heap.rollBack(mark);
    for (const [place, { given }] of common) heap.write(place, given);
    round();
    if (heap.waiting !== waiting) throw new NotKept();
    isKnown = true;
    for (const [place, before] of heap.since(mark)) {
      if (common.has(place)) continue;
      isKnown = false;
      common.set(place, commonOf(tracer, loop, before, place.value));
    }
  }
  kept.pop();
  const depends = dependence(new Set([...common.values()].map(({ carry }) => carry)));
  const rounds = new Map([[loop, { index: loop.count - 1, along: [] }]]);
  const last = new Substitution(graph, rounds, (count) => graph.loop(count));
  for (const [place, known] of common) {
    // Rounds have come there only as long as it was not known what they have in common.
    if (Object.is(place.value, known.given)) common.delete(place);
    heap.write(place, afterwards(tracer, loop, place.value, known, depends, last));
  }
  const written: Written[] = [
    ...own.entries.map(({ array, index, place }): Written => ({ array, index, value: place.value, loops: [loop] })),
    ...own.written.map((other) => ({ ...other, loops: [loop, ...other.loops] })),
  ];
  const around = kept.map((other) => other.loop);
  for (const { array, index, value, loops } of written) {
    if (typeof value !== "number" && (!isTerm(value) || value.operation.isBoolean || depends(value)))
      throw new NotKept();
    // Every round writes elements of its own, of an array that all rounds share.
    if (![...around, ...loops].every((other) => index.loops.includes(other))) throw new NotKept();
    if (array.length.born >= (kept.at(-1)?.births ?? own.births)) throw new NotKept();
  }
  const outer = kept.at(-1);
  if (outer) {
    outer.written.push(...written);
    outer.reads.push(...own.reads);
  } else finish(tracer, written, own, new Set(common.keys()));
}

const isNumber = (value: Value): boolean => typeof value === "number" || (isTerm(value) && !value.operation.isBoolean);

/** A place that rounds have in common. */
interface Common {
  readonly before: Value;
  /** What every round finds there. */
  readonly given: Value;
  /** Of a number that rounds may add to. */
  readonly carry: Term | undefined;
  /** Of a counter, what every round adds. */
  readonly step: number | undefined;
}

function commonOf({ graph }: Tracer, loop: Loop, before: Value, after: Value): Common {
  const step = Number.isInteger(before) && Number.isInteger(after) ? (after as number) - (before as number) : 0;
  if (step !== 0) {
    const given = graph.counter({ index: before as number, along: [{ loop, stride: step }] });
    return { before, given, carry: undefined, step };
  }
  if (before === undefined || before === UNSET)
    return { before, given: UNREAD as unknown as Value, carry: undefined, step: undefined };
  // Rounds that change a condition, a text or an object have no more in common than their statements.
  if (!isNumber(before)) throw new NotKept();
  const carry = graph.carry(loop);
  return { before, given: carry, carry, step: undefined };
}

/** What is in a common place after the last round. */
function afterwards(
  { graph }: Tracer,
  loop: Loop,
  value: Value,
  { before, given, carry, step }: Common,
  depends: (value: Value) => boolean,
  last: Substitution,
): Value {
  if (step !== undefined) {
    if (value !== graph.add(given as Scalar, step)) throw new NotKept();
    return (before as number) + step * loop.count;
  }
  if (Object.is(value, given)) return before;
  // Statements were traced for a number in every round.
  if (!isTerm(value) && (carry || (typeof value === "object" && value !== null)) && typeof value !== "number")
    throw new NotKept();
  if (carry && isTerm(value) && !isNumber(value)) throw new NotKept();
  if (!isTerm(value)) return value;
  if (!depends(value)) return last.of(value);
  if (!carry || !isAdditive(value, carry, depends)) throw new NotKept();
  return graph.fold(loop, carry, value, before as Scalar);
}

/** Whether a term depends on one of some others. */
function dependence(on: ReadonlySet<Value>): (term: Value) => boolean {
  const known = new Map<Term, boolean>();
  // What came before all of them depends on none.
  const first = Math.min(...[...on].map((value) => (isTerm(value) ? value.id : Number.POSITIVE_INFINITY)));
  const depends = (term: Term): boolean => {
    if (term.id < first) return false;
    let found = known.get(term);
    if (found === undefined) {
      found = on.has(term) || term.list.some(depends);
      known.set(term, found);
    }
    return found;
  };
  return (value) => isTerm(value) && on.size > 0 && depends(value);
}

/** Whether a value is a carried one plus something else, on every way. */
function isAdditive(value: Term, carry: Term, depends: (term: Value) => boolean): boolean {
  if (value === carry) return true;
  const [a, b, c] = value.list as [Term, Term, Term];
  switch (value.operation) {
    case ADD:
      return depends(a) ? !depends(b) && isAdditive(a, carry, depends) : isAdditive(b, carry, depends);
    case SUBTRACT:
      return !depends(b) && isAdditive(a, carry, depends);
    case SELECT:
      return !depends(a) && [b, c].every((way) => depends(way) && isAdditive(way, carry, depends));
    case FOLD:
      return !depends(a) && isAdditive(c, carry, depends);
    default:
      return false;
  }
}

/** When the outermost loop has been traced: its rounds become blocks, and the elements what those store. */
function finish(tracer: Tracer, written: readonly Written[], { reads }: Kept, common: ReadonlySet<Place>): void {
  const { graph, heap } = tracer;
  const owners = new Map<Place, { array: ArrayValue; index: Term }>();
  const places = written.map(({ array, index }) => {
    const own = elementsAt(index).map((element) => array.items[element]!);
    for (const place of own) {
      // Every element is written by one round at most.
      if (owners.has(place) || common.has(place)) throw new NotKept();
      owners.set(place, { array, index });
    }
    return own;
  });
  for (const { array, index } of reads) {
    const elements = index ? elementsAt(index) : array.items.keys();
    for (const element of elements) {
      const owner = owners.get(array.items[element]!);
      // Views of an array share its elements: the same index of another view may be another element.
      if (owner !== undefined && (owner.array !== array || owner.index !== index)) throw new NotKept();
    }
  }
  const end = graph.terms.length;
  const blocks = new Map<string, { loops: readonly Loop[]; stores: Store[]; end: number }>();
  written.forEach(({ value, loops }, i) => {
    const key = loops.map(({ id }) => id).join();
    const block = blocks.get(key) ?? { loops, stores: [], end };
    blocks.set(key, block);
    const array = graph.array(places[i]!.length);
    block.stores.push({ array, index: 0, along: denseAlong(loops), value: value as Scalar });
    places[i]!.forEach((place, k) => heap.write(place, graph.input(array, k)));
  });
  tracer.blocks.push(...(blocks.values() as Iterable<Block>));
}
