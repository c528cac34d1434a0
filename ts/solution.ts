// What `solve` returns: ordinary typed arrays, the counts, and the way back.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Gradients, PeakBytes, PullbackOptions, Tape, Trajectory } from "./adjoints/adjoint.ts";
import { type FloatArray, zeros } from "./base/dtype.ts";
import { checkOptions, invalid, type SolveError, type SolveErrorCode } from "./base/errors.ts";
import { firstNotFinite } from "./base/finite.ts";
import type { Awaitable } from "./base/waiting.ts";
import { drive } from "./base/waiting.ts";
import type { DensePath } from "./integration/dense-path.ts";
import type { EventRecord } from "./problem/event.ts";
import type { Rejection, StepStats } from "./problem/report.ts";
import type { Arithmetic } from "./vectors/arithmetic.ts";

/** "done", "stopped" by a terminal event, or the code of what went wrong. */
export type SolveStatus = "done" | "stopped" | SolveErrorCode;

export interface SolveStats extends Readonly<StepStats> {
  readonly peakBytes: PeakBytes;
}

/** What a solve says of itself beside its numbers. */
interface SolutionDetails {
  readonly status: SolveStatus;
  readonly failure: SolveError | undefined;
  readonly stats: SolveStats;
  readonly rejections: readonly Rejection[];
  readonly events: readonly EventRecord[];
}

/** What keeps a solve's tape, where that must be freed. */
type Owner = Pick<Arithmetic, "dispose">;

const forgotten = new FinalizationRegistry<Owner>((owner) => owner.dispose?.());

/** What differentiates a solution along its steps needs of it. */
export const trajectoryOf = (solution: Solution<FloatArray, Awaitable<Gradients>>): Trajectory =>
  // biome-ignore lint/complexity/useLiteralKeys: private to users, not to the files that share a solution's steps
  solution["trajectory"];

const PULLBACK_OPTIONS: Record<keyof PullbackOptions, true> = { times: true, stopTime: true };

function checkedPullback(options: PullbackOptions): PullbackOptions {
  checkOptions("pullback", options, Object.keys(PULLBACK_OPTIONS));
  const { times, stopTime } = options;
  if (times !== undefined && typeof times !== "boolean") throw invalid("pullback option times", times, "true or false");
  if (stopTime !== undefined && !Number.isFinite(stopTime))
    throw invalid("pullback option stopTime", stopTime, "a finite number, ∂L/∂(the stop time)");
  return options;
}

/** The solution of a synchronous field (`A` = the gradients) or of an asynchronous one (`A` = a promise of them). `Y`: its array. */
export class Solution<Y extends FloatArray = FloatArray, A extends Awaitable<Gradients> = Gradients<Y>> {
  /** Output times reached. */
  readonly ts: Float64Array;
  /** States at `ts`, [ts.length × state], row-major, in the field's dtype. */
  readonly ys: Y;
  readonly status: SolveStatus;
  /** What went wrong, where `onFailure: "return"` let a failed solve return. */
  readonly error: SolveError | undefined;
  readonly stats: SolveStats;
  /** Times of the accepted steps; pass it as `grid` to replay them. */
  readonly grid: Float64Array;
  /** Steps that were tried and not accepted. */
  readonly rejections: readonly Rejection[];
  /** Events that occurred, in order. */
  readonly events: readonly EventRecord[];
  private readonly trajectory: Trajectory;
  private readonly tape: Tape | undefined;
  private readonly path: DensePath | undefined;
  private readonly owner: Owner | undefined;

  /** `owner`: of what the tape keeps elsewhere than in arrays. */
  constructor(
    trajectory: Trajectory,
    tape: Tape | undefined,
    path: DensePath | undefined,
    details: SolutionDetails,
    owner: Owner | undefined,
  ) {
    this.ts = trajectory.ts;
    this.ys = trajectory.ys as Y;
    this.grid = trajectory.grid;
    this.status = details.status;
    this.error = details.failure;
    this.stats = details.stats;
    this.rejections = details.rejections;
    this.events = details.events;
    this.trajectory = trajectory;
    this.tape = tape;
    this.path = path;
    this.owner = owner;
    if (owner) forgotten.register(this, owner, this);
  }

  /**
   * The state at any time between ts[0] and the time reached, from the steps' continuous extensions, without evaluating
   * the field: of order p − 1 or better for solvers with their own extension, the cubic Hermite interpolant (order 3) for
   * the others. Needs `dense: true`.
   */
  at(t: number): Y {
    if (!this.path) throw invalid("dense", false, "true, passed to solve, for at(t) to work");
    return this.path.at(t) as Y;
  }

  /**
   * Pulls a cotangent ∂L/∂ys (the shape of `ys`, the row of ts[0] included) back to ∂L/∂y0, ∂L/∂θ and, with
   * `times: true`, ∂L/∂ts. Events' times move with y0 and θ (implicit function theorem); where one stopped the solve, the last
   * row is the state there, before any effect, and `stopTime` is ∂L/∂(its time). May be called again. Throws `invalid` where
   * the solve had no `adjoint`, "non-finite" where an event's time has no derivative.
   */
  pullback(cotangent: ArrayLike<number>, options: PullbackOptions = {}): A {
    const { times = false, stopTime } = checkedPullback(options);
    const { tape, trajectory } = this;
    if (!tape)
      throw invalid("adjoint", undefined, "an adjoint such as backprop(), passed to solve, for pullback to work");
    const { ys, problem } = trajectory;
    if (cotangent?.length !== ys.length) throw invalid("cotangent", cotangent, `${ys.length} numbers, the shape of ys`);
    const cotangents = zeros(problem.field.dtype, ys.length);
    cotangents.set(cotangent);
    const bad = firstNotFinite(cotangents);
    if (bad >= 0) throw invalid(`cotangent[${bad}]`, cotangent[bad], `a finite number in ${problem.field.dtype}`);
    if (stopTime !== undefined && !trajectory.stopped)
      throw invalid("stopTime", stopTime, "undefined for a solve that no event stopped");
    const loss = { cotangent: cotangents, times, stopTime: stopTime ?? 0 };
    return drive(tape.pullback(trajectory, loss), problem.signal) as A;
  }

  /**
   * Frees the GPU buffers that the solve kept for `pullback`, which then throws `invalid`, and tapes in the memory of a pool
   * of threads, without which `pullback` evaluates anew. GPU buffers of solutions that are garbage-collected are freed by themselves,
   * sooner or later, and the tapes in a pool make room for whatever needs it.
   */
  dispose(): void {
    if (this.owner) forgotten.unregister(this);
    this.owner?.dispose?.();
    this.tape?.dispose?.();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A solution whose pullback is asynchronous, as its field is. */
export type AsyncSolution<Y extends FloatArray = FloatArray> = Solution<Y, Promise<Gradients<Y>>>;
