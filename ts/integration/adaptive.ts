// Adaptive step sizes on the leased block: Hairer's initial step and the controller's memory. The arithmetic of both is in
// assembly/controller.ts.

import { type Waiting, wait } from "../base/waiting.ts";
import { type BoundField, RECOMPUTE } from "../fields/field.ts";
import type { Controller } from "../problem/controller.ts";
import { lastTime, type Problem } from "../problem/problem.ts";
import type { Program } from "../program/program.ts";
import { LEAST } from "../program/written-step.ts";
import type { Arithmetic, Measure, Terms } from "../vectors/arithmetic.ts";
import type { Space } from "../vectors/wasm-arithmetic.ts";
import type { Vector } from "../wasm/scratch.ts";

/** The controller's memory of past errors, in the block. */
export class StepControl {
  private readonly memory: Vector;

  constructor(space: Space) {
    this.memory = space.vector(10, "float64");
  }

  /** Starts anew, with a controller for an error of order k. */
  load({ p, i, d, safety, minFactor, maxFactor }: Controller, k: number): void {
    // Purely integral control is torchdiffeq's to the step. With the change of the error in view, an accepted step may shrink
    // as much as its own error can ask for: otherwise, where steps have to become smaller, each has to be rejected first.
    const least = p === 0 && d === 0 ? 1 : safety;
    this.memory.view.set([(p + i + d) / k, -(p + 2 * d) / k, d / k, safety, minFactor, maxFactor, 0, 0, 0, least]);
  }

  get address(): number {
    return this.memory.address;
  }

  /** The scaled error of the last step judged. */
  get lastError(): number {
    return this.memory.view[8]!;
  }
}

/** Hairer's choice of the first step (Hairer, Nørsett, Wanner, Solving ODEs I, II.4). */
export class InitialStep {
  private readonly arithmetic: Arithmetic;
  private readonly program: Program;
  private readonly probe: Vector;
  private readonly probeSlope: Vector;
  private readonly state: Terms;
  private readonly slope: Terms;
  private readonly change: Terms;

  /** `program`: the one of the first step, whose first instruction evaluates the field at the start. */
  constructor(arithmetic: Arithmetic, program: Program) {
    const first = program.instructions[0]!.k!;
    this.arithmetic = arithmetic;
    this.program = program;
    this.probe = arithmetic.vector();
    this.probeSlope = arithmetic.vector();
    this.state = arithmetic.terms([program.start[0]!], [1]);
    this.slope = arithmetic.terms([first], [1]);
    this.change = arithmetic.terms([this.probeSlope, first], [1, -1]);
  }

  /**
   * The size (positive) of the first step from t, f(t, y) being known; one evaluation, no further away than `maxStep` and
   * the first stop, and no closer than t can resolve.
   */
  *choose(field: BoundField, t: number, problem: Problem, maxStep: number): Waiting<number> {
    const { arithmetic } = this;
    const { direction, solver, stops } = problem;
    const stop = stops[0]!;
    const { initialGuess, initialStep } = arithmetic.kernels;
    const y = this.program.start[0]!;
    const d0 = yield* wait(arithmetic.norm(this.state, 1, y, y));
    const d1 = yield* wait(arithmetic.norm(this.slope, 1, y, y));
    const least = LEAST * Math.abs(t);
    const h0 = Math.min(Math.max(initialGuess(d0, d1), least), maxStep, Math.abs(stop - t));
    const at = t + h0 * direction;
    arithmetic.combine(this.probe, y, this.slope, h0 * direction);
    const within = (stop - at) * direction > 0 ? at : lastTime(problem, stop);
    const pending = field.evaluate(within, this.probe, this.probeSlope, RECOMPUTE);
    if (pending) yield pending;
    const d2 = (yield* wait(arithmetic.norm(this.change, 1, y, y))) / h0;
    return Math.max(initialStep(h0, d1, d2, solver.order), least);
  }

  /**
   * The component with the largest error, relative to its tolerance, of a step of size h whose vectors are in place; −1 for
   * vectors on a device.
   */
  worstComponent({ error, start, end }: Program, h: number, { rtol, atol }: Measure): number {
    if (this.arithmetic.remote) return -1;
    this.arithmetic.combine(this.probe, undefined, error!, h);
    const { view } = this.probe;
    let [worst, largest] = [-1, 0];
    for (let i = 0; i < view.length; i++) {
      const size = Math.max(Math.abs(start[0]!.view[i]!), Math.abs(end[0]!.view[i]!));
      const relative = typeof rtol === "number" ? rtol : rtol[i]!;
      const absolute = typeof atol === "number" ? atol : atol[i]!;
      const ratio = Math.abs(view[i]!) / (absolute + relative * size);
      if (ratio > largest) [worst, largest] = [i, ratio];
    }
    return worst;
  }
}
