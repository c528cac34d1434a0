// The binary of the second-order pass, which works beside the networks' binary and is a few kernels on top of it: see products.ts.
// ts/fields/second-kernels.ts has the signatures for TypeScript.
import { mlpSecond } from "../mlp-second";

/** Tells products.ts where dense layers come from. */
// @ts-ignore: decorator
@global
const NETWORKS_ARE_IMPORTED: bool = true;

/** The first byte behind what the binary keeps in memory. */
export const STATIC_END: usize = __heap_base;

export function mlpSecondF32(
  d: usize, work: usize, pairs: usize, count: i32, t: f64, x: usize, xBar: usize, thetaBar: usize, tape: usize,
): f64 {
  return mlpSecond<f32>(d, work, pairs, count, t, x, xBar, thetaBar, tape);
}
export function mlpSecondF64(
  d: usize, work: usize, pairs: usize, count: i32, t: f64, x: usize, xBar: usize, thetaBar: usize, tape: usize,
): f64 {
  return mlpSecond<f64>(d, work, pairs, count, t, x, xBar, thetaBar, tape);
}
