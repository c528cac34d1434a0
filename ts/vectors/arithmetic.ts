// What a solve does with its vectors, wherever they are: in WebAssembly memory (wasm-arithmetic.ts), or on a device that
// the field computes on. Linear combinations are recorded or done at once; numbers that decide something may have to be
// waited for.

import type { Dtype, FloatArray } from "../base/dtype.ts";
import type { SolveError } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { VectorKernels } from "./kernels.ts";

/**
 * A vector of a solve, wherever it is: a `HostVector` in WebAssembly memory, another kind on a device. Where its numbers are
 * is known only to the arithmetic that declared it and to the field bound beside that.
 */
export interface Vector {
  readonly length: number;
  readonly dtype: Dtype;
}

/** Σ cⱼ vⱼ with everything but the step size fixed. */
export interface Terms {
  readonly count: number;
}

/** Terms whose weights change from use to use. */
export interface MutableTerms extends Terms {
  set(weights: ArrayLike<number>): void;
}

/** A vector that is only measured, never stored: h Σ terms, or Σ terms where `unit`. */
export interface Measured<T extends Terms = Terms> {
  readonly terms: T;
  readonly unit: boolean;
}

/** One part of the state for the norm: the error norm is the largest `weight` · norm(part). */
export interface Segment {
  readonly start: number;
  readonly length: number;
  readonly weight: number;
}

/** How errors are measured. */
export interface Measure {
  readonly kind: "rms" | "max";
  readonly segments: readonly Segment[];
  /** A number, or one for each element of the state. */
  readonly rtol: number | ArrayLike<number>;
  readonly atol: number | ArrayLike<number>;
}

/** The room that a measure needs: all measures with the same figures fit in the same room. */
export interface MeasureRoom {
  readonly segments: number;
  /** Whether there is a tolerance for each element. */
  readonly rtols: boolean;
  readonly atols: boolean;
}

export const roomOf = ({ segments, rtol, atol }: Measure): MeasureRoom => ({
  segments: segments.length,
  rtols: typeof rtol !== "number",
  atols: typeof atol !== "number",
});

/** Rows of one width that outlive the solve, appended one by one. */
export interface Rows {
  readonly length: number;
  readonly bytes: number;
  /** What `bytes` will be once another row is pushed. */
  readonly bytesWithNext: number;
  push(row: Vector): void;
  /** Overwrites row n, which was pushed before. */
  write(n: number, row: Vector): void;
  /** Copies row n into `into`. */
  read(n: number, into: Vector): void;
  /** Row n itself, to be pushed elsewhere. */
  row(n: number): Vector;
}

/**
 * The operations on vectors of one kind. It takes only vectors that it, or another arithmetic of the same solve, has
 * declared.
 */
export interface Arithmetic {
  /** Numbers in a state. */
  readonly length: number;
  readonly dtype: Dtype;
  /** This arithmetic, where its vectors are in WebAssembly memory; undefined where they are on a device. */
  readonly host: HostArithmetic | undefined;
  /** Bytes declared so far. */
  readonly bytes: number;
  /** The WebAssembly kernels, for what is computed of single numbers; only after `load`. */
  readonly kernels: VectorKernels;

  /** Declares a vector of the state's length. */
  vector(): Vector;
  /** Declares `parts` vectors that lie side by side, and the whole of them as one vector. */
  adjacent(parts: number): { whole: Vector; parts: Vector[] };
  /** Declares Σ weightsⱼ vectorsⱼ; terms of weight 0 are left out. */
  terms(vectors: readonly Vector[], weights: readonly number[]): Terms;
  /** Declares Σ weightsⱼ vectorsⱼ with weights to be set before each use. */
  mutableTerms(vectors: readonly Vector[]): MutableTerms;
  /** Declares room for a measure. */
  measureIn(room: MeasureRoom): void;
  /** The arithmetic of vectors of another length in the same place, declared in a solve's own part of its block. */
  like(scratch: Scratch, length: number): Arithmetic;
  /** Fills what was declared and, where room for one was declared, sets how `norm` measures; once, after the lease. */
  load(measure?: Measure): void;

  /** out ← base + h Σ terms; no base counts as 0. `out` may be the base or one of the terms' vectors. */
  combine(out: Vector, base: Vector | undefined, terms: Terms, h: number): void;
  /** out ← value, every number of it. */
  fill(out: Vector, value: number): void;
  /** out ← factor · x, of out's length. */
  assign(out: Vector, factor: number, x: Vector): void;
  /** `length` numbers of a vector, from `start` on, as a vector; only after the lease. */
  part(whole: Vector, start: number, length: number): Vector;
  /** The scaled norm of h Σ terms, by the declared measure, with the scale of max(|ya|, |yb|); NaN if not finite. */
  norm(terms: Terms, h: number, ya: Vector, yb: Vector): Awaitable<number>;
  /**
   * The controller's factor on the step size for the error h Σ terms, negative where it exceeds the tolerances. On a device
   * also where anything of yb is not finite.
   */
  judge(controller: number, terms: Terms, h: number, ya: Vector, yb: Vector): Awaitable<number>;
  /** The same for a scaled error that `error` makes of the norms of several vectors, given in their order. */
  judgeBy(
    controller: number,
    measured: readonly Measured[],
    h: number,
    ya: Vector,
    yb: Vector,
    error: (norms: Float64Array) => number,
  ): Awaitable<number>;
  dot(a: Vector, b: Vector): Awaitable<number>;
  isFinite(x: Vector): Awaitable<boolean>;

  /** Copies numbers into a vector. */
  copyIn(to: Vector, numbers: FloatArray): void;
  /** Copies a vector into an array, from `at` on, where the numbers are once `arrived` says so. */
  copyOut(from: Vector, into: FloatArray, at?: number): void;
  arrived(): Promise<void> | undefined;
  /** Rows of `width` numbers that outlive the solve; there will be `limit` of them at most. */
  rows(width: number, limit?: number): Rows;
  /** Looks at what has arrived at the end of a solve, where nobody could look before. */
  lateFailure?<P extends Unseen>(problem: P, arrived: Arrived): LateFailure<P> | undefined;
  /** Frees the rows, where nobody else does. */
  dispose?(): void;
}

/** A solve whose states nobody looks at on the way. */
export interface Unseen {
  readonly solver: Solver;
  readonly y0: FloatArray;
  readonly ts: Float64Array;
  readonly stops: Float64Array;
  readonly direction: number;
}

/** What has arrived at its end: step times, filled rows of output, the last state part by part. */
export interface Arrived {
  readonly grid: Float64Array;
  readonly outputs: number;
  readonly ys: FloatArray;
  readonly parts: readonly FloatArray[];
}

/** A failure that showed when the solve was over. */
export interface LateFailure<P extends Unseen> {
  readonly failure: SolveError;
  /**
   * The problem up to there, its steps given, where something of it is sound: what came after has taken the place of what
   * was reached.
   */
  readonly reached?: P;
}

/** What has its numbers in an array: a vector in WebAssembly memory, or a row. */
export type Viewed = Omit<HostVector, "address">;

/** The arithmetic of vectors in WebAssembly memory, which shows them to JavaScript and answers at once. */
export interface HostArithmetic extends Arithmetic {
  /** A vector's numbers, themselves and not a copy; only after the lease, and as long as it lasts. */
  view(vector: Vector): FloatArray;
  norm(terms: Terms, h: number, ya: Vector, yb: Vector): number;
  isFinite(x: Vector): boolean;
  rows(width: number, limit?: number): HostRows;
}

/** Rows in arrays. */
export interface HostRows extends Rows {
  row(n: number): Viewed;
}
