// The graph of a field f(t, y, dy, params): what f leaves in dy, or returns.
import type { Graph, Scalar } from "../graph/graph.ts";
import { readFunction } from "../reader/reader.ts";
import type { Source } from "../reader/refusal.ts";
import { elementsOf } from "./arrays.ts";
import { Interpreter } from "./interpreter.ts";
import { asNumber } from "./operators.ts";
import type { Layout } from "./parameters.ts";
import { Choice, Closure, ObjectValue, Scope, UNSET, type Value } from "./values.ts";

/** A field's derivatives dy[i], of inputs t[0], y[i] and p[j]. */
export interface TracedField {
  readonly graph: Graph;
  readonly outputs: readonly Scalar[];
  /** Numbers in y. */
  readonly dim: number;
  /** What is compared with the user's function, where that is not the outputs. */
  readonly checked?: readonly Scalar[];
}

/** Traces f for states of `dim` numbers; throws `SolveError` "invalid" for what cannot be compiled. */
export function traceField(
  source: Source,
  given: ReadonlyMap<string, unknown>,
  dim: number,
  layout: Layout,
): TracedField {
  const tracer = new Interpreter(source, given);
  const { graph } = tracer;
  const inputs = (array: string, start: number, length: number): Value[] =>
    Array.from({ length }, (_, i) => graph.input(array, start + i));
  const text = readFunction(source);
  const y = tracer.array(inputs("y", 0, dim), true, "the state y");
  const dy = tracer.array(new Array<Value>(dim).fill(UNSET), true);
  const fixed = "a parameter";
  const named = layout.places?.map(({ name, start, length }) => {
    const value =
      length === undefined ? graph.input("p", start) : tracer.array(inputs("p", start, length), true, fixed);
    return [name, tracer.heap.place(value)] as const;
  });
  const params = named
    ? new ObjectValue(new Map(named), fixed)
    : tracer.array(inputs("p", 0, layout.length), true, fixed);
  const closure = new Closure(text, new Scope(), source);
  const result = tracer.call(closure, [graph.input("t", 0), y, dy, params]);
  const values = result === undefined ? dy.items.map(({ value }) => value) : elementsOf(tracer, result);
  if (values.length !== dim)
    tracer.fail(`${values.length} numbers are returned for a state of ${dim}`, "Return one for each, or fill dy.");
  const outputs = values.map((value, i) => {
    if (value === UNSET) tracer.fail(`dy[${i}] is not set, of a state of ${dim}`, "Set every element of dy.");
    if (hasGap(value)) tracer.fail(`dy[${i}] is set under a condition only`, "Set every element of dy on every way.");
    return asNumber(tracer, value);
  });
  return { graph, outputs, dim };
}

const hasGap = (value: Value): boolean =>
  value === UNSET || (value instanceof Choice && (hasGap(value.whenTrue) || hasGap(value.whenFalse)));
