// The fixtures: small networks with the solution and gradient of the ODE itself (`exact`, a fine fixed-step solve, error
// below 1e-11) and with torchdiffeq 0.2.5's results.
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Mlp } from "../../ts/fields/mlp.ts";
import { bosh3, dop853, dopri5, euler, heun, midpoint, mlp, type Solver } from "../../ts/index.ts";

type Rows = number[][];

/** torchdiffeq's continuous adjoint in one norm. */
interface ContinuousFixture {
  readonly gy0: Rows;
  readonly gtheta: number[];
  readonly gt: number[];
  readonly nfe_bwd: number;
}

export interface Fixture {
  readonly case: number;
  readonly problem: {
    readonly name: string;
    /** Widths, the time input included in the first. */
    readonly dims: number[];
    readonly act: string;
    readonly timeInput: boolean;
    /** Per layer [out][in], time as the last input. */
    readonly weights: Rows[];
    readonly biases: Rows;
    readonly y0: Rows;
    readonly t: number[];
  };
  readonly method: string;
  readonly rtol: number;
  readonly atol: number;
  readonly step_size: number | null;
  readonly loss_weights: Rows[];
  readonly forward: { readonly y: Rows[] };
  readonly backprop: { readonly loss: number; readonly gy0: Rows; readonly gtheta: number[] };
  readonly adjoint: ContinuousFixture;
  readonly seminorm: ContinuousFixture;
  readonly exact: { readonly y: Rows[]; readonly gy0: Rows; readonly gtheta: number[]; readonly gt: number[] };
}

// torchdiffeq's dopri8 is a pair of Prince and Dormand that this library does not have. Its fixtures' exact values hold for
// any method, and dop853 has the same order.
export const SOLVERS: Record<string, Solver> = { euler, midpoint, adaptive_heun: heun, bosh3, dopri5, dopri8: dop853 };

const folder = new URL("./fixtures/", import.meta.url);
export const fixtures: [string, Fixture][] = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => [name.replace(".json", ""), JSON.parse(readFileSync(new URL(name, folder), "utf8"))]);

/** ‖a − b‖ / ‖b‖. */
export function distance(a: ArrayLike<number>, b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  const difference = Math.hypot(...b.map((value, i) => a[i]! - value));
  return difference / Math.hypot(...b);
}

/** θ: W₁, b₁, W₂, b₂, … */
export const parametersOf = ({ weights, biases }: Fixture["problem"]): number[] =>
  weights.flatMap((w, i) => [...w.flat(), ...biases[i]!]);

export function fieldOf({ problem }: Fixture, params = parametersOf(problem)): Mlp {
  const { dims, timeInput, act } = problem;
  const layers = [dims[0]! - (timeInput ? 1 : 0), ...dims.slice(1)];
  return mlp({
    dtype: "float64",
    layers,
    time: timeInput,
    activation: act as "tanh",
    params: Float64Array.from(params),
  });
}
