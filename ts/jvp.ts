// Forward sensitivities: the derivative of a solution along one direction of (y0, θ). The state is integrated again together
// with its tangent, by the same solver over the same steps and with the same outputs, so the result is the derivative of
// the discrete solution to rounding, as the exact adjoints' gradients are. One direction costs about two solves and no
// memory that grows with the steps: the way to go for few parameters, the adjoints' for few outputs.
import type { Trajectory } from "./adjoints/adjoint.ts";
import { type FloatArray, zeros } from "./base/dtype.ts";
import { invalid } from "./base/errors.ts";
import type { Awaitable } from "./base/waiting.ts";
import { drive, type Waiting } from "./base/waiting.ts";
import { eventTangent } from "./events/landing.ts";
import { TangentField } from "./fields/tangent.ts";
import { integrate } from "./integration/integrate.ts";
import { load, setUp } from "./integration/setup.ts";
import type { Problem } from "./problem/problem.ts";
import type { AsyncSolution } from "./solution.ts";
import { Solution, trajectoryOf } from "./solution.ts";
import { Scratch } from "./wasm/scratch.ts";

/** A direction in which the inputs of a solve move; what is left out stays. */
export interface Tangent {
  /** [state] */
  readonly y0?: ArrayLike<number>;
  /** [parameters] */
  readonly params?: ArrayLike<number>;
}

/**
 * The derivative of `solution.ys` along `tangent`: [ts.length × state], row-major, in the field's dtype; a promise of it
 * where the field or its `jvp` is asynchronous. Steps are held fixed; the last row of a solve that a terminal event stopped
 * is the state at the event, whose time moves. Without an adjoint the field's parameters are read now: they must be those
 * of the solve. Throws `SolveError` "invalid" for a field without `jvp`, after an event's effect, and for bad input;
 * "non-finite" where the tangent overflows.
 */
export function jvp(solution: Solution, tangent: Tangent): FloatArray;
export function jvp(solution: AsyncSolution, tangent: Tangent): Promise<FloatArray>;
export function jvp(solution: Solution | AsyncSolution, tangent: Tangent): Awaitable<FloatArray> {
  if (!(solution instanceof Solution)) throw invalid("jvp(solution)", solution, "what solve returned, awaited");
  const trajectory = trajectoryOf(solution);
  const { field, y0, events, signal } = trajectory.problem;
  if (!field.hasJvp)
    throw invalid(
      "field",
      field,
      "for jvp, one with a jvp: mlp({ … }), or vectorField({ f, jvp, … }) with its derivative",
    );
  if (typeof tangent !== "object" || tangent === null || (!tangent.y0 && !tangent.params))
    throw invalid("tangent", tangent, "{ y0, params }, or one of the two");
  const y0Dot = direction("tangent.y0", tangent.y0, y0.length, "the shape of y0");
  const paramsDot = direction("tangent.params", tangent.params, field.params?.length ?? 0, "the shape of field.params");
  const changed = solution.events.find(({ index }) => events[index]!.effect);
  if (changed)
    throw invalid(
      `events[${changed.index}].effect`,
      events[changed.index]!.effect,
      "undefined for jvp: tangents do not pass through effects",
    );
  if (solution.status === "stopped" && !trajectory.slopes && trajectory.grid.length > 1)
    throw invalid(
      "adjoint",
      undefined,
      "an adjoint such as backprop(), passed to solve, for the tangent of a terminal event",
    );
  return drive(solveForwards(trajectory, y0Dot, paramsDot), signal);
}

/** A checked copy. */
function direction(
  name: string,
  given: ArrayLike<number> | undefined,
  length: number,
  shape: string,
): Float64Array | undefined {
  if (given === undefined) return undefined;
  if (given?.length !== length) throw invalid(name, given, `${length} numbers, ${shape}`);
  const numbers = Float64Array.from(given);
  const bad = numbers.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw invalid(`${name}[${bad}]`, given[bad], "a finite number");
  return numbers;
}

function* solveForwards(
  { problem, ts, grid: all, slopes }: Trajectory,
  y0Dot: Float64Array | undefined,
  paramsDot: Float64Array | undefined,
): Waiting<FloatArray> {
  const { field, y0, stops, direction } = problem;
  const n = y0.length;
  // A solve that ended early may have taken steps beyond the last output it reached.
  const reached = all.findIndex((t) => (t - ts[ts.length - 1]!) * direction >= 0);
  const grid = all.subarray(0, reached + 1);
  const end = grid[reached]!;
  const state = zeros(field.dtype, 2 * n);
  state.set(y0);
  if (y0Dot) state.set(y0Dot, n);
  const augmented: Problem = {
    ...problem,
    field: new TangentField(field, paramsDot),
    y0: state,
    ts,
    stops:
      reached === 0 ? new Float64Array(0) : Float64Array.of(...stops.filter((t) => (end - t) * direction > 0), end),
    steps: { kind: "given", grid },
    dense: false,
    residency: "host",
    events: [],
    onStep: undefined,
  };
  const scratch = new Scratch();
  const setup = setUp(augmented, scratch, 0);
  const rows = zeros(field.dtype, ts.length * 2 * n);
  try {
    scratch.lease();
    load(setup, augmented);
    const { failure } = yield* integrate({ setup, problem: augmented, ys: rows });
    if (failure) throw failure;
  } finally {
    scratch.release();
  }
  const tangents = zeros(field.dtype, ts.length * n);
  for (let i = 0; i < ts.length; i++) tangents.set(rows.subarray((2 * i + 1) * n, (2 * i + 2) * n), i * n);
  if (slopes) eventTangent(slopes, tangents.subarray(-n));
  return tangents;
}
