// The options of `solve`, checked and normalised once at the door: everything behind it sees a flat state of one dtype, a
// measure for errors, and times that are known to be monotone.
import type { Adjoint } from "./adjoints/adjoint.ts";
import { type Controller, pid } from "./controllers/controller.ts";
import { invalid } from "./errors.ts";
import type { SolveEvent } from "./events/watch.ts";
import type { Field } from "./fields/field.ts";
import { asField, type BareField } from "./fields/function.ts";
import type { StepReport } from "./integrate.ts";
import { pruned, type Scheme } from "./solvers/scheme.ts";
import type { Solver } from "./solvers/solver.ts";
import { tsit5 } from "./solvers/tsit5.ts";
import type { Measure } from "./wasm/arithmetic.ts";
import { type FloatArray, zeros } from "./wasm/dtype.ts";

/** A part of the state for the norm; weight 0 leaves it out. */
export interface NormSegment {
  readonly length: number;
  readonly weight: number;
}

/** Options of `solve`; names and defaults are documented in the README. */
export interface SolveOptions {
  /** Initial state, flat; a batch is rows [batch × dim]. */
  readonly y0: ArrayLike<number>;
  /** Output times, strictly monotone either way; ts[0] is the start. */
  readonly ts: ArrayLike<number>;
  readonly solver?: Solver;
  readonly rtol?: number | ArrayLike<number>;
  readonly atol?: number | ArrayLike<number>;
  /** Fixed steps of this size, landing on every output time. */
  readonly stepSize?: number;
  /** Step times to replay unchecked, as in `solution.grid`. */
  readonly grid?: ArrayLike<number>;
  readonly controller?: Controller;
  readonly firstStep?: number;
  readonly minStep?: number;
  readonly maxStep?: number;
  /** Most attempted steps, rejected ones included. */
  readonly maxSteps?: number;
  readonly norm?: "rms" | "max" | readonly NormSegment[];
  /** "interpolate": the solver's continuous extension, where it has one of order ≥ p − 1; "land": a step ends there. */
  readonly output?: "interpolate" | "land";
  /** Keep every step's continuous extension, for `solution.at(t)`. */
  readonly dense?: boolean;
  /** Times where the field jumps: steps end there, and nothing known from before is used after. */
  readonly stepTimes?: ArrayLike<number>;
  readonly events?: readonly SolveEvent[];
  readonly adjoint?: Adjoint;
  /** Parameters handed to a bare function as its fourth argument. */
  readonly params?: unknown;
  readonly signal?: AbortSignal;
  /** Called after each accepted step; `y` is a view for reading now. */
  readonly onStep?: (report: StepReport) => void;
  readonly onFailure?: "throw" | "return";
}

/** The steps of a solve: chosen by error control, or given. */
export type Steps =
  | {
      readonly kind: "adaptive";
      readonly controller: Controller;
      readonly firstStep: number | undefined;
      readonly minStep: number;
      readonly maxStep: number;
    }
  | { readonly kind: "given"; readonly grid: Float64Array };

/** What is to be solved. */
export interface Problem {
  readonly field: Field;
  readonly solver: Solver;
  readonly y0: FloatArray;
  readonly ts: Float64Array;
  /** Times that a step must end at, in the order of integration, the last output time included. */
  readonly stops: Float64Array;
  /** Those of them where the field may jump. */
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
  /** The parameters to compute with: a copy where an adjoint will need them later, the user's array otherwise. */
  readonly params: FloatArray | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onStep: ((report: StepReport) => void) | undefined;
  readonly onFailure: "throw" | "return";
}

const NAMES: Record<keyof SolveOptions, true> = {
  y0: true,
  ts: true,
  solver: true,
  rtol: true,
  atol: true,
  stepSize: true,
  grid: true,
  controller: true,
  firstStep: true,
  minStep: true,
  maxStep: true,
  maxSteps: true,
  norm: true,
  output: true,
  dense: true,
  stepTimes: true,
  events: true,
  adjoint: true,
  params: true,
  signal: true,
  onStep: true,
  onFailure: true,
};

const DEFAULT_TOLERANCES = { float64: { rtol: 1e-6, atol: 1e-9 }, float32: { rtol: 1e-4, atol: 1e-6 } };
const DEFAULT_MAX_STEPS = 100_000;

function isNumbers(value: unknown): value is ArrayLike<number> {
  return (Array.isArray(value) || ArrayBuffer.isView(value)) && "length" in value;
}

function finiteNumbers(name: string, value: unknown, minimum: number): Float64Array {
  if (!isNumbers(value) || value.length < minimum) {
    throw invalid(
      name,
      value,
      `an array of ${minimum > 0 ? `at least ${minimum} ` : ""}finite number${minimum === 1 ? "" : "s"}`,
    );
  }
  const numbers = new Float64Array(value);
  const bad = numbers.findIndex((number) => !Number.isFinite(number));
  if (bad >= 0) throw invalid(`${name}[${bad}]`, value[bad], "a finite number");
  return numbers;
}

function positive(name: string, value: number | undefined, allowInfinity = false): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && value > 0 && (Number.isFinite(value) || allowInfinity)) return value;
  throw invalid(name, value, `a ${allowInfinity ? "" : "finite "}number above 0`);
}

function oneOf<T extends string>(name: string, value: T | undefined, allowed: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  if (allowed.includes(value)) return value;
  throw invalid(name, value, allowed.map((word) => JSON.stringify(word)).join(", "));
}

/** Times in one strict direction, returned with that direction. */
function monotone(name: string, value: unknown): { times: Float64Array; direction: number } {
  const times = finiteNumbers(name, value, 2);
  const direction = times[1]! > times[0]! ? 1 : -1;
  for (let i = 1; i < times.length; i++) {
    if ((times[i]! - times[i - 1]!) * direction > 0) continue;
    throw invalid(
      `${name}[${i}]`,
      times[i],
      `strictly ${direction > 0 ? "above" : "below"} ${name}[${i - 1}] = ${times[i - 1]}`,
    );
  }
  return { times, direction };
}

function tolerance(name: string, value: unknown, length: number, dim: number, fallback: number): number | Float64Array {
  if (value === undefined) return fallback;
  const allowed = `a number ≥ 0, or an array of them of the state's length ${length}${dim < length ? ` or a row's length ${dim}` : ""}`;
  if (typeof value === "number") {
    if (value >= 0 && Number.isFinite(value)) return value;
    throw invalid(name, value, allowed);
  }
  if (!isNumbers(value) || (value.length !== length && value.length !== dim)) throw invalid(name, value, allowed);
  const numbers = finiteNumbers(name, value, 1);
  const bad = numbers.findIndex((number) => number < 0);
  if (bad >= 0) throw invalid(`${name}[${bad}]`, numbers[bad], "a number ≥ 0");
  return Float64Array.from({ length }, (_, i) => numbers[i % numbers.length]!);
}

function measureOf(options: SolveOptions, field: Field, length: number): Measure {
  const dim = field.dim ?? length;
  const defaults = DEFAULT_TOLERANCES[field.dtype];
  const rtol = tolerance("rtol", options.rtol, length, dim, defaults.rtol);
  const atol = tolerance("atol", options.atol, length, dim, defaults.atol);
  for (let i = 0; i < length; i++) {
    if ((typeof rtol === "number" ? rtol : rtol[i]!) > 0 || (typeof atol === "number" ? atol : atol[i]!) > 0) continue;
    throw invalid("rtol and atol", [0, 0], `at least one above 0 for every component; component ${i} has none`);
  }
  const { norm = "rms" } = options;
  const whole = [{ start: 0, length, weight: 1 }];
  if (norm === "rms" || norm === "max") return { kind: norm, segments: whole, rtol, atol };
  const allowed = `"rms", "max", or segments [{ length, weight }, …] whose lengths add up to the state's length ${length}`;
  if (!Array.isArray(norm)) throw invalid("norm", norm, allowed);
  let start = 0;
  const segments = (norm as readonly (NormSegment | null)[]).map((segment, i) => {
    if (typeof segment !== "object" || segment === null)
      throw invalid(`norm[${i}]`, segment, "a segment { length, weight }");
    const { length: count, weight } = segment;
    if (!(Number.isInteger(count) && count > 0)) throw invalid(`norm[${i}].length`, count, "a positive integer");
    if (!(weight >= 0 && Number.isFinite(weight))) throw invalid(`norm[${i}].weight`, weight, "a finite number ≥ 0");
    start += count;
    return { start: start - count, length: count, weight };
  });
  if (start !== length)
    throw invalid(
      "norm",
      segments.map((segment) => segment.length),
      allowed,
    );
  const counted = segments.filter(({ weight }) => weight > 0);
  if (counted.length === 0)
    throw invalid(
      "norm",
      segments.map(({ weight }) => weight),
      "at least one segment with weight above 0",
    );
  return { kind: "rms", segments: counted, rtol, atol };
}

/**
 * The step times of fixed steps: each interval between stops in equal steps, all but its last of the full size. No longer
 * than what the loop can take before it ends in "max-steps".
 */
function fixedGrid(
  start: number,
  stops: Float64Array,
  stepSize: number,
  direction: number,
  maxSteps: number,
): Float64Array {
  const counts = Array.from(stops, (stop, i) =>
    Math.max(1, Math.ceil(Math.abs(stop - (stops[i - 1] ?? start)) / stepSize - 1e-9)),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  const grid = new Float64Array(Math.min(total, maxSteps + 1) + 1);
  grid[0] = start;
  let n = 0;
  for (let i = 0; i < stops.length; i++) {
    const from = stops[i - 1] ?? start;
    for (let j = 1; j <= counts[i]! && n < grid.length - 1; j++) {
      grid[++n] = j === counts[i] ? stops[i]! : from + j * stepSize * direction;
    }
  }
  return grid;
}

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

function stepsOf(
  options: SolveOptions,
  solver: Solver,
  ts: Float64Array,
  stops: Float64Array,
  direction: number,
  maxSteps: number,
): Steps {
  const { stepSize, grid } = options;
  if (stepSize !== undefined && grid !== undefined)
    throw invalid("stepSize", stepSize, "undefined where grid is given");
  if (grid !== undefined) return { kind: "given", grid: replayGrid(grid, ts, stops, direction) };
  if (stepSize !== undefined) {
    positive("stepSize", stepSize);
    return { kind: "given", grid: fixedGrid(ts[0]!, stops, stepSize, direction, maxSteps) };
  }
  if (!solver.adaptive) {
    throw invalid(
      "stepSize",
      stepSize,
      `a number above 0 (or a grid): solver ${solver.name} has no error estimate to choose steps by`,
    );
  }
  const { minStep = 0 } = options;
  const maxStep = positive("maxStep", options.maxStep, true) ?? Number.POSITIVE_INFINITY;
  if (!(typeof minStep === "number" && minStep >= 0 && minStep <= maxStep))
    throw invalid("minStep", minStep, `a number from 0 to maxStep = ${maxStep}`);
  if (options.controller !== undefined && !isController(options.controller)) {
    throw invalid("controller", options.controller, "a controller value such as pid({ … }) or integral()");
  }
  return {
    kind: "adaptive",
    controller: pid(options.controller),
    firstStep: positive("firstStep", options.firstStep),
    minStep,
    maxStep,
  };
}

/** Whether steps end at the output times. */
function landsOn(options: SolveOptions, solver: Solver): boolean {
  const output = oneOf("output", options.output, ["interpolate", "land"], solver.interpolates ? "interpolate" : "land");
  if (output === "land" || options.stepSize !== undefined) return true;
  if (solver.interpolates) return false;
  throw invalid(
    "output",
    output,
    `"land" for solver ${solver.name}, which has no continuous extension of order ≥ ${solver.order - 1}`,
  );
}

function eventsOf(events: readonly SolveEvent[] = [], adjoint: Adjoint | undefined): readonly SolveEvent[] {
  const allowed = "an array of { root, direction, terminal, effect }";
  if (!Array.isArray(events)) throw invalid("events", events, allowed);
  for (const [i, event] of (events as readonly SolveEvent[]).entries()) {
    const { root, direction, effect } = event ?? {};
    if (typeof root !== "function") throw invalid(`events[${i}].root`, root, "a function (t, y) => number");
    if (direction !== undefined && direction !== 1 && direction !== -1) {
      throw invalid(`events[${i}].direction`, direction, "1 (rising), -1 (falling) or undefined (both)");
    }
    if (effect === undefined) continue;
    if (typeof effect !== "function") throw invalid(`events[${i}].effect`, effect, "a function (t, y) => void");
    if (adjoint)
      throw invalid(
        `events[${i}].effect`,
        effect,
        `undefined with adjoint ${adjoint.name}: gradients do not pass through effects`,
      );
  }
  return events;
}

function jumpsOf(stepTimes: unknown, ts: Float64Array, direction: number): Set<number> {
  if (stepTimes === undefined) return new Set();
  const times = finiteNumbers("stepTimes", stepTimes, 0);
  const end = ts[ts.length - 1]!;
  // Jumps outside the interval do not matter; one at the start neither, since the solve begins after it.
  return new Set(times.filter((t) => (t - ts[0]!) * direction > 0 && (end - t) * direction >= 0));
}

/** Output times to land on and jumps, merged in the order of integration. */
function stopsOf(landings: Float64Array, jumps: ReadonlySet<number>, direction: number): Float64Array {
  if (jumps.size === 0) return landings;
  return Float64Array.from(new Set([...landings, ...jumps])).sort((a, b) => (a - b) * direction);
}

function isController(value: unknown): value is Controller {
  return typeof value === "object" && value !== null && "safety" in value;
}

function isSolver(value: unknown): value is Solver {
  return typeof value === "object" && value !== null && "scheme" in value && "order" in value;
}

/** Checks everything a user can get wrong, before anything runs. Throws `SolveError` code "invalid". */
export function problemOf(given: Field | BareField, options: SolveOptions): Problem {
  if (typeof options !== "object" || options === null)
    throw invalid("options", options, "an object with at least y0 and ts");
  for (const name of Object.keys(options)) {
    if (!(name in NAMES))
      throw invalid(
        `option ${name}`,
        (options as unknown as Record<string, unknown>)[name],
        `the options ${Object.keys(NAMES).join(", ")}`,
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
  const stops = stopsOf(lands ? ts.subarray(1) : ts.subarray(-1), jumps, direction);
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
    params: adjoint ? field.params?.slice() : field.params,
    signal: options.signal,
    onStep: options.onStep,
    onFailure: oneOf("onFailure", options.onFailure, ["throw", "return"], "throw"),
  };
}

/** The solver's scheme without what this problem has no use for: an error estimate, a continuous extension. */
export const schemeOf = ({ solver, steps, extended }: Problem): Scheme =>
  pruned(solver.scheme, { error: steps.kind === "adaptive", dense: extended });

/**
 * The latest time that a step ending at `end` may evaluate the field at: `end` itself, or, where the field jumps there,
 * the last number before it, which still belongs to this step's side.
 */
export function lastTime({ jumps, direction }: Problem, end: number): number {
  return jumps.size > 0 && jumps.has(end) ? before(end, direction) : end;
}

const bits = new BigInt64Array(1);
const number = new Float64Array(bits.buffer);

/** The neighbouring double on the side that the integration comes from. */
function before(t: number, direction: number): number {
  if (t === 0) return -direction * Number.MIN_VALUE;
  number[0] = t;
  bits[0]! += t > 0 === direction > 0 ? -1n : 1n;
  return number[0]!;
}
