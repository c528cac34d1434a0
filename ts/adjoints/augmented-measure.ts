// How the backward solve of the continuous adjoint is controlled.

import type { Controller } from "../problem/controller.ts";
import type { Problem } from "../problem/problem.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import type { Measure, Segment } from "../vectors/arithmetic.ts";
import type { AugmentedLayout } from "./augmented.ts";

/** What the error norm of a backward solve sees: see `ContinuousOptions`. */
export type BackwardNorm = "seminorm" | "full" | "seminorm-strict";
export const NORMS: readonly BackwardNorm[] = ["seminorm", "full", "seminorm-strict"];

export interface BackwardOptions {
  /**
   * What the error norm of the backward solve sees: "seminorm" (default) state, adjoint and time term; "full" each
   * parameter tensor too; "seminorm-strict" state and adjoint only.
   */
  readonly norm: BackwardNorm;
  /** Of the backward solve; the forward solve's by default. */
  readonly rtol?: number | undefined;
  readonly atol?: number | undefined;
  readonly solver?: Solver | undefined;
  readonly controller?: Controller | undefined;
  /**
   * Integrate a_θ not as part of the state but by a quadrature rule on the accepted steps of (x, a_x): the solver's own
   * weights b_i at its own stages, of the solver's order p. Rejected steps then cost nothing in it and stages combine no
   * parameters. Implies a seminorm.
   */
  readonly quadrature: boolean;
}

/** The measure of the augmented state: x and a_x by the forward norm, a_t by itself, each parameter tensor by itself. */
export function measureOf(
  { field, measure }: Problem,
  layout: AugmentedLayout,
  options: BackwardOptions,
  wantTimes: boolean,
): Measure {
  const { kind, segments } = measure;
  const all: Segment[] = [
    ...segments,
    ...segments.map((segment) => ({ ...segment, start: segment.start + layout.adjoint })),
  ];
  if (wantTimes && options.norm !== "seminorm-strict") all.push({ start: layout.time, length: 1, weight: 1 });
  if (options.norm === "full") {
    let start = layout.theta;
    for (const length of field.tensors ?? [layout.params]) {
      if (length > 0) all.push({ start, length, weight: 1 });
      start += length;
    }
  }
  const tolerance = (given: number | undefined, forward: number | ArrayLike<number>): number | Float64Array => {
    if (given !== undefined) return given;
    if (typeof forward === "number") return forward;
    const least = Math.min(...Array.from(forward).slice(0, field.dim ?? layout.state));
    return Float64Array.from({ length: layout.length }, (_, i) =>
      i < layout.time ? forward[i % layout.state]! : least,
    );
  };
  return {
    kind,
    segments: all,
    rtol: tolerance(options.rtol, measure.rtol),
    atol: tolerance(options.atol, measure.atol),
  };
}
