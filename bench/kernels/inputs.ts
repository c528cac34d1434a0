// The numbers that the contestants compute with, the same in every language, and small helpers around precisions.
import type { Dtype, FloatArray } from "../../ts/base/dtype.ts";

export const DTYPES: readonly Dtype[] = ["float32", "float64"];
export const SIZES: readonly number[] = [8, 64, 1024, 8192, 65536, 1_000_000];
export const STEP = 0.01;
export const WEIGHTS: readonly number[] = [0.3, -0.2, 0.5, 0.7, -0.4, 0.1];

export const shortName = (dtype: Dtype): string => (dtype === "float32" ? "f32" : "f64");

/** Between −½ and ½, another sequence for each seed. bench/native/kernels.cpp has the same. */
export function fill(array: FloatArray, seed: number): void {
  for (let i = 0; i < array.length; i++) array[i] = ((i * 37 + seed * 11) % 101) / 101 - 0.5;
}

export function filled(dtype: Dtype, length: number, seed: number): FloatArray {
  const array = dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  fill(array, seed);
  return array;
}

export const sum = (array: ArrayLike<number>): number =>
  Array.prototype.reduce.call(array, (a, b) => (a as number) + (b as number), 0) as number;
