// The steps of a solve: propose, run the scheme's instructions, judge the error, accept or reject. A plain object whose
// `advance` returns at a pending evaluation and is called again later: engines optimise this far better than a
// generator. The generator in integrate.ts waits, and does what is not done in every step.

import type { FloatArray } from "../base/dtype.ts";
import type { SolveError } from "../base/errors.ts";
import { notAccepted, stateNotFinite, stuck, tooManyGivenSteps, tooManySteps } from "../base/failures.ts";
import { aborted } from "../base/waiting.ts";
import type { StepSystem } from "../problem/implicit.ts";
import { lastTime, type Problem } from "../problem/problem.ts";
import type { Program } from "../program/program.ts";
import { LEAST, SNAP } from "../program/written-step.ts";
import type { PairWatch } from "../solvers/pair.ts";
import type { HostArithmetic, Terms, Vector } from "../vectors/arithmetic.ts";
import { FastSteps, isFiniteFew } from "./fast-steps.ts";
import type { Setup } from "./setup.ts";
import { StepState } from "./step-state.ts";

/**
 * Where `advance` left off: before a step, within one, before its verdict, or after one that was accepted but not yet
 * advanced over.
 */
type Phase = "propose" | "run" | "judge" | "accepted" | "done";

// The factor on a step whose error is small or unknown and whose result is no good: nothing measures how far off it was.
const FACTOR_UNMEASURED = 0.5;

/** What a solve wants of its steps. */
export interface SteppingOptions {
  /** Whether evaluations must leave their tapes in the tape slots. */
  readonly keepTapes: boolean;
  /** Whether every accepted step must be handed out before it is advanced over. */
  readonly handOut: boolean;
  /** True if nothing (outputs, events, accept, dense, tape) needs the steps between two stops. */
  readonly unseen: boolean;
  /** Called with the state after each accepted step that is not handed out; what it returns is waited for. */
  readonly tell: ((y: FloatArray) => Promise<unknown> | undefined) | undefined;
  /** Whether the derivative at the start is in its place already. */
  readonly firstKnown: boolean;
  /** Called for each accepted step while its vectors are in place. */
  readonly accept: ((program: Program, h: number) => void) | undefined;
}

export class Stepping extends StepState {
  phase: Phase = "propose";
  failure: SolveError | undefined;
  /** The size that the step in work would have had without a stop. */
  private wanted: number = Number.NaN;
  /** Whether the user's `accept` refused the last step tried. */
  private refused = false;
  /** Error control's verdict on the step in work; see `Arithmetic.judge`. */
  private factor: number = Number.NaN;
  /** Set if the state after each step is checked: no error norm shows that all of it is finite. */
  private readonly looksAtEnd: HostArithmetic | undefined;
  private readonly fast: FastSteps | undefined;
  /** Of an implicit method. */
  private readonly system: StepSystem | undefined;
  /** Of a reversible method. */
  private readonly pair: PairWatch<Vector, Terms> | undefined;
  private readonly handOut: boolean;
  private readonly accept: SteppingOptions["accept"];
  private readonly tell: SteppingOptions["tell"];

  constructor(
    problem: Problem,
    setup: Setup,
    { keepTapes, handOut, unseen, tell, firstKnown, accept }: SteppingOptions,
  ) {
    super(problem, setup, keepTapes, firstKnown);
    const measured = problem.measure.segments.reduce((sum, { length }) => sum + length, 0);
    this.failure = undefined;
    // States on a device are looked at in the verdict on the step, or at the end.
    const { host } = setup.machine.arithmetic;
    this.looksAtEnd = this.given !== undefined || measured < problem.y0.length ? host : undefined;
    this.fast = FastSteps.of(problem, setup, unseen && !this.jumps && problem.signal === undefined, tell !== undefined);
    this.system = setup.machine.system;
    this.pair = setup.placed.scheme.pair?.watch(problem.measure, problem.y0.length, host, setup.control?.estimate);
    this.handOut = handOut;
    this.accept = accept;
    this.tell = tell;
  }

  /**
   * Goes on until an evaluation is pending, which is returned, or a step is to be handed out (`phase` "accepted"), or the
   * end or a failure is reached ("done").
   */
  advance(): Promise<unknown> | undefined {
    for (;;) {
      if (this.phase === "propose") {
        if (this.quick()) {
          const pause = this.tell!(this.setup.machine.arithmetic.host!.view(this.program.start[0]!));
          if (pause !== undefined) return pause;
          continue;
        }
        this.propose();
      }
      if (this.phase === "run") {
        const pending = this.run();
        if (pending !== undefined) return pending;
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

  /** Takes one step at once where steps are told and `fast` can; between steps only. Whether it did. */
  quick(): boolean {
    return this.fast?.advance(this) === true;
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
    this.stageEnd = this.jumps ? lastTime(problem, this.end) : this.end;
    this.next = this.firstKnown ? 1 : 0;
    this.phase = "run";
  }

  /** Runs the instructions of the step in work and has its error measured; returns what to wait for. */
  private run(): Promise<void> | undefined {
    const { runner, fast, program } = this;
    const { instructions } = program;
    const square = fast !== undefined && this.next <= 1 ? fast.step(this) : Number.NaN;
    while (this.next < instructions.length) {
      this.next = runner.execute(instructions, this.next, this.stageStart, this.h, this.stageEnd);
      if (runner.pending !== undefined) return runner.pending;
      if (this.system?.failed) return undefined;
    }
    const { control } = this.setup;
    if (control === undefined) return undefined;
    const factor = square >= 0 ? control.judgeSquare(square, this.h) : control.judge(program, this.h, this.pair);
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
    const { pair, looksAtEnd: host, system } = this;
    if (system?.failed) return this.giveUp(false, system.failure);
    const factor = pair === undefined ? this.factor : pair.eased(this.factor);
    if (factor < 0) return this.reject(-factor, Number.isNaN(this.setup.control!.lastError));
    if (host !== undefined && !this.isFinite(host))
      return this.giveUp(true, (t, h) => stateNotFinite(t, h, host.view(this.program.end[0]!)));
    if (pair?.isApart(this)) {
      this.fail(pair.failure(this));
      return false;
    }
    if (this.isRefused()) return this.giveUp(false, notAccepted);
    if (this.given === undefined) {
      const size = Math.max(Math.abs(this.h) * factor, this.minStep);
      // A step cut short by a stop says little about longer ones: the size that was wanted stays.
      this.size = this.end === this.problem.stops[this.stop] ? Math.max(this.wanted, size) : size;
    }
    this.wasRejected = false;
    this.errorWasNaN = false;
    this.stats.accepted++;
    return true;
  }

  /** Rejects a step that nothing measured; where steps are given, nothing can be done. */
  private giveUp(wasNaN: boolean, failure: (t: number, h: number) => SolveError): boolean {
    if (this.given === undefined) return this.reject(FACTOR_UNMEASURED, wasNaN);
    this.fail(failure(this.t, this.h));
    return false;
  }

  private reject(factor: number, errorWasNaN: boolean): boolean {
    this.stats.rejected++;
    this.noteRejection(this.t, this.h);
    this.firstKnown = true;
    this.wasRejected = true;
    this.errorWasNaN = errorWasNaN;
    this.size = Math.abs(this.h) * factor;
    return false;
  }

  /** Whether the user's `accept` refuses the state after the step. */
  private isRefused(): boolean {
    const { accept } = this.problem;
    this.refused =
      accept !== undefined && !accept(this.end, this.setup.machine.arithmetic.host!.view(this.program.end[0]!));
    return this.refused;
  }

  private isFinite(host: HostArithmetic): boolean {
    const state = this.program.end[0]!;
    return this.fast !== undefined ? isFiniteFew(host.view(state)) : host.isFinite(state);
  }

  /** Takes back an accepted step that was not advanced over: an event at its start came first. */
  withdraw(): void {
    const { stats } = this;
    stats.accepted--;
    stats.rejected++;
    this.noteRejection(this.t, this.h);
    this.firstKnown = true;
    this.phase = "propose";
  }

  /** Makes the end of the accepted step the start of the next. `extended`: whether its continuous extension was run. */
  advanceOver(extended: boolean): void {
    const { problem, given, end } = this;
    const { fsal } = this.setup.placed;
    this.pair?.note(this);
    this.accept?.(this.program, this.h);
    this.grid.push(end);
    this.firstKnown = fsal === "step" || (extended && fsal === "dense");
    if (given !== undefined && end === given[this.position]) this.position++;
    if (end === problem.stops[this.stop]) {
      this.stop++;
      if (this.jumps && problem.jumps.has(end)) this.firstKnown = false;
    }
    this.startAt(end, this.parity ^ 1);
    this.phase = "propose";
  }

  /** Why the step in work is not taken. */
  private refuse(): void {
    const { t, h, stats, given } = this;
    const { signal, maxSteps } = this.problem;
    if (signal?.aborted) this.fail(aborted(signal, t, h));
    else if (this.pair?.isToBlame) this.fail(this.pair.failure(this));
    else if (stats.steps < maxSteps) this.fail(this.stuck(t, h));
    else if (given !== undefined) this.fail(tooManyGivenSteps(t, h, stats.steps));
    else this.fail(tooManySteps(t, h, stats, this.worstComponent()));
  }

  /** Why no step is small enough. */
  private stuck(t: number, h: number): SolveError {
    if (this.system?.failed) return this.system.failure(t, h);
    return this.refused ? notAccepted(t, h) : stuck(t, h, this.errorWasNaN, this.minStep, this.worstComponent());
  }

  private fail(error: SolveError): void {
    this.failure = error;
    this.phase = "done";
  }

  /** The component with the largest error of the step tried last, −1 where none was measured. */
  private worstComponent(): number {
    const { stats, setup, parity, program, wasRejected } = this;
    if (stats.steps === 0 || !setup.initial) return -1;
    const tried = wasRejected ? program : setup.placed.programs[parity ^ 1]!;
    return setup.initial.worstComponent(tried, this.h, this.problem.measure);
  }
}
