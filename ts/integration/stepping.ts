// The steps of a solve: propose, run the scheme's instructions, judge the error, accept or reject. A plain object whose
// `advance` can be left at a pending evaluation and entered again, because engines optimise that far better than a
// generator; the generator in integrate.ts waits, and does what is not done in every step.

import type { FloatArray } from "../base/dtype.ts";
import type { SolveError } from "../base/errors.ts";
import { notAccepted, stateNotFinite, stuck, tooManySteps } from "../base/failures.ts";
import { Times } from "../base/times.ts";
import type { Awaitable } from "../base/waiting.ts";
import { aborted } from "../base/waiting.ts";
import type { FillingField } from "../fields/field.ts";
import { firstTime, lastTime, type Problem } from "../problem/problem.ts";
import type { Rejection, StepStats } from "../problem/report.ts";
import { evaluationsOf, type Program } from "../program/program.ts";
import { Runner } from "../program/runner.ts";
import {
  AT,
  arraysOf,
  LEAST,
  RUN,
  SNAP,
  type WrittenRun,
  type WrittenStep,
  type WrittenSteps,
  writtenRun,
  writtenStep,
  writtenSteps,
} from "../program/written-step.ts";
import type { Measure } from "../vectors/arithmetic.ts";
import type { Setup } from "./setup.ts";

/**
 * Where `advance` left off: before a step, within one, before its verdict, or after one that was accepted but not yet
 * advanced over.
 */
type Phase = "propose" | "run" | "judge" | "accepted" | "done";

// The factor on a step whose error is small and whose result is not finite: nothing measures how far off it was.
const FACTOR_UNMEASURED = 0.5;

/** Called for each accepted step while its vectors are in place. */
type Accept = (program: Program, h: number) => void;

// Numbers start as NaN and not as 0: V8 would otherwise take their fields for small integers first, and throw away
// compiled code when they turn out not to be.
export class Stepping {
  readonly stats: StepStats = { steps: 0, accepted: 0, rejected: 0, evaluations: 0, firstStep: Number.NaN };
  readonly rejections: Rejection[] = [];
  /** Accepted step times: a list of JavaScript's own would put each of them into a box first. */
  readonly grid: Times;
  readonly runner: Runner;
  phase: Phase;
  failure: SolveError | undefined;
  program: Program;
  /** The step in work: from t to end, of signed size h; stages count from `first`, those at its end are evaluated at `last`. */
  t: number = Number.NaN;
  first: number = Number.NaN;
  end: number = Number.NaN;
  h: number = Number.NaN;
  last: number = Number.NaN;
  /** The size (positive) that error control wants next. */
  size: number = Number.NaN;
  /** Whether the derivative at the start of the step is in its place already. */
  known: boolean;
  private wanted: number = Number.NaN;
  private parity = 0;
  private next = 0;
  private stop = 0;
  private position = 1;
  private errorWasNaN = false;
  private refused = false;
  private readonly problem: Problem;
  private readonly setup: Setup;
  private readonly given: Float64Array | undefined;
  /** Whether the norm leaves out part of the state. */
  private readonly leavesOut: boolean;
  private readonly jumps: boolean;
  private readonly minStep: number;
  private readonly maxStep: number;
  private readonly controller: number;
  private readonly squareJudge: (controller: number, square: number) => number;
  /** What error control says of the step in work; see `Arithmetic.judge`. */
  private factor: number = Number.NaN;
  /** Whether states are on a device, where they are looked at in the verdict on the step, or at the end. */
  private readonly remote: boolean;
  /** Whether every accepted step must be handed out before it is advanced over. */
  private readonly handOut: boolean;
  private readonly accept: Accept | undefined;
  private readonly written: WrittenStep | undefined;
  /** The same in a loop, for given steps that nobody looks at one by one. */
  private readonly writtenLoop: WrittenSteps | undefined;
  /** … and for those under control. */
  private readonly writtenRun: WrittenRun | undefined;
  private filling: FillingField | undefined;
  /**
   * A written step's numbers. Its tolerances are NaN, and so is its error, where errors are measured in another way than it
   * does: then the kernels are asked.
   */
  private readonly numbers: Float64Array = new Float64Array(6).fill(Number.NaN);
  private readonly run: Float64Array | undefined;
  /** For even and for odd steps: the vectors that a written step works on. */
  private readonly arrays: readonly Float64Array[][];
  private readonly evaluationsInStep: number;
  private readonly noteRejection: (t: number, h: number) => void = (t, h) => {
    this.rejections.push({ t, h });
  };

  constructor(
    problem: Problem,
    setup: Setup,
    options: {
      keepTapes: boolean;
      handOut: boolean;
      /** Whether nobody wants anything of steps between stops. */
      unseen: boolean;
      known: boolean;
      accept: Accept | undefined;
    },
  ) {
    const { steps } = problem;
    this.problem = problem;
    this.setup = setup;
    this.runner = new Runner(setup.machine, options.keepTapes);
    this.remote = setup.machine.arithmetic.remote;
    this.handOut = options.handOut;
    this.known = options.known;
    this.phase = "propose";
    this.accept = options.accept;
    this.program = setup.placed.programs[0];
    this.given = steps.kind === "given" ? steps.grid : undefined;
    this.leavesOut = problem.measure.segments.reduce((sum, { length }) => sum + length, 0) < problem.y0.length;
    this.jumps = problem.jumps.size > 0;
    this.minStep = steps.kind === "adaptive" ? steps.minStep : 0;
    this.maxStep = steps.kind === "adaptive" ? steps.maxStep : Number.POSITIVE_INFINITY;
    this.controller = setup.control?.address ?? 0;
    this.squareJudge = setup.machine.arithmetic.kernels.judgeSquare;
    const { scheme, programs } = setup.placed;
    const plain = "filling" in setup.machine.field;
    this.filling = undefined;
    this.written = plain ? writtenStep(scheme, problem.y0.length) : undefined;
    const unseen = plain && options.unseen && !this.jumps && problem.signal === undefined;
    this.writtenLoop = unseen && this.given ? writtenSteps(scheme, problem.y0.length) : undefined;
    this.arrays = this.written ? programs.map(({ instructions }) => arraysOf(scheme, instructions)) : [];
    this.evaluationsInStep = evaluationsOf(scheme, false);
    const { rtol, atol } = problem.measure;
    const simple = !this.leavesOut && !scheme.steadyingError && isSimple(problem.measure);
    if (simple) {
      this.numbers[AT.rtol] = rtol as number;
      this.numbers[AT.atol] = atol as number;
    }
    this.writtenRun = unseen && simple && !this.given ? writtenRun(scheme, problem.y0.length) : undefined;
    this.run = this.writtenRun && new Float64Array(Object.keys(RUN).length);
    this.t = problem.ts[0]!;
    this.first = firstTime(problem, this.t);
    this.grid = new Times(this.given?.length);
    this.grid.push(this.t);
  }

  /**
   * Goes on until an evaluation is pending, which is returned, or a step is to be handed out (`phase` "accepted"), or the
   * end or a failure is reached ("done").
   */
  advance(): Promise<void> | undefined {
    const { runner } = this;
    for (;;) {
      if (this.phase === "propose") {
        if (this.writtenLoop !== undefined) this.runLoop(this.writtenLoop);
        else if (this.writtenRun !== undefined) this.runControlled(this.writtenRun);
        this.propose();
      }
      if (this.phase === "run") {
        const { instructions } = this.program;
        if (this.written !== undefined && this.next <= 1) this.runWritten(this.written);
        while (this.next < instructions.length) {
          this.next = runner.run(instructions, this.next, this.first, this.h, this.last);
          if (runner.pending !== undefined) return runner.pending;
        }
        const square = this.numbers[AT.square]!;
        if (square >= 0) {
          this.factor = this.squareJudge(this.controller, square);
        } else if (this.given === undefined) {
          const pending = this.measure();
          if (pending !== undefined) return pending;
        }
      } else if (this.phase !== "judge") {
        return undefined;
      }
      if (!this.judge()) {
        if (this.failure === undefined) this.phase = "propose";
      } else if (this.handOut) {
        this.phase = "accepted";
        return undefined;
      } else {
        this.advanceOver(false);
      }
    }
  }

  /** Runs the whole step as written out, once the field is known to fill its output at once. */
  private runWritten(written: WrittenStep): void {
    this.filling ??= this.setup.machine.field.filling;
    if (this.filling === undefined) return;
    const { f, params, answer } = this.filling;
    const { numbers } = this;
    numbers[AT.t] = this.first;
    numbers[AT.h] = this.h;
    numbers[AT.last] = this.last;
    written(f, params, this.arrays[this.parity]!, numbers, this.next, answer);
    this.runner.evaluations += this.evaluationsInStep - this.next;
    this.next = this.program.instructions.length;
  }

  /**
   * Takes steps before the next stop in the written loop: an even number of them, so that the state stays where it is. The
   * last before the stop, and one whose result is not finite, are left to `advance`, which knows what they are to end in.
   */
  private runLoop(written: WrittenSteps): void {
    const { given, filling, position, stats, known } = this;
    const { stops, maxSteps } = this.problem;
    if (given === undefined || filling === undefined || this.stop >= stops.length) return;
    const before = placeOf(stops[this.stop]!, given, position, this.problem.direction) - position;
    const count = Math.min(before, maxSteps - stats.steps) & ~1;
    if (count <= 0) return;
    const { f, params, answer } = filling;
    const taken = written(f, params, this.arrays[this.parity]!, given, position, position + count, known, answer);
    const tried = Math.min(taken + 1, count);
    const kept = this.setup.placed.fsal === "step";
    this.runner.evaluations += tried * this.evaluationsInStep - (known ? 1 : 0) - (kept ? tried - 1 : 0);
    if (taken === 0) return;
    this.grid.append(given, position, position + taken);
    stats.steps += taken;
    stats.accepted += taken;
    this.position += taken;
    this.t = given[this.position - 1]!;
    this.first = this.t;
    this.known = kept;
    if (taken & 1) this.changeParity();
  }

  /** After an odd number of steps that left the state where it was. */
  private changeParity(): void {
    const { view } = this.program.start[0]!;
    this.parity ^= 1;
    this.program = this.setup.placed.programs[this.parity]!;
    this.program.start[0]!.view.set(view);
    this.known = false;
  }

  /** Takes the steps under control before the next stop in the written loop. */
  private runControlled(written: WrittenRun): void {
    const { filling, numbers, run, stats, problem } = this;
    const { stops, maxSteps, direction } = problem;
    if (filling === undefined || run === undefined || this.stop >= stops.length) return;
    const { f, params, answer } = filling;
    numbers[AT.t] = this.t;
    numbers[AT.h] = this.h;
    run[RUN.size] = this.size;
    run[RUN.target] = stops[this.stop]!;
    run[RUN.direction] = direction;
    run[RUN.minStep] = this.minStep;
    run[RUN.maxStep] = this.maxStep;
    // biome-ignore format: the order of its parameters
    const accepted = written(f, params, this.arrays, numbers, run, this.parity, this.known, maxSteps - stats.steps, this.grid, this.squareJudge, this.controller, this.noteRejection, answer);
    const rejected = run[RUN.rejected]!;
    const tried = accepted + rejected;
    if (tried === 0) return;
    this.runner.evaluations += tried * (this.evaluationsInStep - 1) + run[RUN.fresh]!;
    stats.steps += tried;
    stats.accepted += accepted;
    stats.rejected += rejected;
    this.t = numbers[AT.t]!;
    this.first = this.t;
    this.h = numbers[AT.h]!;
    this.size = run[RUN.size]!;
    // Of the step tried last, which leaves its first derivative in place where it was rejected.
    const square = numbers[AT.square]!;
    this.known = !(square <= 1) || this.setup.placed.fsal === "step";
    this.errorWasNaN = Number.isNaN(square);
    this.parity ^= accepted & 1;
    this.program = this.setup.placed.programs[this.parity]!;
  }

  /** Chooses the next step, or finds that there is none. */
  private propose(): void {
    const { problem, given, t, stats } = this;
    const { stops, direction, maxSteps, signal } = problem;
    if (this.stop >= stops.length) {
      this.phase = "done";
      return;
    }
    const target = stops[this.stop]!;
    const wanted = Math.min(this.size, this.maxStep);
    if (given !== undefined) this.end = given[this.position]!;
    else this.end = wanted >= Math.abs(target - t) * (1 - SNAP) ? target : t + wanted * direction;
    this.wanted = wanted;
    this.h = this.end - t;
    const least = given === undefined && this.end !== target ? Math.max(this.minStep, LEAST * Math.abs(t)) : 0;
    if (signal?.aborted || stats.steps >= maxSteps || wanted < least || this.end === t) {
      this.refuse();
      return;
    }
    if (stats.steps === 0) stats.firstStep = Math.abs(this.h);
    stats.steps++;
    this.last = this.jumps ? lastTime(problem, this.end) : this.end;
    this.next = this.known ? 1 : 0;
    this.phase = "run";
  }

  /** Why the step in work is not taken. */
  private refuse(): void {
    const { t, h, stats } = this;
    const { signal, maxSteps } = this.problem;
    if (signal?.aborted) this.fail(aborted(signal, t, h));
    else if (stats.steps >= maxSteps) this.fail(tooManySteps(t, h, stats, this.worstComponent()));
    else if (this.refused) this.fail(notAccepted(t, h));
    else this.fail(stuck(t, h, this.errorWasNaN, this.minStep, this.worstComponent()));
  }

  private fail(error: SolveError): void {
    this.failure = error;
    this.phase = "done";
  }

  /** Has the error measured, where no written step has done so; returns what to wait for, if that takes time. */
  private measure(): Promise<void> | undefined {
    const factor = this.judgeByArithmetic();
    if (typeof factor === "number") {
      this.factor = factor;
      return undefined;
    }
    this.phase = "judge";
    return factor.then((value) => {
      this.factor = value;
    });
  }

  /** Whether the step that was run is accepted; sets the size of the next. */
  private judge(): boolean {
    if (this.given !== undefined) {
      if (!this.remote && !this.isFinite()) return false;
      if (this.isRefused()) {
        this.fail(notAccepted(this.t, this.h));
        return false;
      }
    } else {
      const { factor } = this;
      // What the norm leaves out must be finite all the same.
      if (factor < 0 || (this.leavesOut && !this.remote && !this.isFinite()) || this.isRefused())
        return this.reject(factor);
      const size = Math.max(Math.abs(this.h) * factor, this.minStep);
      // A step cut short by a stop says little about longer ones: the size that was wanted stays.
      this.size = this.end === this.problem.stops[this.stop] ? Math.max(this.wanted, size) : size;
    }
    this.errorWasNaN = false;
    this.stats.accepted++;
    return true;
  }

  /** The controller's factor where no written step has measured the error. */
  private judgeByArithmetic(): Awaitable<number> {
    const { error, steadyingError, start, end } = this.program;
    const { arithmetic } = this.setup.machine;
    return steadyingError === undefined
      ? arithmetic.judge(this.controller, error!, this.h, start[0]!, end[0]!)
      : arithmetic.judgeSteadied(this.controller, error!, steadyingError, this.h, start[0]!, end[0]!);
  }

  private reject(factor: number): boolean {
    const unseen = factor >= 0;
    this.stats.rejected++;
    this.rejections.push({ t: this.t, h: this.h });
    this.known = true;
    this.errorWasNaN = unseen || Number.isNaN(this.setup.control!.lastError);
    this.size = Math.abs(this.h) * (unseen ? FACTOR_UNMEASURED : -factor);
    return false;
  }

  /** Whether the user's `accept` refuses the state after the step. */
  private isRefused(): boolean {
    const { accept } = this.problem;
    this.refused = accept !== undefined && !accept(this.end, this.program.end[0]!.view);
    return this.refused;
  }

  /** Whether the state after the step is finite; where steps are given, nothing can be done if it is not. */
  private isFinite(): boolean {
    const state = this.program.end[0]!;
    const finite = this.written ? isFiniteFew(state.view) : (this.setup.machine.arithmetic.isFinite(state) as boolean);
    if (!finite && this.given) this.fail(stateNotFinite(this.t, this.h, state.view));
    return finite;
  }

  /** Takes back an accepted step that was not advanced over: an event at its start came first. */
  withdraw(): void {
    const { stats } = this;
    stats.accepted--;
    stats.rejected++;
    this.rejections.push({ t: this.t, h: this.h });
    this.known = true;
    this.phase = "propose";
  }

  /** Makes the end of the accepted step the start of the next. `extended`: whether its continuous extension was run. */
  advanceOver(extended: boolean): void {
    const { problem, given, end } = this;
    const { placed } = this.setup;
    this.accept?.(this.program, this.h);
    this.grid.push(end);
    this.known = placed.fsal === "step" || (extended && placed.fsal === "dense");
    if (given !== undefined && end === given[this.position]) this.position++;
    if (end === problem.stops[this.stop]) {
      this.stop++;
      if (this.jumps && problem.jumps.has(end)) this.known = false;
    }
    this.t = end;
    this.first = this.jumps ? firstTime(problem, end) : end;
    this.parity ^= 1;
    this.program = placed.programs[this.parity]!;
    this.phase = "propose";
  }

  /** The component with the largest error of the step tried last, −1 where none was measured. */
  private worstComponent(): number {
    const { stats, setup, parity, program, known } = this;
    if (stats.steps === 0 || !setup.initial) return -1;
    const tried = known && stats.rejected > 0 ? program : setup.placed.programs[parity ^ 1]!;
    return setup.initial.worstComponent(tried, this.h, this.problem.measure);
  }
}

/** The place of a time in a grid, from `from` on; the grid's length where it ends before it. */
function placeOf(t: number, grid: Float64Array, from: number, direction: number): number {
  let [low, high] = [from, grid.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((t - grid[middle]!) * direction > 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether errors are measured as a written step does: by one rms norm, with one tolerance for all. */
function isSimple({ kind, segments, rtol, atol }: Measure): boolean {
  const whole = segments.length === 1 && segments[0]!.weight === 1;
  return kind === "rms" && whole && typeof rtol === "number" && typeof atol === "number";
}

/** Without a call into WebAssembly, which would cost more than this. */
function isFiniteFew(state: FloatArray): boolean {
  let zero = 0;
  for (let i = 0; i < state.length; i++) zero += 0 * state[i]!;
  return zero === 0;
}
