// Which side of zero a root function is on after an effect at its own event. The effect may have left it where it was,
// put it on zero, or turned the motion round; what it gives there may be only rounding.

import type { FloatArray } from "../base/dtype.ts";

/** Times within so many roundings of t are one time; a root function that gets through zero within them has not moved away. */
const MOMENT = 16;
/** What counts as rounding of the state, in units of its last place. */
const STATE_ROUNDING = 8;
const GROWTH = 8;

/** Where the solution stands, and where it is going. */
export interface Departure {
  readonly t: number;
  readonly y: FloatArray;
  readonly slope: FloatArray;
  /** The step that will be tried, signed. */
  readonly h: number;
  /** The relative rounding of the state. */
  readonly epsilon: number;
}

/** What is found. */
export interface SideAfter {
  /**
   * The sign of the root function just after t: at the first point on the tangent where it is more than rounding. 0 where
   * there is none up to the length of a step: the motion is along the zero.
   */
  readonly sign: number;
  /** What the rounding of the state makes of the root function. */
  readonly rounding: number;
}

export function sideAfter(
  root: (t: number, y: Float64Array) => number,
  { t, y, slope, h, epsilon }: Departure,
): SideAfter {
  const moved = new Float64Array(y.length);
  const here = root(
    t,
    moved.map((_, i) => y[i]!),
  );
  let rounding = 0;
  for (const [even, odd] of [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ] as const) {
    for (let i = 0; i < y.length; i++) moved[i] = y[i]! * (1 + STATE_ROUNDING * epsilon * (i & 1 ? odd : even));
    rounding = Math.max(rounding, Math.abs(root(t, moved) - here));
  }
  const along = (distance: number): number => {
    for (let i = 0; i < y.length; i++) moved[i] = y[i]! + distance * slope[i]!;
    return root(t + distance, moved);
  };
  const moment = MOMENT * Number.EPSILON * Math.max(Math.abs(t), Number.EPSILON * Math.abs(h)) * Math.sign(h);
  const soon = along(moment);
  for (let distance = moment, value = soon; ; value = along(distance)) {
    if (Math.abs(value) > 2 * rounding) return { sign: Math.sign(value), rounding };
    distance *= GROWTH;
    if (!(Math.abs(distance) <= Math.abs(h))) break;
  }
  // A function that is never more than what rounding makes of it jumps between two values there.
  return { sign: Math.sign(soon) || Math.sign(here), rounding };
}
