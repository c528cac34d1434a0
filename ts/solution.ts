// What `solve` returns: ordinary typed arrays, the counts, and the way back.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Adjoint, Gradients, PeakBytes, PullbackOptions, Tape, Trajectory } from "./adjoints/adjoint.ts";
import type { FloatArray } from "./base/dtype.ts";
import { invalid, type SolveError, type SolveErrorCode } from "./base/errors.ts";
import type { Awaitable } from "./base/waiting.ts";
import { drive } from "./base/waiting.ts";
import type { DensePath } from "./integration/dense-path.ts";
import type { EventRecord } from "./problem/event.ts";
import type { Rejection, StepStats } from "./problem/report.ts";
import type { Arithmetic } from "./vectors/arithmetic.ts";

/** "done", "stopped" by a terminal event, or the code of what went wrong. */
export type SolveStatus = "done" | "stopped" | SolveErrorCode;

/** Counts and measured bytes of a solve. */
export interface SolveStats extends Readonly<StepStats> {
  /** Most bytes held at once, by what they hold. */
  readonly peakBytes: PeakBytes;
}

type OwnProperties =
  | "ts"
  | "ys"
  | "status"
  | "error"
  | "stats"
  | "grid"
  | "rejections"
  | "events"
  | "t"
  | "y"
  | "nextStep";

/** What keeps a solve's tape, where that must be freed. */
type Owner = Pick<Arithmetic, "dispose">;

const forgotten = new FinalizationRegistry<Owner>((owner) => owner.dispose?.());

/** What differentiates a solution along its steps needs of it. */
export let trajectoryOf: (solution: Solution<FloatArray, Awaitable<Gradients>>) => Trajectory;

/** An index from 0 to `count` − 1, or from −`count` to −1 counted from the end. */
function within(name: string, i: number, count: number): number {
  if (Number.isInteger(i) && i >= -count && i < count) return i < 0 ? count + i : i;
  throw invalid(name, i, `an integer from -${count} to ${count - 1}`);
}

/** Typed arrays as arrays, all the way down. */
const plain = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return Array.from(value as unknown[], plain);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
};

/** What `toJSON` makes of a solution: plain arrays and numbers. NaN, such as a `nextStep`, is null in JSON. */
export interface SolutionJson {
  /** As the solution's. */
  readonly status: SolveStatus;
  /** What went wrong, where a failed solve returned. */
  readonly error?:
    | { readonly code: SolveErrorCode; readonly message: string; readonly t: number; readonly h: number }
    | undefined;
  /** Counts and measured bytes. */
  readonly stats: SolveStats;
  /** Output times reached. */
  readonly ts: number[];
  /** [ts.length × state], row-major. */
  readonly ys: number[];
  /** Times of the accepted steps. */
  readonly grid: number[];
  /** Steps that were tried and not accepted. */
  readonly rejections: Rejection[];
  /** The time that the solve came to. */
  readonly t: number;
  /** The state at `t`. */
  readonly y: number[];
  /** The size of the step that would have come next. */
  readonly nextStep: number;
  /** Events that occurred, in order. */
  readonly events: { readonly index: number; readonly t: number; readonly y: number[]; readonly yAfter?: number[] }[];
}

/**
 * The solution of a synchronous field (`A` = the gradients) or of an asynchronous one (`A` = a promise of them). `Y`: its array,
 * of the field's dtype. All arrays are copies, which later solves leave alone; its own properties are plain data, so that
 * `structuredClone` and `postMessage` take them (and leave the methods).
 */
export class Solution<Y extends FloatArray = FloatArray, A extends Awaitable<Gradients> = Gradients<Y>> {
  /** Output times reached. */
  readonly ts: Float64Array;
  /** States at `ts`, [ts.length × state], row-major, in the field's dtype; see `state` and `component`. */
  readonly ys: Y;
  /** "done", "stopped" by a terminal event, or, with `onFailure: "return"`, the code of what went wrong. */
  readonly status: SolveStatus;
  /** What went wrong, where `onFailure: "return"` let a failed solve return. */
  readonly error: SolveError | undefined;
  /** Counts and measured bytes. */
  readonly stats: SolveStats;
  /** Times of the accepted steps; pass it as `grid` to replay them. */
  readonly grid: Float64Array;
  /** Steps that were tried and not accepted. */
  readonly rejections: readonly Rejection[];
  /** Events that occurred, in order. */
  readonly events: readonly EventRecord[];
  /** The time that the solve came to: the last output, the event that stopped it, or where it failed. */
  readonly t: number;
  /** The state at `t`, [state]; before any effect of the event that stopped the solve. */
  readonly y: Y;
  /** The size (positive) of the step that would have come next, for `firstStep`; NaN where steps were given. */
  readonly nextStep: number;
  readonly #trajectory: Trajectory;
  readonly #tape: Tape | undefined;
  readonly #lossOf: Adjoint["lossOf"] | undefined;
  readonly #path: DensePath | undefined;
  readonly #owner: Owner | undefined;

  static {
    trajectoryOf = (solution) => solution.#trajectory;
    // How Node, Deno and Bun ask for what console.log shows.
    Object.assign(Solution.prototype, { [Symbol.for("nodejs.util.inspect.custom")]: Solution.prototype.toString });
  }

  /** `owner`: of what the tape keeps elsewhere than in arrays. */
  constructor(
    trajectory: Trajectory,
    tape: Tape | undefined,
    lossOf: Adjoint["lossOf"] | undefined,
    path: DensePath | undefined,
    own: Pick<Solution<FloatArray, Awaitable<Gradients>>, OwnProperties>,
    owner: Owner | undefined,
  ) {
    this.ts = own.ts;
    this.ys = own.ys as Y;
    this.status = own.status;
    this.error = own.error;
    this.stats = own.stats;
    this.grid = own.grid;
    this.rejections = own.rejections;
    this.events = own.events;
    this.t = own.t;
    this.y = own.y as Y;
    this.nextStep = own.nextStep;
    this.#trajectory = trajectory;
    this.#tape = tape;
    this.#lossOf = lossOf;
    this.#path = path;
    this.#owner = owner;
    if (owner) forgotten.register(this, owner, this);
  }

  /** A copy of the state at `ts[i]`, [state]; −1 is the last. Throws "invalid" for other rows than there are. */
  state(i: number): Y {
    const { ts, ys } = this;
    const row = within("state(i)", i, ts.length);
    const n = ys.length / ts.length;
    return ys.slice(row * n, (row + 1) * n) as Y;
  }

  /** A copy of component k at all times, [ts.length]; −1 is the last. Throws "invalid" for other components than there are. */
  component(k: number): Y {
    const { ts, ys } = this;
    const n = ys.length / ts.length;
    const column = within("component(k)", k, n);
    return ys.filter((_, i) => i % n === column) as Y;
  }

  /** The solution as plain data, for `JSON.stringify`: without what `at` and `pullback` need. */
  toJSON(): SolutionJson {
    const { error } = this;
    return { ...(plain({ ...this }) as SolutionJson), error: error && { ...error, message: error.message } };
  }

  /** One line on what it is. */
  toString(): string {
    const { ts, ys, t, status, stats, error } = this;
    const what = `${ts.length} × ${ys.length / ts.length} numbers to t = ${t}, ${stats.accepted} steps`;
    return `Solution (${status}): ${what}${error ? `. ${error.message}` : ""}`;
  }

  /**
   * The state at any time between ts[0] and the time reached, from the steps' continuous extensions, without evaluating
   * the field: of order p − 1 or better for solvers with their own extension, the cubic Hermite interpolant (order 3) for
   * the others. Needs `dense: true`.
   */
  at(t: number): Y {
    if (!this.#path) throw invalid("dense", false, "true, passed to solve, for at(t) to work");
    return this.#path.at(t) as Y;
  }

  /**
   * Pulls a cotangent ∂L/∂ys (the shape of `ys`, the row of ts[0] included) back to ∂L/∂y0, ∂L/∂θ and, with
   * `times: true`, ∂L/∂ts. Events' times move with y0 and θ (implicit function theorem); where one stopped the solve, the last
   * row is the state there, before any effect, and `stopTime` is ∂L/∂(its time). May be called again. Throws `invalid` where
   * the solve had no `adjoint`, "non-finite" where an event's time has no derivative.
   */
  pullback(cotangent: ArrayLike<number>, options: PullbackOptions = {}): A {
    const [tape, lossOf, trajectory] = [this.#tape, this.#lossOf, this.#trajectory];
    if (!tape || !lossOf)
      throw invalid("adjoint", undefined, "an adjoint such as backprop(), passed to solve, for pullback to work");
    const loss = lossOf(trajectory, cotangent, options);
    return drive(tape.pullback(trajectory, loss), trajectory.problem.signal) as A;
  }

  /**
   * Frees the GPU buffers that the solve kept for `pullback`, which then throws `invalid`, and tapes in the memory of a pool
   * of threads, without which `pullback` evaluates anew. GPU buffers of solutions that are garbage-collected are freed by themselves,
   * sooner or later, and the tapes in a pool make room for whatever needs it.
   */
  dispose(): void {
    if (this.#owner) forgotten.unregister(this);
    this.#owner?.dispose?.();
    this.#tape?.dispose?.();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A solution whose pullback is asynchronous, as its field is. */
export type AsyncSolution<Y extends FloatArray = FloatArray> = Solution<Y, Promise<Gradients<Y>>>;
