// Adaptive step sizes on the leased block: Hairer's initial step and the controller's memory. The controller's arithmetic is
// in assembly/controller.ts.

import { type Awaitable, type Waiting, wait } from "../base/waiting.ts";
import { type BoundField, RECOMPUTE } from "../fields/field.ts";
import type { Controller, RuledControl } from "../problem/controller.ts";
import { lastTime, type Problem } from "../problem/problem.ts";
import type { Program } from "../program/program.ts";
import { LEAST } from "../program/written-step.ts";
import type { PairWatch } from "../solvers/pair.ts";
import type { Scheme } from "../solvers/scheme.ts";
import type { Arithmetic, Measure, Terms, Vector } from "../vectors/arithmetic.ts";
import * as at from "../vectors/table-layout.ts";
import type { Space } from "../vectors/wasm-arithmetic.ts";
import type { HostVector } from "../wasm/scratch.ts";

const NUMBER_BYTES = 8;

/** The control whose factor for an error r is r^(−1/k). */
const ROOT: Controller = { p: 0, i: 1, d: 0, safety: 1, minFactor: 0, maxFactor: Number.POSITIVE_INFINITY };

/** Error control: the verdict on a step, and the controller's memory of past errors in the block. */
export class StepControl implements RuledControl {
  /** The memory's address, and the kernel behind `judgeSquare`: for loops that call it directly. `load` sets both. */
  address = 0;
  judgeSquareKernel!: RuledControl["judgeSquareKernel"];
  /** The controller's own rule. */
  rule: RuledControl["rule"];
  readonly memory: HostVector;
  /** The scaled error of several norms, where one is not enough. */
  readonly estimate: ((norms: Float64Array) => number) | undefined;
  private readonly arithmetic: Arithmetic;
  /** Room for what `memory` holds: arrays are dear in a short solve. */
  private readonly settings: Float64Array = new Float64Array(at.CONTROLLER_BYTES / NUMBER_BYTES);

  constructor(arithmetic: Arithmetic, space: Space, { steadyingError }: Scheme) {
    this.arithmetic = arithmetic;
    this.estimate = steadyingError && ((norms) => steadied(norms[0]!, norms[1]!));
    this.memory = space.vector(at.CONTROLLER_BYTES / NUMBER_BYTES, "float64");
  }

  /** Starts anew, with a controller for an error of order k. */
  load(controller: Controller, k: number): void {
    this.address = this.memory.address;
    this.judgeSquareKernel = this.arithmetic.kernels.judgeSquare;
    this.rule = undefined;
    this.set(controller, k);
    controller.rule?.(this, controller, k);
  }

  private set({ p, i, d, safety, minFactor, maxFactor }: Controller, k: number): void {
    // Purely integral control is torchdiffeq's to the step. With the change of the error in view, an accepted step may shrink
    // as much as its own error can ask for: otherwise, where steps have to become smaller, each has to be rejected first.
    const least = p === 0 && d === 0 ? 1 : safety;
    const { view } = this.memory;
    view.fill(0);
    view[at.CONTROLLER_BETA1 / NUMBER_BYTES] = (p + i + d) / k;
    view[at.CONTROLLER_BETA2 / NUMBER_BYTES] = -(p + 2 * d) / k;
    view[at.CONTROLLER_BETA3 / NUMBER_BYTES] = d / k;
    view[at.CONTROLLER_SAFETY / NUMBER_BYTES] = safety;
    view[at.CONTROLLER_MIN_FACTOR / NUMBER_BYTES] = minFactor;
    view[at.CONTROLLER_MAX_FACTOR / NUMBER_BYTES] = maxFactor;
    view[at.CONTROLLER_LEAST_ACCEPTED / NUMBER_BYTES] = least;
  }

  /** The factor on the size of a step whose vectors are in place, negative where it is rejected; see `Arithmetic.judge`. */
  judge(program: Program, h: number, pair: PairWatch<Vector, Terms> | undefined): Awaitable<number> {
    const { arithmetic, address, rule } = this;
    const { measured, start, end } = program;
    const estimate = pair?.error ?? this.estimate;
    const error = rule ? (norms: Float64Array) => rule(estimate ? estimate(norms) : norms[0]!, h) : estimate;
    return error === undefined || (!rule && pair?.isClose(program))
      ? arithmetic.judge(address, measured[0]!.terms, h, start[0]!, end[0]!)
      : arithmetic.judgeBy(address, measured, h, start[0]!, end[0]!, error);
  }

  /** The same factor for the square of a scaled error that was measured elsewhere. */
  judgeSquare(square: number, h: number): number {
    return this.judgeSquareKernel(this.address, square, h);
  }

  /**
   * r^(−1/k): what purely integral control makes of an error r. The same bits on every engine, which `**` does not promise;
   * right to ten digits for r² within the range of float64, 0 beyond it.
   */
  power(r: number, k: number): number {
    const { view } = this.memory;
    const { settings } = this;
    settings.set(view);
    this.set(ROOT, k);
    const factor = Math.abs(this.arithmetic.kernels.judgeSquare(this.address, r * r));
    view.set(settings);
    return factor;
  }

  /** The scaled error of the last step judged. */
  get lastError(): number {
    return this.memory.view[at.CONTROLLER_ERROR / NUMBER_BYTES]!;
  }
}

/** The error e of two estimates of it (Hairer, Nørsett, Wanner, Solving ODEs I, II.10). */
function steadied(e: number, steady: number): number {
  return e === 0 ? 0 : (e * e) / Math.sqrt(e * e + 0.01 * steady * steady);
}

/** First guess h0 from d0 = ‖y0‖, d1 = ‖f0‖ (Hairer, Nørsett, Wanner, Solving ODEs I, II.4, steps a and b). */
export function initialGuess(d0: number, d1: number): number {
  // Infinite where a component is 0 and has a purely relative tolerance.
  return d0 < 1e-5 || d1 < 1e-5 || !(d0 + d1 < Number.POSITIVE_INFINITY) ? 1e-6 : (0.01 * d0) / d1;
}

/**
 * The initial step from h0, d1 and d2 = ‖f(t0 + h0, y0 + h0 f0) − f0‖/h0 (same place, d to f); `power` of d/0.01 is
 * (0.01/d)^(1/p) for a method of order p. Where the field was not finite at the probe it is h0, a step like any other: one that
 * is too large will be rejected.
 */
export function initialStep(h0: number, d1: number, d2: number, power: (r: number) => number): number {
  const d = Math.max(d1, d2);
  if (!(d < Number.POSITIVE_INFINITY)) return h0;
  return Math.min(100 * h0, d <= 1e-15 ? Math.max(1e-6, h0 * 1e-3) : power(100 * d));
}

/** Hairer's choice of the first step (Hairer, Nørsett, Wanner, Solving ODEs I, II.4). */
export class InitialStep {
  private readonly arithmetic: Arithmetic;
  private readonly control: StepControl;
  private readonly program: Program;
  private readonly probe: Vector;
  private readonly probeSlope: Vector;
  private readonly state: Terms;
  private readonly slope: Terms;
  private readonly change: Terms;

  /** `program`: the one of the first step, whose first instruction evaluates the field at the start. */
  constructor(arithmetic: Arithmetic, control: StepControl, program: Program) {
    const first = program.instructions[0]!.k!;
    this.arithmetic = arithmetic;
    this.control = control;
    this.program = program;
    this.probe = arithmetic.vector();
    this.probeSlope = arithmetic.vector();
    this.state = arithmetic.terms([program.start[0]!], [1]);
    this.slope = arithmetic.terms([first], [1]);
    this.change = arithmetic.terms([this.probeSlope, first], [1, -1]);
  }

  /**
   * The size (positive) of the first step from t; f(t, y) must be in its place. Evaluates the field once, no further
   * away than `maxStep` and the first stop, and no closer than t can resolve.
   */
  *choose(field: BoundField, t: number, problem: Problem, maxStep: number): Waiting<number> {
    const { arithmetic } = this;
    const { direction, solver, stops } = problem;
    const stop = stops[0]!;
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
    return Math.max(
      initialStep(h0, d1, d2, (r) => this.control.power(r, solver.order)),
      least,
    );
  }

  /**
   * The component with the largest error, relative to its tolerance, among those that the norm sees, of a step of size h whose vectors are in place; −1 for
   * vectors on a device.
   */
  worstComponent({ measured, start, end }: Program, h: number, { segments, rtol, atol }: Measure): number {
    const { host } = this.arithmetic;
    if (!host) return -1;
    this.arithmetic.combine(this.probe, undefined, measured[0]!.terms, h);
    const estimate = host.view(this.probe);
    const [before, after] = [host.view(start[0]!), host.view(end[0]!)];
    let [worst, largest] = [-1, 0];
    for (let i = 0; i < estimate.length; i++) {
      if (!segments.some(({ start, length, weight }) => weight > 0 && i >= start && i < start + length)) continue;
      const size = Math.max(Math.abs(before[i]!), Math.abs(after[i]!));
      const relative = typeof rtol === "number" ? rtol : rtol[i]!;
      const absolute = typeof atol === "number" ? atol : atol[i]!;
      const ratio = Math.abs(estimate[i]!) / (absolute + relative * size);
      if (ratio > largest) [worst, largest] = [i, ratio];
    }
    return worst;
  }
}
