// The step that a loop has just taken, for who takes steps one by one: its state, the states inside it, and nothing of the
// steps before.
import { type FloatArray, zeros } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import { type Awaitable, drive, type Waiting } from "../base/waiting.ts";
import type { EventWatch } from "../events/watch.ts";
import { firstTime, type Problem } from "../problem/problem.ts";
import type { StepStats } from "../problem/report.ts";
import type { Scratch } from "../wasm/scratch.ts";
import { numbersOf } from "./integrate.ts";
import type { Setup } from "./setup.ts";
import type { Stepping } from "./stepping.ts";

/** What the loop yields after a step, and never resolves to anything. */
export const TAKEN: Promise<void> = /* @__PURE__ */ Promise.resolve();

/** Below this many numbers a plain loop beats TypedArray.set. */
const FEW = 24;

export class TakenStep {
  /** The state at its end: a copy, written anew by the next step. */
  readonly y: FloatArray;
  end: number;
  h: number = Number.NaN;
  stats: StepStats | undefined;
  private start: number;
  private stepping: Stepping | undefined;
  /** Whether its continuous extension has been run. */
  private extended = false;
  private readonly problem: Problem;
  private readonly setup: Setup;
  private readonly scratch: Scratch;
  private readonly watch: EventWatch | undefined;
  private readonly nextTime: (() => number) | undefined;

  /** `nextTime`: of given steps, whose grid is a window on them, the ends that come after. */
  constructor(
    problem: Problem,
    setup: Setup,
    scratch: Scratch,
    watch: EventWatch | undefined,
    nextTime: (() => number) | undefined,
  ) {
    this.problem = problem;
    this.setup = setup;
    this.scratch = scratch;
    this.watch = watch;
    this.nextTime = nextTime;
    this.y = zeros(problem.field.dtype, problem.y0.length);
    this.start = Number.NaN;
    this.end = problem.ts[0]!;
  }

  /** For the loop: takes a step over, and has the loop forget the steps before. */
  readonly take = (stepping: Stepping, y: FloatArray): Promise<void> => {
    this.stepping = stepping;
    this.stats = stepping.stats;
    this.keep(stepping, y);
    // A search for events has run it.
    this.extended = this.watch !== undefined;
    if (this.watch) this.watch.occurrences.jumps.length = 0;
    const { given } = stepping;
    if (this.nextTime !== undefined && stepping.position === given!.length) {
      given![0] = this.end;
      for (let n = 1; n < given!.length; n++) given![n] = this.nextTime();
      stepping.position = 1;
    }
    return TAKEN;
  };

  /** Takes a step over that needs no more than a call; false where the loop must go on. */
  next(): boolean {
    const { stepping } = this;
    if (stepping === undefined || !stepping.quick()) return false;
    stepping.stats.evaluations = stepping.runner.evaluations;
    this.keep(stepping, stepping.setup.machine.arithmetic.host!.view(stepping.program.start[0]!));
    return true;
  }

  private keep(stepping: Stepping, y: FloatArray): void {
    const own = this.y;
    if (own.length > FEW) own.set(y);
    else for (let i = 0; i < own.length; i++) own[i] = y[i]!;
    this.start = this.end;
    this.end = stepping.t;
    this.h = stepping.h;
    this.extended = false;
    stepping.grid.length = 0;
    if (stepping.rejections.length > 0) stepping.rejections.length = 0;
  }

  /** The state at a time within the step; a promise where the continuous extension evaluates a field that answers with one. */
  readonly at = (t: number): Awaitable<FloatArray> => drive(this.inside(t), this.problem.signal);

  private *inside(t: number): Waiting<FloatArray> {
    const { start, end, h, stepping, problem } = this;
    const { direction } = problem;
    const way = (t - start) * direction >= 0 && (end - t) * direction >= 0;
    if (!stepping || !way || !this.scratch.leased)
      throw invalid(
        "t",
        t,
        `within the step just taken, from ${start} to ${end}, before the next is taken or the loop left`,
      );
    if (t === end) return this.y.slice();
    const { placed, machine, interpolator } = this.setup;
    const program = placed.programs[stepping.parity ^ 1]!;
    if (t === start) return yield* numbersOf(machine.arithmetic, program.start[0]!);
    const { stageEnd, runner, stats } = stepping;
    if (!this.extended) {
      yield* runner.finish(program.dense!.instructions, 0, firstTime(problem, start), h, stageEnd);
      stats.evaluations = runner.evaluations;
      this.extended = true;
    }
    return yield* numbersOf(machine.arithmetic, interpolator!.at(program, (t - start) / h, h));
  }
}
