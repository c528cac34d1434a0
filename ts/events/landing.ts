// Landing on an event: the step is taken again so that it ends where the root function of the *step's own result* is
// zero, and, for gradients, the derivatives that the implicit function theorem needs are measured there.

import type { FloatArray } from "../base/dtype.ts";
import { eventsAccumulate } from "../base/failures.ts";
import type { Waiting } from "../base/waiting.ts";
import type { SolveEvent } from "../problem/event.ts";
import type { Program } from "../program/program.ts";
import type { Runner } from "../program/runner.ts";
import type { EventWatch, Hit } from "./watch.ts";

/** Derivatives at a terminal event root(t_e, y(t_e)) = 0, of the discrete map. */
export interface EventSlopes {
  /** ∂root/∂y */
  readonly state: Float64Array;
  /** dy(t_e)/dt_e, the step's start held fixed. */
  readonly rate: Float64Array;
  /** d root(t_e, y(t_e))/dt_e */
  readonly total: number;
}

const NEWTON_STEPS = 6;

/** Takes the step from t again, its stages counted from `first`, to end at the event; returns its end. The step's first derivative must be in its place. */
export function* land(
  watch: EventWatch,
  runner: Runner,
  program: Program,
  t: number,
  first: number,
  h: number,
  hit: Hit,
): Waiting<number> {
  const { root } = watch.events[hit.index]!;
  const slope = watch.slope(program, t, h, hit);
  const full = t + h;
  let end = hit.s === 1 ? full : t + hit.s * h;
  for (let i = 0; ; i++) {
    if (end === t) throw eventsAccumulate(t, hit.index);
    yield* runner.finish(program.instructions, 1, first, end - t, end);
    const next = end - root(end, watch.state(program, 1, h)) / slope;
    // Outside the step, or no longer moving: as near as it gets.
    const inside = (next - t) * h > 0 && (full - next) * h >= 0;
    if (!inside || i === NEWTON_STEPS || Math.abs(next - end) <= 2 * Number.EPSILON * Math.abs(end)) return end;
    end = next;
  }
}

/** Weights of the fourth-order central difference at −2, −1, 1, 2. */
const STENCIL: readonly (readonly [number, number])[] = [
  [-2, 1 / 12],
  [-1, -2 / 3],
  [1, 2 / 3],
  [2, -1 / 12],
];

/** Measures the slopes at the event that the step from t ends at, and leaves the step as it was. */
export function* slopesAt(
  watch: EventWatch,
  { root }: SolveEvent,
  runner: Runner,
  program: Program,
  t: number,
  first: number,
  end: number,
): Waiting<EventSlopes> {
  const y = watch.state(program, 1, end - t);
  const n = y.length;
  const state = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const value = y[i]!;
    const step = 1e-3 * Math.max(1, Math.abs(value));
    for (const [at, weight] of STENCIL) {
      y[i] = value + at * step;
      state[i]! += (weight * root(end, y)) / step;
    }
    y[i] = value;
  }
  let total = 0;
  const inTime = 1e-3 * (end - t);
  for (const [at, weight] of STENCIL) total += (weight * root(end + at * inTime, y)) / inTime;
  const rate = new Float64Array(n);
  for (const [at, weight] of STENCIL) {
    const h = end + at * inTime - t;
    yield* runner.finish(program.instructions, 1, first, h, t + h);
    for (let i = 0; i < n; i++) rate[i]! += (weight * y[i]!) / inTime;
  }
  yield* runner.finish(program.instructions, 1, first, end - t, end);
  for (let i = 0; i < n; i++) total += state[i]! * rate[i]!;
  return { state, rate, total };
}

/**
 * The cotangent of y(t_e) at fixed t_e that stands for v on y(t_e) and w on t_e itself: by the implicit function theorem
 * δt_e = −(∂root/∂y · δy)/total, so v − ∂root/∂y (v · rate + w)/total.
 */
export function eventCotangent({ state, rate, total }: EventSlopes, v: FloatArray, w: number): void {
  let along = w;
  for (let i = 0; i < v.length; i++) along += v[i]! * rate[i]!;
  for (let i = 0; i < v.length; i++) v[i]! -= (state[i]! * along) / total;
}

/** Makes of the tangent of y(t_e) at fixed t_e that of the state at the event, whose time moves by δt_e as above. */
export function eventTangent({ state, rate, total }: EventSlopes, dot: FloatArray): void {
  let change = 0;
  for (let i = 0; i < dot.length; i++) change += state[i]! * dot[i]!;
  for (let i = 0; i < dot.length; i++) dot[i]! -= (change / total) * rate[i]!;
}
