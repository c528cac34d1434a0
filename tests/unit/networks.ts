// A differentiable field for gradient tests, once with a hand-written VJP for the library and once in complex arithmetic:
//   f_i = Σ_j A_ij tanh(y_j) + Σ_j B_ij y_j + C_i sin(ω_i t) + C_i t y_i,   θ = (A, B, C, ω)
import { type VectorField, type VectorFieldOptions, vectorField } from "../../ts/index.ts";
import { add, type Complex, type ComplexField, multiply, sin, tanh } from "./reference.ts";

export const parameterCount = (n: number): number => 2 * n * n + 2 * n;

/** Reproducible numbers in [−1, 1). */
export function numbers(count: number, seed: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

type Fill = NonNullable<VectorFieldOptions["f"]>;
type Vjp = NonNullable<VectorFieldOptions["vjp"]>;

export const network =
  (n: number): Fill =>
  (t, y, dy, theta) => {
    for (let i = 0; i < n; i++) {
      const c = theta[2 * n * n + i]!;
      let sum = c * Math.sin(theta[2 * n * n + n + i]! * t) + c * t * y[i]!;
      for (let j = 0; j < n; j++) sum += theta[i * n + j]! * Math.tanh(y[j]!) + theta[n * n + i * n + j]! * y[j]!;
      dy[i] = sum;
    }
  };

export const networkVjp =
  (n: number): Vjp =>
  (t, y, theta, cotangent, bar) => {
    for (let i = 0; i < n; i++) {
      const v = cotangent[i]!;
      const [c, omega] = [theta[2 * n * n + i]!, theta[2 * n * n + n + i]!];
      for (let j = 0; j < n; j++) {
        const th = Math.tanh(y[j]!);
        bar.y[j]! += v * (theta[i * n + j]! * (1 - th * th) + theta[n * n + i * n + j]!);
        bar.params[i * n + j]! += v * th;
        bar.params[n * n + i * n + j]! += v * y[j]!;
      }
      bar.y[i]! += v * c * t;
      bar.params[2 * n * n + i]! += v * (Math.sin(omega * t) + t * y[i]!);
      bar.params[2 * n * n + n + i]! += v * c * t * Math.cos(omega * t);
      bar.t[0]! += v * c * (omega * Math.cos(omega * t) + y[i]!);
    }
  };

export const networkField = (n: number, params: ArrayLike<number>): VectorField =>
  vectorField({ f: network(n), vjp: networkVjp(n), params: Float64Array.from(params) });

export const complexNetwork =
  (n: number): ComplexField =>
  (t, y, theta) =>
    y.map((yi, i) => {
      const c = theta[2 * n * n + i]!;
      let sum: Complex = add(multiply(c, sin(multiply(theta[2 * n * n + n + i]!, t))), multiply(multiply(c, t), yi));
      y.forEach((yj, j) => {
        sum = add(sum, add(multiply(theta[i * n + j]!, tanh(yj)), multiply(theta[n * n + i * n + j]!, yj)));
      });
      return sum;
    });
