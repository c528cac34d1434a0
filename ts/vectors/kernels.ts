// The kernels of vectors and control, which every solve uses (assembly/exports/vectors.ts). Every parameter that names a
// vector, a table of terms, a measure or a controller (table-layout.ts) is an address; lengths count numbers.
import { Binary, type Kernels } from "../wasm/binary.ts";
import { bytesOfText } from "../wasm/byte-text.ts";
import { plain } from "./generated/vectors.ts";

/** out ← base + h Σ terms; a null base is 0. */
type Combine = (out: number, base: number, terms: number, count: number, h: number, n: number) => void;

/** The scaled norm of h Σ terms for a step from ya to yb. */
type ScaledNorm = (measure: number, terms: number, count: number, h: number, ya: number, yb: number) => number;

/** The factor on the step size, negative where the step is rejected, for the error h Σ terms of a step from ya to yb. */
type Judge = (
  controller: number,
  measure: number,
  terms: number,
  count: number,
  h: number,
  ya: number,
  yb: number,
) => number;

export interface VectorKernels extends Kernels {
  combineF32: Combine;
  combineF64: Combine;
  scaledNormF32: ScaledNorm;
  scaledNormF64: ScaledNorm;
  judgeF32: Judge;
  judgeF64: Judge;
  /** The factor for a scaled error, and for the square of one. */
  control(controller: number, r: number): number;
  judgeSquare(controller: number, square: number): number;
  dotF32(a: number, b: number, n: number): number;
  dotF64(a: number, b: number, n: number): number;
  /** 1 if all numbers are finite, else 0. */
  allFiniteF32(x: number, n: number): number;
  allFiniteF64(x: number, n: number): number;
  initialGuess(d0: number, d1: number): number;
  initialStep(h0: number, d1: number, d2: number, p: number): number;
}

/** One build serves all engines: relaxed SIMD would change nothing, because no kernel of these fuses. */
export const VECTORS: Binary<VectorKernels> = /* @__PURE__ */ new Binary(() => [bytesOfText(plain)]);
