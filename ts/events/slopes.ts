// The derivatives of a root function at its event, for gradients: as the user gives them, or by differences. These find
// their own width, since a state may be in any units and a root function defined on one side only.

import { BACKWARD, CENTRAL, FORWARD } from "../base/differences.ts";
import { SolveError } from "../base/errors.ts";
import { firstNotFinite } from "../base/finite.ts";
import type { SolveEvent } from "../problem/event.ts";
import { rootValue } from "./root-values.ts";

export interface RootSlopes {
  /** ∂root/∂y */
  readonly state: Float64Array;
  /** ∂root/∂t */
  readonly time: number;
  /** Whether the root function depends on time alone, so that the event's time does not move. */
  readonly still: boolean;
}

/** Where derivatives are taken. */
export interface RootPlace {
  readonly t: number;
  readonly y: ArrayLike<number>;
  /** How large each element is in the problem at hand; at least one digit of it should matter. */
  readonly scales: ArrayLike<number>;
  /** The interval of the solve, in either order. */
  readonly interval: readonly [number, number];
}

/** Throws `SolveError` "non-finite" where the root function has no derivative. */
export function rootSlopes(event: SolveEvent, index: number, { t, y, scales, interval }: RootPlace): RootSlopes {
  const at = Float64Array.from(y);
  const state = new Float64Array(at.length);
  const { gradient } = event;
  if (gradient) gradient(t, at.slice(), state);
  else {
    for (let i = 0; i < at.length; i++) {
      const value = at[i]!;
      const along = (d: number): number => {
        at[i] = value + d;
        const root = rootValue(event, index, t, at);
        at[i] = value;
        return root;
      };
      state[i] = slope(along, scales[i]!, Math.abs(value));
    }
  }
  const bad = firstNotFinite(state);
  if (bad >= 0) throw noSlope(index, t, `y[${bad}]`, state[bad]!);
  const [from, to] = [Math.min(...interval), Math.max(...interval)];
  const later = (d: number): number => (t + d < from || t + d > to ? Number.NaN : rootValue(event, index, t + d, at));
  const time = slope(later, to - from, Math.abs(t));
  const constant = state.every((value) => value === 0);
  // Of time alone it may be a jump; a gradient of the user's that writes nothing is a slip.
  if (constant && !(gradient && time === 0)) return { state, time, still: true };
  if (!Number.isFinite(time)) throw noSlope(index, t, "t", time);
  return { state, time, still: false };
}

const noSlope = (index: number, t: number, by: string, value: number): SolveError =>
  new SolveError(
    "non-finite",
    `the derivative of events[${index}].root by ${by} is ${value} at t = ${t}, where the event occurred, so its time has no gradient; ` +
      "write ∂root/∂y yourself as the event's gradient: (t, y, out) => void, or take a smoother root function",
    { t },
  );

const WIDEST = 1 / 8;
const NARROWING = 1 / 4;
const AGREEMENT = 1e-13;
const DISAGREEMENT = 0.05;
const BEYOND = 1e6;
const NOISE = 1e4;
/** Widths at which a function that does not depend on its argument is found to be the same. */
const PROBES = [WIDEST, 1e-4, 1e-7];

/**
 * The derivative of f at 0, NaN where there is none. `scale` says how far f may be looked at, `size` how large what it
 * changes is. Of estimates at narrower and narrower widths the one that differs least from the one before is taken.
 */
function slope(f: (d: number) => number, scale: number, size: number): number {
  const here = f(0);
  let largest = Math.abs(here);
  const seen = (d: number): number => {
    const value = f(d);
    if (Math.abs(value) > largest) largest = Math.abs(value);
    return value;
  };
  if (PROBES.every((width) => f(width * scale) === here && f(-width * scale) === here)) return 0;
  let [best, error, at, last] = [Number.NaN, Number.POSITIVE_INFINITY, scale, Number.NaN];
  const narrowest = 64 * Number.EPSILON * size;
  for (let width = WIDEST * scale; width > narrowest && width > Number.MIN_VALUE; width *= NARROWING) {
    const estimate = difference(seen, width);
    const change = Math.abs(estimate - last);
    if (change <= error) [best, error, at] = [estimate, change, width];
    // Beyond the best width there is only more and more rounding.
    if (change <= AGREEMENT * Math.abs(estimate) || change > BEYOND * error) break;
    last = estimate;
  }
  // Where estimates never agree by more than their rounding, the function jumps.
  const rounding = (NOISE * Number.EPSILON * largest) / at;
  // One that is less than the rounding of a few sums is none.
  if (Math.abs(best) <= 1e-2 * rounding) return 0;
  return error <= Math.max(DISAGREEMENT * Math.abs(best), rounding) ? best : Number.NaN;
}

/** From both sides, or from the one where f is finite. */
function difference(f: (d: number) => number, width: number): number {
  for (const stencil of [CENTRAL, FORWARD, BACKWARD]) {
    let sum = 0;
    for (const [distance, weight] of stencil) sum += weight * f(distance * width);
    if (Number.isFinite(sum)) return sum / width;
  }
  return Number.NaN;
}
