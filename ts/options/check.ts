// The problem behind the options, checked and normalised once at the door: everything behind it sees a flat state of one
// dtype, a measure for errors, and times that are known to be monotone.

import type { Adjoint } from "../adjoints/adjoint.ts";
import { type FloatArray, zeros } from "../base/dtype.ts";
import { checkOptions, invalid } from "../base/errors.ts";
import type { Field } from "../fields/field.ts";
import { asField, type BareField } from "../fields/function.ts";
import { implicitPart } from "../problem/implicit.ts";
import type { Problem } from "../problem/problem.ts";
import { tsit5 } from "../solvers/explicit/tsit5.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import { callable, finiteNumbers, isSolver, monotone, oneOf } from "./checks.ts";
import { eventsOf } from "./events.ts";
import { measureOf } from "./measure.ts";
import { OPTION_NAMES, type SolveOptions } from "./options.ts";
import { jumpsOf, landsOn, stepsOf, stopsOf } from "./steps.ts";

/** What a user asks for: the problem, and how gradients will be computed. */
export interface Request {
  readonly problem: Problem;
  readonly adjoint: Adjoint | undefined;
}

const DEFAULT_MAX_STEPS = 100_000;

/**
 * Checks everything a user can get wrong, before anything runs. Throws `SolveError` code "invalid". `timesOf` and `stepSizes`
 * read the options of those names: who takes the steps one by one reads them in another way.
 */
export function requestOf(
  given: Field | BareField,
  options: SolveOptions,
  timesOf: typeof monotone = monotone,
  stepSizes: typeof stepsOf = stepsOf,
): Request {
  checkOptions("", options, Object.keys(OPTION_NAMES));
  const unbound = asField(given, options.params);
  const y0 = stateOf(options, unbound);
  const { times: ts, direction } = timesOf("ts", options.ts);
  const jumps = jumpsOf(options.stepTimes, ts, direction);
  const { inputs } = options;
  const field = inSolve(unbound, inputs, inputs === undefined ? [] : [ts[0]!, ...jumps, ts.at(-1)!]);
  const { solver = tsit5, adjoint } = options;
  if (!isSolver(solver))
    throw invalid("solver", solver, "a solver value such as tsit5, dopri5 or rk4, imported from odegrad");
  const { maxSteps = DEFAULT_MAX_STEPS } = options;
  if (!(typeof maxSteps === "number" && maxSteps >= 1)) throw invalid("maxSteps", options.maxSteps, "a number ≥ 1");
  if (adjoint !== undefined) checkAdjoint(adjoint, field, solver);
  const events = eventsOf(options.events, adjoint);
  checkCallbacks(options);
  const lands = landsOn(options, solver);
  const stops = stopsOf(lands ? ts.subarray(1) : ts.subarray(-1), jumps, ts[0]!, direction);
  const { dense = false } = options;
  if (typeof dense !== "boolean") throw invalid("dense", dense, "true or false");
  const params = paramsOf(field, options.params, adjoint !== undefined);
  const measure = measureOf(options, field, y0.length);
  const argument = params ?? options.params;
  const implicit = implicitPart(solver);
  const equations = implicit?.equationsOf(options, { field, length: y0.length, argument, measure });
  if (adjoint) equations?.requireSecond();
  if (options.mass !== undefined && !equations)
    throw invalid(
      "mass",
      options.mass,
      `undefined for solver ${solver.name}; implicit ones, such as rodas5P, take a mass matrix`,
    );
  const problem: Problem = {
    field,
    solver,
    y0,
    ts,
    stops,
    jumps,
    extended: dense || !lands || events.length > 0,
    dense,
    direction,
    measure,
    equations,
    maxSteps,
    events,
    argument,
    residency: residencyOf(
      options,
      field,
      dense || events.length > 0 || options.accept !== undefined || implicit !== undefined,
    ),
    params,
    accept: options.accept && checked(options.accept),
    signal: options.signal,
    onStep: options.onStep,
    onFailure: oneOf("onFailure", options.onFailure, ["throw", "return"], "throw"),
    // The last: too many steps are a failure of their own, to be told of options that are right.
    steps: stepSizes(options, solver, ts, stops, direction, maxSteps),
  };
  return { problem, adjoint };
}

/** The field with its inputs in a solve that has its start, jumps and end at these times. */
export function inSolve(field: Field, inputs: unknown, times: readonly number[]): Field {
  if (inputs !== undefined && !field.inSolve)
    throw invalid("inputs", inputs, "undefined for a field that takes none; mlp({ inputs, … }) takes some");
  return field.inSolve?.(inputs, times) ?? field;
}

/**
 * The parameters to compute with: `given` in place of the field's, flat or, where they have names, an object. A copy where
 * it must stay as it is. undefined for a field without parameters.
 */
export function paramsOf(field: Field, given: unknown, copied: boolean): FloatArray | undefined {
  const own = field.params;
  if (!own || !(copied || given !== undefined)) return own;
  const params = own.slice();
  if (given !== undefined) {
    const numbers = finiteNumbers("params", field.flat?.(given) ?? given, 0);
    if (numbers.length !== own.length) throw invalid("params", given, `${own.length} numbers, as field.params has`);
    params.set(numbers);
  }
  return params;
}

/** A copy of y0 in the field's dtype: whole rows of its width. */
function stateOf(options: SolveOptions, field: Field): FloatArray {
  const state = finiteNumbers("y0", options.y0, 1);
  if (field.dim !== undefined && state.length % field.dim !== 0) {
    throw invalid(
      "y0",
      options.y0,
      `rows of the field's width ${field.dim}, so a length that is a multiple of it; this is ${state.length}`,
    );
  }
  const y0 = zeros(field.dtype, state.length);
  y0.set(state);
  return y0;
}

function checkAdjoint(adjoint: Adjoint, field: Field, solver: Solver): void {
  if (typeof adjoint !== "object" || adjoint === null || !("tape" in adjoint)) {
    throw invalid("adjoint", adjoint, "an adjoint value such as backprop(), called");
  }
  if (!field.differentiable) {
    throw invalid(
      "adjoint",
      adjoint.name,
      "undefined for a field without vjp; compiled(f) of odegrad/compiled derives it; else vectorField({ f, vjp, … }) or mlp({ … })",
    );
  }
  if (adjoint.integrates && implicitPart(solver)) {
    throw invalid(
      "adjoint",
      adjoint.name,
      `continuous({ solver: tsit5 }), or an exact one such as symplectic(), for solver ${solver.name}`,
    );
  }
  if (adjoint.undoesSteps && !solver.scheme.inverse) {
    throw invalid(
      "adjoint",
      adjoint.name,
      `another adjoint for solver ${solver.name}${implicitPart(solver) ? ", such as symplectic(): no way back through implicit steps is stable" : `, or, with this one, solver: reversible(${solver.name})`}`,
    );
  }
}

function checkCallbacks({ accept, onStep, signal }: SolveOptions): void {
  callable("accept", accept, "(t, y) => boolean");
  callable("onStep", onStep, "({ t, h, y, stats }) => void");
  if (signal !== undefined && !(typeof signal === "object" && signal !== null && "aborted" in signal)) {
    throw invalid("signal", signal, "an AbortSignal");
  }
}

/** Refuses what is no answer. */
const checked =
  (accept: SolveOptions["accept"] & {}): Problem["accept"] & {} =>
  (t, y) => {
    const answer: unknown = accept(t, y);
    if (typeof answer === "boolean") return answer;
    throw invalid(`what accept returned at t = ${t}`, answer, "true or false");
  };

/** `watched`: whether states are wanted in memory at any time. */
function residencyOf({ residency }: SolveOptions, field: Field, watched: boolean): Problem["residency"] {
  const chosen = oneOf("residency", residency, ["host", "device"], field.onDevice && !watched ? "device" : "host");
  if (chosen === "device" && !field.onDevice)
    throw invalid("residency", residency, '"host" for a field that does not compute on a GPU');
  if (chosen === "device" && watched)
    throw invalid("residency", residency, '"host" together with events, accept, dense or an implicit solver');
  return chosen;
}
