// The methods of arrays that equations use.
import { asKnown, asNumber, asTruth, binary } from "./operators.ts";
import type { Tracer } from "./tracer.ts";
import { ArrayValue, Builtin, type Value } from "./values.ts";

type Method = (tracer: Tracer, array: ArrayValue, list: readonly Value[], at: number) => Value;

/** Elements of an array; their number must be known. */
export const lengthOf = (tracer: Tracer, { length }: ArrayValue, at: number): number =>
  asKnown(tracer, length.value, "the length of an array", at) as number;

export const valuesOf = (tracer: Tracer, array: ArrayValue, at: number): Value[] =>
  array.items.slice(0, lengthOf(tracer, array, at)).map(({ value }) => value);

/** Where `slice`, `fill` and `subarray` begin and end. */
function range(tracer: Tracer, length: number, [from, to]: readonly Value[], at: number): [number, number] {
  const bound = (value: Value, otherwise: number): number => {
    if (value === undefined) return otherwise;
    const index = Math.trunc(Number(asKnown(tracer, value, "an index", at)));
    return index < 0 ? Math.max(0, length + index) : Math.min(index, length);
  };
  const start = bound(from, 0);
  return [start, Math.max(start, bound(to, length))];
}

function set(tracer: Tracer, array: ArrayValue, index: number, value: Value, at: number): void {
  if (array.fixed) tracer.fail(at, `${array.fixed} is changed`, "Copy it to a local array first.");
  const { heap } = tracer;
  array.items[index] ??= heap.place(undefined);
  heap.write(array.items[index], array.typed ? asNumber(tracer, value, at) : value);
}

function resize(tracer: Tracer, array: ArrayValue, length: number, at: number): void {
  if (array.fixed) tracer.fail(at, `${array.fixed} is changed`, "Copy it to a local array first.");
  tracer.heap.write(array.length, length);
}

/** Replaces all elements. */
function replace(tracer: Tracer, array: ArrayValue, values: readonly Value[], at: number): void {
  values.forEach((value, i) => set(tracer, array, i, value, at));
  if (values.length !== array.length.value) resize(tracer, array, values.length, at);
}

/** Calls a callback for every element; holes are rare enough to be called for, too. */
function each(tracer: Tracer, array: ArrayValue, callback: Value, at: number): Value[] {
  return valuesOf(tracer, array, at).map((value, i) => tracer.call(callback, [value, i, array], at));
}

function reduce(tracer: Tracer, array: ArrayValue, list: readonly Value[], backwards: boolean, at: number): Value {
  const indexed = valuesOf(tracer, array, at).map((value, i): [Value, number] => [value, i]);
  if (backwards) indexed.reverse();
  if (list.length < 2 && indexed.length === 0) tracer.fail(at, "nothing is reduced without a start", "Give a start.");
  let sum = list.length < 2 ? indexed.shift()![0] : list[1];
  for (const [value, i] of indexed) sum = tracer.call(list[0], [sum, value, i, array], at);
  return sum;
}

/** Whether one element (or every) answers true, asked one after the other. */
function ask(tracer: Tracer, array: ArrayValue, callback: Value, every: boolean, at: number): Value {
  const values = valuesOf(tracer, array, at);
  const from = (i: number): Value => {
    if (i === values.length) return every;
    const answer = asTruth(tracer, tracer.call(callback, [values[i], i, array], at), at);
    const rest = (): Value => from(i + 1);
    return every ? tracer.heap.choose(answer, rest, () => false) : tracer.heap.choose(answer, () => true, rest);
  };
  return from(0);
}

const find = (tracer: Tracer, array: ArrayValue, wanted: Value, at: number): number =>
  valuesOf(tracer, array, at).findIndex(
    (value) => asKnown(tracer, binary(tracer, "===", value, wanted, at), "what is found", at) === "true",
  );

const flatten = (tracer: Tracer, values: readonly Value[], depth: number, at: number): Value[] =>
  values.flatMap((value) =>
    value instanceof ArrayValue && depth > 0 ? flatten(tracer, valuesOf(tracer, value, at), depth - 1, at) : [value],
  );

const METHODS: Record<string, Method> = {
  map: (tracer, array, [callback], at) => {
    const values = each(tracer, array, callback, at);
    return tracer.array(array.typed ? values.map((value) => asNumber(tracer, value, at)) : values, array.typed);
  },
  forEach: (tracer, array, [callback], at) => void each(tracer, array, callback, at),
  flatMap: (tracer, array, [callback], at) => tracer.array(flatten(tracer, each(tracer, array, callback, at), 1, at)),
  filter: (tracer, array, [callback], at) => {
    const keeps = (value: Value, i: number): boolean =>
      asKnown(tracer, asTruth(tracer, tracer.call(callback, [value, i, array], at), at), "what is kept", at) === "true";
    return tracer.array(valuesOf(tracer, array, at).filter(keeps), array.typed);
  },
  reduce: (tracer, array, list, at) => reduce(tracer, array, list, false, at),
  reduceRight: (tracer, array, list, at) => reduce(tracer, array, list, true, at),
  every: (tracer, array, [callback], at) => ask(tracer, array, callback, true, at),
  some: (tracer, array, [callback], at) => ask(tracer, array, callback, false, at),
  indexOf: (tracer, array, [value], at) => find(tracer, array, value, at),
  includes: (tracer, array, [value], at) => find(tracer, array, value, at) >= 0,
  at: (tracer, array, [index], at) => {
    const place = Number(asKnown(tracer, index, "an index", at));
    return valuesOf(tracer, array, at).at(place);
  },
  fill: (tracer, array, [value, ...bounds], at) => {
    const [from, to] = range(tracer, lengthOf(tracer, array, at), bounds, at);
    for (let i = from; i < to; i++) set(tracer, array, i, value, at);
    return array;
  },
  slice: (tracer, array, bounds, at) => {
    const values = valuesOf(tracer, array, at);
    return tracer.array(values.slice(...range(tracer, values.length, bounds, at)), array.typed);
  },
  subarray: (tracer, array, bounds, at) => {
    const [from, to] = range(tracer, lengthOf(tracer, array, at), bounds, at);
    // The same places: whatever is set in the part is set in the whole.
    return new ArrayValue(array.items.slice(from, to), tracer.heap.place(to - from), true, array.fixed);
  },
  set: (tracer, array, [from, offset], at) => {
    const start = Number(asKnown(tracer, offset ?? 0, "an index", at));
    const values = from instanceof ArrayValue ? valuesOf(tracer, from, at) : [];
    if (start + values.length > lengthOf(tracer, array, at))
      tracer.fail(at, "more is set than there is room for", "Indices end at length − 1.");
    values.forEach((value, i) => set(tracer, array, start + i, value, at));
    return undefined;
  },
  push: (tracer, array, list, at) => {
    replace(tracer, array, [...valuesOf(tracer, array, at), ...list], at);
    return array.length.value;
  },
  unshift: (tracer, array, list, at) => {
    replace(tracer, array, [...list, ...valuesOf(tracer, array, at)], at);
    return array.length.value;
  },
  pop: (tracer, array, _, at) => {
    const values = valuesOf(tracer, array, at);
    const last = values.pop();
    replace(tracer, array, values, at);
    return last;
  },
  shift: (tracer, array, _, at) => {
    const [first, ...rest] = valuesOf(tracer, array, at);
    replace(tracer, array, rest, at);
    return first;
  },
  reverse: (tracer, array, _, at) => {
    replace(tracer, array, valuesOf(tracer, array, at).reverse(), at);
    return array;
  },
  concat: (tracer, array, list, at) => tracer.array([...valuesOf(tracer, array, at), ...flatten(tracer, list, 1, at)]),
  flat: (tracer, array, [depth], at) =>
    tracer.array(flatten(tracer, valuesOf(tracer, array, at), Number(asKnown(tracer, depth ?? 1, "a depth", at)), at)),
  keys: (tracer, array, _, at) => tracer.array(valuesOf(tracer, array, at).map((_value, i) => i)),
  values: (tracer, array, _, at) => tracer.array(valuesOf(tracer, array, at)),
  entries: (tracer, array, _, at) =>
    tracer.array(valuesOf(tracer, array, at).map((value, i) => tracer.array([i, value]))),
};

/** A method of an array, to be called. */
export function arrayMethod(tracer: Tracer, array: ArrayValue, name: string, at: number): Value {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name]! : undefined;
  if (!method) tracer.fail(at, `arrays have no .${name} here`, `Known are ${Object.keys(METHODS).join(", ")}.`);
  return new Builtin(name, (list, place) => method(tracer, array, list, place));
}
