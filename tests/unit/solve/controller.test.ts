// controller: how steps grow and shrink, and the order of the error that they go by.
import { describe, expect, it } from "vitest";
import { dop853, dopri5, integral, pid, reversible, rk4, rungeKutta, solve, tsit5, vern9 } from "../../../ts/index.ts";
import { lorenz, oscillator } from "../problems.ts";
import { differences } from "./sequences.ts";

describe("controllers", () => {
  it("are what was passed", () => {
    const grids = [
      pid(),
      integral(),
      pid({ p: 0.2, i: 0.4, d: 0.1 }),
      pid({ safety: 0.5 }),
      pid({ maxFactor: 1.5 }),
    ].map((controller) => [...solve(lorenz, { y0: [1, 1, 1], ts: [0, 2], controller, firstStep: 1e-5 }).grid].join());
    expect(new Set(grids).size).toBe(grids.length);
  });

  it("grow steps by maxFactor at most", () => {
    const { grid } = solve(lorenz, {
      y0: [1, 1, 1],
      ts: [0, 3],
      controller: pid({ maxFactor: 1.25 }),
      firstStep: 1e-6,
    });
    const steps = differences(grid);
    steps.slice(1, -1).forEach((h, i) => expect(h / steps[i]!).toBeLessThanOrEqual(1.25 * (1 + 1e-6)));
  });

  it("shrink steps before they have to be rejected", () => {
    const square = (_t: number, y: ArrayLike<number>, dy: Float64Array): void => {
      dy[0] = y[0]! ** 2;
    };
    // y = 1/(1 − t): the steps shrink by a factor of 500.
    const options = { y0: [1], ts: [0, 0.999], rtol: 1e-9, atol: 1e-12 };
    const { stats, grid } = solve(square, options);
    expect(stats.rejected).toBe(0);
    const steps = differences(grid);
    expect(steps[0]! / steps.at(-2)!).toBeGreaterThan(100);
    steps.slice(1, -1).forEach((h, i) => expect(h / steps[i]!).toBeGreaterThanOrEqual(0.9 * (1 - 1e-6)));
    // As torchdiffeq's, which rejects first.
    const plain = solve(square, { ...options, controller: integral() });
    expect(plain.stats.rejected).toBeGreaterThan(10);
  });

  describe("go by the order of the error", () => {
    const b = [1, 0];
    const tableau = {
      name: "Euler in Heun",
      order: 1,
      embeddedOrder: 2,
      a: [[], [1]],
      b,
      c: [0, 1],
      error: [0.5, -0.5],
    };
    const pair = rungeKutta(tableau);

    it("which is above the solver's where the embedded solution is the better one, and below it where it is much worse", () => {
      expect(pair.errorOrder).toBe(2);
      expect(reversible(pair).errorOrder).toBe(2);
      const worse = { ...rk4.tableau!, embeddedOrder: 1, error: [1 / 6 - 1, 1 / 3, 1 / 3, 1 / 6] };
      expect(rungeKutta(worse).errorOrder).toBe(2);
      for (const { errorOrder, order } of [dopri5, tsit5, dop853, vern9]) expect(errorOrder).toBe(order);
    });

    it("so that steps neither swing nor are rejected", () => {
      const options = { y0: [1, 0], ts: [0, 3], solver: pair, rtol: 1e-3, atol: 1e-3 };
      for (const controller of [pid(), integral()]) {
        const { stats, grid } = solve(oscillator, { ...options, controller });
        expect(stats.rejected).toBe(0);
        const steps = differences(grid).slice(30, -1);
        expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.1);
      }
    });
  });
});
