// The options of `solve` as users write them.
import type { Adjoint } from "../adjoints/adjoint.ts";
import type { FloatArray } from "../base/dtype.ts";
import type { InputFunction } from "../fields/mlp.ts";
import type { Controller } from "../problem/controller.ts";
import type { SolveEvent } from "../problem/event.ts";
import type { ImplicitOptions } from "../problem/implicit.ts";
import type { StepReport } from "../problem/report.ts";
import type { Solver } from "../solvers/runge-kutta.ts";

/** A part of the state for the error norm, in the order of the state; all parts together are the state. */
export interface NormSegment {
  /** Numbers in this part. */
  readonly length: number;
  /** What its norm is multiplied by: the error is the largest of the products. 0 leaves the part out. */
  readonly weight: number;
}

/**
 * Options of `solve`. Times are in the unit of the field's t, states in the units of y. An option that is undefined has its
 * default.
 */
export interface SolveOptions extends ImplicitOptions {
  /** Initial state, flat; a batch is rows [batch × dim], row-major. Required. */
  readonly y0: ArrayLike<number>;
  /** Output times, at least two, strictly monotone either way; ts[0] is the start. Required. */
  readonly ts: ArrayLike<number>;
  /** The method, a value such as `dopri5` or `reversible(tsit5)`; `tsit5` by default. */
  readonly solver?: Solver | undefined;
  /**
   * Relative tolerance: a step's error in component i is measured in atol + rtol · max(|yᵢ| before, |yᵢ| after). A number, or one
   * for each number of a row or of the whole state. 1e-6 by default (float32: 1e-4).
   */
  readonly rtol?: number | ArrayLike<number> | undefined;
  /** Absolute tolerance, in the units of y: what counts as no error where y is near 0. As `rtol`; 1e-9 by default (float32: 1e-6). */
  readonly atol?: number | ArrayLike<number> | undefined;
  /**
   * Fixed steps of this size (positive), without error control. They land on every output time: each interval has equal steps,
   * all but its last of the full size. By default error control chooses the steps.
   */
  readonly stepSize?: number | undefined;
  /** Step times to replay without error control, such as `solution.grid`; from ts[0] to the last output time. None by default. */
  readonly grid?: ArrayLike<number> | undefined;
  /** How error control chooses the next step's size: `pid({ … })` or `integral()`; `pid({ p: 0.4, i: 0.3, d: 0 })` by default. */
  readonly controller?: Controller | undefined;
  /** Size (positive) of the first step tried; by default Hairer's choice, which costs two evaluations of the field. */
  readonly firstStep?: number | undefined;
  /** Least size of a step, but for steps cut short by a stop; below it the solve fails in "step-underflow". 0 by default. */
  readonly minStep?: number | undefined;
  /** Largest size of a step, such as the width of the shortest pulse in the field; Infinity by default. */
  readonly maxStep?: number | undefined;
  /** Most attempted steps, rejected ones included, before the solve fails in "max-steps"; 100 000 by default. */
  readonly maxSteps?: number | undefined;
  /**
   * How a step's error is one number: root mean square ("rms", the default) or maximum ("max") over the whole state, batch
   * included, or the largest of weighted rms norms of its parts.
   */
  readonly norm?: "rms" | "max" | readonly NormSegment[] | undefined;
  /**
   * How outputs between steps come about: "interpolate" by the solver's continuous extension, or "land": a step ends there. By
   * default the former where the solver's own extension is of order ≥ p − 1, else the latter; fixed steps land.
   */
  readonly output?: "interpolate" | "land" | undefined;
  /** Keep every step's continuous extension, for `solution.at(t)`; false by default. */
  readonly dense?: boolean | undefined;
  /**
   * Times where the field jumps: steps end there, each evaluates the field on its own side only, and nothing known from before is
   * used after. None by default.
   */
  readonly stepTimes?: ArrayLike<number> | undefined;
  /** Functions of time and state whose changes of sign are events: recorded, acting on the state, or ending the solve. None by default. */
  readonly events?: readonly SolveEvent[] | undefined;
  /**
   * Looks at the state after each trial step, a view to read now: false rejects the step, and a smaller one is tried. For
   * domains that a solution must not leave, such as concentrations ≥ 0. With `stepSize` or `grid` false ends the solve in
   * "step-underflow", and so it does where no step is small enough.
   */
  readonly accept?: ((t: number, y: FloatArray) => boolean) | undefined;
  /** How `solution.pullback` computes gradients: `backprop()`, `symplectic()`, `checkpointed()`, `continuous()`, `reverse()`, `auto()`. None by default. */
  readonly adjoint?: Adjoint | undefined;
  /**
   * For fields on a GPU: whether states stay there ("device", the default where nothing needs them elsewhere) or are in
   * WebAssembly memory ("host") and travel for each evaluation.
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
  /** Ends the solve in "aborted" when it fires: after the step in work, or at once where a field is waited for. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each accepted step; `y` is a view to read now. */
  readonly onStep?: ((report: StepReport) => void) | undefined;
  /** What a failure does: "throw" a `SolveError` (the default), or "return" the solution so far, with the error's code as `status`. */
  readonly onFailure?: "throw" | "return" | undefined;
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
  jacobian: true,
  sparsity: true,
  second: true,
  mass: true,
  consistent: true,
  params: true,
  signal: true,
  onStep: true,
  onFailure: true,
};
