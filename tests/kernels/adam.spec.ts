// Adam against the textbook recurrences in float64, for every tail.
import { adamF32, adamF64 } from "../../assembly/exports/optimisers";
import { copyOf, get, isFramed, operand, put } from "./operands";

const RATE: f64 = 0.01;
const BETA1: f64 = 0.9;
const BETA2: f64 = 0.995;
const EPSILON: f64 = 1e-8;

function step<T>(params: usize, gradient: usize, first: usize, second: usize, n: i32, decay: f64, t: i32): void {
  const c1 = 1 - Math.pow(BETA1, t);
  const c2 = 1 - Math.pow(BETA2, t);
  if (sizeof<T>() == 4) adamF32(params, gradient, first, second, n, RATE, BETA1, BETA2, EPSILON, decay, c1, c2);
  else adamF64(params, gradient, first, second, n, RATE, BETA1, BETA2, EPSILON, decay, c1, c2);
}

/** Five steps with new gradients each; largest relative difference from the recurrences. */
function error<T>(n: i32, decay: f64): f64 {
  const offset = (n & 1) * sizeof<T>();
  const params = operand<T>(n, offset);
  const first = operand<T>(n);
  const second = operand<T>(n, 8);
  memory.fill(first, 0, n * sizeof<T>());
  memory.fill(second, 0, n * sizeof<T>());
  const p = operand<f64>(n);
  const m = operand<f64>(n);
  const v = operand<f64>(n);
  for (let i = 0; i < n; i++) {
    put<f64>(p, i, get<T>(params, i));
    put<f64>(m, i, 0);
    put<f64>(v, i, 0);
  }
  let worst: f64 = 0;
  for (let t = 1; t <= 5; t++) {
    const gradient = operand<T>(n, offset);
    const kept = copyOf<T>(gradient, n);
    step<T>(params, gradient, first, second, n, decay, t);
    if (!isFramed<T>(params, n) || !isFramed<T>(first, n) || !isFramed<T>(second, n)) return Infinity;
    if (memory.compare(gradient, kept, n * sizeof<T>()) != 0) return Infinity;
    for (let i = 0; i < n; i++) {
      const g = get<T>(gradient, i);
      put<f64>(m, i, BETA1 * get<f64>(m, i) + (1 - BETA1) * g);
      put<f64>(v, i, BETA2 * get<f64>(v, i) + (1 - BETA2) * g * g);
      const mean = get<f64>(m, i) / (1 - Math.pow(BETA1, t));
      const variance = get<f64>(v, i) / (1 - Math.pow(BETA2, t));
      const kept = get<f64>(p, i) * (1 - RATE * decay);
      put<f64>(p, i, kept - (RATE * mean) / (Math.sqrt(variance) + EPSILON));
      worst = max(worst, abs(get<T>(params, i) - get<f64>(p, i)));
      worst = max(worst, abs(get<T>(first, i) - get<f64>(m, i)));
      worst = max(worst, abs(get<T>(second, i) - get<f64>(v, i)));
    }
  }
  return worst;
}

describe("adam", () => {
  test("lengths 0 … 70, with and without decay", () => {
    for (let n = 0; n <= 70; n++) {
      expect<f64>(error<f32>(n, 0)).toBeLessThan(1e-6);
      expect<f64>(error<f32>(n, 0.1)).toBeLessThan(1e-6);
      expect<f64>(error<f64>(n, 0)).toBeLessThan(2e-15);
      expect<f64>(error<f64>(n, 0.1)).toBeLessThan(2e-15);
    }
  });
  test("a first step moves by the rate against the gradient's sign", () => {
    const params = operand<f64>(3);
    const gradient = operand<f64>(3);
    const moments = operand<f64>(6);
    memory.fill(moments, 0, 48);
    for (let i = 0; i < 3; i++) put<f64>(params, i, 1);
    put<f64>(gradient, 0, 5);
    put<f64>(gradient, 1, -1e-3);
    put<f64>(gradient, 2, 0);
    step<f64>(params, gradient, moments, moments + 24, 3, 0, 1);
    expect<f64>(get<f64>(params, 0)).toBeCloseTo(1 - RATE, 8);
    expect<f64>(get<f64>(params, 1)).toBeCloseTo(1 + RATE, 6);
    expect<f64>(get<f64>(params, 2)).toBe(1);
  });
  test("a NaN gradient spoils its own parameter only", () => {
    const params = operand<f32>(7);
    const gradient = operand<f32>(7);
    const moments = operand<f32>(16);
    memory.fill(moments, 0, 64);
    put<f32>(gradient, 5, NaN);
    step<f32>(params, gradient, moments, moments + 32, 7, 0, 1);
    for (let i = 0; i < 7; i++) expect<bool>(isNaN(get<f32>(params, i))).toBe(i == 5);
  });
});
