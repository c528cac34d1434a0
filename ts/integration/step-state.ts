// Where the steps of a solve stand: what `Stepping` decides by, and what `FastSteps` moves on when it takes many at once.
import { Times } from "../base/times.ts";
import { firstTime, type Problem } from "../problem/problem.ts";
import type { Rejection, StepStats } from "../problem/report.ts";
import type { Program } from "../program/program.ts";
import { Runner } from "../program/runner.ts";
import type { Setup } from "./setup.ts";

// Numbers start as NaN and not as 0: V8 would otherwise take their fields for small integers first, and throw away
// compiled code when they turn out not to be.
export class StepState {
  readonly problem: Problem;
  readonly setup: Setup;
  readonly runner: Runner;
  readonly stats: StepStats = { steps: 0, accepted: 0, rejected: 0, evaluations: 0, firstStep: Number.NaN };
  readonly rejections: Rejection[] = [];
  /** Accepted step times; a plain array would box each number first. */
  readonly grid: Times;
  /** The steps, where they are given. */
  readonly given: Float64Array | undefined;
  /** The index of the next step's end in `given`. */
  position = 1;
  /** The next of the problem's stops. */
  stop = 0;
  /** Steps take turns with two programs; `parity` says which one the step in work has. */
  program: Program;
  parity = 0;
  /** The step in work, from t to end, of signed size h; `stageStart` and `stageEnd`: see `stageTime`. */
  t: number = Number.NaN;
  stageStart: number = Number.NaN;
  end: number = Number.NaN;
  h: number = Number.NaN;
  stageEnd: number = Number.NaN;
  /** Its next instruction. */
  next = 0;
  /** Whether the derivative at its start is in its place already. */
  firstKnown: boolean;
  /** The size (positive) that error control wants next, and its bounds. */
  size: number = Number.NaN;
  readonly minStep: number;
  readonly maxStep: number;
  /** Whether the last step tried was rejected, and whether its error was NaN. */
  wasRejected = false;
  errorWasNaN = false;
  /** Whether the field jumps anywhere. */
  protected readonly jumps: boolean;

  constructor(problem: Problem, setup: Setup, keepTapes: boolean, firstKnown: boolean) {
    const { steps, ts } = problem;
    this.problem = problem;
    this.setup = setup;
    this.runner = new Runner(setup.machine, keepTapes);
    this.program = setup.placed.programs[0];
    this.firstKnown = firstKnown;
    this.given = steps.kind === "given" ? steps.grid : undefined;
    this.minStep = steps.kind === "adaptive" ? steps.minStep : 0;
    this.maxStep = steps.kind === "adaptive" ? steps.maxStep : Number.POSITIVE_INFINITY;
    this.jumps = problem.jumps.size > 0;
    this.t = ts[0]!;
    this.stageStart = firstTime(problem, this.t);
    this.grid = new Times(this.given?.length);
    this.grid.push(this.t);
  }

  /** Puts the start of the next step at t, with the program of this parity. */
  startAt(t: number, parity: number): void {
    this.t = t;
    this.stageStart = this.jumps ? firstTime(this.problem, t) : t;
    this.parity = parity;
    this.program = this.setup.placed.programs[parity]!;
  }

  readonly noteRejection: (t: number, h: number) => void = (t, h) => {
    this.rejections.push({ t, h });
  };
}
