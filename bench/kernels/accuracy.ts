// The largest error of tanh, in units in the last place: float32 against the engine's double precision, float64 against
// exact fixed-point arithmetic with 200 bits behind the point.

import type { Dtype, FloatArray } from "../../ts/base/dtype.ts";
import { TANH } from "../../ts/fields/descriptor-layout.ts";
import type { Build } from "./builds.ts";

const BITS = 200n;
const ONE = 1n << BITS;

/** A double as fixed-point, exact for 2⁻⁴⁸ ≤ |x| < 2⁵⁰. */
const fixed = (x: number): bigint => BigInt(x * 2 ** 100) << (BITS - 100n);

function exponential(x: bigint): bigint {
  const halvings = 10n;
  const r = x >> halvings;
  let term = ONE;
  let total = ONE;
  for (let k = 1n; term !== 0n; k++) {
    term = ((term * r) >> BITS) / k;
    total += term;
  }
  for (let i = 0n; i < halvings; i++) total = (total * total) >> BITS;
  return total;
}

/** tanh x for x > 0. */
function tanh(x: bigint): bigint {
  const e = exponential(2n * x);
  return ((e - ONE) << BITS) / (e + ONE);
}

const ulpOf = (value: number, mantissa: number): number => 2 ** (Math.floor(Math.log2(Math.abs(value))) - mantissa);

/** Half of the points evenly over 0 … 20, half with even logarithms from 2⁻³⁰. */
function points(x: FloatArray): void {
  const half = x.length >> 1;
  for (let i = 0; i < half; i++) x[i] = (20 * (i + 0.618)) / half;
  for (let i = half; i < x.length; i++) x[i] = 2 ** (-30 + (34 * (i - half)) / half) * 1.0000001;
}

export function tanhError(build: Build, dtype: Dtype): { ulp: number; at: number; points: number } {
  build.reset();
  const single = dtype === "float32";
  const count = single ? 2 ** 20 : 2 ** 14;
  const [x, y] = [build.vector(dtype, count), build.vector(dtype, count)];
  points(x.view);
  (single ? build.kernels.activationF32 : build.kernels.activationF64)(TANH, y.address, x.address, count);
  let [ulp, at] = [0, 0];
  for (let i = 0; i < count; i++) {
    const [xi, yi] = [x.view[i]!, y.view[i]!];
    let error: number;
    if (single) {
      const exact = Math.tanh(xi);
      error = Math.abs(yi - exact) / ulpOf(Math.min(exact, 1 - 2 ** -25), 23);
    } else {
      const exact = tanh(fixed(xi));
      const difference = fixed(yi) - exact;
      error =
        Math.abs(Number(difference)) /
        2 ** Number(BITS) /
        ulpOf(Math.min(Number(exact) / 2 ** Number(BITS), 1 - 2 ** -53), 52);
    }
    if (error > ulp) [ulp, at] = [error, xi];
  }
  return { ulp, at, points: count };
}
