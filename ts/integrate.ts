// The one integration loop: proposes a step, runs the scheme's instructions, judges the error, accepts or rejects. It
// yields only where the field answers with a promise.
import type { InitialStep, StepControl } from "./adaptive.ts";
import type { Tape } from "./adjoints/adjoint.ts";
import type { DensePath, Interpolator } from "./dense-output.ts";
import { SolveError } from "./errors.ts";
import { RECOMPUTE } from "./fields/field.ts";
import { Times } from "./growing.ts";
import { lastTime, type Problem } from "./problem.ts";
import { type BoundScheme, type Instruction, type Machine, stageTime } from "./program.ts";
import { aborted, type Run } from "./run.ts";
import type { FloatArray } from "./wasm/dtype.ts";

/** Counts of a solve; all are counted, none estimated. */
export interface StepStats {
  /** Attempted steps: accepted + rejected. */
  steps: number;
  accepted: number;
  rejected: number;
  /** Evaluations of the field, the NFE of the literature. */
  evaluations: number;
  /** Size of the first step tried. */
  firstStep: number;
}

/** What `onStep` receives after an accepted step. */
export interface StepReport {
  /** The time reached. */
  readonly t: number;
  /** The step taken, negative where time decreases. */
  readonly h: number;
  /** The state at t: a view to read now, not to keep. */
  readonly y: FloatArray;
  readonly stats: Readonly<StepStats>;
}

/** A problem bound to its leased block. */
export interface Integration {
  readonly problem: Problem;
  readonly machine: Machine;
  readonly bound: BoundScheme;
  readonly control: StepControl | undefined;
  readonly initial: InitialStep | undefined;
  readonly interpolator: Interpolator | undefined;
  /** Keeps every step for `at`. */
  readonly path: DensePath | undefined;
  readonly tape: Tape | undefined;
  /** Rows of output, filled as they are reached. */
  readonly ys: FloatArray;
}

/** How far a solve came. */
export interface Outcome {
  readonly stats: StepStats;
  /** Accepted step times. */
  readonly grid: Float64Array;
  /** Output rows filled. */
  readonly outputs: number;
  /** Set where the solve failed. */
  readonly failure: SolveError | undefined;
}

// A step that would end within this fraction of its size before a stop ends at the stop.
const SNAP = 1e-12;

/**
 * Runs a step's instructions up to the first pending evaluation. A function of its own because engines optimise plain
 * functions better than generators.
 */
class Runner {
  evaluations = 0;
  /** The evaluation to wait for before going on, if any. */
  pending: Promise<void> | undefined;
  private readonly machine: Machine;
  private readonly keepTapes: boolean;

  constructor(machine: Machine, keepTapes: boolean) {
    this.machine = machine;
    this.keepTapes = keepTapes;
  }

  /** Runs from instruction `from`; returns the position to go on from. */
  run(instructions: readonly Instruction[], from: number, t: number, h: number, last: number): number {
    const { field, arithmetic } = this.machine;
    const { keepTapes } = this;
    this.pending = undefined;
    for (let i = from; i < instructions.length; i++) {
      const { out, base, terms, unit, k, c, slot } = instructions[i]!;
      if (terms !== undefined) arithmetic.combine(out, base, terms, unit ? 1 : h);
      if (k !== undefined) {
        this.evaluations++;
        const pending = field.evaluate(stageTime(c, t, h, last), out, k, keepTapes ? slot : RECOMPUTE);
        if (pending !== undefined) {
          this.pending = pending;
          return i + 1;
        }
      }
    }
    return instructions.length;
  }
}

/**
 * Advances the state over all output times. Returns with `failure` set where the numbers failed; exceptions of the
 * user's own functions pass through.
 */
export function* integrate(it: Integration): Run<Outcome> {
  const { problem, machine, bound, control, interpolator, path, tape, ys } = it;
  const { field, arithmetic } = machine;
  const { ts, stops, direction, steps, maxSteps, signal, onStep } = problem;
  const stats: StepStats = { steps: 0, accepted: 0, rejected: 0, evaluations: 0, firstStep: Number.NaN };
  const grid = new Times();
  const keepTapes = tape?.keepsTapes ?? false;
  const runner = new Runner(machine, keepTapes);
  const given = steps.kind === "given" ? steps.grid : undefined;
  const { minStep, maxStep } = steps.kind === "adaptive" ? steps : { minStep: 0, maxStep: Number.POSITIVE_INFINITY };

  const controller = control?.address ?? 0;

  let t = ts[0]!;
  let program = bound.programs[0];
  let parity = 0;
  let known = false;
  let outputs = 1;
  let stop = 0;
  let errorWasNaN = false;
  const outcome = (failure?: SolveError): Outcome => {
    stats.evaluations = runner.evaluations;
    return { stats, grid: grid.array(), outputs, failure };
  };

  for (const part of program.start) part.view.set(problem.y0);
  ys.set(problem.y0);
  grid.push(t);

  let size = 0;
  if (steps.kind === "adaptive") {
    if (steps.firstStep === undefined) {
      const first = program.instructions[0]!;
      const pending = field.evaluate(t, first.out, first.k!, keepTapes ? first.slot : RECOMPUTE);
      if (pending) yield pending;
      known = true;
      runner.evaluations += 2;
      if (!arithmetic.isFinite(first.k!)) return outcome(nonFinite(t, 0, describeSlope(first.k!.view)));
      size = yield* it.initial!.choose(t, direction, problem.solver.order);
    } else {
      size = steps.firstStep;
    }
    size = Math.max(size, minStep);
  }

  while (stop < stops.length) {
    const target = stops[stop]!;
    const wanted = Math.min(size, maxStep);
    let end: number;
    if (given) end = given[stats.accepted + 1]!;
    else end = wanted >= Math.abs(target - t) * (1 - SNAP) ? target : t + wanted * direction;
    const h = end - t;
    if (signal?.aborted) return outcome(aborted(signal, t, h));
    if (stats.steps >= maxSteps) return outcome(tooManySteps(t, h, stats, maxSteps));
    if (!given && (end === t || (wanted < minStep && end !== target))) return outcome(stuck(t, h, errorWasNaN, minStep));
    if (stats.steps === 0) stats.firstStep = Math.abs(h);
    stats.steps++;

    let next = known ? 1 : 0;
    const last = lastTime(problem, end);
    while (next < program.instructions.length) {
      next = runner.run(program.instructions, next, t, h, last);
      if (runner.pending !== undefined) yield runner.pending;
    }

    if (given) {
      if (!arithmetic.isFinite(program.end[0]!)) return outcome(nonFinite(t, h, "the state after this step is not finite"));
    } else {
      const { error, steadyingError, start, end: after } = program;
      const factor =
        steadyingError === undefined
          ? arithmetic.judge(controller, error!, h, start[0]!, after[0]!)
          : arithmetic.judgeSteadied(controller, error!, steadyingError, h, start[0]!, after[0]!);
      if (factor < 0) {
        stats.rejected++;
        known = true;
        errorWasNaN = Number.isNaN(control!.lastError);
        size = Math.abs(h) * -factor;
        continue;
      }
      // A step cut short by a stop says little about longer ones: the size that was wanted stays.
      size = end === target ? Math.max(wanted, Math.abs(h) * factor) : Math.abs(h) * factor;
    }
    errorWasNaN = false;
    stats.accepted++;
    const state = program.end[0]!.view;
    const inside = outputs < ts.length && (end - ts[outputs]!) * direction > 0;
    if (path || inside) {
      const { instructions } = program.dense!;
      for (next = 0; next < instructions.length; ) {
        next = runner.run(instructions, next, t, h, last);
        if (runner.pending !== undefined) yield runner.pending;
      }
    }
    for (; outputs < ts.length && (end - ts[outputs]!) * direction >= 0; outputs++) {
      const at = ts[outputs]!;
      ys.set(at === end ? state : interpolator!.at(program, (at - t) / h, h), outputs * state.length);
    }
    path?.accept(program);
    tape?.accept(program);
    grid.push(end);
    known = bound.fsal === "step" || (bound.fsal === "dense" && (inside || path !== undefined));
    if (end === target) {
      stop++;
      if (problem.jumps.has(end)) known = false;
    }
    t = end;
    parity ^= 1;
    program = bound.programs[parity]!;
    if (onStep) {
      stats.evaluations = runner.evaluations;
      onStep({ t, h, y: state, stats });
    }
  }
  return outcome();
}

function describeSlope(slope: FloatArray): string {
  const bad = slope.findIndex((value) => !Number.isFinite(value));
  return `the field's derivative of component ${bad} is ${slope[bad]} at the start; does the field fill all of dy?`;
}

function nonFinite(t: number, h: number, what: string): SolveError {
  return new SolveError(
    "non-finite",
    `at t = ${t}, step ${h}: ${what}. Check the field there for division by zero, logarithms and overflow, ` +
      "or, with fixed steps, try smaller ones",
    { t, h },
  );
}

function tooManySteps(t: number, h: number, { accepted, rejected }: StepStats, maxSteps: number): SolveError {
  return new SolveError(
    "max-steps",
    `${maxSteps} steps (${accepted} accepted, ${rejected} rejected) reached t = ${t} only, the next step being ${h}. ` +
      "A stiff problem looks like this with an explicit method. Raise maxSteps, loosen rtol and atol, or rescale the problem",
    { t, h },
  );
}

function stuck(t: number, h: number, errorWasNaN: boolean, minStep: number): SolveError {
  if (errorWasNaN) return nonFinite(t, h, "every trial step, however small, gives NaN or infinity");
  const bound = minStep > 0 ? `minStep = ${minStep}` : "what t can resolve";
  return new SolveError(
    "step-underflow",
    `at t = ${t} the error control asks for a step below ${bound} (${h}). The solution may blow up or jump there; ` +
      "loosen rtol and atol, or look at the field near this time",
    { t, h },
  );
}
