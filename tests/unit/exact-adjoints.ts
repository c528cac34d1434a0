// What tests of the exact adjoints share: one problem solved in every way, and gradients compared part by part.
import {
  type Adjoint,
  type Gradients,
  type Solution,
  type SolveOptions,
  type Solver,
  solve,
  type VectorField,
} from "../../ts/index.ts";
import { networkField, numbers, parameterCount } from "./networks.ts";
import { distance } from "./reference.ts";

export const N = 3;
export const PARAMS: readonly number[] = numbers(parameterCount(N), 7);
export const Y0: readonly number[] = [0.4, -0.7, 0.2];
export const FIELD: VectorField = networkField(N, PARAMS);

type Options = Omit<SolveOptions, "y0" | "ts"> & { readonly ts: readonly number[] };

const TIMES = {
  "one output": [0.3, 1.8],
  "many outputs": [-0.5, -0.2, 0.1, 0.11, 0.9, 1.5],
  "one output, time decreasing": [1.2, -0.4],
  "many outputs, time decreasing": [1.2, 1.1, 0.5, 0.2, -0.6],
};
const JUMPS = [0.45, 0.7];

/** Every way to solve with a solver: fixed and adaptive steps, landing and interpolating, with and without stepTimes. */
export function waysOf(solver: Solver): [string, Options][] {
  const steps: [string, Omit<Options, "ts">][] = [["fixed steps", { stepSize: 0.13 }]];
  const adaptive = { rtol: 1e-3, atol: 1e-4, firstStep: 1 };
  if (solver.adaptive) steps.push(["adaptive", { ...adaptive, output: "land" }]);
  if (solver.interpolates) steps.push(["adaptive, interpolating", { ...adaptive, rtol: 1e-2 }]);
  return Object.entries(TIMES).flatMap(([times, ts]) =>
    steps.flatMap(([name, options]): [string, Options][] => [
      [`${times}, ${name}`, { ts, solver, ...options }],
      [`${times}, ${name}, stepTimes`, { ts, solver, ...options, stepTimes: JUMPS }],
    ]),
  );
}

export const cotangentOf = ({ ts }: Options, n: number = N): number[] => numbers(ts.length * n, 11);

/** The solution and its gradient, times included. */
export function gradientOf(options: Options, adjoint: Adjoint): { solution: Solution; gradient: Gradients } {
  const solution = solve(FIELD, { y0: Y0, ...options, adjoint });
  return { solution, gradient: solution.pullback(cotangentOf(options), { times: true }) };
}

/** The largest relative distance of ∂L/∂y0, ∂L/∂θ and ∂L/∂ts. */
export const disagreement = (a: Gradients, b: Gradients): number =>
  Math.max(distance(a.y0, b.y0), distance(a.params, b.params), distance(a.ts ?? [], b.ts ?? []));

/** Derivative of L along a direction of (y0, θ) by central differences on the replayed grid, extrapolated (Richardson). */
export function differences(
  options: Options,
  grid: Float64Array,
  y0Direction: number[],
  paramsDirection: number[],
): number {
  const cotangent = cotangentOf(options);
  const { solver, ts, output } = options;
  const loss = (s: number): number => {
    const field = networkField(
      N,
      PARAMS.map((value, i) => value + s * paramsDirection[i]!),
    );
    const y0 = Y0.map((value, i) => value + s * y0Direction[i]!);
    const replay = { y0, ts, grid, solver: solver!, ...(output && { output }) };
    return dot(solve(field, replay).ys, cotangent);
  };
  const central = (h: number): number => (loss(h) - loss(-h)) / (2 * h);
  return (4 * central(1e-4) - central(2e-4)) / 3;
}

export const dot = (a: ArrayLike<number>, b: readonly number[]): number =>
  b.reduce((sum, value, i) => sum + value * a[i]!, 0);
