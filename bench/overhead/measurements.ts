// The solves that odegrad is timed in.
import { dopri5, solve } from "odegrad";
import type { Measurements } from "../measurement.ts";
import { contestant } from "../sampling.ts";
import { exponential, lorenz, lotkaVolterra, type Problem } from "./problems.ts";

export const RTOL = 1e-6;
export const ATOL = 1e-6;

export interface Solve {
  readonly title: string;
  readonly problem: Problem;
  readonly end: number;
}

/** In this order: by the last one the engine has met several fields at the same place in the solver and inlines none of them. */
export const SOLVES: readonly Solve[] = [
  { title: "Lorenz", problem: lorenz, end: lorenz.end },
  { title: "Lorenz, a short solve", problem: lorenz, end: 1 },
  { title: "Lotka–Volterra", problem: lotkaVolterra, end: lotkaVolterra.end },
  { title: "exponential", problem: exponential, end: exponential.end },
  { title: "Lorenz, after other fields", problem: lorenz, end: lorenz.end },
];

/** odegrad's way to the end, as a function to call again and again. */
export function solving({ y0, field }: Problem, end: number): () => ReturnType<typeof solve> {
  const options = { y0: [...y0], ts: [0, end], solver: dopri5, rtol: RTOL, atol: ATOL };
  return () => solve(field, options);
}

/** Times are for a step tried, as in the benchmark's table. */
export const measurements: Measurements = () =>
  SOLVES.map(({ title, problem, end }) => ({
    label: `${title}, a step`,
    make() {
      const run = solving(problem, end);
      return { contestant: contestant(title, run), parts: run().stats.steps };
    },
  }));
