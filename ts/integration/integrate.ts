// The one integration loop: takes steps (stepping.ts), writes the outputs that they reach, watches for events, and waits
// where the field answers with a promise.
import { type FloatArray, zeros } from "../base/dtype.ts";
import { SolveError } from "../base/errors.ts";
import { slopeNotFinite, stateNotFinite } from "../base/failures.ts";
import { aborted, type Waiting, wait } from "../base/waiting.ts";
import type { EventWatch, Found } from "../events/watch.ts";
import { RECOMPUTE } from "../fields/field.ts";
import type { Problem } from "../problem/problem.ts";
import type { Rejection, StepStats } from "../problem/report.ts";
import type { Instruction, Program } from "../program/program.ts";
import type { Arithmetic, Vector } from "../vectors/arithmetic.ts";
import type { DensePath } from "./dense-path.ts";
import type { Setup } from "./setup.ts";
import { Stepping } from "./stepping.ts";

/** What follows the accepted steps of a solve. */
export interface StepListener {
  /** Whether evaluations must leave their tapes in the tape slots. */
  readonly keepsTapes: boolean;
  /** Called for each accepted step, of size h, while its vectors are still in place. */
  accept(program: Program, h: number): void;
  /** Called where an effect puts the state elsewhere, after the step before it. */
  restart?(): void;
}

/** A problem with its place in a leased block. */
interface Integration {
  readonly problem: Problem;
  readonly setup: Setup;
  /** Whether the derivative at the start is in its place already. */
  readonly firstKnown?: boolean;
  /** Keeps every step for `at`. */
  readonly path?: DensePath | undefined;
  readonly tape?: StepListener | undefined;
  readonly watch?: EventWatch | undefined;
  /** Rows of output, filled as they are reached. */
  readonly ys: FloatArray;
  /** Takes every accepted step over; the loop yields what it returns, and goes on when it is resumed. */
  readonly each?: (stepping: Stepping, y: FloatArray) => Promise<unknown>;
}

/** How far a solve came. Outputs are in their rows once they have arrived from the device, if the states are on one. */
export interface Outcome {
  readonly stats: StepStats;
  /** Accepted step times. */
  readonly grid: Float64Array;
  readonly rejections: readonly Rejection[];
  /** Output rows filled. */
  readonly outputs: number;
  /** The size (positive) that the step after the last would have had; NaN where steps are given. */
  readonly nextStep: number;
  /** Whether a terminal event ended it, at the last grid point. */
  readonly stopped: boolean;
  /** Set where the solve failed. */
  readonly failure: SolveError | undefined;
}

/**
 * Advances the state over all output times. Returns with `failure` set where the numbers failed; exceptions of the
 * user's own functions pass through.
 */
export function* integrate(it: Integration): Waiting<Outcome> {
  const { problem, setup, path, tape, watch, ys, each } = it;
  const { interpolator } = setup;
  const { arithmetic } = setup.machine;
  const { ts, y0, direction, steps, onStep } = problem;
  const keepTapes = tape?.keepsTapes ?? false;
  const accept =
    tape || path
      ? (program: Program, h: number): void => {
          path?.accept(program);
          tape?.accept(program, h);
        }
      : undefined;
  // A step is looked at before it is advanced over where something of it is wanted.
  const watched = watch !== undefined || path !== undefined;
  const tell =
    onStep || each
      ? (y: FloatArray): Promise<unknown> | undefined => {
          const { t, h } = stepping;
          count();
          onStep?.({ t, h, y, stats });
          return each?.(stepping, y);
        }
      : undefined;
  const handOut = watched || tell !== undefined || ts.length > 2;
  // Outputs inside steps need the step; outputs at the end of steps are stops.
  const unseen =
    !watched && accept === undefined && problem.accept === undefined && (ts.length === 2 || !problem.extended);
  const stepping = new Stepping(problem, setup, {
    keepTapes,
    handOut,
    unseen,
    tell,
    firstKnown: it.firstKnown ?? false,
    accept,
  });
  const { stats, runner } = stepping;
  let outputs = 1;
  const count = (): void => {
    stats.evaluations = runner.evaluations;
    setup.machine.system?.countIn(stats);
  };
  const outcome = (failure?: SolveError, stopped = false): Outcome => {
    count();
    const { rejections, size } = stepping;
    return {
      stats,
      grid: stepping.grid.array(),
      rejections,
      outputs,
      failure,
      nextStep: size,
      stopped,
    };
  };
  /** What acts at t does so, on the state there; the outcome where it ends the solve. */
  const act = (found: Found, t: number, parts: readonly Vector[]): Outcome | undefined => {
    const moment = { t, n: stats.accepted, ends: found.where === "end", events: found.hits };
    const states = parts.map((part) => arithmetic.host!.view(part)) as [FloatArray];
    const [state] = states;
    if (watch!.occurrences.occur(moment, states)) return outcome(undefined, true);
    if (!state.every(Number.isFinite)) return outcome(stateNotFinite(t, Number.NaN, state, "an event's effect"));
    stepping.firstKnown = false;
    setup.machine.system?.recheck();
    tape?.restart?.();
    watch!.afterEffects(t, state, found);
    return undefined;
  };

  try {
    for (const part of stepping.program.start) arithmetic.copyIn(part, y0);
    ys.set(y0);

    watch?.begin(stepping.t, y0);
    if (steps.kind === "adaptive") {
      const size = steps.firstStep ?? (yield* firstSize(stepping, keepTapes));
      stepping.size = Math.max(size, steps.minStep);
    }

    for (;;) {
      const pending = stepping.advance();
      if (pending) {
        yield pending;
        continue;
      }
      if (stepping.phase === "done") {
        if (!stepping.failure && outputs < ts.length)
          arithmetic.copyOut(stepping.program.start[0]!, ys, outputs++ * y0.length);
        return outcome(stepping.failure);
      }
      const { program, t } = stepping;
      let found: Found | undefined;
      if (watch) {
        found = yield* watch.search(runner, stepping);
        if (found?.where === "start") {
          stepping.withdraw();
          const ending = act(found, t, program.start);
          if (ending) return ending;
          continue;
        }
      }
      const { end, h, stageStart, stageEnd } = stepping;
      const inside = outputs < ts.length && (end - ts[outputs]!) * direction > 0;
      const extended = watch !== undefined || path !== undefined || inside;
      if (extended && !watch) yield* runner.finish(program.dense?.instructions ?? NOTHING, 0, stageStart, h, stageEnd);
      for (; outputs < ts.length && (end - ts[outputs]!) * direction >= 0; outputs++) {
        const at = ts[outputs]!;
        const state = at === end ? program.end[0]! : interpolator!.at(program, (at - t) / h, h);
        arithmetic.copyOut(state, ys, outputs * y0.length);
      }
      stepping.advanceOver(extended);
      if (!watch && !tell) continue;
      const { host } = arithmetic;
      const state = host ? host.view(program.end[0]!) : yield* numbersOf(arithmetic, program.end[0]!);
      const ending = found && act(found, end, program.end);
      if (!ending?.failure) {
        // Where an event ends the solve, the state before its effect.
        const pause = tell?.(ending ? watch!.occurrences.jumps.at(-1)!.before : state);
        if (pause) yield pause;
      }
      if (ending) return ending;
    }
  } catch (error) {
    // What ended the waiting is a failure like any other, with what was reached until then; anything else is the user's.
    if (!(error instanceof SolveError) || error.code === "invalid") throw error;
    if (stepping.phase === "accepted") stepping.withdraw();
    const { signal } = problem;
    // Whoever raised it while waiting knew neither the time nor the step.
    return outcome(error.code === "aborted" && signal ? aborted(signal, stepping.t, stepping.h) : error);
  }
}

/**
 * The size of the first step, from the derivative at the start, which is in its place afterwards. Throws `SolveError`
 * "non-finite" if that derivative is not finite.
 */
function* firstSize(stepping: Stepping, keepTapes: boolean): Waiting<number> {
  const { problem, setup, runner, stageStart, maxStep } = stepping;
  const { field, arithmetic } = setup.machine;
  const { out, k, tapeSlot } = stepping.program.instructions[0]!;
  if (!stepping.firstKnown) {
    runner.evaluations++;
    const pending = field.evaluate(stageStart, out, k!, keepTapes ? tapeSlot : RECOMPUTE);
    if (pending) yield pending;
    stepping.firstKnown = true;
  }
  if (!(yield* wait(arithmetic.isFinite(k!)))) throw slopeNotFinite(stepping.t, yield* numbersOf(arithmetic, k!));
  runner.evaluations++;
  return yield* setup.initial!.choose(field, stageStart, problem, maxStep);
}

/** A copy of what a vector holds. */
export function* numbersOf(arithmetic: Arithmetic, vector: Vector): Waiting<FloatArray> {
  const numbers = zeros(arithmetic.dtype, vector.length);
  arithmetic.copyOut(vector, numbers);
  yield* wait(arithmetic.arrived());
  return numbers;
}

const NOTHING: readonly Instruction[] = [];
