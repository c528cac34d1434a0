// With given steps on a device nobody checks the state during the solve. What is not finite stays so from step to step, and
// the states of a pair that has come apart stay apart, so the end shows both.

import { nonFinite } from "../../base/failures.ts";
import { firstNotFinite } from "../../base/finite.ts";
import type { Arrived, LateFailure, Unseen } from "../../vectors/arithmetic.ts";

/**
 * What the outputs and the state at the end, part by part, say: the failure at the first output that is not finite, and the
 * steps and outputs before it, or that a pair has come apart.
 */
export function lateFailure<P extends Unseen>(
  problem: P,
  { outputs, grid, ys, parts }: Arrived,
): LateFailure<P> | undefined {
  const { ts, y0, stops, direction, solver } = problem;
  const bad = firstNotFinite(ys.subarray(0, outputs * y0.length));
  if (bad < 0) {
    const [t = Number.NaN, before = t] = [grid.at(-1), grid.at(-2)];
    const { pair } = solver.scheme;
    return !pair || pair.isTogether(parts, ys) ? undefined : { failure: pair.failure(solver.name, t, t - before) };
  }
  const row = Math.floor(bad / y0.length);
  const last = ts[row - 1]!;
  // A step beyond the last finite output may not be finite at its end, even where one inside it is.
  const steps = grid.filter((t) => (last - t) * direction >= 0);
  const end = steps[steps.length - 1]!;
  const before = (times: Float64Array): Float64Array => times.filter((t) => (end - t) * direction > 0);
  const reached = {
    ...problem,
    ts: ts.filter((t) => (end - t) * direction >= 0),
    stops: Float64Array.from([...before(stops), ...(steps.length > 1 ? [end] : [])]),
    steps: { kind: "given", grid: steps },
    // It may have been what ended the solve.
    signal: undefined,
  };
  const what = `component ${bad % y0.length} is ${ys[bad]} at the next output time, ${ts[row]}`;
  return { failure: nonFinite(last, Number.NaN, what), reached };
}
