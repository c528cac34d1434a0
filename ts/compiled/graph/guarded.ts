// Derivatives that count under a condition only.
import type { Graph, Scalar, Truth } from "./graph.ts";

/** A cotangent that counts only where its condition is true: what no branch uses must not become 0 · ∞ there. */
export interface Guarded {
  readonly where: Truth;
  readonly value: Scalar;
}

export const NEVER: Guarded = { where: false, value: 0 };

export function sum(graph: Graph, a: Guarded, b: Guarded): Guarded {
  if (a.where === false) return b;
  if (b.where === false) return a;
  if (a.where === b.where) return { where: a.where, value: graph.add(a.value, b.value) };
  const where = graph.or(a.where, b.where);
  if (graph.and(a.where, b.where) === false) return { where, value: graph.select(a.where, a.value, b.value) };
  return { where, value: graph.add(open(graph, a), open(graph, b)) };
}

/** The cotangent as a number everywhere. */
export const open = (graph: Graph, { where, value }: Guarded): Scalar => graph.select(where, value, 0);
