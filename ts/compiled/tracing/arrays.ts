// The methods of arrays: JavaScript's own, on an array of the values.

import type { Scalar, Term } from "../graph/graph.ts";
import { elementsOfSpread, readMoving, writeMoving } from "./families.ts";
import { keepRounds } from "./kept.ts";
import { asKnown, asNumber, asTruth } from "./operators.ts";
import type { Tracer } from "./tracer.ts";
import { ArrayValue, Builtin, Choice, Spread, type Value } from "./values.ts";

const METHODS =
  /^(at|concat|entries|every|fill|filter|find|findIndex|forEach|includes|indexOf|keys|map|pop|push|reduce|reduceRight|reverse|set|shift|slice|some|subarray|unshift|values)$/;
/** Those that take a callback, and those whose callback answers true or false. */
const CALLING = /^(filter|find|forEach|map|reduce)/;
const ASKING = /^(filter|find)/;

/** What `for … of`, spreads and patterns go through. */
export function elementsOf(tracer: Tracer, value: Value): readonly Value[] {
  if (value instanceof ArrayValue) return value.values(tracer);
  if (value instanceof Choice) {
    const whenTrue = elementsOf(tracer, value.whenTrue);
    const whenFalse = elementsOf(tracer, value.whenFalse);
    if (whenTrue.length !== whenFalse.length) asKnown(tracer, value, "the length of an array");
    return whenTrue.map((element, i) => tracer.heap.merge(value.condition, element, whenFalse[i]));
  }
  if (value instanceof Spread) return elementsOfSpread(tracer, value);
  return tracer.fail("this is no array", "Only arrays can be gone through.");
}

/** A method of an array, to be called. */
export function arrayMethod(tracer: Tracer, array: ArrayValue, name: string): Value {
  if (!METHODS.test(name)) tracer.fail(`.${name} of an array cannot be compiled`, "Write a loop.");
  return new Builtin(name, (list) => {
    const before = array.values(tracer);
    if (name === "subarray") {
      // The same places: whatever is set in the part is set in the whole.
      const bounds = list.map((bound) => asKnown(tracer, bound, "an index")) as [number, number];
      const places = array.items.slice(0, before.length).slice(...bounds);
      return new ArrayValue(places, tracer.heap.place(places.length), true, array.fixed);
    }
    if (name === "set") {
      const [from, offset = 0] = list;
      const start = asKnown(tracer, offset, "an index") as number;
      const elements = elementsOf(tracer, from);
      if (start + elements.length > before.length)
        tracer.fail("more is set than there is room for", "Indices go from 0 to length − 1.");
      elements.forEach((value, i) => array.set(tracer, start + i, asNumber(tracer, value)));
      return undefined;
    }
    if (name === "some" || name === "every") return ask(tracer, array, name === "every", list[0]);
    const inRounds = roundsOf(tracer, array, name, list);
    if (inRounds) return inRounds[0];
    const values = [...before];
    if (/^in/.test(name)) for (const value of values) asKnown(tracer, value, "what is looked for");
    const given = list.map((value, i) => {
      if (i === 0 && CALLING.test(name)) return callback(tracer, array, name, value);
      // Only elements and first values may depend on the state.
      if (!/^(concat|fill|push|reduce|unshift)/.test(name)) asKnown(tracer, value, "an argument");
      return name === "concat" && value instanceof ArrayValue ? value.values(tracer) : value;
    });
    const result = (values as never as Record<string, (...list: unknown[]) => unknown>)[name]!(...given);
    if (values.length !== before.length || values.some((value, i) => value !== before[i])) {
      values.forEach((value, i) => array.set(tracer, i, array.typed ? asNumber(tracer, value) : value));
      array.resize(tracer, values.length);
    }
    return asValue(tracer, array, values, result);
  });
}

/** What forEach, map and reduce answer where their rounds stay a loop. */
function roundsOf(tracer: Tracer, array: ArrayValue, name: string, list: readonly Value[]): [Value] | undefined {
  const { heap } = tracer;
  const [callee, init] = list;
  const isSum = name === "reduce";
  if (name !== "forEach" && name !== "map" && !(isSum && list.length > 1)) return undefined;
  const count = array.size(tracer);
  const result = heap.place(init);
  const made = name === "map" ? tracer.array(new Array<Value>(count).fill(0), array.typed) : undefined;
  const isKept = keepRounds(tracer, count, (k) => {
    const element = elementAt(tracer, array, k);
    const answer = tracer.call(callee, isSum ? [result.value, element, k, array] : [element, k, array]);
    if (isSum) heap.write(result, answer);
    else if (made && typeof k === "number") made.set(tracer, k, array.typed ? asNumber(tracer, answer) : answer);
    else if (made) writeMoving(tracer, made, k as Term, answer);
  });
  return isKept ? [isSum ? result.value : made] : undefined;
}

/** An element of an array in a round of a loop, or in all of them. */
export const elementAt = (tracer: Tracer, array: ArrayValue, k: Scalar): Value =>
  typeof k === "number" ? array.items[k]!.value : readMoving(tracer, array, k);

/** Whether one element (or every) answers true, asked one after the other. */
function ask(tracer: Tracer, array: ArrayValue, every: boolean, callee: Value): Value {
  const values = array.values(tracer);
  const from = (i: number): Value => {
    if (i === values.length) return every;
    const answer = asTruth(tracer, tracer.call(callee, [values[i], i, array]));
    const [rest, end] = [() => from(i + 1), () => !every];
    return every ? tracer.heap.choose(answer, rest, end) : tracer.heap.choose(answer, end, rest);
  };
  return from(0);
}

function callback(tracer: Tracer, array: ArrayValue, name: string, callee: Value): unknown {
  return (...list: Value[]) => {
    // The last argument is the whole array.
    const answer = tracer.call(callee, [...list.slice(0, -1), array]);
    return ASKING.test(name) ? asKnown(tracer, asTruth(tracer, answer), "what is asked of an element") : answer;
  };
}

/** What a method has answered, as a value. */
function asValue(tracer: Tracer, array: ArrayValue, values: Value[], result: unknown): Value {
  if (result === values) return array;
  if (Array.isArray(result))
    return tracer.array(array.typed ? result.map((value) => asNumber(tracer, value)) : result, array.typed);
  const isIterator = typeof result === "object" && result !== null && Symbol.iterator in result;
  if (!isIterator) return result as Value;
  return tracer.array(
    Array.from(result as Iterable<Value>, (entry) => (Array.isArray(entry) ? tracer.array(entry) : entry)),
  );
}
