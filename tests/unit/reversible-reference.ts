// Reversible methods as McCallum & Foster (2024) write them, in complex arithmetic and without the library: the reference
// for values (real inputs) and, with an infinitesimal imaginary perturbation, for exact derivatives.
import type { Tableau } from "../../ts/index.ts";
import { add, type Complex, type ComplexField, multiply, real, scale, subtract } from "./reference.ts";

type State = readonly Complex[];

/** Ψ_h(t, x): the increment of one step of the method. */
function increment(
  field: ComplexField,
  { a, b, c }: Tableau,
  t: Complex,
  h: Complex,
  x: State,
  params: State,
): Complex[] {
  const ks: Complex[][] = [];
  const sum = (weights: readonly number[]): Complex[] =>
    x.map((_, i) =>
      weights.reduce(
        (total, weight, j) => (weight === 0 ? total : add(total, multiply(h, scale(ks[j]![i]!, weight)))),
        real(0),
      ),
    );
  b.forEach((_, j) => {
    const shift = sum(a[j]!);
    ks.push(
      field(
        add(t, scale(h, c[j]!)),
        x.map((value, i) => add(value, shift[i]!)),
        params,
      ),
    );
  });
  return sum(b);
}

/** y at all times of `grid`. */
export function integrateReversible(
  field: ComplexField,
  tableau: Tableau,
  coupling: number,
  grid: State,
  y0: State,
  params: State,
): Complex[][] {
  let [y, z] = [[...y0], [...y0]];
  const states = [y];
  for (let n = 0; n + 1 < grid.length; n++) {
    const h = subtract(grid[n + 1]!, grid[n]!);
    const first = increment(field, tableau, grid[n]!, h, z, params);
    y = y.map((value, i) => add(add(scale(value, coupling), scale(z[i]!, 1 - coupling)), first[i]!));
    const second = increment(field, tableau, grid[n + 1]!, scale(h, -1), y, params);
    z = z.map((value, i) => subtract(value, second[i]!));
    states.push(y);
  }
  return states;
}

const STEP = 1e-100;

/** ∂L/∂(y0, params, ts) for L = Σ cotangent · ys on a frozen grid that contains ts. */
export function reversibleGradient(
  field: ComplexField,
  tableau: Tableau,
  coupling: number,
  { grid, ts, y0, params, cotangent }: Record<"grid" | "ts" | "y0" | "params" | "cotangent", ArrayLike<number>>,
): { y0: number[]; params: number[]; ts: number[] } {
  const outputs = Array.from(ts, (t) => Array.from(grid).indexOf(t));
  const derivative = (of: unknown, index: number): number => {
    const perturbed = (values: ArrayLike<number>): Complex[] =>
      Array.from(values, (re, i) => ({ re, im: values === of && i === index ? STEP : 0 }));
    const states = integrateReversible(field, tableau, coupling, perturbed(grid), perturbed(y0), perturbed(params));
    const rows = outputs.flatMap((n) => states[n]!);
    return rows.reduce((sum, { im }, i) => sum + cotangent[i]! * im, 0) / STEP;
  };
  return {
    y0: Array.from(y0, (_, i) => derivative(y0, i)),
    params: Array.from(params, (_, i) => derivative(params, i)),
    ts: outputs.map((n) => derivative(grid, n)),
  };
}
