// What every runtime must do with the built package: solve with a bare function, and take a gradient that agrees with
// central differences. The same checks run in Node, Deno and a browser.

import { distance } from "./measure.ts";

type Odegrad = typeof import("odegrad");

export interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

/** y' = −y from 1 is exp(−t). */
function decay({ solve, tsit5 }: Odegrad): string {
  const field = (_t: number, y: ArrayLike<number>, dy: { [i: number]: number }) => {
    dy[0] = -y[0];
  };
  const { ys, stats } = solve(field, { y0: [1], ts: [0, 0.5, 2], solver: tsit5, rtol: 1e-8, atol: 1e-10 });
  const error = distance(ys, [1, Math.exp(-0.5), Math.exp(-2)]);
  if (!(error < 1e-7)) throw new Error(`relative error ${error}`);
  return `relative error ${error.toExponential(1)} in ${stats.accepted} steps`;
}

/** The gradient of L = Σ wᵢ ysᵢ against central differences of the same steps, replayed. */
function gradient({ solve, mlp, backprop, dopri5 }: Odegrad): string {
  const ts = [0, 0.4, 1];
  const start = Float64Array.of(1, -0.5, 0.3, 0.8); // a batch of two
  const weights = [0, 0, 0, 0, 1, -2, 0.5, 1, 0.7, 0.1, -1, 2];
  const field = mlp({ layers: [2, 8, 2], activation: "tanh", dtype: "float64", seed: 3 });
  const solution = solve(field, { y0: start, ts, solver: dopri5, rtol: 1e-6, atol: 1e-8, adjoint: backprop() });
  const { y0, params } = solution.pullback(weights);

  const loss = (): number => {
    const { ys } = solve(field, { y0: start, ts, solver: dopri5, grid: solution.grid });
    return weights.reduce((sum, weight, i) => sum + weight * ys[i], 0);
  };
  const differences = (point: { [i: number]: number; length: number }): number[] =>
    Array.from({ length: point.length }, (_, i) => {
      const h = 1e-5;
      const value = point[i];
      point[i] = value + h;
      const above = loss();
      point[i] = value - h;
      const below = loss();
      point[i] = value;
      return (above - below) / (2 * h);
    });
  const errors = { y0: distance(y0, differences(start)), params: distance(params!, differences(field.params!)) };
  if (!(errors.y0 < 1e-7 && errors.params < 1e-7)) throw new Error(`relative errors ${JSON.stringify(errors)}`);
  return `relative errors ${errors.y0.toExponential(1)} (y0), ${errors.params.toExponential(1)} (params)`;
}

/** The float32 kernels: the same network in both precisions. */
function singlePrecision({ solve, mlp, rk4 }: Odegrad): string {
  const layers = [3, 17, 3];
  const double = mlp({ layers, activation: "softplus", dtype: "float64", seed: 1 });
  const single = mlp({ layers, activation: "softplus", dtype: "float32", params: double.params });
  const [low, high] = [single, double].map((field) =>
    solve(field, { y0: [1, 2, 3], ts: [0, 1], solver: rk4, stepSize: 0.1 }),
  );
  const error = distance(low.ys, high.ys);
  if (!(low.ys instanceof Float32Array && error < 1e-5)) throw new Error(`float32 and float64 differ by ${error}`);
  return `float32 and float64 differ by ${error.toExponential(1)}`;
}

/** Bad input is refused with a code to branch on. */
function refusal({ solve, SolveError }: Odegrad): string {
  try {
    solve((_t: number, y: ArrayLike<number>) => [y[0]], { y0: [Number.NaN], ts: [0, 1] });
  } catch (error) {
    if (error instanceof SolveError && error.code === "invalid") return error.message;
    throw error;
  }
  throw new Error("a NaN in y0 was accepted");
}

/** A page that may not compile WebAssembly is told what its policy must allow. */
function policy({ solve, SolveError }: Odegrad): string {
  try {
    solve((_t: number, y: ArrayLike<number>) => [y[0]], { y0: [1], ts: [0, 1] });
  } catch (error) {
    if (error instanceof SolveError && error.code === "unsupported" && error.message.includes("'wasm-unsafe-eval'"))
      return error.message;
    throw error;
  }
  throw new Error("a solve ran");
}

function results(odegrad: Odegrad, checks: Record<string, (odegrad: Odegrad) => string>): Check[] {
  return Object.entries(checks).map(([name, check]) => {
    try {
      return { name, ok: true, detail: check(odegrad) };
    } catch (error) {
      return { name, ok: false, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  });
}

export const scenario = async (odegrad: Odegrad): Promise<Check[]> =>
  results(odegrad, {
    "solves with a bare function": decay,
    "takes a gradient that agrees with central differences": gradient,
    "computes in float32 and float64": singlePrecision,
    "refuses bad input": refusal,
  });

export const policyScenario = async (odegrad: Odegrad): Promise<Check[]> =>
  results(odegrad, { "names what a policy without WebAssembly must allow": policy });
