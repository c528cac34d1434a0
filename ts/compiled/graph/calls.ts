// Derivatives of calls of networks, as more calls.
import { invalid } from "../../base/errors.ts";
import type { Graph, Scalar, Term, Truth } from "./graph.ts";
import { type Guarded, NEVER, open } from "./guarded.ts";
import { type Call, known } from "./terms.ts";

/** The operands where they count: what no branch uses must not become 0 · ∞ in the network. */
const where = (graph: Graph, condition: Truth, list: readonly Term[]): Scalar[] =>
  list.map((term) => graph.select(condition, known(term), 0));

/** Under which condition one of several derivatives counts. */
const either = (graph: Graph, list: readonly (Guarded | undefined)[]): Truth =>
  list.reduce<Truth>((any, part) => graph.or(any, part?.where ?? false), false);

function refuseThird(what: string): never {
  throw invalid(
    `the ${what} of a derivative of a network`,
    undefined,
    "first derivatives of networks that equations call: for its own second derivatives take the mlp as the field itself",
  );
}

/** The cotangents of a call's operands, from those of its outputs; `params`: whether those of its parameters are added up. */
export function pulledCall(
  graph: Graph,
  call: Call,
  barOf: (output: Term) => Guarded | undefined,
  params: boolean,
  depends: Uint8Array,
): { readonly to: Term; readonly where: Truth; readonly value: Scalar }[] {
  const bars = call.outputs.map(barOf);
  const condition = either(graph, bars);
  const [x] = call.operands as [readonly Term[]];
  if (condition === false || !(params || x.some(({ id }) => depends[id]))) return [];
  if (call.kind !== "value") refuseThird("gradient");
  const cotangents = bars.map((bar) => open(graph, bar ?? NEVER));
  const given = [where(graph, condition, x), cotangents];
  const { outputs } = graph.call({ kind: "pull", network: call.network, params }, given, x.length);
  return x.map((to, i) => ({ to, where: condition, value: outputs[i]! }));
}

/** The tangents of a call's outputs, from those of its operands; `params`: whether its parameters move. */
export function pushedCall(
  graph: Graph,
  call: Call,
  dotOf: (operand: Term) => Guarded | undefined,
  params: boolean,
): (Guarded | undefined)[] {
  const [x] = call.operands as [readonly Term[]];
  const dots = x.map(dotOf);
  const condition = params || either(graph, dots);
  if (condition === false) return call.outputs.map(() => undefined);
  if (call.kind !== "value") refuseThird("tangent");
  const given = [where(graph, condition, x), dots.map((dot) => open(graph, dot ?? NEVER))];
  const { outputs } = graph.call({ kind: "push", network: call.network, params }, given, call.outputs.length);
  return outputs.map((value) => ({ where: condition, value }));
}
