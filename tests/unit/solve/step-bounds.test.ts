// firstStep, minStep, maxStep and maxSteps: which steps error control may take, and how many.
import { describe, expect, it } from "vitest";
import { dopri5, heun, solve, vectorField } from "../../../ts/index.ts";
import { failureOf } from "../errors.ts";
import { decay, lorenz, oscillator } from "../problems.ts";
import { adaptiveByName } from "../solver-list.ts";
import { differences } from "./sequences.ts";

describe("bounds on steps", () => {
  it("maxStep holds for every step", () => {
    const { grid } = solve(decay, { y0: [1], ts: [0, 1, 3.05], maxStep: 0.1 });
    expect(Math.max(...differences(grid))).toBeLessThanOrEqual(0.1 * (1 + 1e-11));
    expect(grid.length - 1).toBeLessThanOrEqual(40);
  });

  it("firstStep is the first step tried", () => {
    const { grid, stats } = solve(oscillator, { y0: [1, 0], ts: [0, 5], firstStep: 0.0125 });
    expect(stats.firstStep).toBe(0.0125);
    expect(grid[1]).toBe(0.0125);
    const rejected = solve(oscillator, { y0: [1, 0], ts: [0, 5], firstStep: 4 });
    expect(rejected.stats.firstStep).toBe(4);
    expect(rejected.stats.rejected).toBeGreaterThan(0);
    const calls: number[] = [];
    const counted = (t: number, y: Float64Array, dy: Float64Array): void => {
      calls.push(t);
      oscillator(t, y, dy);
    };
    const { stats: counts } = solve(counted, { y0: [1, 0], ts: [0, 1], solver: heun, firstStep: 1e-3 });
    expect(counts.evaluations).toBe(calls.length);
    expect(counts.evaluations).toBe(2 * counts.accepted + counts.rejected);
  });

  it("the first step is Hairer's where none is given (II.4)", () => {
    // y' = −2 y from 3, rms norm, order 5: all norms by hand.
    const [rtol, atol] = [1e-6, 1e-9];
    const scale = atol + rtol * 3;
    const d0 = 3 / scale;
    const d1 = 6 / scale;
    const h0 = (0.01 * d0) / d1;
    const d2 = Math.abs(-2 * (3 - 6 * h0) + 6) / scale / h0;
    const expected = Math.min(100 * h0, (0.01 / Math.max(d1, d2)) ** (1 / 5));
    const { stats } = solve(
      (_t, y, dy) => {
        dy[0] = -2 * y[0]!;
      },
      {
        y0: [3],
        ts: [0, 9],
        solver: dopri5,
        rtol,
        atol,
      },
    );
    expect(Math.abs(stats.firstStep / expected - 1)).toBeLessThan(1e-9);
  });

  it("the first step need not know the field beyond its domain", () => {
    // The probe of Hairer's rule leaves the domain of the square root; shorter steps do not.
    const field = (_t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = 0;
      dy[1] = -Math.sqrt(y[1]!);
    };
    for (const [, solver] of adaptiveByName) {
      const { ys } = solve(field, { y0: [1, 1e-12], ts: [0, 1e-6], solver, rtol: 1e-6, atol: 1e-9 });
      expect(Math.abs(ys[3]! - 0.25e-12)).toBeLessThan(1e-12);
    }
  });

  it("minStep ends the solve where error control asks for less", () => {
    const failure = failureOf(() =>
      solve(lorenz, { y0: [1, 1, 1], ts: [0, 5], minStep: 0.05, rtol: 1e-9, atol: 1e-9 }),
    );
    expect(failure.code).toBe("step-underflow");
    expect(failure.message).toContain("minStep = 0.05");
    expect(failure.t).toBeGreaterThanOrEqual(0);
  });

  it("minStep holds where a step that was accepted asks for less", () => {
    // The second, which is no function that fills, takes the steps one by one.
    const fields = [decay, vectorField({ f: (_t, y) => [-y[0]!] })];
    for (const field of fields) {
      const minStep = 0.2;
      const options = { y0: [1], ts: [0, 5], solver: dopri5, rtol: 1e-6, atol: 0, firstStep: minStep, minStep };
      const { stats, grid } = solve(field as typeof decay, options);
      expect(stats.rejected).toBe(0);
      const steps = differences(grid).slice(0, -1);
      for (const h of steps) expect(h).toBeGreaterThanOrEqual(minStep * (1 - 1e-9));
      expect(Math.min(...steps)).toBeLessThan(minStep * (1 + 1e-9));
    }
  });

  it("minStep does not forbid the short step that lands on an output", () => {
    const { status } = solve(decay, {
      y0: [1],
      ts: [0, 1, 1.0001, 2],
      minStep: 0.01,
      rtol: 1e-3,
      atol: 1e-3,
      output: "land",
    });
    expect(status).toBe("done");
  });

  it("maxSteps counts rejected steps too, and says how far it came", () => {
    const failure = failureOf(() => solve(lorenz, { y0: [1, 1, 1], ts: [0, 100], maxSteps: 25 }));
    expect(failure.code).toBe("max-steps");
    expect(failure.t).toBeGreaterThan(0);
    expect(failure.message).toMatch(/25 steps \(\d+ accepted, \d+ rejected\)/);
    const partial = solve(lorenz, { y0: [1, 1, 1], ts: [0, 100], maxSteps: 25, onFailure: "return" });
    expect(partial.stats.steps).toBe(25);
    const enough = solve(lorenz, { y0: [1, 1, 1], ts: [0, 1] }).stats.steps;
    expect(solve(lorenz, { y0: [1, 1, 1], ts: [0, 1], maxSteps: enough }).status).toBe("done");
    expect(failureOf(() => solve(lorenz, { y0: [1, 1, 1], ts: [0, 1], maxSteps: enough - 1 })).code).toBe("max-steps");
  });
});
