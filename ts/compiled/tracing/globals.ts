// The names of JavaScript itself that equations use: Math, Number, Array and a few more.
import { EQUAL, LESS, MATHS } from "../graph/operations.ts";
import { elementsOf, entriesOf } from "./members.ts";
import { asKnown, asNumber, asTruth } from "./operators.ts";
import type { Tracer } from "./tracer.ts";
import { ArrayValue, Builtin, type Value } from "./values.ts";

/** The members of a namespace that are numbers. */
const numbersOf = (namespace: object): Record<string, Value> =>
  Object.fromEntries(
    Object.getOwnPropertyNames(namespace).flatMap((name): [string, Value][] => {
      const value = namespace[name as never] as unknown;
      return typeof value === "number" ? [[name, value]] : [];
    }),
  );

function mathOf(tracer: Tracer, name: string): Builtin {
  const { graph } = tracer;
  const folds = name === "max" || name === "min" || name === "hypot";
  return new Builtin(`Math.${name}`, (list, at) => {
    const numbers = list.map((value) => asNumber(tracer, value, at));
    if (name === "pow") return graph.power(numbers[0]!, numbers[1]!);
    if (!folds) return graph.math(name, ...numbers.slice(0, MATHS[name]!.arity));
    if (numbers.every((value) => typeof value === "number")) return Math[name](...(numbers as number[]));
    if (numbers.length === 1) return name === "hypot" ? graph.math("abs", numbers[0]!) : numbers[0]!;
    return numbers.reduce((a, b) => graph.math(name, a, b));
  });
}

/** `Array(n)`, `Array(a, b)`, `new Float64Array(n)`, `new Float64Array(array)`. */
function construct(tracer: Tracer, typed: boolean, list: readonly Value[], at: number): Value {
  const [first] = list;
  if (first instanceof ArrayValue && typed) return from(tracer, true, list, at);
  if (list.length > 1 || first instanceof ArrayValue) return tracer.array(list);
  const length = Number(asKnown(tracer, first ?? 0, "the length of an array", at));
  return tracer.array(new Array<Value>(length).fill(typed ? 0 : undefined), typed);
}

/** `Array.from(values or { length }, callback)` */
function from(tracer: Tracer, typed: boolean, [given, callback]: readonly Value[], at: number): Value {
  const isList = given instanceof ArrayValue || typeof given === "string";
  const length = isList ? undefined : new Map(entriesOf(tracer, given, at)).get("length");
  const values = isList
    ? elementsOf(tracer, given, at)
    : new Array<Value>(Number(asKnown(tracer, length, "a length", at))).fill(undefined);
  const mapped = callback === undefined ? values : values.map((value, i) => tracer.call(callback, [value, i], at));
  return tracer.array(typed ? mapped.map((value) => asNumber(tracer, value, at)) : mapped, typed);
}

function arrays(tracer: Tracer, name: string, typed: boolean): Builtin {
  const member = (own: string, call: Builtin["call"]): [string, Value] => [own, new Builtin(`${name}.${own}`, call)];
  const members = [
    member("from", (list, at) => from(tracer, typed, list, at)),
    member("of", (list) => tracer.array(list, typed)),
    member("isArray", ([value]) => value instanceof ArrayValue && !value.typed),
  ];
  return new Builtin(name, (list, at) => construct(tracer, typed, list, at), Object.fromEntries(members));
}

function objects(tracer: Tracer): Builtin {
  const listing = (name: string, make: (key: string, value: Value) => Value): [string, Value] => [
    name,
    new Builtin(`Object.${name}`, ([object], at) =>
      tracer.array(entriesOf(tracer, object, at).map(([key, value]) => make(key, value))),
    ),
  ];
  const members = [
    listing("keys", (key) => key),
    listing("values", (_, value) => value),
    listing("entries", (key, value) => tracer.array([key, value])),
  ];
  return new Builtin("Object", (_, at) => notAFunction(tracer, "Object", at), Object.fromEntries(members));
}

const notAFunction = (tracer: Tracer, name: string, at: number): never =>
  tracer.fail(at, `${name} is called`, "Use its members.");

function numbers(tracer: Tracer): Builtin {
  const { graph } = tracer;
  const members: Record<string, Value> = {
    ...numbersOf(Number),
    isNaN: new Builtin("Number.isNaN", ([value], at) => {
      const number = asNumber(tracer, value, at);
      return graph.not(graph.compare(EQUAL, number, number));
    }),
    isFinite: new Builtin("Number.isFinite", ([value], at) =>
      graph.compare(LESS, graph.math("abs", asNumber(tracer, value, at)), Number.POSITIVE_INFINITY),
    ),
    isInteger: new Builtin("Number.isInteger", ([value], at) =>
      Number.isInteger(asKnown(tracer, value, "an integer", at)),
    ),
  };
  return new Builtin("Number", ([value], at) => asNumber(tracer, value, at), members);
}

/** The global values, by name. */
export function globalsOf(tracer: Tracer): Map<string, Value> {
  const members: Record<string, Value> = numbersOf(Math);
  for (const name of Object.keys(MATHS)) members[name] = mathOf(tracer, name);
  const number = numbers(tracer);
  return new Map<string, Value>([
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["Math", new Builtin("Math", (_, at) => notAFunction(tracer, "Math", at), members)],
    ["Number", number],
    ["isNaN", number.members.isNaN],
    ["isFinite", number.members.isFinite],
    ["Boolean", new Builtin("Boolean", ([value], at) => asTruth(tracer, value, at))],
    ["Array", arrays(tracer, "Array", false)],
    ["Float64Array", arrays(tracer, "Float64Array", true)],
    ["Object", objects(tracer)],
  ]);
}
