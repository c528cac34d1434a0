// What a solve tells of its steps: counts, rejections, and the report that `onStep` receives.
import type { FloatArray } from "../base/dtype.ts";
import type { ImplicitStats } from "./implicit.ts";

/** Counts of a solve; all are counted, none estimated. */
export interface StepStats extends Partial<ImplicitStats> {
  /** Attempted steps: accepted + rejected. */
  steps: number;
  /** Steps that were accepted. */
  accepted: number;
  /** Steps that were tried again, smaller: by error control, by `accept`, or to end at an event. */
  rejected: number;
  /** Evaluations of the field, the NFE of the literature. */
  evaluations: number;
  /** Size of the first step tried. */
  firstStep: number;
  /**
   * Reversible solvers: the largest distance of their two states after a step, in tolerances (the scaled norm of z − y).
   * Not measured where given steps are taken on a device.
   */
  gap?: number;
}

/** A step that was tried from t and not accepted. */
export interface Rejection {
  /** Where it started. */
  readonly t: number;
  /** Its size, negative where time decreases. */
  readonly h: number;
}

/** What `onStep` receives after an accepted step. */
export interface StepReport {
  /** The time reached. */
  readonly t: number;
  /** The step taken, negative where time decreases. */
  readonly h: number;
  /** The state at t: a view to read now, not to keep. */
  readonly y: FloatArray;
  /** Counts so far; the same object in every report. */
  readonly stats: Readonly<StepStats>;
}
