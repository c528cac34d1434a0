// A problem as everything behind the options sees it: a flat state of one dtype, a measure for errors, and times that are
// known to be monotone.
import type { FloatArray } from "../base/dtype.ts";
import type { Field } from "../fields/field.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import { pruned, type Scheme } from "../solvers/scheme.ts";
import type { Measure } from "../vectors/arithmetic.ts";
import type { Controller } from "./controller.ts";
import type { SolveEvent } from "./event.ts";
import type { StepEquations } from "./implicit.ts";
import type { StepReport } from "./report.ts";

/** The steps of a solve: chosen by error control, or given. */
export type Steps =
  | {
      readonly kind: "adaptive";
      readonly controller: Controller;
      readonly firstStep: number | undefined;
      readonly minStep: number;
      readonly maxStep: number;
    }
  | { readonly kind: "given"; readonly grid: Float64Array };

/** What is to be solved. */
export interface Problem {
  readonly field: Field;
  readonly solver: Solver;
  readonly y0: FloatArray;
  readonly ts: Float64Array;
  /** Times that a step must end at, in the order of integration, the last output time included. */
  readonly stops: Float64Array;
  /** Those of them where the field may jump, and the start where it may jump there. */
  readonly jumps: ReadonlySet<number>;
  /** Whether the continuous extension of steps is needed: for outputs inside steps, or to be kept. */
  readonly extended: boolean;
  /** Whether every step's continuous extension is kept. */
  readonly dense: boolean;
  /** 1 where time increases, −1 where it decreases. */
  readonly direction: number;
  readonly measure: Measure;
  readonly steps: Steps;
  /** What its steps solve, where the solver is implicit. */
  readonly equations: StepEquations | undefined;
  readonly maxSteps: number;
  readonly events: readonly SolveEvent[];
  /** What their effects are handed as `params`. */
  readonly argument: unknown;
  /** Where the states are: in WebAssembly memory, or on the field's device. */
  readonly residency: "host" | "device";
  /** The parameters to compute with: a copy where an adjoint will need them later, the user's array otherwise. */
  readonly params: FloatArray | undefined;
  /** Whether the state after a trial step may be: false rejects the step. */
  readonly accept: ((t: number, y: FloatArray) => boolean) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onStep: ((report: StepReport) => void) | undefined;
  readonly onFailure: "throw" | "return";
}

/** The solver's scheme without what this problem has no use for: an error estimate, a continuous extension. */
export const schemeOf = ({ solver, steps, extended }: Problem): Scheme =>
  pruned(solver.scheme, { error: steps.kind === "adaptive", dense: extended });

/**
 * The time that a step starting at `t` counts its stages from: `t` itself, or, where the field jumps there, the first
 * number after it, which belongs to this step's side, whichever side the field gives `t` to.
 */
export function firstTime({ jumps, direction }: Problem, t: number): number {
  return jumps.size > 0 && jumps.has(t) ? neighbour(t, direction) : t;
}

/**
 * The latest time that a step ending at `end` may evaluate the field at: `end` itself, or, where the field jumps there,
 * the last number before it, which still belongs to this step's side.
 */
export function lastTime({ jumps, direction }: Problem, end: number): number {
  return jumps.size > 0 && jumps.has(end) ? neighbour(end, -direction) : end;
}

const bits = new BigInt64Array(1);
const number = new Float64Array(bits.buffer);

/** The double next to t in a direction. */
function neighbour(t: number, direction: number): number {
  if (t === 0) return direction * Number.MIN_VALUE;
  number[0] = t;
  bits[0]! += t > 0 === direction > 0 ? 1n : -1n;
  return number[0]!;
}
