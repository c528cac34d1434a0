// Adaptive step sizes on the leased block: Hairer's initial step and the controller's memory. The arithmetic of both is in
// assembly/controller.ts.
import type { Controller } from "./controllers/controller.ts";
import { RECOMPUTE } from "./fields/field.ts";
import type { Machine, Program } from "./program.ts";
import type { Run } from "./run.ts";
import type { Measure, Terms } from "./wasm/arithmetic.ts";
import type { Scratch, Vector } from "./wasm/scratch.ts";

/** The controller with its memory of past errors, in the block. */
export class StepControl {
  private readonly memory: Vector;
  private readonly controller: Controller;
  private readonly order: number;

  constructor(scratch: Scratch, controller: Controller, order: number) {
    this.memory = scratch.vector(9, "float64");
    this.controller = controller;
    this.order = order;
  }

  load(): void {
    const { p, i, d, safety, minFactor, maxFactor } = this.controller;
    const k = this.order;
    this.memory.view.set([(p + i + d) / k, -(p + 2 * d) / k, d / k, safety, minFactor, maxFactor, 0, 0, 0]);
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
  private readonly machine: Machine;
  private readonly scratch: Scratch;
  private readonly program: Program;
  private readonly measure: Measure;
  private readonly probe: Vector;
  private readonly probeSlope: Vector;
  private readonly state: Terms;
  private readonly slope: Terms;
  private readonly change: Terms;

  /** `program`: the one of the first step, whose first instruction evaluates the field at the start. */
  constructor(machine: Machine, scratch: Scratch, program: Program, measure: Measure) {
    const { arithmetic } = machine;
    const first = program.instructions[0]!.k!;
    this.machine = machine;
    this.scratch = scratch;
    this.program = program;
    this.measure = measure;
    this.probe = arithmetic.vector();
    this.probeSlope = arithmetic.vector();
    this.state = arithmetic.terms([program.start[0]!], [1]);
    this.slope = arithmetic.terms([first], [1]);
    this.change = arithmetic.terms([this.probeSlope, first], [1, -1]);
  }

  /** The size (positive) of the first step from t for a method of order p, f(t, y) being known; one evaluation. */
  *choose(t: number, direction: number, p: number): Run<number> {
    const { arithmetic, field } = this.machine;
    const { initialGuess, initialStep } = this.scratch.kernels;
    const y = this.program.start[0]!;
    const d0 = arithmetic.norm(this.state, 1, y, y);
    const d1 = arithmetic.norm(this.slope, 1, y, y);
    const h0 = initialGuess(d0, d1);
    arithmetic.combine(this.probe, y, this.slope, h0 * direction);
    const pending = field.evaluate(t + h0 * direction, this.probe, this.probeSlope, RECOMPUTE);
    if (pending) yield pending;
    const d2 = arithmetic.norm(this.change, 1, y, y) / h0;
    return initialStep(h0, d1, d2, p);
  }

  /** The component with the largest error, relative to its tolerance, of a step of size h whose vectors are in place. */
  worstComponent({ error, start, end }: Program, h: number): number {
    const { rtol, atol } = this.measure;
    this.machine.arithmetic.combine(this.probe, undefined, error!, h);
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
