// The options of `solve` as users write them.
import type { Adjoint } from "../adjoints/adjoint.ts";
import type { FloatArray } from "../base/dtype.ts";
import type { InputFunction } from "../fields/mlp.ts";
import type { Controller } from "../problem/controller.ts";
import type { SolveEvent } from "../problem/event.ts";
import type { StepReport } from "../problem/report.ts";
import type { Solver } from "../solvers/runge-kutta.ts";

/** A part of the state for the norm; weight 0 leaves it out. */
export interface NormSegment {
  readonly length: number;
  readonly weight: number;
}

/** Options of `solve`; names and defaults are documented in the README. */
export interface SolveOptions {
  /** Initial state, flat; a batch is rows [batch × dim]. */
  readonly y0: ArrayLike<number>;
  /** Output times, strictly monotone either way; ts[0] is the start. */
  readonly ts: ArrayLike<number>;
  readonly solver?: Solver;
  readonly rtol?: number | ArrayLike<number>;
  readonly atol?: number | ArrayLike<number>;
  /** Fixed steps of this size, landing on every output time. */
  readonly stepSize?: number;
  /** Step times to replay unchecked, as in `solution.grid`. */
  readonly grid?: ArrayLike<number>;
  readonly controller?: Controller;
  readonly firstStep?: number;
  readonly minStep?: number;
  readonly maxStep?: number;
  /** Most attempted steps, rejected ones included. */
  readonly maxSteps?: number;
  readonly norm?: "rms" | "max" | readonly NormSegment[];
  /** "interpolate": the solver's continuous extension, where it has one of order ≥ p − 1; "land": a step ends there. */
  readonly output?: "interpolate" | "land";
  /** Keep every step's continuous extension, for `solution.at(t)`. */
  readonly dense?: boolean;
  /** Times where the field jumps: steps end there, each evaluates the field on its own side only, and nothing known from before is used after. */
  readonly stepTimes?: ArrayLike<number>;
  readonly events?: readonly SolveEvent[];
  /**
   * Looks at the state after each trial step, a view to read now: false rejects the step, and a smaller one is tried. For
   * domains that a solution must not leave, such as concentrations ≥ 0. With `stepSize` or `grid` false ends the solve in
   * "step-underflow", and so it does where no step is small enough.
   */
  readonly accept?: (t: number, y: FloatArray) => boolean;
  readonly adjoint?: Adjoint;
  /**
   * For fields on a GPU: whether states stay there ("device", the default where nothing needs them elsewhere) or are in
   * WebAssembly memory and travel for each evaluation.
   */
  readonly residency?: "host" | "device" | undefined;
  /**
   * For an `mlp` with the option `inputs`: fills one row's worth of them at t, the same for all rows. Where they jump belongs in
   * `stepTimes`; ∂L/∂ts takes their time derivative by one-sided differences.
   */
  readonly inputs?: InputFunction | undefined;
  /**
   * In place of `field.params`, which is left alone: a flat array in the same order or, where the field's parameters have
   * names, an object with all of them. Gradients come in that order. For a bare function any value, its fourth argument.
   */
  readonly params?: unknown;
  readonly signal?: AbortSignal;
  /** Called after each accepted step; `y` is a view for reading now. */
  readonly onStep?: (report: StepReport) => void;
  readonly onFailure?: "throw" | "return";
}

/** Every option's name: an unknown one is refused. */
export const OPTION_NAMES: Record<keyof SolveOptions, true> = {
  y0: true,
  ts: true,
  solver: true,
  rtol: true,
  atol: true,
  stepSize: true,
  grid: true,
  controller: true,
  firstStep: true,
  minStep: true,
  maxStep: true,
  maxSteps: true,
  norm: true,
  output: true,
  dense: true,
  stepTimes: true,
  events: true,
  accept: true,
  adjoint: true,
  residency: true,
  inputs: true,
  params: true,
  signal: true,
  onStep: true,
  onFailure: true,
};
