// What a user pulls back, checked: it travels with adjoints, since only they make `pullback` work.

import { zeros } from "../base/dtype.ts";
import { checkOptions, invalid } from "../base/errors.ts";
import { firstNotFinite } from "../base/finite.ts";
import type { Loss, PullbackOptions, Trajectory } from "./adjoint.ts";

const PULLBACK_OPTIONS: Record<keyof PullbackOptions, true> = { times: true, stopTime: true };

/** The loss of a cotangent and the options of `pullback`. Throws `SolveError` "invalid". */
export function lossOf(
  { ys, problem, stopped }: Trajectory,
  cotangent: ArrayLike<number>,
  options: PullbackOptions,
): Loss {
  checkOptions("pullback", options, Object.keys(PULLBACK_OPTIONS));
  const { times = false, stopTime } = options;
  if (typeof times !== "boolean") throw invalid("pullback option times", times, "true or false");
  if (stopTime !== undefined && !Number.isFinite(stopTime))
    throw invalid("pullback option stopTime", stopTime, "a finite number, ∂L/∂(the stop time)");
  if (cotangent?.length !== ys.length) throw invalid("cotangent", cotangent, `${ys.length} numbers, the shape of ys`);
  const { dtype } = problem.field;
  const cotangents = zeros(dtype, ys.length);
  cotangents.set(cotangent);
  const bad = firstNotFinite(cotangents);
  if (bad >= 0) throw invalid(`cotangent[${bad}]`, cotangent[bad], `a finite number in ${dtype}`);
  if (stopTime !== undefined && !stopped)
    throw invalid("stopTime", stopTime, "undefined for a solve that no event stopped");
  return { cotangent: cotangents, times, stopTime: stopTime ?? 0 };
}
