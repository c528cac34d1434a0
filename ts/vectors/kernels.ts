// The kernels of vectors and of control, which every solve uses: one binary for each precision, with the same names
// (assembly/exports/vectors-f64.ts and vectors-f32.ts). Every parameter that names a vector, a table of terms, a measure or a
// controller (table-layout.ts) is an address; lengths count numbers.

import type { Dtype } from "../base/dtype.ts";
import { Binary, type Kernels } from "../wasm/binary.ts";
import { bytesOfText } from "../wasm/byte-text.ts";
import { text } from "./generated/vectors-f64.ts";

export interface VectorKernels extends Kernels {
  /** out ← base + h Σ terms; a null base is 0. */
  combine(out: number, base: number, terms: number, count: number, h: number, n: number): void;
  /** The scaled norm of h Σ terms for a step from ya to yb. */
  scaledNorm(measure: number, terms: number, count: number, h: number, ya: number, yb: number): number;
  /** The factor on the step size, negative where the step is rejected, for the error h Σ terms of a step from ya to yb. */
  judge(controller: number, measure: number, terms: number, count: number, h: number, ya: number, yb: number): number;
  /** The same factor for the square of a scaled error. */
  judgeSquare(controller: number, square: number): number;
  dot(a: number, b: number, n: number): number;
  /** 1 if all numbers are finite, else 0. */
  allFinite(x: number, n: number): number;
}

/** What vectors hold, and the kernels that compute with them: those of float64 unless others are given. */
export interface Precision {
  readonly dtype: Dtype;
  readonly vectors?: Binary<VectorKernels> | undefined;
}

/** One build serves all engines: relaxed SIMD would change nothing, because no kernel of these fuses. */
export const vectorBinary = (build: string): Binary<VectorKernels> => new Binary(() => [bytesOfText(build)]);

export const VECTORS_F64: Binary<VectorKernels> = /* @__PURE__ */ vectorBinary(text);
