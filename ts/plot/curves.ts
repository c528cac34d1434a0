// The curve of a solution: smooth through its interpolants where it keeps them, else the points that it was asked for.
import { SolveError } from "../base/errors.ts";
import type { PlottableSolution } from "./plottable.ts";

interface Curve {
  readonly ts: ArrayLike<number>;
  /** The values of one component of the state at `ts`. */
  component(index: number): Float64Array;
}

/** Enough for a curve of some turns to look smooth; steps are cut into equal parts to reach it. */
const POINTS = 600;
const PARTS = { least: 4, most: 64 };

/** Times that follow the solver's steps, so that fast parts get as many points as slow ones. */
function smoothTimes({ ts, grid }: PlottableSolution): Float64Array {
  const knots = grid && grid.length > 1 ? grid : ts;
  const steps = knots.length - 1;
  if (steps < 1) return Float64Array.from(ts);
  const parts = Math.max(PARTS.least, Math.min(PARTS.most, Math.ceil(POINTS / steps)));
  const times = new Float64Array(steps * parts + 1);
  for (let i = 0; i < steps; i++) {
    for (let j = 0; j < parts; j++) times[i * parts + j] = knots[i] + ((knots[i + 1] - knots[i]) * j) / parts;
  }
  times[steps * parts] = knots[steps];
  return times;
}

function throughPoints({ ts, ys }: PlottableSolution, width: number): Curve {
  return { ts, component: (index) => Float64Array.from(ts, (_, row) => ys[row * width + index]) };
}

function throughInterpolants(solution: PlottableSolution, times: ArrayLike<number>): Curve {
  // `at` may hand out one and the same array every time: rows are copied.
  const rows = Array.from(times, (t) => Float64Array.from(solution.at?.(t) ?? []));
  return { ts: times, component: (index) => Float64Array.from(rows, (row) => row[index]) };
}

/** The curve to draw; `at` as in PlotOptions. */
export function trace(solution: PlottableSolution, width: number, at: ArrayLike<number> | false | undefined): Curve {
  if (at) return throughInterpolants(solution, at);
  if (at === false || !solution.at) return throughPoints(solution, width);
  try {
    return throughInterpolants(solution, smoothTimes(solution));
  } catch (error) {
    // A solution without `dense: true` refuses; any other failure is the caller's to see.
    if (error instanceof SolveError && error.code === "invalid") return throughPoints(solution, width);
    throw error;
  }
}
