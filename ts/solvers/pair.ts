// What a reversible method knows of its two states, y and z. Where the dynamics damp a mode by x = h|α| in a step, the method
// has a parasitic mode that grows by about λeˣ (λ the coupling). The error estimate does not see that mode; the gap z − y
// does, long before the solution is lost. Under error control the gap takes part in the verdict on a step, so that steps stay
// as short as the damping asks for. Where steps are given, a gap as large as the state ends the solve. With coupling 1 no
// step lowers the gap: it has no say, and one of 1000 tolerances ends the solve.
import type { FloatArray } from "../base/dtype.ts";
import { SolveError } from "../base/errors.ts";

/**
 * The gap, in tolerances, that error control allows; beyond it a step is rejected. A gap that was too large before the step,
 * since the scale has become smaller, may stay as it is: it falls by the coupling a step. Of 300 solves of damped and undamped problems with coupling 0.9 none
 * failed, and errors stayed below 100 tolerances; with 300 in place of 10 they came to 4600.
 */
const ALLOWED = 10;
/**
 * The difference, in tolerances at the largest state so far, that ends an adaptive solve with coupling 1. There each change of
 * the step, as at an output, leaves a gap that alternates for good, and no shorter step lowers it.
 */
const BEARABLE = 1000;
/** A smaller gap has no say in the size of the next step. */
const COUNTED = 1;
/**
 * What the gap is multiplied by before it is measured: in float32 norms leave out the rounding of the state, and each of the
 * two states has gathered the roundings of many steps.
 */
const SHARE = 1 / 64;

const largestOf = (numbers: FloatArray): number => {
  let largest = 0;
  for (let i = 0; i < numbers.length; i++) largest = Math.max(largest, Math.abs(numbers[i]!));
  return largest;
};

/** How errors are measured; see `Measure` in vectors/arithmetic.ts. */
interface PairMeasure {
  readonly kind: "rms" | "max";
  readonly segments: readonly { readonly length: number; readonly weight: number }[];
  readonly rtol: number | ArrayLike<number>;
  readonly atol: number | ArrayLike<number>;
}

/** The vectors of a step: start and end state of two parts, derivatives, and the gap, before and after it, as terms. */
interface PairStep<V, T> {
  readonly start: readonly V[];
  readonly end: readonly V[];
  readonly instructions: readonly { readonly k: V | undefined }[];
  readonly measured: readonly unknown[];
  readonly gap: { readonly after: T } | undefined;
}

/** The step in work of a solve. */
interface StepInWork<V, T> {
  readonly t: number;
  readonly h: number;
  readonly end: number;
  /** The steps, where they are given. */
  readonly given: unknown;
  readonly program: PairStep<V, T>;
  readonly stats: { gap?: number };
  readonly problem: { readonly solver: { readonly name: string } };
}

/** What measures and shows vectors. */
interface PairHost<V, T> {
  norm(terms: T, h: number, ya: V, yb: V): number;
  view(vector: V): FloatArray;
}

/** Whether a gap of so many tolerances has a say in the verdict on a step. NaN has. */
const counts = (gap: number): boolean => !(gap <= COUNTED);

const distance = (y: FloatArray, z: FloatArray): number => {
  let largest = 0;
  for (let i = 0; i < y.length; i++) largest = Math.max(largest, Math.abs(z[i]! - y[i]!));
  return largest;
};

/** The pair of a method with this coupling. */
export class Pair {
  /** What a difference of the states is multiplied by in a step, but for the field. */
  readonly coupling: number;

  constructor(coupling: number) {
    this.coupling = coupling;
  }

  /** The weight of z − y where it is measured. */
  readonly share: number = SHARE;

  /**
   * Starts to follow the pair over a solve from a state of this length. `estimate`: the scaled error of several norms, where
   * one is not enough. Without a host, only what error control measures is known.
   */
  watch<V, T>(
    measure: PairMeasure,
    length: number,
    host: PairHost<V, T> | undefined,
    estimate?: (norms: Float64Array) => number,
  ): PairWatch<V, T> {
    return new PairWatch(this, measure, length, host, estimate);
  }

  /** Whether the states are together at the end of a solve with outputs `ys`, for steps that nobody looked at. */
  isTogether([y, z]: readonly FloatArray[], ys: FloatArray): boolean {
    return distance(y!, z!) <= largestOf(ys);
  }

  /** The failure of a solve by the method of this name; `gap`: in tolerances, if it is known. */
  failure(name: string, t: number, h: number, gap?: number): SolveError {
    const { coupling } = this;
    const apart = gap === undefined ? "far" : `${gap.toPrecision(2)} tolerances`;
    const lower = [0.9, 0.5].find((value) => value < coupling);
    // Nothing damps a difference at coupling 1: changes of the step leave it, damping of the solution lets it grow.
    const cause =
      coupling === 1
        ? "which nothing damps: it comes from changes of the step, as at outputs, and grows where the solution is damped"
        : `since its coupling ${Number(coupling.toPrecision(3))} damps their difference less than the solution is damped`;
    let remedy = "shorter steps";
    if (coupling === 1) remedy = "fewer outputs and stepTimes, or reversible(solver)";
    else if (lower !== undefined) remedy = `a coupling of ${lower}, reversible(solver, { coupling: ${lower} })`;
    return new SolveError(
      "unstable-pair",
      `at t = ${t}, step ${h}: the two states of ${name} are ${apart} apart, ${cause}. Try ${remedy}` +
        `${coupling === 1 ? "" : ", or the solver it is made of with the adjoint symplectic()"}`,
      { t, h },
    );
  }
}

/** The largest of the tolerances. */
const most = (tolerance: number | ArrayLike<number>): number =>
  typeof tolerance === "number" ? tolerance : Math.max(...Array.from(tolerance));

/** The pair over a solve: the gap is measured with every step, has its say in error control, and is noted. */
export class PairWatch<V, T> {
  /** Whether the gap counted for more than the error of the step judged last. */
  held = false;
  /** The gap after the last step taken, in tolerances. */
  private last: number = Number.NaN;
  /** The gap after the step judged last, in tolerances, and where the step ended. */
  private gap: number = Number.NaN;
  private end: number = Number.NaN;
  /** The largest number of a state so far, or, in a solve from rest, what the field adds to it in the first steps. */
  private scale = 0;
  private readonly pair: Pair;
  /** Whether nothing but the field damps the gap, so that shorter steps do not lower it. */
  private readonly undamped: boolean;
  private readonly host: PairHost<V, T> | undefined;
  private readonly estimate: ((norms: Float64Array) => number) | undefined;
  private readonly rtol: number;
  private readonly atol: number;
  /** How much larger than the norm a single ratio may be; Infinity where the norm leaves out numbers of the state. */
  private readonly factor: number;

  constructor(
    pair: Pair,
    { kind, segments, rtol, atol }: PairMeasure,
    length: number,
    host: PairHost<V, T> | undefined,
    estimate: ((norms: Float64Array) => number) | undefined,
  ) {
    this.pair = pair;
    this.undamped = pair.coupling === 1;
    this.host = host;
    this.estimate = estimate;
    this.rtol = most(rtol);
    this.atol = most(atol);
    let measured = 0;
    let factor = 1;
    for (const segment of segments) {
      measured += segment.length;
      factor = Math.max(factor, (kind === "rms" ? Math.sqrt(segment.length) : 1) / segment.weight);
    }
    this.factor = measured < length ? Number.POSITIVE_INFINITY : factor;
  }

  /** The scaled error of a step, of the norms of its estimates and of the gap after and before it. */
  readonly error: (norms: Float64Array) => number = (norms) => {
    const { estimate } = this;
    const first = estimate ? 2 : 1;
    const error = estimate ? estimate(norms) : norms[0]!;
    this.gap = norms[first]! / SHARE;
    // A gap that no shorter step lowers has no say: `isApart` looks whether it is bearable.
    const byGap = !this.undamped && counts(this.gap) ? this.gap / Math.max(ALLOWED, norms[first + 1]! / SHARE) : 0;
    this.held = byGap > error;
    return Math.max(error, byGap);
  };

  /** Whether the states are so close after a step that the norm of its one estimate is all that counts. */
  isClose(step: PairStep<V, T>): boolean {
    if (!this.host || step.measured.length > 3) return false;
    this.measure(this.host, step);
    this.held = false;
    return !counts(this.gap);
  }

  /**
   * The factor on the size of the next step, for the one that error control asks for. A gap that falls, in tolerances, needs no
   * shorter steps: a coupling near 1 lets it fall slowly, however short they are.
   */
  eased(factor: number): number {
    return this.held && this.gap <= this.last && factor > 0 ? Math.max(factor, 1) : factor;
  }

  /** Whether the gap is why a solve goes no further: the error of short steps is then that of the gap. */
  get isToBlame(): boolean {
    return this.held || (this.undamped && this.gap > 10 * BEARABLE);
  }

  /** Whether y and z have come apart after a step, where shorter steps cannot be taken or do not help. */
  isApart({ program, h, end, given }: StepInWork<V, T>): boolean {
    const { host } = this;
    this.end = end;
    if (!host || (given === undefined && !this.undamped)) return false;
    if (given !== undefined) this.measure(host, program);
    // The gap alone shows it nearly always. The scale only grows, and the bound with it.
    if (given !== undefined && 2 * this.gap * this.factor * (this.atol + this.rtol * this.scale) < this.scale)
      return false;
    const y = host.view(program.end[0]!);
    if (this.scale === 0) {
      this.scale = largestOf(host.view(program.start[0]!));
      for (const { k } of program.instructions)
        if (k) this.scale = Math.max(this.scale, 4 * Math.abs(h) * largestOf(host.view(k)));
    }
    this.scale = Math.max(this.scale, largestOf(y));
    const bound =
      given === undefined ? BEARABLE * this.atol + Math.min(1, BEARABLE * this.rtol) * this.scale : this.scale;
    return !(distance(y, host.view(program.end[1]!)) <= bound);
  }

  /** Notes the gap of a step that is taken. One that was made to end at an event has another than it was judged by. */
  note({ program, end, stats }: StepInWork<V, T>): void {
    if (this.end !== end && this.host) this.measure(this.host, program);
    this.last = this.gap;
    if (this.gap > (stats.gap ?? -1)) stats.gap = this.gap;
  }

  /** The failure of a solve in its step in work. */
  failure({ t, h, problem }: StepInWork<V, T>): SolveError {
    return this.pair.failure(problem.solver.name, t, h, this.gap);
  }

  private measure(host: PairHost<V, T>, { start, end, gap }: PairStep<V, T>): void {
    this.gap = host.norm(gap!.after, 1, start[0]!, end[0]!) / SHARE;
  }
}
