// Events in the backward pass of the exact adjoints: cotangents cross events at points of the grid. A step that ends at
// an event has a size that moves with the event, which its cotangent must take into account.

import { type FloatArray, zeros } from "../base/dtype.ts";
import { type Waiting, wait } from "../base/waiting.ts";
import { RECOMPUTE } from "../fields/field.ts";
import type { Jump } from "../problem/event.ts";
import { firstTime, type Problem } from "../problem/problem.ts";
import type { Machine } from "../program/program.ts";
import type { Arithmetic, Vector } from "../vectors/arithmetic.ts";
import type { Trajectory } from "./adjoint.ts";
import { byPlace, dot, type JumpsByPlace, pullEffect, share, slopesAt } from "./jumps.ts";
import type { Pass, StepTimes, Sweep, SweptStep } from "./sweep.ts";

/** Pulls cotangents of a step's end through the step, without keeping what comes of it but ∂/∂h. */
export class MovingSteps {
  /** Field evaluations made here. */
  evaluations = 0;
  private readonly problem: Problem;
  private readonly jumps: JumpsByPlace;
  private readonly machine: Machine;
  private readonly sweep: Sweep;
  private readonly pass: Pass;
  private readonly state: Vector;
  private readonly slope: Vector;

  /** `state`, `slope`: vectors for its use. */
  constructor(
    { problem, jumps }: Trajectory,
    machine: Machine,
    sweep: Sweep,
    pass: Pass,
    state: Vector,
    slope: Vector,
  ) {
    this.problem = problem;
    this.jumps = byPlace(jumps);
    this.machine = machine;
    this.sweep = sweep;
    this.pass = pass;
    this.state = state;
    this.slope = slope;
  }

  /** Whether there is an event at a point of the grid. */
  has(n: number): boolean {
    return this.jumps.has(n);
  }

  /** The state before all that happens at a point of the grid, part by part. */
  before(n: number): readonly FloatArray[] {
    const [first] = this.jumps.get(n) ?? [];
    return first ? [first.before, ...first.others] : [];
  }

  /** The event that the step to a point of the grid ends at. */
  endsAt(n: number): Jump | undefined {
    const [first] = this.jumps.get(n) ?? [];
    return first?.ends ? first : undefined;
  }

  /**
   * Takes the cotangents `bars` of the state after all jumps at a grid point, part by part, and ∂L/∂t there, to before
   * these jumps. If a step ends at the first jump, `move` treats the time of that jump.
   */
  *cross(n: number, [bar, ...others]: readonly Vector[], times: StepTimes): Waiting<void> {
    const { arithmetic } = this.machine;
    for (const jump of [...(this.jumps.get(n) ?? [])].reverse()) {
      let v = copied(arithmetic, bar!);
      if (jump.after) {
        // All parts of the state start from where the effect puts the first; those before it are lost.
        for (const other of others) {
          copied(arithmetic, other).forEach((value, i) => (v[i]! += value));
          this.sweep.clear(other);
        }
        const pulled = pullEffect(this.problem, jump, v);
        v = pulled.y;
        times.atEnd += pulled.t;
        this.addParams(pulled.params);
      }
      if (!jump.ends && !jump.fixed) {
        const slopes = slopesAt(this.problem, jump);
        const f = yield* this.slopeAt(jump);
        const alpha = slopes.still ? 0 : share(jump, slopes, dot(slopes.state, f), dot(v, f) + times.atEnd);
        for (let i = 0; i < v.length; i++) v[i]! -= alpha * slopes.state[i]!;
        times.atEnd = -dot(v, f);
      }
      arithmetic.copyIn(bar!, v);
    }
  }

  /** dy/dt right before a jump. */
  private *slopeAt({ t, before }: Jump): Waiting<FloatArray> {
    const { field, arithmetic } = this.machine;
    const { state } = this;
    arithmetic.copyIn(state, before);
    this.evaluations++;
    const pending = field.evaluate(firstTime(this.problem, t), state, this.slope, RECOMPUTE);
    if (pending) yield pending;
    return copied(arithmetic, this.slope);
  }

  private addParams(gradient: FloatArray): void {
    const { paramsBar } = this.pass.field;
    if (!paramsBar) return;
    const view = this.machine.arithmetic.host!.view(paramsBar);
    for (let i = 0; i < gradient.length; i++) view[i]! += gradient[i]!;
  }

  /**
   * Turns cotangents of the end of a step, at a moving event, into cotangents at a fixed end. `from`: the state at its
   * start. The step must be ready to be swept; times.atEnd must have all of ∂L/∂t_e but what the sweep adds.
   */
  *move(jump: Jump, step: SweptStep, bars: readonly Vector[], from: FloatArray, times: StepTimes): Waiting<void> {
    const slopes = slopesAt(this.problem, jump, from);
    if (slopes.still) return;
    const { arithmetic } = this.machine;
    const state = zeros(arithmetic.dtype, slopes.state.length);
    state.set(slopes.state);
    const along = times.atEnd + (yield* this.byEnd(step, bars));
    const change = yield* this.byEnd({ ...step, dense: false }, bars, state);
    const alpha = share(jump, slopes, change, along);
    const v = copied(arithmetic, bars[0]!);
    for (let i = 0; i < v.length; i++) v[i]! -= alpha * slopes.state[i]!;
    arithmetic.copyIn(bars[0]!, v);
  }

  /** ∂/∂(the step's end) of a cotangent of its end state, or of what is in `bars`, leaving everything else as it was. */
  *byEnd(step: SweptStep, bars: readonly Vector[], cotangent?: FloatArray): Waiting<number> {
    const { arithmetic } = this.machine;
    const { field } = this.pass;
    const { paramsBar } = field;
    const held = bars.map((bar) => copied(arithmetic, bar));
    if (cotangent) {
      bars.forEach((bar) => this.sweep.clear(bar));
      arithmetic.copyIn(bars[0]!, cotangent);
    }
    yield* wait(field.flush?.());
    const params = paramsBar && copied(arithmetic, paramsBar);
    const pending = this.sweep.step(this.pass, { ...step, times: { atStart: 0, atEnd: 0 } });
    if (pending) yield* pending;
    const { dh } = this.pass;
    yield* wait(field.flush?.());
    if (params) arithmetic.copyIn(paramsBar!, params);
    bars.forEach((bar, i) => arithmetic.copyIn(bar, held[i]!));
    return dh;
  }
}

function copied(arithmetic: Arithmetic, vector: Vector): FloatArray {
  const numbers = zeros(arithmetic.dtype, vector.length);
  arithmetic.copyOut(vector, numbers);
  return numbers;
}
