// A solve with dopri5 and its exact gradient: of the user's JavaScript with the VJP written by hand, and of the same function
// compiled.
import { dopri5, solve, symplectic, vectorField } from "odegrad";
import { compiled } from "odegrad/compiled";
import { contestant, race, type SamplingOptions } from "../sampling.ts";
import type { Problem } from "./problems.ts";

export interface Solves {
  readonly problem: string;
  readonly steps: number;
  /** Shortest samples, in nanoseconds a step. */
  readonly bare: number;
  readonly solve: number;
  readonly bareGradient: number;
  readonly gradient: number;
}

export async function solves(
  { name, f, vjp, params, y0, end, uses }: Problem,
  sampling: SamplingOptions,
): Promise<Solves> {
  const options = { y0, ts: [0, end], solver: dopri5, rtol: 1e-6, atol: 1e-6 };
  const theta = Float64Array.from(params);
  const byHand = vectorField({ f, vjp, params: theta });
  const own = compiled(f, { params, ...(uses && { uses }) });
  const withGradient = (field: typeof byHand | typeof own): Float64Array => {
    const solution = solve(field, { ...options, adjoint: symplectic() });
    return solution.pullback(solution.ys.fill(1)).y0 as Float64Array;
  };
  const { stats, ys } = solve(own, options);
  const bare = solve(f, { ...options, params: theta });
  if (bare.stats.steps !== stats.steps || bare.ys.some((value, i) => value !== ys[i]))
    throw new Error(`${name}: the solutions differ`);
  const [a, b] = [withGradient(byHand), withGradient(own)];
  const size = Math.max(...a.map(Math.abs));
  if (a.some((value, i) => !(Math.abs(value - b[i]!) <= 1e-7 * size))) throw new Error(`${name}: the gradients differ`);
  const timings = await race(
    [
      contestant("bare", () => solve(f, { ...options, params: theta })),
      contestant("solve", () => solve(own, options)),
      contestant("bareGradient", () => withGradient(byHand)),
      contestant("gradient", () => withGradient(own)),
    ],
    sampling,
  );
  const [bareNs, solveNs, bareGradient, gradient] = timings.map(({ minimum }) => minimum / stats.steps);
  return {
    problem: name,
    steps: stats.steps,
    bare: bareNs!,
    solve: solveNs!,
    bareGradient: bareGradient!,
    gradient: gradient!,
  };
}
