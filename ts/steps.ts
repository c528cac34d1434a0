// steps(): a solve as an iterator, for live loops: it keeps nothing, need not end, and is the one loop of ts/integration, which
// pauses after each step.
import { type ArrayOf, type Dtype, type FloatArray, zeros } from "./base/dtype.ts";
import { checkOptions, invalid, SolveError } from "./base/errors.ts";
import { type Awaitable, drive, type Waiting } from "./base/waiting.ts";
import { EventWatch } from "./events/watch.ts";
import type { AsyncField, Field } from "./fields/field.ts";
import type { AsyncFieldFunction, BareField, FieldFunction, NumbersFieldFunction } from "./fields/function.ts";
import { integrate, type Outcome } from "./integration/integrate.ts";
import { load, setUp } from "./integration/setup.ts";
import { TAKEN, TakenStep } from "./integration/taken-step.ts";
import { requestOf } from "./options/check.ts";
import { isNumbers, monotone } from "./options/checks.ts";
import { FixedTimes } from "./options/fixed-times.ts";
import { OPTION_NAMES, type SolveOptions } from "./options/options.ts";
import { stepsOf } from "./options/steps.ts";
import type { EventRecord } from "./problem/event.ts";
import type { Problem } from "./problem/problem.ts";
import type { StepStats } from "./problem/report.ts";
import type { SolveStatus } from "./solution.ts";
import { Scratch } from "./wasm/scratch.ts";

/** A step that `steps` has taken. */
export interface Step<Y extends FloatArray = FloatArray, At = Y> {
  /** The time reached. */
  readonly t: number;
  /** The step taken, negative where time decreases. */
  readonly h: number;
  /** The state at t, [state] in the field's dtype; the next step overwrites it. */
  readonly y: Y;
  /** Counts so far; the same object in every step. */
  readonly stats: Readonly<StepStats>;
  /**
   * A new array of the state at any time within this step, from its continuous extension; to be asked before the next step is
   * taken. Solvers whose extension has evaluations of its own (`vern7`, `vern9`, `dop853`) make them at the first call.
   * Throws `SolveError` "invalid" for other times.
   */
  readonly at: (t: number) => At;
}

/** Options of `steps`: those of `solve` but for what keeps steps. */
export interface StepsOptions
  extends Omit<SolveOptions, "ts" | "dense" | "output" | "adjoint" | "onStep" | "onFailure"> {
  /** Start and end; the end may be Infinity or −Infinity. */
  readonly ts: ArrayLike<number>;
}

/** How `steps` stands: as `solution.status`, or "running", or "left" by its user or by an exception of the user's functions. */
export type StepsStatus = SolveStatus | "running" | "left";

/** What `steps` says of itself while it goes on. */
export interface StepsReport {
  /** "running" until it has ended. */
  readonly status: StepsStatus;
  /** Events that occurred so far, in order. */
  readonly events: readonly EventRecord[];
  /** Counts so far. */
  readonly stats: Readonly<StepStats>;
}

/** The steps of a synchronous field, for `for (const { t, y } of …)`. */
export interface Steps<Y extends FloatArray = FloatArray> extends StepsReport {
  /** Takes the next step. Throws what ends the solve. */
  next(): IteratorResult<Step<Y>, undefined>;
  /** Leaves the loop and gives the memory back, as `break` does. */
  return(): IteratorResult<Step<Y>, undefined>;
  /** Itself. */
  [Symbol.iterator](): Steps<Y>;
}

/** The steps of an asynchronous field, for `for await (const { t, y } of …)`. */
export interface AsyncSteps<Y extends FloatArray = FloatArray> extends StepsReport {
  /** Takes the next step. Rejects with what ends the solve. */
  next(): Promise<IteratorResult<Step<Y, Awaitable<Y>>, undefined>>;
  /** Leaves the loop and gives the memory back, as `break` does. */
  return(): Promise<IteratorResult<Step<Y, Awaitable<Y>>, undefined>>;
  /** Itself. */
  [Symbol.asyncIterator](): AsyncSteps<Y>;
}

type Taken = IteratorResult<Step<FloatArray, Awaitable<FloatArray>>, undefined>;

/** What keeps steps, or is told of them otherwise. */
const KEEPING = ["dense", "output", "adjoint", "onStep", "onFailure"];

const NONE: Readonly<StepStats> = { steps: 0, accepted: 0, rejected: 0, evaluations: 0, firstStep: Number.NaN };

/** So many times of fixed steps are known at once. */
const WINDOW = 256;

/** Start and end; an infinite end becomes the last number. */
function spanOf(name: string, value: unknown): ReturnType<typeof monotone> {
  if (!isNumbers(value) || value.length !== 2)
    throw invalid(name, value, "[start, end], where the end may be Infinity or -Infinity");
  const last = value[1]!;
  const end = Math.abs(last) === Number.POSITIVE_INFINITY ? Math.sign(last) * Number.MAX_VALUE : last;
  return monotone(name, [value[0], end]);
}

/** Gives the memory of steps back that were neither ended nor left. */
const forgotten = new FinalizationRegistry<Scratch>((scratch) => scratch.release());

class Iteration {
  status: StepsStatus = "running";
  stats: Readonly<StepStats> = NONE;
  private readonly problem: Problem;
  private readonly nextTime: (() => number) | undefined;
  private readonly scratch: Scratch = new Scratch();
  private watch: EventWatch | undefined;
  private taken: TakenStep | undefined;
  private loop: Waiting<Outcome> | undefined;
  /** Settles when the step that is being waited for is there. */
  private coming: Promise<unknown> | undefined;
  private answersLater = false;
  private mustAnswerNow = false;

  constructor(problem: Problem, nextTime: (() => number) | undefined) {
    this.problem = problem;
    this.nextTime = nextTime;
  }

  get events(): readonly EventRecord[] {
    return this.watch?.occurrences.records ?? [];
  }

  [Symbol.iterator](): this {
    this.mustAnswerNow = true;
    return this;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Awaitable<Taken> {
    if (this.coming !== undefined) return this.coming.then(() => this.next());
    if (this.status !== "running") return this.ended();
    let result: IteratorResult<Promise<unknown>, Outcome>;
    try {
      if (this.taken?.next()) return this.step(this.taken);
      this.loop ??= this.start();
      result = this.loop.next();
    } catch (error) {
      this.end(error instanceof SolveError ? error.code : "left");
      throw error;
    }
    if (result.done || result.value === TAKEN) return this.handOut(result);
    this.answersLater = true;
    if (this.mustAnswerNow) {
      result.value.catch(() => {});
      this.end("left");
      throw invalid(
        "the field's answer",
        result.value,
        "numbers, or for await (… of steps(…)) for a field that is asynchronous",
      );
    }
    const later = this.wait(this.loop, result.value);
    this.coming = later.then(
      () => (this.coming = undefined),
      () => (this.coming = undefined),
    );
    return later;
  }

  /** Leaves the loop, and gives the memory back. */
  return(): Awaitable<Taken> {
    this.end("left");
    return this.ended();
  }

  private ended(): Awaitable<Taken> {
    const result = { done: true, value: undefined } as const;
    return this.answersLater ? Promise.resolve(result) : result;
  }

  private end(status: StepsStatus): void {
    if (this.status !== "running") return;
    this.status = status;
    this.loop?.return(undefined as never);
    this.scratch.release();
    forgotten.unregister(this);
  }

  private start(): Waiting<Outcome> {
    const { problem, scratch } = this;
    const setup = setUp(problem, scratch, 0);
    scratch.lease();
    forgotten.register(this, scratch, this);
    load(setup, problem);
    const { host } = setup.machine.arithmetic;
    if (host && problem.events.length > 0) this.watch = new EventWatch(problem, setup.interpolator!, host);
    const { watch } = this;
    const taken = new TakenStep(problem, setup, scratch, watch, this.nextTime);
    this.taken = taken;
    const ys = zeros(problem.field.dtype, problem.ts.length * problem.y0.length);
    return integrate({ setup, problem, path: undefined, tape: undefined, watch, ys, each: taken.take });
  }

  private step({ end: t, h, y, stats, at }: TakenStep): Taken {
    return { done: false, value: { t, h, y, stats: stats!, at } };
  }

  private handOut(result: IteratorResult<Promise<unknown>, Outcome>): Taken {
    const { taken } = this;
    if (!result.done) {
      this.stats = taken!.stats!;
      return this.step(taken!);
    }
    // undefined where the loop was left meanwhile.
    const outcome: Outcome | undefined = result.value;
    if (outcome) {
      this.stats = outcome.stats;
      this.end(outcome.stopped ? "stopped" : (outcome.failure?.code ?? "done"));
      if (outcome.failure) throw outcome.failure;
    }
    return { done: true, value: undefined };
  }

  private async wait(loop: Waiting<Outcome>, first: Promise<unknown>): Promise<Taken> {
    try {
      return this.handOut(await drive(untilTaken(loop, first), this.problem.signal));
    } catch (error) {
      this.end(error instanceof SolveError ? error.code : "left");
      throw error;
    }
  }
}

/** Goes on, from a promise that the loop waits for, to the next step taken or the end. */
function* untilTaken(
  loop: Waiting<Outcome>,
  first: Promise<unknown>,
): Waiting<IteratorResult<Promise<unknown>, Outcome>> {
  let pending = first;
  for (;;) {
    let result: IteratorResult<Promise<unknown>, Outcome>;
    try {
      const value = yield pending;
      result = loop.next(value);
    } catch (error) {
      result = loop.throw(error);
    }
    if (result.done || result.value === TAKEN) return result;
    pending = result.value;
  }
}

/**
 * Solves as `solve` does and hands out every step as it is taken, for live loops, games and control:
 * `for (const { t, y } of steps(lorenz, { y0: [1, 1, 1], ts: [0, Infinity] })) …`; `for await` for an asynchronous field.
 * Nothing is kept, so memory stays the same however many steps there are, and there is no `maxSteps` unless it is given. The
 * states are, bit for bit, those of a `solve` with the same options that lands on no other times. A terminal event is the end of
 * the last step; an error is thrown out of the loop. Leaving the loop gives the memory back.
 *
 * Throws `SolveError` "invalid" at once for bad options; the loop throws the other codes, as `solve` does.
 */
export function steps(field: FieldFunction, options: StepsOptions): Steps<Float64Array>;
/** The same for a function that answers with promises. */
export function steps(field: AsyncFieldFunction, options: StepsOptions): AsyncSteps<Float64Array>;
/** The same for an asynchronous field, such as one on a GPU. */
export function steps(field: AsyncField, options: StepsOptions): AsyncSteps;
/** The same for a field of a known precision. */
export function steps<D extends Dtype>(field: Field & { readonly dtype: D }, options: StepsOptions): Steps<ArrayOf<D>>;
/** The same for a function of `number[]`. */
export function steps(field: NumbersFieldFunction, options: StepsOptions): Steps<Float64Array>;
/** The same for a synchronous field of any kind. */
export function steps(field: FieldFunction | Field, options: StepsOptions): Steps;
export function steps(field: BareField | NumbersFieldFunction | Field, options: StepsOptions): Steps | AsyncSteps {
  const known = Object.keys(OPTION_NAMES).filter((name) => !KEEPING.includes(name));
  checkOptions("steps", options, known);
  // States on a device are not looked at where steps are given.
  const given = options.stepSize !== undefined || options.grid !== undefined;
  let fixed: FixedTimes | undefined;
  const { problem } = requestOf(
    field as BareField | Field,
    {
      ...options,
      maxSteps: options.maxSteps ?? Number.POSITIVE_INFINITY,
      residency: options.residency ?? (given ? "host" : undefined),
    },
    spanOf,
    (all, solver, ts, stops, direction) => {
      const { stepSize } = all;
      // However many there are: they are counted as they are taken.
      const chosen = stepsOf({ ...all, onFailure: "return" }, solver, ts, stops, direction, 1);
      if (stepSize === undefined || chosen.kind === "adaptive") return chosen;
      fixed = new FixedTimes(ts[0]!, stops, stepSize, direction);
      const grid = Float64Array.from({ length: WINDOW }, (_, n) => (n === 0 ? ts[0]! : fixed!.next()));
      return { kind: "given", grid };
    },
  );
  if (problem.residency === "device" && problem.steps.kind === "given")
    throw invalid("residency", "device", '"host" together with stepSize or grid');
  const nextTime = fixed && ((): number => fixed!.next());
  return new Iteration({ ...problem, extended: true }, nextTime) as unknown as Steps | AsyncSteps;
}
