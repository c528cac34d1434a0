// Banded LU factors against the matrices they are made of: residuals of solves with W and its transpose for bands of all kinds,
// matrices whose rows must be exchanged, and singular ones.
import { factorBand, multiplyBand, solveBand, solveBandTransposed } from "../../assembly/exports/linear";
import { copyOf, get, isFramed, operand, put } from "./operands";

const NONE: usize = 0;

/** Largest |W x − b| over Σ |W| |x|, for W = M − scale·J; −1 where J x is wrong. */
function residual(n: i32, lower: i32, upper: i32, scale: f64, withMass: bool, transposed: bool): f64 {
  const width = lower + upper + 1;
  const jacobian = operand<f64>(n * width);
  const mass = withMass ? operand<f64>(n) : NONE;
  const lu = operand<f64>(n * (width + lower), 8);
  const pivots = operand<f32>(n);
  const x = operand<f64>(n);
  const b = copyOf<f64>(x, n);
  const out = operand<f64>(n, 8);
  if (factorBand(lu, jacobian, mass, pivots, n, lower, upper, scale) != 1) return Infinity;
  if (transposed) solveBandTransposed(lu, pivots, x, n, lower, upper);
  else solveBand(lu, pivots, x, n, lower, upper);
  multiplyBand(out, jacobian, x, n, lower, upper);
  if (!isFramed<f64>(lu, n * (width + lower)) || !isFramed<f64>(x, n) || !isFramed<f64>(out, n)) return Infinity;
  let worst: f64 = 0;
  for (let i = 0; i < n; i++) {
    let sum: f64 = 0;
    let size: f64 = 0;
    let own: f64 = 0;
    for (let j = 0; j < n; j++) {
      const row = transposed ? j : i;
      const column = transposed ? i : j;
      const inside = row - column <= lower && column - row <= upper;
      const entry = inside ? get<f64>(jacobian, upper + row - column + column * width) : 0;
      const w = (row == column ? (withMass ? get<f64>(mass, row) : 1) : 0) - scale * entry;
      sum += w * get<f64>(x, j);
      size += abs(w * get<f64>(x, j));
      own += entry * get<f64>(x, j);
    }
    worst = max(worst, abs(sum - get<f64>(b, i)) / size);
    if (!transposed && abs(own - get<f64>(out, i)) > 1e-13 * size) return Infinity;
  }
  return worst;
}

describe("banded LU", () => {
  test("solves with W and its transpose, for bands up to the whole matrix", () => {
    for (let n = 1; n <= 12; n++) {
      for (let lower = 0; lower < n; lower++) {
        for (let upper = 0; upper < n; upper++) {
          expect<f64>(residual(n, lower, upper, 0.7, false, false)).toBeLessThan(1e-10);
          expect<f64>(residual(n, lower, upper, 30, false, true)).toBeLessThan(1e-10);
          expect<f64>(residual(n, lower, upper, -3, true, false)).toBeLessThan(1e-10);
        }
      }
    }
  });
  test("long ones", () => {
    expect<f64>(residual(200, 2, 2, 50, false, false)).toBeLessThan(1e-10);
    expect<f64>(residual(200, 3, 1, 50, false, true)).toBeLessThan(1e-10);
  });
  test("a zero column and NaN are found", () => {
    const zero = operand<f64>(9);
    const mass = operand<f64>(3);
    const lu = operand<f64>(12);
    const pivots = operand<f32>(3);
    memory.fill(zero, 0, 72);
    put<f64>(mass, 1, 0);
    expect<i32>(factorBand(lu, zero, mass, pivots, 3, 1, 1, 1)).toBe(0);
    put<f64>(mass, 1, NaN);
    expect<i32>(factorBand(lu, zero, mass, pivots, 3, 1, 1, 1)).toBe(0);
    put<f64>(mass, 1, 2);
    expect<i32>(factorBand(lu, zero, mass, pivots, 3, 1, 1, 1)).toBe(1);
  });
});
