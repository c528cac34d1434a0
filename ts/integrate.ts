// The one integration loop: proposes a step, runs the scheme's instructions, judges the error, accepts or rejects. It
// yields only where the field answers with a promise.
import type { Tape } from "./adjoints/adjoint.ts";
import type { Bound } from "./bind.ts";
import type { DensePath } from "./dense-output.ts";
import type { SolveError } from "./errors.ts";
import { type EventSlopes, land, slopesAt } from "./events/landing.ts";
import type { EventWatch, Hit } from "./events/watch.ts";
import { slopeNotFinite, stateNotFinite, stuck, tooManySteps } from "./failures.ts";
import { RECOMPUTE } from "./fields/field.ts";
import { Times } from "./growing.ts";
import { lastTime, type Problem } from "./problem.ts";
import { aborted, type Run } from "./run.ts";
import { Runner } from "./runner.ts";
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
export interface Integration extends Bound {
  readonly problem: Problem;
  /** Whether the derivative at the start is in its place already. */
  readonly known?: boolean;
  /** Keeps every step for `at`. */
  readonly path?: DensePath | undefined;
  readonly tape?: Pick<Tape, "accept" | "keepsTapes"> | undefined;
  readonly watch?: EventWatch | undefined;
  /** Rows of output, filled as they are reached. */
  readonly ys: FloatArray;
}

/** A step that was tried from t and not accepted. */
export interface Rejection {
  readonly t: number;
  readonly h: number;
}

/** How far a solve came. */
export interface Outcome {
  readonly stats: StepStats;
  /** Accepted step times. */
  readonly grid: Float64Array;
  readonly rejections: readonly Rejection[];
  /** Output rows filled. */
  readonly outputs: number;
  /** The size (positive) that the step after the last would have had; 0 where steps are given. */
  readonly nextStep: number;
  /** Whether a terminal event ended it, at the last grid point. */
  readonly stopped: boolean;
  /** The event's derivatives there, where gradients will need them. */
  readonly slopes: EventSlopes | undefined;
  /** Set where the solve failed. */
  readonly failure: SolveError | undefined;
}

// A step that would end within this fraction of its size before a stop ends at the stop.
const SNAP = 1e-12;

// Steps below this fraction of t are mostly rounding.
const LEAST = 16 * Number.EPSILON;

/**
 * Advances the state over all output times. Returns with `failure` set where the numbers failed; exceptions of the
 * user's own functions pass through.
 */
export function* integrate(it: Integration): Run<Outcome> {
  const { problem, machine, bound, control, initial, interpolator, path, tape, watch, ys } = it;
  const { field, arithmetic } = machine;
  const { ts, stops, jumps, direction, steps, maxSteps, signal, onStep } = problem;
  const stats: StepStats = { steps: 0, accepted: 0, rejected: 0, evaluations: 0, firstStep: Number.NaN };
  const grid = new Times();
  const rejections: Rejection[] = [];
  const keepTapes = tape?.keepsTapes ?? false;
  const runner = new Runner(machine, keepTapes);
  const given = steps.kind === "given" ? steps.grid : undefined;
  const { minStep, maxStep } = steps.kind === "adaptive" ? steps : { minStep: 0, maxStep: Number.POSITIVE_INFINITY };
  const controller = control?.address ?? 0;

  let t = ts[0]!;
  let program = bound.programs[0];
  let parity = 0;
  /** Whether the derivative at the start of the step is in its place already. */
  let known = it.known ?? false;
  let outputs = 1;
  let stop = 0;
  let position = 1;
  let errorWasNaN = false;
  let slopes: EventSlopes | undefined;
  let size = 0;
  const outcome = (failure?: SolveError, stopped = false): Outcome => {
    stats.evaluations = runner.evaluations;
    return { stats, grid: grid.array(), rejections, outputs, failure, nextStep: size, stopped, slopes };
  };

  for (const part of program.start) part.view.set(problem.y0);
  ys.set(problem.y0);
  grid.push(t);

  if (watch || (steps.kind === "adaptive" && steps.firstStep === undefined)) {
    const first = program.instructions[0]!;
    if (!known) {
      runner.evaluations++;
      const pending = field.evaluate(t, first.out, first.k!, keepTapes ? first.slot : RECOMPUTE);
      if (pending) yield pending;
      known = true;
    }
    if (!arithmetic.isFinite(first.k!)) return outcome(slopeNotFinite(t, first.k!.view));
    if (watch && watch.begin(t, problem.y0, first.k!.view, direction) !== undefined) return outcome(undefined, true);
  }
  if (steps.kind === "adaptive") {
    if (steps.firstStep === undefined) {
      runner.evaluations++;
      size = yield* initial!.choose(t, direction, problem.solver.order);
    } else {
      size = steps.firstStep;
    }
    size = Math.max(size, minStep);
  }

  while (stop < stops.length) {
    const target = stops[stop]!;
    const wanted = Math.min(size, maxStep);
    let end: number;
    if (given) end = given[position]!;
    else end = wanted >= Math.abs(target - t) * (1 - SNAP) ? target : t + wanted * direction;
    let h = end - t;
    if (signal?.aborted) return outcome(aborted(signal, t, h));
    if (
      stats.steps >= maxSteps ||
      (!given && end !== target && (wanted < minStep || wanted <= LEAST * Math.abs(t) || end === t))
    ) {
      // The step tried last: the one before this if it was accepted.
      const tried = known && stats.rejected > 0 ? program : bound.programs[parity ^ 1]!;
      const worst = stats.steps > 0 && initial ? initial.worstComponent(tried, h) : -1;
      return outcome(
        stats.steps >= maxSteps ? tooManySteps(t, h, stats, worst) : stuck(t, h, errorWasNaN, minStep, worst),
      );
    }
    if (stats.steps === 0) stats.firstStep = Math.abs(h);
    stats.steps++;

    const last = lastTime(problem, end);
    for (let next = known ? 1 : 0; next < program.instructions.length; ) {
      next = runner.run(program.instructions, next, t, h, last);
      if (runner.pending !== undefined) yield runner.pending;
    }

    if (given) {
      if (!arithmetic.isFinite(program.end[0]!)) return outcome(stateNotFinite(t, h, program.end[0]!.view));
    } else {
      const { error, steadyingError, start, end: after } = program;
      const factor =
        steadyingError === undefined
          ? arithmetic.judge(controller, error!, h, start[0]!, after[0]!)
          : arithmetic.judgeSteadied(controller, error!, steadyingError, h, start[0]!, after[0]!);
      if (factor < 0) {
        stats.rejected++;
        rejections.push({ t, h });
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

    let extended = false;
    let hit: Hit | undefined;
    if (watch) {
      yield* runner.finish(program.dense!.instructions, 0, t, h, last);
      extended = true;
      hit = watch.search(program, t, h);
      if (hit) {
        const eventEnd = yield* land(watch, runner, program, t, h, hit);
        const { terminal } = watch.events[hit.index]!;
        if (terminal && tape) slopes = yield* slopesAt(watch.events[hit.index]!, runner, program, t, eventEnd);
        extended = false;
        end = eventEnd;
        h = end - t;
      }
    }
    const state = program.end[0]!.view;
    const inside = outputs < ts.length && (end - ts[outputs]!) * direction > 0;
    if (!extended && (path || inside)) {
      yield* runner.finish(program.dense!.instructions, 0, t, h, last);
      extended = true;
    }
    for (; outputs < ts.length && (end - ts[outputs]!) * direction >= 0; outputs++) {
      const at = ts[outputs]!;
      ys.set(at === end ? state : interpolator!.at(program, (at - t) / h, h), outputs * state.length);
    }
    path?.accept(program);
    tape?.accept(program, h);
    grid.push(end);
    known = bound.fsal === "step" || (bound.fsal === "dense" && extended);
    if (given && end === given[position]) position++;
    if (end === target) {
      stop++;
      if (jumps.has(end)) known = false;
    }
    t = end;
    parity ^= 1;
    program = bound.programs[parity]!;
    if (watch) {
      if (hit) watch.record(hit.index, t, state);
      if (hit && watch.events[hit.index]!.terminal) return outcome(undefined, true);
      const effect = hit && watch.events[hit.index]!.effect;
      if (effect) {
        effect(t, state);
        if (!arithmetic.isFinite(program.start[0]!)) return outcome(stateNotFinite(t, h, state));
        known = false;
      }
      watch.arrive(t, state, hit?.index);
    }
    if (onStep) {
      stats.evaluations = runner.evaluations;
      onStep({ t, h, y: state, stats });
    }
  }
  return outcome();
}
