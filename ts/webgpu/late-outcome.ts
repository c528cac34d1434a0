// Fixed steps on a device are not looked at while they are taken. What is not finite stays so from step to step, so the
// outputs show it in the end.
import { nonFinite } from "../failures.ts";
import type { Outcome } from "../integrate.ts";
import type { Problem } from "../problem.ts";
import type { FloatArray } from "../wasm/dtype.ts";

/** The outcome cut to the last output before one that is not finite, with its failure, where there is one. */
export function cutToFinite({ ts, y0 }: Problem, outcome: Outcome, ys: FloatArray): Outcome {
  const { outputs, grid, stats } = outcome;
  const bad = ys.subarray(0, outputs * y0.length).findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return outcome;
  const row = Math.floor(bad / y0.length);
  const component = bad % y0.length;
  const reached = grid.indexOf(ts[row - 1]!);
  stats.accepted = reached;
  return {
    ...outcome,
    outputs: row,
    grid: grid.slice(0, reached + 1),
    failure: nonFinite(
      ts[row - 1]!,
      Number.NaN,
      `component ${component} is ${ys[bad]} at the next output time, ${ts[row]}`,
    ),
  };
}
