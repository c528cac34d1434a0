// The names of JavaScript itself that equations use: Math, Number, Array and a few more.
import { LESS, MATHS } from "../graph/operations.ts";
import { elementsOf } from "./arrays.ts";
import { mathOfCounters } from "./counters.ts";
import { entriesOf } from "./members.ts";
import { asKnown, asNumber, asTruth } from "./operators.ts";
import type { Tracer } from "./tracer.ts";
import { ArrayValue, Builtin, ObjectValue, type Value } from "./values.ts";

type Members = Record<string, Value>;
type Call = Builtin["call"];

/** The members of a namespace that are numbers. */
const numbersOf = (namespace: object): Members =>
  Object.fromEntries(
    Object.getOwnPropertyNames(namespace).flatMap((name) => {
      const value = namespace[name as never] as unknown;
      return typeof value === "number" ? [[name, value]] : [];
    }),
  );

const functions = (owner: string, calls: Record<string, Call>): Members =>
  Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, new Builtin(`${owner}.${name}`, call)]));

function mathOf(tracer: Tracer, name: string): Call {
  const { graph } = tracer;
  const { arity } = MATHS[name]!;
  const takesAll = /^(max|min|hypot)$/.test(name);
  return (list) => {
    const numbers = (takesAll ? list : list.slice(0, arity)).map((value) => asNumber(tracer, value));
    if (name === "pow") return graph.power(numbers[0]!, numbers[1]!);
    const counter = numbers.length <= 2 && mathOfCounters(tracer, name, numbers);
    if (typeof counter === "object" || typeof counter === "number") return counter;
    if (!takesAll) return graph.math(name, numbers[0]!, numbers[1]);
    if (numbers.every((value) => typeof value === "number")) return Math[name as "max"](...(numbers as number[]));
    if (numbers.length === 1) return name === "hypot" ? graph.math("abs", numbers[0]!) : numbers[0]!;
    return numbers.reduce((a, b) => graph.math(name, a, b));
  };
}

/** `Array` and `Float64Array`, called, by `new`, and their functions. */
function arrays(tracer: Tracer, name: string, typed: boolean): Builtin {
  const made = (values: readonly Value[]): ArrayValue =>
    tracer.array(typed ? values.map((value) => asNumber(tracer, value)) : values, typed);
  const empty = (length: Value): Value[] =>
    new Array(Number(asKnown(tracer, length, "the length of an array"))).fill(typed ? 0 : undefined);
  const from: Call = ([given, callback]) => {
    const values = given instanceof ObjectValue ? empty(given.fields.get("length")?.value) : elementsOf(tracer, given);
    return made(callback === undefined ? values : values.map((value, i) => tracer.call(callback, [value, i])));
  };
  const construct: Call = (list) => {
    const [first] = list;
    if (typed && first instanceof ArrayValue) return from(list);
    return list.length > 1 || first instanceof ArrayValue ? tracer.array(list) : tracer.array(empty(first ?? 0), typed);
  };
  const isArray: Call = ([value]) => value instanceof ArrayValue && !value.typed;
  return new Builtin(name, construct, functions(name, { from, of: made, isArray }));
}

/** The global values, by name. */
export function globalsOf(tracer: Tracer): Map<string, Value> {
  const { graph } = tracer;
  const math = Object.fromEntries(Object.keys(MATHS).map((name) => [name, mathOf(tracer, name)]));
  const number = functions("Number", {
    isNaN([value]) {
      const own = asNumber(tracer, value);
      return graph.not(graph.equal(own, own));
    },
    isFinite: ([value]) => graph.compare(LESS, graph.math("abs", asNumber(tracer, value)), Number.POSITIVE_INFINITY),
    isInteger: ([value]) => Number.isInteger(asKnown(tracer, value, "whether it is an integer")),
  });
  const object = functions("Object", {
    keys: ([value]) => tracer.array(entriesOf(tracer, value).map(([key]) => key)),
    values: ([value]) => tracer.array(entriesOf(tracer, value).map(([, own]) => own)),
    entries: ([value]) => tracer.array(entriesOf(tracer, value).map((entry) => tracer.array(entry))),
  });
  const uncallable: Call = () => tracer.fail("this is no function", "Use its members.");
  return new Map<string, Value>([
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["Math", new Builtin("Math", uncallable, { ...numbersOf(Math), ...functions("Math", math) })],
    ["Number", new Builtin("Number", ([value]) => asNumber(tracer, value), { ...numbersOf(Number), ...number })],
    ["isNaN", number.isNaN],
    ["isFinite", number.isFinite],
    ["Boolean", new Builtin("Boolean", ([value]) => asTruth(tracer, value))],
    ["Array", arrays(tracer, "Array", false)],
    ["Float64Array", arrays(tracer, "Float64Array", true)],
    ["Object", new Builtin("Object", uncallable, object)],
  ]);
}
