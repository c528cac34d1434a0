// odegrad's way to the unrolled gradient, at several batches.
import { backprop, mlp, rk4, solve } from "odegrad";
import type { Measurements } from "../measurement.ts";
import { contestant } from "../sampling.ts";
import { cotangentOf, start } from "./problems.ts";
import { type Rival, STEPS, type UnrolledProblem, WIDTHS } from "./unrolled-problem.ts";

export const BATCHES: readonly number[] = [1, 64, 512];

export function problem(batch: number): UnrolledProblem {
  const { params } = mlp({ layers: WIDTHS, seed: 0 });
  return { batch, params: params as Float32Array, y0: Float32Array.from(start(batch)) };
}

export function odegrad({ params, y0 }: UnrolledProblem): Rival {
  const field = mlp({ layers: WIDTHS, params });
  const options = { y0, ts: [0, 1], solver: rk4, stepSize: 1 / STEPS, adjoint: backprop() };
  const gradient = (): Float32Array => {
    const solution = solve(field, options);
    return solution.pullback(cotangentOf(solution.ys)).params as Float32Array;
  };
  return { name: "odegrad", run: gradient, gradient };
}

export const measurements: Measurements = () =>
  BATCHES.map((batch) => {
    const label = `RK4 × ${STEPS}, batch ${batch}`;
    return { label, make: () => ({ contestant: contestant(label, odegrad(problem(batch)).run) }) };
  });
