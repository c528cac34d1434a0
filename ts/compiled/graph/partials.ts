// The derivative of each operation, for pulling cotangents back and pushing tangents forward.
import { type Graph, isOperation, known, type Scalar, type Term, type Truth } from "./graph.ts";
import {
  ADD,
  AT_MOST,
  DIVIDE,
  EQUAL,
  MATHS,
  MULTIPLY,
  NEGATE,
  type Operation,
  REMAINDER,
  SELECT,
  SUBTRACT,
} from "./operations.ts";

/** ∂ value/∂ a and ∂ value/∂ b of an operation on a and b. */
type Partial = (graph: Graph, value: Scalar, a: Scalar, b: Scalar) => readonly Scalar[];

const PARTIALS = new Map<Operation, Partial>();
const set = (name: string, partial: Partial): unknown => PARTIALS.set(MATHS[name]!, partial);

/** 1 − x², without cancellation near ±1. */
const gap = (g: Graph, x: Scalar): Scalar => g.multiply(g.subtract(1, x), g.add(1, x));
const square = (g: Graph, x: Scalar): Scalar => g.multiply(x, x);
const sumOfSquares = (g: Graph, a: Scalar, b: Scalar): Scalar => g.add(square(g, a), square(g, b));

set("sqrt", (g, s) => [g.divide(0.5, s)]);
set("exp", (_, s) => [s]);
set("expm1", (g, s) => [g.add(s, 1)]);
set("log", (g, _, x) => [g.divide(1, x)]);
set("log1p", (g, _, x) => [g.divide(1, g.add(x, 1))]);
set("log2", (g, _, x) => [g.divide(Math.LOG2E, x)]);
set("log10", (g, _, x) => [g.divide(Math.LOG10E, x)]);
set("sin", (g, _, x) => [g.math("cos", x)]);
set("cos", (g, _, x) => [g.negate(g.math("sin", x))]);
set("tan", (g, s) => [g.add(square(g, s), 1)]);
set("asin", (g, _, x) => [g.divide(1, g.math("sqrt", gap(g, x)))]);
set("acos", (g, _, x) => [g.divide(-1, g.math("sqrt", gap(g, x)))]);
set("atan", (g, _, x) => [g.divide(1, g.add(square(g, x), 1))]);
set("sinh", (g, _, x) => [g.math("cosh", x)]);
set("cosh", (g, _, x) => [g.math("sinh", x)]);
set("tanh", (g, s) => [gap(g, s)]);
set("asinh", (g, _, x) => [g.divide(1, g.math("sqrt", g.add(square(g, x), 1)))]);
set("acosh", (g, _, x) => [g.divide(1, g.math("sqrt", g.multiply(g.subtract(x, 1), g.add(x, 1))))]);
set("atanh", (g, _, x) => [g.divide(1, gap(g, x))]);
set("cbrt", (g, s) => [g.divide(1, g.multiply(square(g, s), 3))]);
set("abs", (g, _, x) => [g.math("sign", x)]);
set("fround", () => [1]);
for (const step of ["ceil", "floor", "round", "sign", "trunc"]) set(step, () => [0]);
set("atan2", (g, _, a, b) => {
  const size = sumOfSquares(g, a, b);
  return [g.divide(b, size), g.negate(g.divide(a, size))];
});
set("hypot", (g, s, a, b) => [g.divide(a, s), g.divide(b, s)]);
set("pow", (g, s, a, b) => [
  g.multiply(g.power(a, g.subtract(b, 1)), b),
  // 0 ** b stays 0 for every b > 0, though log 0 is −∞.
  g.select(g.equal(a, 0), 0, g.multiply(s, g.math("log", a))),
]);
PARTIALS.set(REMAINDER, (g, _, a, b) => [1, g.negate(g.math("trunc", g.divide(a, b)))]);

function partial(graph: Graph, term: Term, k: number): Scalar {
  const [a, b] = term.list.map(known);
  const partials = PARTIALS.get(term.operation);
  // A missing rule must not pass for a constant.
  if (!partials) throw new Error(`no derivative is known of ${term.operation.name}`);
  return partials(graph, term, a!, b!)[k]!;
}

/** Where a term is one of its last two arguments, whichever a condition chooses: the condition. */
export function choiceOf(graph: Graph, { operation, list: [a, b] }: Term): Truth | undefined {
  if (operation === SELECT) return a;
  if (operation === MATHS.max) return graph.compare(AT_MOST, known(b!), known(a!));
  return operation === MATHS.min ? graph.compare(AT_MOST, known(a!), known(b!)) : undefined;
}

/** The part of a term's cotangent that belongs to its argument k; not for choices. */
export function pull(graph: Graph, term: Term, k: number, cotangent: Scalar): Scalar {
  const { operation, list } = term;
  switch (operation) {
    case ADD:
      return cotangent;
    case SUBTRACT:
      return k === 0 ? cotangent : graph.negate(cotangent);
    case NEGATE:
      return graph.negate(cotangent);
    case MULTIPLY:
      return graph.multiply(cotangent, known(list[1 - k]!));
    case DIVIDE: {
      const over = graph.divide(cotangent, known(list[1]!));
      return k === 0 ? over : graph.negate(graph.multiply(over, term));
    }
    default:
      return graph.multiply(cotangent, partial(graph, term, k));
  }
}

/** A term's tangent from those of its arguments, where undefined is 0; not for choices. */
export function push(graph: Graph, term: Term, [a, b]: readonly (Scalar | undefined)[]): Scalar {
  const { operation, list } = term;
  const [x, y] = list.map(known);
  if (isOperation(term, DIVIDE)) {
    const below = b === undefined ? 0 : graph.multiply(term, b);
    return graph.divide(graph.subtract(a ?? 0, below), y!);
  }
  if (operation === MULTIPLY && x === y) return graph.multiply(graph.multiply(x!, a!), 2);
  const parts = [a, b].map((dot, k) => (dot === undefined ? 0 : pull(graph, term, k, dot)));
  return graph.add(parts[0]!, parts[1]!);
}

/** Whether an operation's value never changes with its arguments, where it changes at all continuously. */
export const isFlat = ({ operation }: Term): boolean =>
  operation.isBoolean || operation === EQUAL || ["ceil", "floor", "round", "sign", "trunc"].includes(operation.name);
