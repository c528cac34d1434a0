// The binary of optimisers: one generic kernel, one thin export per precision. ts/optimisers/kernels.ts has the signatures for
// TypeScript.
import { adam } from "../adam";
import { allFinite } from "../finite";

/** The first byte behind what the binary keeps in memory. */
export const STATIC_END: usize = __heap_base;

export function allFiniteF32(x: usize, n: i32): i32 {
  return allFinite<f32>(x, n);
}
export function allFiniteF64(x: usize, n: i32): i32 {
  return allFinite<f64>(x, n);
}
export function adamF32(
  params: usize,
  gradient: usize,
  first: usize,
  second: usize,
  n: i32,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  decay: f64,
  correction1: f64,
  correction2: f64,
): void {
  adam<f32>(params, gradient, first, second, n, rate, beta1, beta2, epsilon, decay, correction1, correction2);
}
export function adamF64(
  params: usize,
  gradient: usize,
  first: usize,
  second: usize,
  n: i32,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  decay: f64,
  correction1: f64,
  correction2: f64,
): void {
  adam<f64>(params, gradient, first, second, n, rate, beta1, beta2, epsilon, decay, correction1, correction2);
}
