// The binary of float64 vectors and of control. ts/vectors/kernels.ts has the signatures for TypeScript, which
// vectors-f32.ts shares.
import { combine as combineAs } from "../combine";
import { controlSquare } from "../controller";
import { allFinite as allFiniteAs } from "../finite";
import { dot as dotAs, fewSquare, isFew, scaledNorm as scaledNormAs } from "../norm";

/** The first byte behind what the binary keeps in memory. */
export const STATIC_END: usize = __heap_base;

export function combine(out: usize, base: usize, terms: usize, count: i32, h: f64, n: i32): void {
  combineAs<f64>(out, base, terms, count, h, n);
}
export function scaledNorm(measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  return scaledNormAs<f64>(measure, terms, count, h, ya, yb);
}
/** The factor on the step size after a step, negative if it is rejected: the scaled norm of its error, then the controller. */
export function judge(controller: usize, measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  if (isFew(measure)) return controlSquare(controller, fewSquare(measure, terms, count, h, ya, yb));
  const norm = scaledNormAs<f64>(measure, terms, count, h, ya, yb);
  return controlSquare(controller, norm * norm);
}
/** The same factor for the square of an error's norm that was measured elsewhere. */
export { controlSquare as judgeSquare };
export function dot(a: usize, b: usize, n: i32): f64 {
  return dotAs<f64>(a, b, n);
}
export function allFinite(x: usize, n: i32): i32 {
  return allFiniteAs<f64>(x, n);
}
