// Which steps a solve takes: their control or their times, and the times that they must end at.

import { invalid, SolveError } from "../base/errors.ts";
import { pid } from "../problem/controller.ts";
import { implicitPart } from "../problem/implicit.ts";
import type { Steps } from "../problem/problem.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import { finiteNumbers, isController, monotone, oneOf, positive } from "./checks.ts";
import { FixedTimes } from "./fixed-times.ts";
import type { SolveOptions } from "./options.ts";

function replayGrid(value: unknown, ts: Float64Array, stops: Float64Array, direction: number): Float64Array {
  const { times: grid, direction: gridDirection } = monotone("grid", value);
  const end = ts[ts.length - 1]!;
  if (grid[0] !== ts[0] || grid[grid.length - 1] !== end || gridDirection !== direction) {
    throw invalid("grid", value, `times from ts[0] = ${ts[0]} to the last output time ${end}, both included exactly`);
  }
  const known = new Set(grid);
  const missing = stops.find((stop) => !known.has(stop));
  if (missing !== undefined)
    throw invalid("grid", value, `every time that a step must end at included exactly; ${missing} is missing`);
  return grid;
}

/** Given steps can be counted before any is taken. Whoever wants the part that is reached gets it. */
function refuseTooMany({ stepSize, onFailure }: SolveOptions, steps: number, maxSteps: number): void {
  if (steps <= maxSteps || onFailure === "return") return;
  const what = stepSize === undefined ? "the grid has" : `stepSize = ${stepSize} makes`;
  throw new SolveError(
    "max-steps",
    `${what} ${steps} steps, more than maxSteps = ${maxSteps}; raise maxSteps, or take longer steps`,
  );
}

function controlOf(options: SolveOptions, solver: Solver): Steps {
  const { minStep = 0, controller } = options;
  const maxStep = positive("maxStep", options.maxStep, true) ?? Number.POSITIVE_INFINITY;
  if (!(typeof minStep === "number" && minStep >= 0 && minStep <= maxStep))
    throw invalid("minStep", minStep, `a number from 0 to maxStep = ${maxStep}`);
  if (controller !== undefined && !isController(controller))
    throw invalid("controller", controller, "a controller value such as pid({ … }), integral() or predictive()");
  return {
    kind: "adaptive",
    controller: pid(controller ?? implicitPart(solver)?.controller),
    firstStep: positive("firstStep", options.firstStep),
    minStep,
    maxStep,
  };
}

export function stepsOf(
  options: SolveOptions,
  solver: Solver,
  ts: Float64Array,
  stops: Float64Array,
  direction: number,
  maxSteps: number,
): Steps {
  const { stepSize, grid } = options;
  // Checked beside given steps, too, which have no use for it.
  const control = controlOf(options, solver);
  if (stepSize !== undefined && grid !== undefined)
    throw invalid("stepSize", stepSize, "undefined where grid is given");
  if (grid !== undefined) {
    const times = replayGrid(grid, ts, stops, direction);
    refuseTooMany(options, times.length - 1, maxSteps);
    return { kind: "given", grid: times };
  }
  if (stepSize !== undefined) {
    positive("stepSize", stepSize);
    const times = new FixedTimes(ts[0]!, stops, stepSize, direction);
    refuseTooMany(options, times.total, maxSteps);
    const taken = new Float64Array(Math.min(times.total, maxSteps + 1) + 1);
    taken[0] = ts[0]!;
    for (let n = 1; n < taken.length; n++) taken[n] = times.next();
    return { kind: "given", grid: taken };
  }
  if (!solver.adaptive) {
    throw invalid(
      "stepSize",
      stepSize,
      `a number above 0 (or a grid): solver ${solver.name} has no error estimate to choose steps by`,
    );
  }
  return control;
}

/** Whether steps end at the output times. */
export function landsOn(options: SolveOptions, solver: Solver): boolean {
  const output = oneOf(
    "output",
    options.output,
    ["interpolate", "land"],
    solver.interpolates && !solver.lands ? "interpolate" : "land",
  );
  if (output === "land" || options.stepSize !== undefined) return true;
  if (solver.interpolates) return false;
  throw invalid(
    "output",
    output,
    `"land" for solver ${solver.name}, which has no continuous extension as good as its steps`,
  );
}

export function jumpsOf(stepTimes: unknown, ts: Float64Array, direction: number): Set<number> {
  if (stepTimes === undefined) return new Set();
  const times = finiteNumbers("stepTimes", stepTimes, 0);
  const end = ts[ts.length - 1]!;
  // Jumps outside the interval do not matter.
  return new Set(times.filter((t) => (t - ts[0]!) * direction >= 0 && (end - t) * direction >= 0));
}

/** Output times to land on and jumps, merged in the order of integration. */
export function stopsOf(
  landings: Float64Array,
  jumps: ReadonlySet<number>,
  start: number,
  direction: number,
): Float64Array {
  if (jumps.size === 0) return landings;
  const stops = new Set([...landings, ...jumps]);
  stops.delete(start);
  return Float64Array.from(stops).sort((a, b) => (a - b) * direction);
}
