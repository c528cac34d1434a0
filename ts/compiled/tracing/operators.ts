// The operators of JavaScript, on known values and on values of the graph.
import type { Scalar, Truth } from "../graph/graph.ts";
import { AT_MOST, LESS, REMAINDER } from "../graph/operations.ts";
import type { Tracer } from "./tracer.ts";
import { ArrayValue, Builtin, Choice, Closure, isTerm, ObjectValue, UNSET, type Value } from "./values.ts";

/** A value as a number, as JavaScript converts it. */
export function asNumber(tracer: Tracer, value: Value, at: number): Scalar {
  if (typeof value === "number") return value;
  if (isTerm(value)) return value.operation.isBoolean ? tracer.graph.select(value, 1, 0) : value;
  if (value instanceof Choice) {
    const part = (way: Value): Scalar => (way === undefined ? Number.NaN : asNumber(tracer, way, at));
    return tracer.heap.merge(value.condition, part(value.whenTrue), part(value.whenFalse)) as Scalar;
  }
  if (value === UNSET)
    tracer.fail(at, "an element of dy is read before it is set", "Set every element, or begin with dy.fill(0).");
  if (value === undefined) tracer.fail(at, "undefined is used as a number", "Check indices and missing values.");
  if (typeof value === "object" && value !== null)
    tracer.fail(at, `${nameOf(value)} is used as a number`, "Use its elements.");
  return Number(value);
}

const nameOf = (value: Value): string =>
  value instanceof ArrayValue ? "an array" : value instanceof ObjectValue ? "an object" : "a function";

/** Whether a value counts as true. */
export function asTruth(tracer: Tracer, value: Value, at: number): Truth {
  if (isTerm(value)) return value.operation.isBoolean ? value : tracer.graph.isTrue(value);
  if (value instanceof Choice) {
    const { graph } = tracer;
    const [whenTrue, whenFalse] = [asTruth(tracer, value.whenTrue, at), asTruth(tracer, value.whenFalse, at)];
    return graph.selectTruth(value.condition, whenTrue, whenFalse);
  }
  return value === UNSET ? Boolean(asNumber(tracer, value, at)) : Boolean(value);
}

/** A value that must not depend on the state: an index, a length, a key. */
export function asKnown(tracer: Tracer, value: Value, what: string, at: number): number | string {
  if (typeof value === "number" || typeof value === "string") return value;
  if (isTerm(value) || value instanceof Choice)
    tracer.fail(
      at,
      `${what} depends on the state, the time or the parameters`,
      "It must be known before the solve: choose between fixed ones by a condition (c ? a : b).",
    );
  return String(value);
}

type Concrete = number | string | boolean | null | undefined;
const isConcrete = (value: Value): value is Concrete =>
  value === null || (typeof value !== "object" && typeof value !== "symbol");

const KNOWN: Record<string, (a: never, b: never) => unknown> = {
  "+": (a: number, b: number) => a + b,
  "-": (a: number, b: number) => a - b,
  "*": (a: number, b: number) => a * b,
  "/": (a: number, b: number) => a / b,
  "%": (a: number, b: number) => a % b,
  "**": (a: number, b: number) => a ** b,
  "<": (a: number, b: number) => a < b,
  ">": (a: number, b: number) => a > b,
  "<=": (a: number, b: number) => a <= b,
  ">=": (a: number, b: number) => a >= b,
  "|": (a: number, b: number) => a | b,
  "&": (a: number, b: number) => a & b,
  "^": (a: number, b: number) => a ^ b,
  "<<": (a: number, b: number) => a << b,
  ">>": (a: number, b: number) => a >> b,
  ">>>": (a: number, b: number) => a >>> b,
};

export function binary(tracer: Tracer, operator: string, a: Value, b: Value, at: number): Value {
  const equality = /^[!=]==?$/.test(operator);
  if (equality) {
    const equal = isEqual(tracer, a, b, operator.length === 2, at);
    return operator[0] === "!" ? tracer.graph.not(equal) : equal;
  }
  if (operator === "in") {
    const key = String(asKnown(tracer, a, "a key", at));
    if (b instanceof ObjectValue) return b.fields.has(key);
  }
  const known = KNOWN[operator];
  if (!known || operator === "in") tracer.fail(at, `"${operator}" cannot be compiled`, "Compare numbers.");
  if (isConcrete(a) && isConcrete(b)) {
    if (a === undefined || b === undefined) asNumber(tracer, undefined, at);
    return known(a as never, b as never) as Value;
  }
  const { graph } = tracer;
  if (operator === "+" && (typeof a === "string" || typeof b === "string"))
    tracer.fail(at, "a text is added to a number of the state", "Compute with numbers.");
  const [x, y] = [asNumber(tracer, a, at), asNumber(tracer, b, at)];
  switch (operator) {
    case "+":
      return graph.add(x, y);
    case "-":
      return graph.subtract(x, y);
    case "*":
      return graph.multiply(x, y);
    case "/":
      return graph.divide(x, y);
    case "%":
      return graph.apply(REMAINDER, x, y);
    case "**":
      return graph.power(x, y);
    case "<":
      return graph.compare(LESS, x, y);
    case ">":
      return graph.compare(LESS, y, x);
    case "<=":
      return graph.compare(AT_MOST, x, y);
    case ">=":
      return graph.compare(AT_MOST, y, x);
    default:
      return bits(tracer, operator, a, b, at);
  }
}

/** `&` and `|` of truth values are numbers; of the bits of numbers nothing is known. */
function bits(tracer: Tracer, operator: string, a: Value, b: Value, at: number): Value {
  const { graph } = tracer;
  const isTruth = (value: Value): boolean => typeof value === "boolean" || (isTerm(value) && value.operation.isBoolean);
  if (!isTruth(a) || !isTruth(b) || (operator !== "&" && operator !== "|"))
    tracer.fail(at, `"${operator}" of numbers of the state cannot be compiled`, "Use Math.trunc or Math.floor.");
  const [x, y] = [asTruth(tracer, a, at), asTruth(tracer, b, at)];
  return graph.select(operator === "&" ? graph.and(x, y) : graph.or(x, y), 1, 0);
}

function isEqual(tracer: Tracer, a: Value, b: Value, loose: boolean, at: number): Truth {
  const { graph } = tracer;
  if (b instanceof Choice && !(a instanceof Choice)) return isEqual(tracer, b, a, loose, at);
  if (a instanceof Choice) {
    const whenTrue = isEqual(tracer, a.whenTrue, b, loose, at);
    return graph.selectTruth(a.condition, whenTrue, isEqual(tracer, a.whenFalse, b, loose, at));
  }
  if (isConcrete(a) && isConcrete(b)) {
    // biome-ignore lint/suspicious/noDoubleEquals: it is what was written
    return loose ? a == b : a === b;
  }
  if (!isTerm(a) && !isTerm(b)) return a === b;
  const [x, y] = [kindOf(a), kindOf(b)];
  if (x === "boolean" && y === "boolean") return graph.selectTruth(a as Truth, b as Truth, graph.not(b as Truth));
  const comparable = (x === "number" || x === "boolean") && (y === "number" || y === "boolean");
  return comparable && (x === y || loose) && graph.equal(asNumber(tracer, a, at), asNumber(tracer, b, at));
}

/** What `typeof` says, but for functions. */
const kindOf = (value: Value): string =>
  isTerm(value) ? (value.operation.isBoolean ? "boolean" : "number") : typeof value;

export function unary(tracer: Tracer, operator: string, value: Value, at: number): Value {
  const { graph } = tracer;
  switch (operator) {
    case "-":
      return graph.negate(asNumber(tracer, value, at));
    case "+":
      return asNumber(tracer, value, at);
    case "!":
      return graph.not(asTruth(tracer, value, at));
    case "void":
      return undefined;
    case "typeof":
      return typeOf(tracer, value, at);
    default: {
      if (typeof value !== "number")
        tracer.fail(at, `"${operator}" of a number of the state cannot be compiled`, "Use Math.trunc or Math.floor.");
      return ~value;
    }
  }
}

function typeOf(tracer: Tracer, value: Value, at: number): Value {
  if (value instanceof Choice) {
    return tracer.heap.merge(value.condition, typeOf(tracer, value.whenTrue, at), typeOf(tracer, value.whenFalse, at));
  }
  if (value === UNSET) return typeof asNumber(tracer, value, at);
  return value instanceof Closure || value instanceof Builtin ? "function" : kindOf(value);
}
