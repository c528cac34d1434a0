// Dense LU factors against the matrices they are made of: residuals of solves with W and its transpose, for every tail of the
// blocks of four, matrices that need pivots, blocks along the diagonal, and singular ones.
import { factor, multiply, rightSide, solve, solveStage, solveTransposed } from "../../assembly/exports/linear";
import { copyOf, get, isFramed, operand, put } from "./operands";

const NONE: usize = 0;

/** Largest |W x − b| over Σ |W| |x|, for W = M − scale·J of blocks n × n and x solved for from b. */
function residual(n: i32, blocks: i32, scale: f64, withMass: bool, transposed: bool, factors: f64 = 1): f64 {
  const count = blocks * n * n;
  const jacobian = operand<f64>(count, 0, factors);
  const mass = withMass ? operand<f64>(count) : NONE;
  const lu = operand<f64>(count, 8);
  const pivots = operand<f32>(blocks * n);
  const x = operand<f64>(blocks * n, (n & 1) * 8);
  const b = copyOf<f64>(x, blocks * n);
  const before = copyOf<f64>(jacobian, count);
  if (factor(lu, jacobian, mass, pivots, n, blocks, scale) != 1) return Infinity;
  if (memory.compare(jacobian, before, count * 8) != 0) return Infinity;
  if (transposed) solveTransposed(lu, pivots, x, n, blocks);
  else solve(lu, pivots, x, n, blocks);
  if (!isFramed<f64>(lu, count) || !isFramed<f64>(x, blocks * n) || !isFramed<f32>(pivots, blocks * n)) return Infinity;
  let worst: f64 = 0;
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < n; i++) {
      let sum: f64 = 0;
      let size: f64 = 0;
      for (let j = 0; j < n; j++) {
        const entry = block * n * n + (transposed ? j * n + i : i * n + j);
        const w = (withMass ? get<f64>(mass, entry) : i == j ? 1 : 0) - scale * get<f64>(jacobian, entry);
        sum += w * get<f64>(x, block * n + j);
        size += abs(w * get<f64>(x, block * n + j));
      }
      worst = max(worst, abs(sum - get<f64>(b, block * n + i)) / size);
    }
  }
  return worst;
}

describe("dense LU", () => {
  test("solves with W and its transpose, n = 1 … 40", () => {
    for (let n = 1; n <= 40; n++) {
      expect<f64>(residual(n, 1, 0.7, false, false)).toBeLessThan(1e-14);
      expect<f64>(residual(n, 1, 0.7, false, true)).toBeLessThan(1e-13);
      expect<f64>(residual(n, 1, -3, true, false)).toBeLessThan(1e-14);
      expect<f64>(residual(n, 1, -3, true, true)).toBeLessThan(1e-13);
    }
  });
  test("blocks along the diagonal have factors of their own", () => {
    for (let n = 1; n <= 9; n++) {
      expect<f64>(residual(n, 5, 2, false, false)).toBeLessThan(1e-14);
      expect<f64>(residual(n, 5, 2, true, true)).toBeLessThan(1e-13);
    }
  });
  test("W is nearly the identity, and nearly J", () => {
    expect<f64>(residual(11, 1, 1e-12, false, false)).toBeLessThan(1e-15);
    expect<f64>(residual(11, 1, 1e12, false, false)).toBeLessThan(1e-14);
  });
  test("zeros on the diagonal need rows exchanged: a cyclic shift is solved exactly", () => {
    for (let n = 2; n <= 13; n++) {
      const shift = operand<f64>(n * n);
      const zero = operand<f64>(n * n);
      const lu = operand<f64>(n * n);
      const pivots = operand<f32>(n);
      const x = operand<f64>(n);
      memory.fill(shift, 0, n * n * 8);
      memory.fill(zero, 0, n * n * 8);
      // (W x)_i = x_{i+1}
      for (let i = 0; i < n; i++) put<f64>(shift, i * n + ((i + 1) % n), 1);
      for (let i = 0; i < n; i++) put<f64>(x, i, i);
      expect<i32>(factor(lu, zero, shift, pivots, n, 1, 1)).toBe(1);
      solve(lu, pivots, x, n, 1);
      for (let i = 0; i < n; i++) expect<f64>(get<f64>(x, (i + 1) % n)).toBe(i);
      for (let i = 0; i < n; i++) put<f64>(x, i, i);
      solveTransposed(lu, pivots, x, n, 1);
      for (let i = 0; i < n; i++) expect<f64>(get<f64>(x, i)).toBe((i + 1) % n);
    }
  });
  test("a singular block, a zero matrix, NaN and infinity are found", () => {
    const mass = operand<f64>(2 * 9);
    const zero = operand<f64>(2 * 9);
    const lu = operand<f64>(2 * 9);
    const pivots = operand<f32>(6);
    memory.fill(zero, 0, 2 * 9 * 8);
    expect<i32>(factor(lu, zero, mass, pivots, 3, 2, 1)).toBe(1);
    for (let i = 0; i < 3; i++) put<f64>(mass, 9 + 3 * i + 1, 0);
    expect<i32>(factor(lu, zero, mass, pivots, 3, 2, 1)).toBe(0);
    expect<i32>(factor(lu, zero, zero, pivots, 3, 1, 1)).toBe(0);
    put<f64>(mass, 0, NaN);
    expect<i32>(factor(lu, zero, mass, pivots, 1, 1, 1)).toBe(0);
    put<f64>(mass, 0, Infinity);
    expect<i32>(factor(lu, zero, mass, pivots, 1, 1, 1)).toBe(0);
  });
});

describe("stages", () => {
  test("the right side, with and without its parts", () => {
    for (let n = 0; n <= 9; n++) {
      const x = operand<f64>(n, 8);
      const k = operand<f64>(n);
      const from = operand<f64>(n, 8);
      const ft = operand<f64>(n);
      rightSide(x, k, from, ft, 0.5, 3, n);
      for (let i = 0; i < n; i++) expect<f64>(get<f64>(x, i)).toBe(0.5 * (get<f64>(k, i) + get<f64>(from, i) + 3 * get<f64>(ft, i)));
      rightSide(x, k, NONE, NONE, 2, 3, n);
      for (let i = 0; i < n; i++) expect<f64>(get<f64>(x, i)).toBe(2 * get<f64>(k, i));
      expect<bool>(isFramed<f64>(x, n)).toBe(true);
    }
  });
  test("a stage in place is the right side, then the solve", () => {
    const jacobian = operand<f64>(50);
    const lu = operand<f64>(50);
    const pivots = operand<f32>(10);
    const k = operand<f64>(10);
    const x = operand<f64>(10);
    const y = copyOf<f64>(x, 10);
    factor(lu, jacobian, NONE, pivots, 5, 2, 0.3);
    solveStage(lu, pivots, x, k, x, NONE, 0.2, 0, 5, 2);
    rightSide(y, k, y, NONE, 0.2, 0, 10);
    solve(lu, pivots, y, 5, 2);
    for (let i = 0; i < 10; i++) expect<f64>(get<f64>(x, i)).toBe(get<f64>(y, i));
  });
  test("products with a matrix and its transpose", () => {
    for (let n = 1; n <= 7; n++) {
      const a = operand<f64>(2 * n * n);
      const x = operand<f64>(2 * n);
      const out = operand<f64>(2 * n);
      for (let transposed = 0; transposed < 2; transposed++) {
        multiply(out, a, x, n, 2, transposed);
        for (let i = 0; i < 2 * n; i++) {
          let sum: f64 = 0;
          const block = i / n;
          for (let j = 0; j < n; j++) {
            const entry = transposed ? j * n + (i % n) : (i % n) * n + j;
            sum += get<f64>(a, block * n * n + entry) * get<f64>(x, block * n + j);
          }
          expect<f64>(abs(get<f64>(out, i) - sum)).toBeLessThan(1e-15 * n);
        }
        expect<bool>(isFramed<f64>(out, 2 * n)).toBe(true);
      }
    }
  });
});
