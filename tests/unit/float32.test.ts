// Error control in float32: what an estimate says below the rounding of the state is noise, and must not cost steps.
import { describe, expect, it } from "vitest";
import { dopri5, mlp, type Solution, solve, tsit5, vern7, vern9 } from "../../ts/index.ts";

const BATCH = 32;
const y0 = Float32Array.from({ length: 2 * BATCH }, (_, i) => Math.sin(1 + 1.7 * i));
const { params } = mlp({ layers: [2, 32, 32, 2], seed: 3 });

const solved = (dtype: "float32" | "float64", rtol: number, solver = dopri5): Solution =>
  solve(mlp({ layers: [2, 32, 32, 2], dtype, params }), { y0, ts: [0, 1], solver, rtol, atol: rtol / 100 });

describe("error control in float32", () => {
  const exact = solved("float64", 1e-13, vern9).ys;

  it.each([
    ["dopri5", dopri5],
    ["tsit5", tsit5],
    ["vern7", vern7],
  ])("%s: takes no more steps than float64 where only rounding is left, and is as accurate", (_, solver) => {
    for (const rtol of [1e-5, 1e-6, 1e-7]) {
      const { ys, stats } = solved("float32", rtol, solver);
      expect(stats.accepted).toBeLessThanOrEqual(solved("float64", rtol, solver).stats.accepted);
      // Each component within the tolerance, or a few roundings of what a state of size 1 passes through.
      ys.forEach((y, i) => {
        const error = Math.abs(y - exact[i]!);
        expect(error).toBeLessThan(Math.max(2 * rtol * Math.abs(exact[i]!), 16 * 2 ** -24));
      });
    }
  });

  it("begins as float64 does where the state is large and changes slowly", () => {
    // y' = 1e-5, so that in a unit of time y changes by less than its rounding.
    const options = { y0: [1000], ts: [0, 1e8], rtol: 1e-5, atol: 1e-7 };
    const firstStep = (dtype: "float32" | "float64"): number =>
      solve(mlp({ layers: [1, 1], dtype, params: [0, 1e-5] }), options).stats.firstStep;
    expect(firstStep("float32") / firstStep("float64")).toBeCloseTo(1, 3);
  });

  it("still ends with tolerances that no float32 can meet", () => {
    const { stats } = solved("float32", 1e-10);
    expect(stats.accepted).toBeLessThan(solved("float64", 1e-10).stats.accepted);
  });
});
