// Reverse-mode gradients of the discrete map, checked without reverse mode and without the library: an explicit
// Runge–Kutta method in complex arithmetic on a frozen grid. With an imaginary perturbation of 1e-100 the imaginary part
// of the result is the derivative to rounding (Squire & Trapp 1998).
import type { Tableau } from "../../ts/index.ts";

export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const real = (re: number): Complex => ({ re, im: 0 });
export const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
export const subtract = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
export const multiply = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
export const divide = (a: Complex, b: Complex): Complex => {
  const size = b.re * b.re + b.im * b.im;
  return scale(multiply(a, { re: b.re, im: -b.im }), 1 / size);
};
export const scale = (a: Complex, by: number): Complex => ({ re: a.re * by, im: a.im * by });
// Analytic functions of a number with an infinitesimal imaginary part: f(a + bi) = f(a) + b f'(a) i.
export const tanh = ({ re, im }: Complex): Complex => ({ re: Math.tanh(re), im: im * (1 - Math.tanh(re) ** 2) });
export const sin = ({ re, im }: Complex): Complex => ({ re: Math.sin(re), im: im * Math.cos(re) });

export type ComplexField = (t: Complex, y: readonly Complex[], params: readonly Complex[]) => Complex[];

interface Inputs<T> {
  readonly grid: readonly T[];
  readonly ts: readonly T[];
  readonly y0: readonly T[];
  readonly params: readonly T[];
}

/**
 * The states at `ts`, all numbers complex: steps by the tableau's definition, and outputs inside a step by its continuous
 * extension. Output times are found in the grid by their real parts.
 */
export function integrateComplex(
  field: ComplexField,
  tableau: Tableau,
  { grid, ts, y0, params }: Inputs<Complex>,
): Complex[] {
  const { b, interpolant } = tableau;
  const extra = interpolant?.stages ?? [];
  const a = [...tableau.a, ...extra.map((stage) => stage.a)];
  const c = [...tableau.c, ...extra.map((stage) => stage.c)];
  const direction = Math.sign(grid[1]!.re - grid[0]!.re);
  const states = [...y0];
  let y = y0;
  let output = 1;
  for (let n = 0; n + 1 < grid.length; n++) {
    const [start, end] = [grid[n]!, grid[n + 1]!];
    const h = subtract(end, start);
    const ks: Complex[][] = [];
    const combined = (weights: readonly Complex[]): Complex[] =>
      y.map((value, i) =>
        weights.reduce((sum, weight, j) => add(sum, multiply(h, multiply(weight, ks[j]![i]!))), value),
      );
    const evaluate = (i: number): void => {
      ks.push(field(add(start, scale(h, c[i]!)), combined(a[i]!.map(real)), params));
    };
    b.forEach((_, i) => evaluate(i));
    const next = combined(b.map(real));
    if (output < ts.length && (end.re - ts[output]!.re) * direction > 0)
      extra.forEach((_, i) => evaluate(b.length + i));
    for (; output < ts.length && (end.re - ts[output]!.re) * direction >= 0; output++) {
      if (ts[output]!.re === end.re) {
        states.push(...next);
        continue;
      }
      const s = divide(subtract(ts[output]!, start), h);
      const power = (row: readonly number[]): Complex =>
        row.reduceRight((sum, w) => multiply(add(sum, real(w)), s), real(0));
      states.push(...combined(interpolant!.weights.map(power)));
    }
    y = next;
  }
  return states;
}

const STEP = 1e-100;

/**
 * ∂L/∂(y0, params, ts) for L = Σ cotangent · ys on a frozen grid: a time of `ts` that is one of the grid moves the grid
 * with it, one inside a step moves alone.
 */
export function referenceGradient(
  field: ComplexField,
  tableau: Tableau,
  inputs: { readonly [name in "grid" | "ts" | "y0" | "params" | "cotangent"]: ArrayLike<number> },
): { y0: number[]; params: number[]; ts: number[] } {
  const { cotangent } = inputs;
  const last = inputs.ts.length - 1;
  /** The derivative of the loss with respect to one element of one input. */
  const derivative = (of: "ts" | "y0" | "params", index: number): number => {
    const perturbed = (name: "ts" | "y0" | "params"): Complex[] =>
      Array.from(inputs[name], (re, i) => ({ re, im: name === of && i === index ? STEP : 0 }));
    const moves = (t: number): boolean => of === "ts" && t === inputs.ts[index];
    const grid = Array.from(inputs.grid, (re) => ({ re, im: moves(re) ? STEP : 0 }));
    const states = integrateComplex(field, tableau, {
      grid,
      ts: perturbed("ts"),
      y0: perturbed("y0"),
      params: perturbed("params"),
    });
    if (states.length !== cotangent.length)
      throw new Error(`${states.length} numbers in ${last + 1} rows, ${cotangent.length} cotangents`);
    return states.reduce((sum, { im }, i) => sum + cotangent[i]! * im, 0) / STEP;
  };
  return {
    y0: Array.from(inputs.y0, (_, i) => derivative("y0", i)),
    params: Array.from(inputs.params, (_, i) => derivative("params", i)),
    ts: Array.from(inputs.ts, (_, i) => derivative("ts", i)),
  };
}

/** ‖a − b‖ / max(‖b‖, least), or ‖a − b‖ where that vanishes; NaN for different lengths. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>, least = 0): number {
  if (a.length !== b.length) return Number.NaN;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference) / (Math.max(Math.sqrt(size), least) || 1);
}

/** Σ aᵢ bᵢ. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
