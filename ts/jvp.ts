// Forward sensitivities: the derivative of a solution along one direction of (y0, θ). The state is integrated again together
// with its tangent, by the same solver over the same steps and with the same outputs, so the result is the derivative of
// the discrete solution to rounding, as the exact adjoints' gradients are. One direction costs about two solves and no
// memory that grows with the steps: the way to go for few parameters, the adjoints' for few outputs.
import { pushForwards } from "./adjoints/forward.ts";
import type { FloatArray } from "./base/dtype.ts";
import { invalid } from "./base/errors.ts";
import { firstNotFinite } from "./base/finite.ts";
import { type Awaitable, drive } from "./base/waiting.ts";
import { isNumbers } from "./options/checks.ts";
import type { AsyncSolution } from "./solution.ts";
import { Solution, trajectoryOf } from "./solution.ts";

/** A direction in which the inputs of a solve move; what is left out stays. */
export interface Tangent {
  /** [state] */
  readonly y0?: ArrayLike<number> | undefined;
  /** [parameters], or an object where the field's parameters have names. */
  readonly params?: ArrayLike<number> | object | undefined;
}

/**
 * The derivative of `solution.ys` along `tangent`: [ts.length × state], row-major, in the field's dtype; a promise of it
 * where the field or its `jvp` is asynchronous. Steps are held fixed but for the times of events, which move; the last row of
 * a solve that an event stopped is the state there. ∂f/∂t, which such times need, is differenced. Without an adjoint the field's
 * parameters are read now: they must be those of the solve. Throws `SolveError` "invalid" for a field without `jvp`, after a
 * bare effect, and for bad input; "non-finite" where the tangent overflows or an event's time has no derivative.
 */
export function jvp(solution: Solution, tangent: Tangent): FloatArray;
/** The same for the solution of an asynchronous field, as a promise. */
export function jvp(solution: AsyncSolution, tangent: Tangent): Promise<FloatArray>;
export function jvp(solution: Solution | AsyncSolution, tangent: Tangent): Awaitable<FloatArray> {
  if (!(solution instanceof Solution)) throw invalid("jvp(solution)", solution, "what solve returned, awaited");
  const trajectory = trajectoryOf(solution);
  const { field, y0, events, signal, equations } = trajectory.problem;
  if (!field.hasJvp)
    throw invalid(
      "field",
      field,
      "for jvp, one with a jvp: compiled(f) of odegrad/compiled, mlp({ … }), or vectorField({ f, jvp, … })",
    );
  equations?.requireSecond();
  if (typeof tangent !== "object" || tangent === null || (!tangent.y0 && !tangent.params))
    throw invalid("tangent", tangent, "{ y0, params }, or one of the two");
  const y0Dot = direction("tangent.y0", tangent.y0, y0.length, "the shape of y0");
  const { params } = tangent;
  const flat = (params && !isNumbers(params) && field.flat?.(params)) || params;
  const paramsDot = direction("tangent.params", flat, field.params?.length ?? 0, "the shape of field.params");
  const changed = solution.events.find(({ index }) => typeof events[index]!.effect === "function");
  if (changed)
    throw invalid(
      `events[${changed.index}].effect`,
      events[changed.index]!.effect,
      "for jvp, an effect that tangents pass through: { apply, vjp, jvp }",
    );
  return drive(pushForwards(trajectory, { y0: y0Dot, params: paramsDot }), signal);
}

/** A checked copy. */
function direction(
  name: string,
  given: ArrayLike<number> | object | undefined,
  length: number,
  shape: string,
): Float64Array | undefined {
  if (given === undefined) return undefined;
  if (!isNumbers(given) || given.length !== length) throw invalid(name, given, `${length} numbers, ${shape}`);
  const numbers = Float64Array.from(given);
  const bad = firstNotFinite(numbers);
  if (bad >= 0) throw invalid(`${name}[${bad}]`, given[bad], "a finite number");
  return numbers;
}
