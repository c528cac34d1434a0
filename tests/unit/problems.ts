// Initial value problems with known solutions.
import type { SolveOptions } from "../../ts/index.ts";

type Fill = (t: number, y: Float64Array, dy: Float64Array) => void;

/** y' = −y. */
export const decay: Fill = (_t, y, dy) => {
  for (let i = 0; i < y.length; i++) dy[i] = -y[i]!;
};

/** y'' = −y as a system; the solution turns by t. */
export const oscillator: Fill = (_t, y, dy) => {
  dy[0] = y[1]!;
  dy[1] = -y[0]!;
};
export const turned = ([p, q]: readonly number[], t: number): number[] => [
  p! * Math.cos(t) + q! * Math.sin(t),
  q! * Math.cos(t) - p! * Math.sin(t),
];

/** y' = y (1 − y). */
export const logistic: Fill = (_t, y, dy) => {
  dy[0] = y[0]! * (1 - y[0]!);
};
export const logisticAt = (y0: number, t: number): number => 1 / (1 + (1 / y0 - 1) * Math.exp(-t));

/** Lorenz 1963 with σ = 10, ρ = 28, β = 8/3. */
export const lorenz: Fill = (_t, y, dy) => {
  const [a, b, c] = y as unknown as [number, number, number];
  dy[0] = 10 * (b - a);
  dy[1] = a * (28 - c) - b;
  dy[2] = a * b - (8 / 3) * c;
};

/** Lotka–Volterra: y₀' = 1.5 y₀ − y₀ y₁, y₁' = y₀ y₁ − 3 y₁. */
export const lotka: Fill = (_t, y, dy) => {
  dy[0] = 1.5 * y[0]! - y[0]! * y[1]!;
  dy[1] = y[0]! * y[1]! - 3 * y[1]!;
};

/** A field that depends on everything: nonlinear, coupled, non-autonomous; for comparing solves with each other. */
export const mixed: Fill = (t, y, dy) => {
  const n = y.length;
  for (let i = 0; i < n; i++) dy[i] = Math.tanh(y[(i + 1) % n]!) - 0.3 * y[i]! + Math.sin((i + 1) * t);
};

/** Options of a solve of `mixed` with many steps and some rejections. */
export const mixedOptions = (length = 3): SolveOptions => ({
  y0: Array.from({ length }, (_, i) => Math.cos(i)),
  ts: [0, 0.7, 2, 5],
});
