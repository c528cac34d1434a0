// The problem behind the options, checked and normalised once at the door: everything behind it sees a flat state of one
// dtype, a measure for errors, and times that are known to be monotone.
import type { Adjoint } from "../adjoints/adjoint.ts";
import { type FloatArray, zeros } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { SolveEvent } from "../events/watch.ts";
import type { Field } from "../fields/field.ts";
import { asField, type BareField } from "../fields/function.ts";
import type { StepReport } from "../integration/integrate.ts";
import { tsit5 } from "../solvers/explicit/tsit5.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import { pruned, type Scheme } from "../solvers/scheme.ts";
import type { Measure } from "../vectors/arithmetic.ts";
import { finiteNumbers, isSolver, monotone, oneOf } from "./checks.ts";
import { eventsOf } from "./events.ts";
import { measureOf } from "./measure.ts";
import { OPTION_NAMES, type SolveOptions } from "./options.ts";
import { jumpsOf, landsOn, type Steps, stepsOf, stopsOf } from "./steps.ts";

/** What is to be solved. */
export interface Problem {
  readonly field: Field;
  readonly solver: Solver;
  readonly y0: FloatArray;
  readonly ts: Float64Array;
  /** Times that a step must end at, in the order of integration, the last output time included. */
  readonly stops: Float64Array;
  /** Those of them where the field may jump, and the start where it may jump there. */
  readonly jumps: ReadonlySet<number>;
  /** Whether the continuous extension of steps is needed: for outputs inside steps, or to be kept. */
  readonly extended: boolean;
  /** Whether every step's continuous extension is kept. */
  readonly dense: boolean;
  /** 1 where time increases, −1 where it decreases. */
  readonly direction: number;
  readonly measure: Measure;
  readonly steps: Steps;
  readonly maxSteps: number;
  readonly events: readonly SolveEvent[];
  readonly adjoint: Adjoint | undefined;
  /** Where the states are: in WebAssembly memory, or on the field's device. */
  readonly residency: "host" | "device";
  /** The parameters to compute with: a copy where an adjoint will need them later, the user's array otherwise. */
  readonly params: FloatArray | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onStep: ((report: StepReport) => void) | undefined;
  readonly onFailure: "throw" | "return";
}

const DEFAULT_MAX_STEPS = 100_000;

/** Checks everything a user can get wrong, before anything runs. Throws `SolveError` code "invalid". */
export function problemOf(given: Field | BareField, options: SolveOptions): Problem {
  if (typeof options !== "object" || options === null)
    throw invalid("options", options, "an object with at least y0 and ts");
  for (const name of Object.keys(options)) {
    if (!(name in OPTION_NAMES))
      throw invalid(
        `option ${name}`,
        (options as unknown as Record<string, unknown>)[name],
        `the options ${Object.keys(OPTION_NAMES).join(", ")}`,
      );
  }
  const field = asField(given, options.params);
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
  const { times: ts, direction } = monotone("ts", options.ts);
  const { solver = tsit5, adjoint } = options;
  if (!isSolver(solver))
    throw invalid("solver", solver, "a solver value such as tsit5, dopri5 or rk4, imported from odegrad");
  const maxSteps = options.maxSteps ?? DEFAULT_MAX_STEPS;
  if (!(typeof maxSteps === "number" && maxSteps >= 1)) throw invalid("maxSteps", options.maxSteps, "a number ≥ 1");
  if (adjoint !== undefined) {
    if (typeof adjoint !== "object" || adjoint === null || !("tape" in adjoint)) {
      throw invalid("adjoint", adjoint, "an adjoint value such as backprop(), called");
    }
    if (!field.differentiable) {
      throw invalid(
        "adjoint",
        adjoint.name,
        "undefined for a field without vjp; make one with vectorField({ f, vjp, … }) or mlp({ … })",
      );
    }
  }
  if (adjoint?.undoesSteps && !solver.scheme.inverse) {
    throw invalid(
      "adjoint",
      adjoint.name,
      `another adjoint for solver ${solver.name}, or, with this one, solver: reversible(${solver.name})`,
    );
  }
  const events = eventsOf(options.events, adjoint);
  if (options.onStep !== undefined && typeof options.onStep !== "function")
    throw invalid("onStep", options.onStep, "a function");
  if (
    options.signal !== undefined &&
    !(typeof options.signal === "object" && options.signal !== null && "aborted" in options.signal)
  ) {
    throw invalid("signal", options.signal, "an AbortSignal");
  }
  const jumps = jumpsOf(options.stepTimes, ts, direction);
  const lands = landsOn(options, solver);
  const stops = stopsOf(lands ? ts.subarray(1) : ts.subarray(-1), jumps, ts[0]!, direction);
  const { dense = false } = options;
  if (typeof dense !== "boolean") throw invalid("dense", dense, "true or false");
  if (!solver.scheme.dense) {
    const allowed = `with solver ${solver.name}, which has no continuous extension; ask for the times in ts instead`;
    if (dense) throw invalid("dense", dense, `false ${allowed}`);
    if (events.length > 0) throw invalid("events", events, `none ${allowed}`);
  }
  return {
    field,
    solver,
    y0,
    ts,
    stops,
    jumps,
    extended: dense || !lands || events.length > 0,
    dense,
    direction,
    measure: measureOf(options, field, state.length),
    steps: stepsOf(options, solver, ts, stops, direction, maxSteps),
    maxSteps,
    events,
    adjoint,
    residency: residencyOf(options, field, dense || events.length > 0),
    params: adjoint ? field.params?.slice() : field.params,
    signal: options.signal,
    onStep: options.onStep,
    onFailure: oneOf("onFailure", options.onFailure, ["throw", "return"], "throw"),
  };
}

/** `watched`: whether states are wanted in memory at any time. */
function residencyOf({ residency }: SolveOptions, field: Field, watched: boolean): Problem["residency"] {
  const chosen = oneOf("residency", residency, ["host", "device"], field.resident && !watched ? "device" : "host");
  if (chosen === "device" && !field.resident)
    throw invalid("residency", residency, '"host" for a field that does not compute on a GPU');
  if (chosen === "device" && watched) throw invalid("residency", residency, '"host" together with events or dense');
  return chosen;
}

/** The solver's scheme without what this problem has no use for: an error estimate, a continuous extension. */
export const schemeOf = ({ solver, steps, extended }: Problem): Scheme =>
  pruned(solver.scheme, { error: steps.kind === "adaptive", dense: extended });

/**
 * The time that a step starting at `t` counts its stages from: `t` itself, or, where the field jumps there, the first
 * number after it, which belongs to this step's side, whichever side the field gives `t` to.
 */
export function firstTime({ jumps, direction }: Problem, t: number): number {
  return jumps.size > 0 && jumps.has(t) ? neighbour(t, direction) : t;
}

/**
 * The latest time that a step ending at `end` may evaluate the field at: `end` itself, or, where the field jumps there,
 * the last number before it, which still belongs to this step's side.
 */
export function lastTime({ jumps, direction }: Problem, end: number): number {
  return jumps.size > 0 && jumps.has(end) ? neighbour(end, -direction) : end;
}

const bits = new BigInt64Array(1);
const number = new Float64Array(bits.buffer);

/** The double next to t in a direction. */
function neighbour(t: number, direction: number): number {
  if (t === 0) return direction * Number.MIN_VALUE;
  number[0] = t;
  bits[0]! += t > 0 === direction > 0 ? 1n : -1n;
  return number[0]!;
}
