// dopri5 over the network, as the table of BENCHMARKS.md has it.
import { backprop, dopri5, mlp, type Solution, solve } from "odegrad";
import type { Measurements } from "../measurement.ts";
import { contestant } from "../sampling.ts";
import { allowRelaxedSimd } from "./relaxed.ts";
import { BATCHES, LAYERS } from "./work.ts";

const LONGER = 8;

interface Solves {
  forward(): Solution;
  /** To t = LONGER. */
  longer(): Solution;
  /** By backprop, with the solve. */
  gradient(): { solution: Solution; gradients: ReturnType<Solution["pullback"]> };
}

export function solvesOf(batch: number): Solves {
  const field = mlp({ layers: LAYERS, seed: 0 });
  const y0 = Float64Array.from({ length: 2 * batch }, (_, i) => Math.sin(1 + 1.7 * i));
  const options = { y0, ts: [0, 1], solver: dopri5, rtol: 1e-6, atol: 1e-8 };
  const further = { ...options, ts: [0, LONGER] };
  const taped = { ...options, adjoint: backprop() };
  const half = y0.length;
  const cotangent = new Float64Array(2 * half);
  return {
    forward: () => solve(field, options),
    longer: () => solve(field, further),
    gradient() {
      const solution = solve(field, taped);
      for (let i = half; i < 2 * half; i++) cotangent[i] = (2 * solution.ys[i]!) / half;
      return { solution, gradients: solution.pullback(cotangent) };
    },
  };
}

export const measurements: Measurements = () => {
  allowRelaxedSimd();
  return BATCHES.flatMap((batch) =>
    (["forward", "longer", "gradient"] as const).map((what) => {
      const label = `dopri5, batch ${batch}, ${what}`;
      return { label, make: () => ({ contestant: contestant(label, solvesOf(batch)[what]) }) };
    }),
  );
};
