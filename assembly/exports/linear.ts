// The binary of linear systems, for implicit solvers. ts/linear/kernels.ts has the signatures for TypeScript.
import { factor, multiply, rightSide, solve, solveTransposed } from "../lu";
export { factor, multiply, rightSide, solve, solveTransposed };

/** The first byte behind what the binary keeps in memory. */
export const STATIC_END: usize = __heap_base;

/** A Rosenbrock stage: x ← gamma W⁻¹ (k + from + slope·f_t); see `rightSide` and `solve`. */
export function solveStage(
  lu: usize,
  pivots: usize,
  x: usize,
  k: usize,
  from: usize,
  ft: usize,
  gamma: f64,
  slope: f64,
  n: i32,
  blocks: i32,
): void {
  rightSide(x, k, from, ft, gamma, slope, n * blocks);
  solve(lu, pivots, x, n, blocks);
}
export { factorBand, multiplyBand, solveBand, solveBandTransposed } from "../band";
