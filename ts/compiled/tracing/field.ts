// The graph of a field f(t, y, dy, params): what f leaves in dy, or returns.
import type { Block } from "../graph/blocks.ts";
import type { Graph, Scalar } from "../graph/graph.ts";
import { readFunction } from "../reader/reader.ts";
import type { Source } from "../reader/refusal.ts";
import { elementsOf } from "./arrays.ts";
import { Interpreter } from "./interpreter.ts";
import { asNumber } from "./operators.ts";
import type { Layout } from "./parameters.ts";
import { type ArrayValue, Choice, Closure, ObjectValue, Scope, UNSET, type Value } from "./values.ts";

/** A field's derivatives dy[i], of inputs t[0], y[i] and p[j]. */
export interface TracedField {
  readonly graph: Graph;
  readonly outputs: readonly Scalar[];
  /** Numbers in y. */
  readonly dim: number;
  /** What is compared with the user's function, where that is not the outputs. */
  readonly checked?: { readonly values: readonly Scalar[]; readonly name: (index: number) => string } | undefined;
  /** Loops that have stayed loops: what they store in arrays of the graph's own, from which `outputs` may be read. */
  readonly blocks?: readonly Block[];
}

/** A function's text, and what it takes from outside by the names it has there. */
interface Readable {
  readonly source: Source;
  readonly given: ReadonlyMap<string, unknown>;
}

/** A tracer of a function, and the function's parameters as one of its arguments. */
export function tracerOf(
  { source, given }: Readable,
  layout: Layout,
  keepsLoops = false,
): { tracer: Interpreter; params: Value; call: (...list: readonly Value[]) => Value } {
  const networks = layout.networks.map(({ network }) => network);
  // Loops with calls in them are not kept.
  const tracer = new Interpreter(source, given, keepsLoops && networks.length === 0, networks);
  const text = readFunction(source);
  const fixed = "a parameter";
  const named = layout.places?.map(({ name, start, length }) => {
    const value = length === undefined ? tracer.graph.input("p", start) : inputs(tracer, "p", start, length, fixed);
    return [name, tracer.heap.place(value)] as const;
  });
  const params = named ? new ObjectValue(new Map(named), fixed) : inputs(tracer, "p", 0, layout.length, fixed);
  const call = (...list: readonly Value[]): Value => tracer.call(new Closure(text, new Scope(), source), list);
  return { tracer, params, call };
}

/** Numbers `start` … `start + length − 1` of an array that the field is given, as an array of their own. */
export const inputs = (tracer: Interpreter, array: string, start: number, length: number, fixed?: string): ArrayValue =>
  tracer.array(
    Array.from({ length }, (_, i) => tracer.graph.input(array, start + i)),
    true,
    fixed,
  );

/** Traces f for states of `dim` numbers; throws `SolveError` "invalid" for what cannot be compiled. */
export function traceField(readable: Readable, dim: number, layout: Layout, keepsLoops = false): TracedField {
  const { tracer, params, call } = tracerOf(readable, layout, keepsLoops);
  const { graph } = tracer;
  const dy = tracer.array(new Array<Value>(dim).fill(UNSET), true);
  const result = call(graph.input("t", 0), inputs(tracer, "y", 0, dim, "the state y"), dy, params);
  const values = result === undefined ? dy.items.map(({ value }) => value) : elementsOf(tracer, result);
  if (values.length !== dim)
    tracer.fail(`${values.length} numbers are returned for a state of ${dim}`, "Return one for each, or fill dy.");
  const outputs = values.map((value, i) => {
    if (value === UNSET) tracer.fail(`dy[${i}] is not set, of a state of ${dim}`, "Set every element of dy.");
    if (hasGap(value)) tracer.fail(`dy[${i}] is set under a condition only`, "Set every element of dy on every way.");
    return asNumber(tracer, value);
  });
  return { graph, outputs, dim, blocks: tracer.blocks };
}

const hasGap = (value: Value): boolean =>
  value === UNSET || (value instanceof Choice && (hasGap(value.whenTrue) || hasGap(value.whenFalse)));
