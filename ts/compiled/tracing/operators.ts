// The operators of JavaScript, on known values and on values of the graph.
import type { Scalar, Term, Truth } from "../graph/graph.ts";
import { AT_MOST, EQUAL, LESS, REMAINDER } from "../graph/operations.ts";
import { compareCounters, isSmallCounter, remainderOfCounter } from "./counters.ts";
import type { Tracer } from "./tracer.ts";
import { ArrayValue, Builtin, Choice, Closure, isTerm, UNSET, type Value } from "./values.ts";

/** What `typeof` says of a value that is no choice. */
function kindOf(value: Value): string {
  if (isTerm(value)) return value.operation.isBoolean ? "boolean" : "number";
  return value instanceof Closure || value instanceof Builtin ? "function" : typeof value;
}

/** A value as a number, as JavaScript converts it. */
export function asNumber(tracer: Tracer, value: Value): Scalar {
  if (typeof value === "number") return value;
  if (isTerm(value))
    return value.operation.isBoolean ? tracer.graph.select(value, 1, 0) : tracer.heap.simplified(value);
  if (value instanceof Choice) {
    const part = (way: Value): Scalar => (way === undefined ? Number.NaN : asNumber(tracer, way));
    return tracer.heap.merge(value.condition, part(value.whenTrue), part(value.whenFalse)) as Scalar;
  }
  if (value === UNSET)
    tracer.fail("an element of dy is read before it is set", "Set every element, or begin with dy.fill(0).");
  if (value === undefined || (typeof value === "object" && value !== null)) {
    const what = value instanceof ArrayValue ? "an array" : kindOf(value);
    tracer.fail(`${what} is used as a number`, "Check indices, names of properties and missing values.");
  }
  return Number(value);
}

/** Whether a value counts as true. */
export function asTruth(tracer: Tracer, value: Value): Truth {
  const { graph } = tracer;
  if (isTerm(value)) return value.operation.isBoolean ? value : isTrue(tracer, value);
  if (value instanceof Choice)
    return graph.selectTruth(value.condition, asTruth(tracer, value.whenTrue), asTruth(tracer, value.whenFalse));
  return value === UNSET ? Boolean(asNumber(tracer, value)) : Boolean(value);
}

/** Whether a number counts as true. */
function isTrue(tracer: Tracer, value: Term): Truth {
  const isZero = compareCounters(tracer, EQUAL, value, 0);
  return isZero === undefined ? tracer.graph.isTrue(value) : tracer.graph.not(isZero);
}

/** A value that must not depend on the state: an index, a length, a key. */
export function asKnown(tracer: Tracer, value: Value, what: string): string | number | boolean {
  if (isTerm(value) || value instanceof Choice)
    tracer.fail(
      `${what} depends on the state, the time or the parameters`,
      "It must be known before the solve: choose between values by a condition, c ? a : b.",
    );
  return typeof value === "number" || typeof value === "boolean" ? value : String(value);
}

type Known = number | string | boolean | null | undefined;
const isKnown = (value: Value): value is Known =>
  value === null || (typeof value !== "object" && typeof value !== "symbol");

/** Operators that only known values have. */
const BITS: Record<string, (a: number, b: number) => number> = {
  "|": (a, b) => a | b,
  "&": (a, b) => a & b,
  "^": (a, b) => a ^ b,
  "<<": (a, b) => a << b,
  ">>": (a, b) => a >> b,
  ">>>": (a, b) => a >>> b,
};

export function binary(tracer: Tracer, operator: string, a: Value, b: Value): Value {
  const { graph } = tracer;
  if (operator[1] === "=" && operator[0] !== "<" && operator[0] !== ">") {
    const equal = isEqual(tracer, a, b, operator.length === 2);
    return operator[0] === "!" ? graph.not(equal) : equal;
  }
  if (operator === "+" && isKnown(a) && isKnown(b) && (typeof a === "string" || typeof b === "string"))
    return `${a}${b}`;
  const x = asNumber(tracer, a);
  const y = asNumber(tracer, b);
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
      return remainderOfCounter(tracer, x, y) ?? graph.apply(REMAINDER, x, y);
    case "**":
      return graph.power(x, y);
    case "<":
      return compareCounters(tracer, LESS, x, y) ?? graph.apply(LESS, x, y);
    case ">":
      return compareCounters(tracer, LESS, y, x) ?? graph.apply(LESS, y, x);
    case "<=":
      return compareCounters(tracer, AT_MOST, x, y) ?? graph.apply(AT_MOST, x, y);
    case ">=":
      return compareCounters(tracer, AT_MOST, y, x) ?? graph.apply(AT_MOST, y, x);
  }
  const bits = BITS[operator];
  if (bits && typeof x === "number" && typeof y === "number") return bits(x, y);
  const both = kindOf(a) === "boolean" && kindOf(b) === "boolean";
  if (both && operator === "&") return graph.select(graph.and(asTruth(tracer, a), asTruth(tracer, b)), 1, 0);
  if (operator === "|" && y === 0 && (kindOf(a) === "boolean" || isSmallCounter(x))) return x;
  if (both && operator === "|") return graph.select(graph.or(asTruth(tracer, a), asTruth(tracer, b)), 1, 0);
  return tracer.fail(
    `"${operator}" cannot be compiled here`,
    "Use Math.trunc or Math.floor, and && or || for conditions.",
  );
}

export function isEqual(tracer: Tracer, a: Value, b: Value, loose: boolean): Truth {
  const { graph } = tracer;
  if (b instanceof Choice && !(a instanceof Choice)) return isEqual(tracer, b, a, loose);
  if (a instanceof Choice) {
    const whenTrue = isEqual(tracer, a.whenTrue, b, loose);
    return graph.selectTruth(a.condition, whenTrue, isEqual(tracer, a.whenFalse, b, loose));
  }
  if (isKnown(a) && isKnown(b)) {
    // biome-ignore lint/suspicious/noDoubleEquals: it is what was written
    return loose ? a == b : a === b;
  }
  if (!isTerm(a) && !isTerm(b)) return a === b;
  const [x, y] = [kindOf(a), kindOf(b)];
  if (x === "boolean" && y === "boolean") return graph.selectTruth(a as Truth, b as Truth, graph.not(b as Truth));
  const isComparable = (kind: string): boolean => kind === "number" || kind === "boolean";
  if (!isComparable(x) || !isComparable(y) || (x !== y && !loose)) return false;
  const [p, q] = [asNumber(tracer, a), asNumber(tracer, b)];
  return compareCounters(tracer, EQUAL, p, q) ?? graph.equal(p, q);
}

export function unary(tracer: Tracer, operator: string, value: Value): Value {
  switch (operator) {
    case "-":
      return tracer.graph.negate(asNumber(tracer, value));
    case "+":
      return asNumber(tracer, value);
    case "!":
      return tracer.graph.not(asTruth(tracer, value));
    case "void":
      return undefined;
    case "typeof":
      return typeOf(tracer, value);
    default:
      return binary(tracer, "^", value, -1);
  }
}

function typeOf(tracer: Tracer, value: Value): Value {
  if (!(value instanceof Choice)) return kindOf(value);
  return tracer.heap.merge(value.condition, typeOf(tracer, value.whenTrue), typeOf(tracer, value.whenFalse));
}
