// Arrays at places that move with the counters of loops: what all rounds find there, as one value.
import type { Term } from "../graph/graph.ts";
import { type Along, boundsOf, denseAlong, elementsAt, joined, type Loop, type Position } from "../graph/loops.ts";
import { isCounter } from "../graph/terms.ts";
import { split } from "./counters.ts";
import { asNumber } from "./operators.ts";
import { type Kept, Split } from "./rounds.ts";
import type { Tracer } from "./tracer.ts";
import { NotKept } from "./unread.ts";
import { ArrayValue, isTerm, type Place, Spread, UNSET, type Value } from "./values.ts";

/** Whether it is a counter, an index that moves. */
export const isMoving = (key: Value): key is Term => isTerm(key) && isCounter(key);

/** `array[index]` */
export function readMoving(tracer: Tracer, array: ArrayValue, index: Term): Value {
  const entry = entryOf(tracer, array, index);
  if (entry) return entry.value;
  if (!array.fixed) tracer.kept.at(-1)?.reads.push({ array, index });
  within(tracer, array, index);
  return underlying(tracer, array, index);
}

/** `array[index] = value` */
export function writeMoving(tracer: Tracer, array: ArrayValue, index: Term, value: Value): void {
  const { kept, heap } = tracer;
  array.change(tracer);
  within(tracer, array, index);
  let place = entryOf(tracer, array, index);
  if (!place) {
    const owner = kept.findLast(({ loop }) => index.loops.includes(loop));
    if (!owner) throw new NotKept();
    place = { value: ifAny(() => underlying(tracer, array, index)), born: owner.births };
    owner.entries.push({ array, index, place });
  }
  heap.write(place, array.typed ? asNumber(tracer, value) : value);
}

const entryOf = ({ kept }: { readonly kept: readonly Kept[] }, array: ArrayValue, index: Term): Place | undefined => {
  for (const { entries } of kept) {
    const entry = entries.find((own) => own.array === array && own.index === index);
    if (entry) return entry.place;
  }
  return undefined;
};

/** What is there before the loop, where all rounds find the same kind of thing. */
function ifAny(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotKept || error instanceof Split) return UNSET;
    throw error;
  }
}

/** Rounds that leave the array are split from those that do not. */
function within(tracer: Tracer, array: ArrayValue, index: Term): void {
  const size = array.size(tracer);
  const [least, most] = boundsOf(index);
  if (least >= 0 && most < size) return;
  const { loop, stride } = index.along[0]!;
  const isInside = (round: number): boolean => {
    const element = index.index + stride * round;
    return element >= 0 && element < size;
  };
  for (let round = 1; round < loop.count; round++) if (isInside(round) !== isInside(0)) split(index, round);
  throw new NotKept();
}

const underlying = (tracer: Tracer, array: ArrayValue, index: Term): Value =>
  familyOf(
    tracer,
    elementsAt(index).map((element) => array.items[element]!.value),
    index.loops,
  );

/** A member of each of many arrays or objects. */
export function readSpread(
  tracer: Tracer,
  { values, loops }: Spread,
  key: Value,
  read: (object: Value, key: Value) => Value,
): Value {
  if (values.some((value) => value instanceof ArrayValue && !value.fixed)) throw new NotKept();
  if (!isMoving(key))
    return familyOf(
      tracer,
      values.map((value) => read(value, key)),
      loops,
    );
  const all = joined(loops, key.loops);
  const own = elementsAt({ index: 0, along: placed(loops, all) });
  const keys = elementsAt({ index: key.index, along: all.map((loop) => ({ loop, stride: strideOf(key, loop) })) });
  const objects = elementsAt({ index: 0, along: all.map((loop) => ({ loop, stride: 0 })) });
  return familyOf(
    tracer,
    objects.map((_, k) => read(values[own[k]!], keys[k]!)),
    all,
  );
}

/** The elements of each of many arrays, which are of one length. */
export function elementsOfSpread(tracer: Tracer, { values, loops }: Spread): Value[] {
  const arrays = values.map((value) => {
    if (!(value instanceof ArrayValue && value.fixed)) throw new NotKept();
    return value;
  });
  const count = arrays[0]!.size(tracer);
  if (arrays.some((array) => array.size(tracer) !== count)) throw new NotKept();
  const elements = (i: number): Value[] => arrays.map((array) => array.items[i]!.value);
  return Array.from({ length: count }, (_, i) => familyOf(tracer, elements(i), loops));
}

const strideOf = ({ along }: Position, loop: Loop): number => along.find((own) => own.loop === loop)?.stride ?? 0;

/** Through a dense array over `loops`, by the rounds of more loops. */
const placed = (loops: readonly Loop[], all: readonly Loop[]): Along[] => {
  const dense = denseAlong(loops);
  return all.map((loop) => ({ loop, stride: strideOf({ index: 0, along: dense }, loop) }));
};

/** The values of all rounds of some loops, the last loop's fastest, as one value. */
export function familyOf(tracer: Tracer, values: readonly Value[], loops: readonly Loop[]): Value {
  const { graph } = tracer;
  const [first] = values;
  if (values.every((value) => Object.is(value, first))) return first;
  if (typeof first === "object" && first !== null && !isTerm(first) && values.every(isContainer))
    return new Spread(values, loops);
  const affine = affineOf(values, loops);
  if (affine)
    return affine.array === undefined ? graph.counter(affine) : graph.input(affine.array, affine.index, affine.along);
  if (values.every((value) => typeof value === "number"))
    return graph.input(graph.array(values.length, Float64Array.from(values)), 0, denseAlong(loops));
  if (loops.length > 1) throw new NotKept();
  throw new Split(loops[0]!, alike(values));
}

/** How many of the first values are numbers, or numbers of one array one after the other. */
function alike(values: readonly Value[]): number {
  const arrays = values.map(arrayOf);
  const elements = values.map((value) => (isTerm(value) ? value.index : 0));
  let same = 1;
  while (
    same < values.length &&
    arrays[same] === arrays[0] &&
    arrays[0] !== null &&
    elements[same]! - elements[same - 1]! === elements[1]! - elements[0]!
  )
    same++;
  return same;
}

/** An index that is read from a table moves, too, as far as the table grows evenly. */
export function indexOf(tracer: Tracer, key: Value): Value {
  if (!isTerm(key) || key.along.length !== 1) return key;
  const table = tracer.graph.arrays.get(key.array)?.values;
  if (!table) return key;
  const elements = elementsAt(key).map((element) => table[element]!);
  let same = 2;
  while (same < elements.length && elements[same]! - elements[same - 1]! === elements[1]! - elements[0]!) same++;
  throw new Split(key.along[0]!.loop, same);
}

const isContainer = (value: Value): boolean => typeof value === "object" && value !== null && !isTerm(value);

/** The position that values have in common: integers, or numbers of one array that the field is given. */
function affineOf(
  values: readonly Value[],
  loops: readonly Loop[],
): (Position & { readonly array: string | undefined }) | undefined {
  const array = arrayOf(values[0]);
  const elements: number[] = [];
  for (const value of values) {
    if (arrayOf(value) !== array) return undefined;
    const element = typeof value === "number" ? value : (value as Term).index;
    if (!Number.isInteger(element)) return undefined;
    elements.push(element);
  }
  if (array === null) return undefined;
  const index = elements[0]!;
  const dense = denseAlong(loops);
  const along = dense
    .map(({ loop, stride }) => ({ loop, stride: (elements[stride] ?? index) - index }))
    .filter(({ stride }) => stride !== 0);
  const isSame = elements.every((element, k) => {
    const expected = dense.reduce((sum, { loop, stride }) => {
      const own = along.find((other) => other.loop === loop);
      return own ? sum + own.stride * (Math.floor(k / stride) % loop.count) : sum;
    }, index);
    return element === expected;
  });
  return isSame ? { array, index, along } : undefined;
}

/** The array of an input; undefined: it is a number; null: it is something else. */
const arrayOf = (value: Value): string | undefined | null => {
  if (typeof value === "number") return undefined;
  return isTerm(value) && value.array && value.loops.length === 0 ? value.array : null;
};
