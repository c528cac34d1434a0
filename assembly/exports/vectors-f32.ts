// The binary of float32 vectors and of control, with the same names as vectors-f64.ts: only fields of that precision bring it.
import { combine as combineAs } from "../combine";
import { controlSquare } from "../controller";
import { allFinite as allFiniteAs } from "../finite";
import { dot as dotAs, scaledNorm as scaledNormAs } from "../norm";

/** The first byte behind what the binary keeps in memory. */
export const STATIC_END: usize = __heap_base;

export function combine(out: usize, base: usize, terms: usize, count: i32, h: f64, n: i32): void {
  combineAs<f32>(out, base, terms, count, h, n);
}
export function scaledNorm(measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  return scaledNormAs<f32>(measure, terms, count, h, ya, yb);
}
export function judge(controller: usize, measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  const norm = scaledNormAs<f32>(measure, terms, count, h, ya, yb);
  return controlSquare(controller, norm * norm);
}
export { controlSquare as judgeSquare };
export function dot(a: usize, b: usize, n: i32): f64 {
  return dotAs<f32>(a, b, n);
}
export function allFinite(x: usize, n: i32): i32 {
  return allFiniteAs<f32>(x, n);
}
