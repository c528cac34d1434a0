// Forward sensitivities: a solve's steps are taken again with the field's linearisation beside the state, so the result is
// the derivative of the discrete solution along one direction, to rounding. Events' times move: see jumps.ts.

import { type FloatArray, zeros } from "../base/dtype.ts";
import { stateNotFinite } from "../base/failures.ts";
import { aborted, type Waiting } from "../base/waiting.ts";
import { type BoundTangent, type Motion, TangentField } from "../fields/tangent.ts";
import { TangentSystems } from "../implicit/tangent-system.ts";
import { load, setUp } from "../integration/setup.ts";
import type { Effect, Jump } from "../problem/event.ts";
import { firstTime, lastTime, type Problem } from "../problem/problem.ts";
import type { Program } from "../program/program.ts";
import { Runner } from "../program/runner.ts";
import { denseSlopes } from "../solvers/dense-weights.ts";
import type { Vector } from "../vectors/arithmetic.ts";
import { Scratch } from "../wasm/scratch.ts";
import type { Trajectory } from "./adjoint.ts";
import { byPlace, dot, paramsOf, pullEffect, share, slopesAt } from "./jumps.ts";

/** A direction in (y0, θ); undefined: 0. */
export interface Direction {
  readonly y0: Float64Array | undefined;
  readonly params: Float64Array | undefined;
}

/** Width of differences of the field in t, as a fraction of the mean step: truncation and rounding are then both small. */
const WIDTHS = { float64: 2e-3, float32: 5e-2 };

/** The derivative of ys along a direction, in its shape. */
export function* pushForwards(
  { problem, ts, grid: all, jumps, stopped }: Trajectory,
  direction: Direction,
): Waiting<FloatArray> {
  const { field, y0, direction: way } = problem;
  const n = y0.length;
  // A solve that ended early may have taken steps beyond the last output it reached.
  const steps = all.findIndex((t) => (t - ts[ts.length - 1]!) * way >= 0);
  const grid = all.subarray(0, steps + 1);
  const augmented: Problem = {
    ...problem,
    field: new TangentField(field, direction.params, jumps.length > 0),
    y0: zeros(field.dtype, 2 * n),
    steps: { kind: "given", grid },
    equations: problem.equations?.along(TangentSystems, direction.params),
    dense: false,
    residency: "host",
    events: [],
  };
  const scratch = new Scratch();
  const { machine, placed, interpolator } = setUp(augmented, scratch, 0);
  const { arithmetic } = machine;
  const tangent = machine.field as BoundTangent;
  const runner = new Runner(machine, false);
  const [spare, slope] = [scratch.vector(2 * n, field.dtype), scratch.vector(2 * n, field.dtype)];
  const viewOf = (vector: Vector): FloatArray => arithmetic.host!.view(vector);
  const places = byPlace(jumps);
  const tangents = zeros(field.dtype, ts.length * n);
  /** [y | ẏ] where the steps have come to, and ṫ there. */
  const here = zeros(field.dtype, 2 * n);
  const dots = here.subarray(n);
  let tDot = 0;
  let output = 1;
  /** Whether the first derivative of the next step is in its place. */
  let firstKnown = false;
  const width = (WIDTHS[field.dtype] * Math.abs(grid[steps]! - grid[0]!)) / Math.max(1, steps);

  const motionOf = (step: number, moved: Pick<Motion, "tDot" | "hDot" | "params">): Motion => {
    const [t, end] = [grid[step]!, grid[step + 1]!];
    // Differences of the field in t stay inside the interval, and on this side of every jump.
    let [from, to] = [ts[0]!, problem.ts[problem.ts.length - 1]!];
    for (const jump of problem.jumps) {
      if ((t - jump) * way >= 0 && (jump - from) * way > 0) from = jump;
      if ((jump - end) * way >= 0 && (to - jump) * way > 0) to = jump;
    }
    const bounds = { from: firstTime(problem, from), to: lastTime(problem, to), width };
    return { t: firstTime(problem, t), h: end - t, ...bounds, ...moved };
  };

  /** Takes a step from a state, given part by part; returns the state at its end and, one after the other, the outputs inside it. */
  const take = function* (
    step: number,
    from: readonly FloatArray[],
    motion: Motion | undefined,
  ): Waiting<FloatArray[]> {
    const [t, end] = [grid[step]!, grid[step + 1]!];
    const [stageStart, stageEnd, h] = [firstTime(problem, t), lastTime(problem, end), end - t];
    const program = placed.programs[step & 1]!;
    tangent.motion = motion;
    from.forEach((part, i) => arithmetic.copyIn(program.start[i]!, part));
    yield* runner.finish(program.instructions, firstKnown && !motion ? 1 : 0, stageStart, h, stageEnd);
    const states = [copyOf(viewOf(program.end[0]!))];
    if (!arithmetic.isFinite(program.end[0]!)) throw stateNotFinite(t, h, states[0]!);
    const dense = output < ts.length && (end - ts[output]!) * way > 0;
    if (dense) yield* runner.finish(program.dense?.instructions ?? [], 0, stageStart, h, stageEnd);
    for (let row = output; row < ts.length && (end - ts[row]!) * way > 0; row++) {
      const s = (ts[row]! - t) / h;
      const state = copyOf(viewOf(interpolator!.at(program, s, h)));
      if (motion) {
        // The place of a fixed time in the step moves as well.
        const shift = motion.tDot + s * motion.hDot;
        slopeInside(program, s);
        for (let i = 0; i < n; i++) state[n + i]! -= shift * slope.view[i]!;
      }
      states.push(state);
    }
    // A derivative at the end of a step that moves moves with it.
    firstKnown = placed.fsal === "step" && !motion && !problem.jumps.has(end);
    return states;
  };

  /** slope ← Σ wᵢ'(s) kᵢ */
  const slopeInside = (program: Program, s: number): void => {
    const weights = new Float64Array(placed.scheme.dense!.ks.length);
    denseSlopes(placed.scheme.dense!, s, weights);
    program.dense!.terms.set(weights);
    arithmetic.combine(slope, undefined, program.dense!.terms, 1);
  };

  /** dy/dt right before a jump. */
  const slopeAt = function* ({ t, before }: Jump): Waiting<FloatArray> {
    tangent.motion = undefined;
    spare.view.fill(0);
    spare.view.set(before);
    const pending = tangent.evaluate(firstTime(problem, t), spare, slope);
    if (pending) yield pending;
    return slope.view.slice(0, n) as FloatArray;
  };

  /** Moves ẏ and ṫ over an event, where dy/dt is `rate` before it and ẏ is that at a fixed time. */
  const occur = (jump: Jump, rate: FloatArray | undefined, from?: FloatArray): void => {
    if (rate) {
      const slopes = slopesAt(problem, jump, from);
      tDot = slopes.still ? 0 : -share(jump, slopes, dot(slopes.state, rate), dot(slopes.state, dots));
      for (let i = 0; i < n; i++) dots[i]! += rate[i]! * tDot;
    }
    if (!jump.after) return;
    dots.set(pushEffect(problem, jump, { y: dots.slice() as FloatArray, params: direction.params, t: tDot }));
    here.set(jump.after);
  };

  /** The events at a point of the grid that no step ends at. */
  const occurAt = function* (at: number): Waiting<void> {
    for (const jump of places.get(at) ?? []) {
      firstKnown = false;
      if (jump.ends) continue;
      const rate = jump.fixed ? undefined : yield* slopeAt(jump);
      if (rate) for (let i = 0; i < n; i++) dots[i]! -= rate[i]! * tDot;
      occur(jump, rate);
    }
  };

  try {
    scratch.lease();
    load({ machine, placed, interpolator, control: undefined, initial: undefined }, augmented);
    here.set(y0);
    if (direction.y0) dots.set(direction.y0);
    tangents.set(dots);
    yield* occurAt(0);
    for (let step = 0; step < steps; step++) {
      const { start: parts } = placed.programs[step & 1]!;
      // Both states of a pair start equal, at the start and after an effect.
      const afresh = step === 0 || places.has(step);
      const from = parts.map((part, i) => copyOf(i === 0 || afresh ? here : viewOf(part)));
      const [first] = places.get(step + 1) ?? [];
      const ending = first?.ends ? first : undefined;
      const start = tDot === 0 ? undefined : motionOf(step, { tDot, hDot: -tDot, params: true });
      if (problem.signal?.aborted) throw aborted(problem.signal, grid[step]!, grid[step + 1]! - grid[step]!);
      const states = yield* take(step, from, start);
      let byEnd: FloatArray[] = [];
      if (ending) {
        const still = from.map((part) => part.slice().fill(0, n) as FloatArray);
        byEnd = yield* take(step, still, motionOf(step, { tDot: 0, hDot: 1, params: false }));
      }
      here.set(states[0]!);
      tDot = 0;
      const landed = ts[output + states.length - 1] === grid[step + 1];
      const row = output + states.length - 1;
      if (landed) tangents.set(dots, row * n);
      if (ending) occur(ending, byEnd[0]!.subarray(n) as FloatArray, from[0]!.subarray(0, n) as FloatArray);
      states.slice(1).forEach((state, i) => {
        const moved = byEnd[i + 1];
        for (let j = 0; j < n; j++) tangents[output * n + j] = state[n + j]! + (moved ? moved[n + j]! * tDot : 0);
        output++;
      });
      if (landed) output++;
      yield* occurAt(step + 1);
    }
    if (stopped) tangents.set(dots, (ts.length - 1) * n);
    return tangents;
  } finally {
    scratch.release();
  }
}

const copyOf = (view: FloatArray): FloatArray => view.slice() as FloatArray;

/** The derivative of the state after an effect along a tangent of what it is given. */
function pushEffect(
  problem: Problem,
  jump: Jump,
  { y, params, t }: { readonly y: FloatArray; readonly params: Float64Array | undefined; readonly t: number },
): FloatArray {
  const { dtype } = problem.field;
  const { length } = y;
  const out = zeros(dtype, length);
  const theta = zeros(dtype, problem.field.params?.length ?? 0);
  if (params) theta.set(params);
  const { jvp } = problem.events[jump.index]!.effect as Effect;
  if (jvp) {
    jvp(jump.t, copyOf(jump.before), paramsOf(problem), { y, params: theta, t }, out);
    return out;
  }
  for (let i = 0; i < length; i++) {
    const unit = zeros(dtype, length);
    unit[i] = 1;
    const pulled = pullEffect(problem, jump, unit);
    out[i] = dot(pulled.y, y) + dot(pulled.params, theta) + pulled.t * t;
  }
  return out;
}
