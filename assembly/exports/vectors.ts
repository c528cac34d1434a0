// The binary of vectors and control: one generic kernel, one thin export per precision. ts/vectors/kernels.ts has the
// signatures for TypeScript.
import { combine } from "../combine";
import { control, controlSquare } from "../controller";
import { allFinite } from "../finite";
import { dot, fewSquare, isFew, scaledNorm } from "../norm";
export { control, initialGuess, initialStep } from "../controller";

/** The first byte behind what the binary keeps in memory. */
export const STATIC_END: usize = __heap_base;

export function combineF32(out: usize, base: usize, terms: usize, count: i32, h: f64, n: i32): void {
  combine<f32>(out, base, terms, count, h, n);
}
export function combineF64(out: usize, base: usize, terms: usize, count: i32, h: f64, n: i32): void {
  combine<f64>(out, base, terms, count, h, n);
}
export function scaledNormF32(measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  return scaledNorm<f32>(measure, terms, count, h, ya, yb);
}
export function scaledNormF64(measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  return scaledNorm<f64>(measure, terms, count, h, ya, yb);
}
/** The factor on the step size after a step, negative if it is rejected: the scaled norm of its error, then the controller. */
export function judgeF32(controller: usize, measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  return control(controller, scaledNorm<f32>(measure, terms, count, h, ya, yb));
}
export function judgeF64(controller: usize, measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  if (isFew<f64>(measure)) return controlSquare(controller, fewSquare(measure, terms, count, h, ya, yb));
  return control(controller, scaledNorm<f64>(measure, terms, count, h, ya, yb));
}
/** The same factor for the square of an error's norm that was measured elsewhere. */
export { controlSquare as judgeSquare };
export function dotF32(a: usize, b: usize, n: i32): f64 {
  return dot<f32>(a, b, n);
}
export function dotF64(a: usize, b: usize, n: i32): f64 {
  return dot<f64>(a, b, n);
}
export function allFiniteF32(x: usize, n: i32): i32 {
  return allFinite<f32>(x, n);
}
export function allFiniteF64(x: usize, n: i32): i32 {
  return allFinite<f64>(x, n);
}
