// NaN, infinity, blow-up and jumps: a solve ends soon, with a code and a time, and onFailure may keep what was reached.
import { describe, expect, it } from "vitest";
import { rk4, solve } from "../../../ts/index.ts";
import { failureOf } from "../errors.ts";
import { adaptiveByName } from "../solver-list.ts";
import { last } from "./sequences.ts";

describe("numbers that fail", () => {
  it("an error that no step can lower ends in step-underflow, without trying the smallest step again and again", () => {
    // The error estimate stays above the tolerance however short the step, as at a jump.
    let noise = 1;
    const field = (_t: number, _y: Float64Array, dy: Float64Array): void => {
      noise = -noise * 1.0001;
      dy[0] = noise * 1e30;
    };
    for (const [, solver] of adaptiveByName) {
      const failure = failureOf(() => solve(field, { y0: [1], ts: [1, 2], solver, firstStep: 0.1 }));
      expect(failure.code).toBe("step-underflow");
    }
    let calls = 0;
    const jump = (t: number, _y: Float64Array, dy: Float64Array): void => {
      calls++;
      dy[0] = t < 0.7 ? 0 : 1e25;
    };
    const failure = failureOf(() => solve(jump, { y0: [1], ts: [0, 1], rtol: 1e-6, atol: 1e-6 }));
    expect(failure.code).toBe("step-underflow");
    expect(Math.abs(failure.t - 0.7)).toBeLessThan(1e-9);
    expect(calls).toBeLessThan(2000);
  });

  it("blow-up in finite time ends soon, in a code of its own", () => {
    const square = (_t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = y[0]! ** 2;
    };
    for (const [, solver] of adaptiveByName) {
      let calls = 0;
      const counted = (t: number, y: Float64Array, dy: Float64Array): void => {
        calls++;
        square(t, y, dy);
      };
      const failure = failureOf(() => solve(counted, { y0: [1], ts: [0, 2], solver, rtol: 1e-3, atol: 1e-6 }));
      expect(["step-underflow", "non-finite"]).toContain(failure.code);
      expect(Math.abs(failure.t - 1)).toBeLessThan(0.05);
      expect(calls).toBeLessThan(1e5);
    }
  });

  it("a field that is NaN at the start says so, with the component", () => {
    const failure = failureOf(() => solve((_t, _y, dy) => void dy.set([1, Number.NaN]), { y0: [0, 0], ts: [3, 4] }));
    expect(failure.code).toBe("non-finite");
    expect(failure.t).toBe(3);
    expect(failure.message).toMatch(/component 1 is NaN/);
  });

  it("a field that becomes NaN ends in non-finite at the time where it does", () => {
    for (const [, solver] of adaptiveByName) {
      const failure = failureOf(() =>
        solve(
          (t, _y, dy) => {
            dy[0] = t > 0.5 ? Number.NaN : 1;
          },
          { y0: [0], ts: [0, 1], solver, maxStep: 1e-3 },
        ),
      );
      expect(failure.code).toBe("non-finite");
      // A method without a stage at the step's end notices one step later.
      expect(failure.t).toBeGreaterThan(0.5 - 1e-9);
      expect(failure.t).toBeLessThan(0.501);
    }
    const fixed = failureOf(() =>
      solve(
        (t, _y, dy) => {
          dy[0] = t > 0.5 ? Number.NaN : 1;
        },
        {
          y0: [0],
          ts: [0, 1],
          solver: rk4,
          stepSize: 0.25,
        },
      ),
    );
    expect(fixed.code).toBe("non-finite");
    expect(fixed.t).toBe(0.5);
  });

  it("an infinite derivative is no better than NaN", () => {
    const field = (t: number, _y: Float64Array, dy: Float64Array): void => {
      dy[0] = t > 0.5 ? Number.POSITIVE_INFINITY : 1;
    };
    expect(failureOf(() => solve(field, { y0: [0], ts: [0, 1] })).code).toBe("non-finite");
  });

  it("a NaN in a trial stage only rejects the step", () => {
    // √(1 − t) with the end of its domain as the last output: trial steps beyond it are NaN, the solution is not.
    const field = (t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = y[0]! > 2 ? Number.NaN : Math.cos(t);
    };
    const solution = solve(field, { y0: [0.99], ts: [0, 3], rtol: 1e-8, atol: 1e-8, firstStep: 2.9 });
    expect(solution.stats.rejected).toBeGreaterThan(0);
    expect(solution.ys[1]).toBeCloseTo(0.99 + Math.sin(3), 6);
  });

  it("a jump that no step can pass ends in step-underflow or non-finite, not in a hang", () => {
    const field = (t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = t < 0.5 ? 1 : 1e300 * y[0]!;
    };
    const failure = failureOf(() => solve(field, { y0: [1], ts: [0, 1] }));
    expect(["step-underflow", "non-finite"]).toContain(failure.code);
  });

  it("onFailure: return cuts ts and ys to what was reached, with status and error", () => {
    const field = (t: number, _y: Float64Array, dy: Float64Array): void => {
      dy[0] = t > 0.5 ? Number.NaN : 1;
    };
    const solution = solve(field, { y0: [0], ts: [0, 0.25, 0.5, 0.75, 1], output: "land", onFailure: "return" });
    expect(solution.status).toBe("non-finite");
    expect(solution.error?.code).toBe("non-finite");
    expect([...solution.ts]).toEqual([0, 0.25, 0.5]);
    expect(solution.ys).toHaveLength(3);
    expect(solution.ys[2]).toBeCloseTo(0.5, 9);
    expect(last(solution.grid)).toBeGreaterThanOrEqual(0.5);
    const nowhere = solve(() => [Number.NaN], { y0: [7], ts: [0, 1], onFailure: "return" });
    expect([...nowhere.ys]).toEqual([7]);
    expect([...nowhere.grid]).toEqual([0]);
    expect(nowhere.stats.accepted).toBe(0);
  });
});
