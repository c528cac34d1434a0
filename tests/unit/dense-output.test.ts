// Outputs between steps: `at(t)`, interpolated outputs, and steps that must end at given times.
import { describe, expect, it } from "vitest";
import { rk4, type Solver, solve, tsit5, vern9 } from "../../ts/index.ts";
import { failureOf } from "./errors.ts";
import { mixed, oscillator } from "./problems.ts";
import { byName, SOLVERS } from "./solver-list.ts";

const reference = solve(mixed, { y0: [1, 0.5, 0], ts: [0, 1], solver: vern9, rtol: 1e-14, atol: 1e-14, dense: true });

/** Largest error of `at` over the interval, with fixed steps. */
function errorBetween(solver: Solver, steps: number): number {
  const solution = solve(mixed, { y0: [1, 0.5, 0], ts: [0, 1], solver, stepSize: 1 / steps, dense: true });
  let largest = 0;
  for (let i = 0; i <= 300; i++) {
    const [a, b] = [solution.at(i / 300), reference.at(i / 300)];
    a.forEach((value, j) => {
      largest = Math.max(largest, Math.abs(value - b[j]!));
    });
  }
  return largest;
}

describe("at", () => {
  const few = (solver: Solver): [number, number] => (solver.order > 6 ? [2, 4] : solver.order > 4 ? [8, 16] : [24, 48]);
  it.each(byName)("%s: converges with the lower of the orders of the method and of its extension", (_name, solver) => {
    const [coarse, fine] = few(solver);
    const measured = Math.log2(errorBetween(solver, coarse) / errorBetween(solver, fine));
    expect(measured).toBeGreaterThan(Math.min(solver.order, solver.scheme.dense!.order) - 0.2);
  });

  it.each(byName)("%s: passes through the steps' ends and evaluates nothing", (_name, solver) => {
    let calls = 0;
    const counted = (t: number, y: Float64Array, dy: Float64Array): void => {
      calls++;
      mixed(t, y, dy);
    };
    const steps: { t: number; y: Float64Array }[] = [];
    const solution = solve(counted, {
      y0: [1, 0.5, 0],
      ts: [2, -1],
      solver,
      ...(solver.adaptive ? {} : { stepSize: 0.25 }),
      dense: true,
      onStep: ({ t, y }) => steps.push({ t, y: Float64Array.from(y) }),
    });
    expect(calls).toBe(solution.stats.evaluations);
    for (const { t, y } of steps) expect(solution.at(t)).toEqual(y);
    expect([...solution.at(2)]).toEqual([1, 0.5, 0]);
    expect(calls).toBe(solution.stats.evaluations);
  });

  it("needs dense: true and a time inside", () => {
    const plain = solve(oscillator, { y0: [1, 0], ts: [0, 1] });
    expect(failureOf(() => plain.at(0.5)).message).toContain("dense");
    const dense = solve(oscillator, { y0: [1, 0], ts: [0, 1], dense: true });
    for (const t of [-0.1, 1.1, Number.NaN]) expect(failureOf(() => dense.at(t)).message).toContain(`t is ${t}`);
  });
});

describe("output", () => {
  it("interpolate takes the steps of a solve without outputs and equals at(t)", () => {
    for (const solver of SOLVERS.filter(({ interpolates }) => interpolates)) {
      const ts = Array.from({ length: 41 }, (_, i) => i / 8);
      const many = solve(mixed, { y0: [1, 0.5, 0], ts, solver, dense: true });
      const few = solve(mixed, { y0: [1, 0.5, 0], ts: [0, 5], solver, dense: true });
      expect(many.grid).toEqual(few.grid);
      ts.forEach((t, i) => {
        many.at(t).forEach((value, j) => expect(many.ys[3 * i + j]).toBeCloseTo(value, 13));
      });
    }
  });

  it("never evaluates outside the interval", () => {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const watching = (t: number, y: Float64Array, dy: Float64Array): void => {
      [least, most] = [Math.min(least, t), Math.max(most, t)];
      mixed(t, y, dy);
    };
    for (const [, solver] of byName) {
      const options = solver.adaptive ? {} : { stepSize: 0.3 };
      solve(watching, { y0: [1, 0.5, 0], ts: [0.1, 0.35, 3.7], solver, firstStep: 0.5, dense: true, ...options });
    }
    expect([least, most]).toEqual([0.1, 3.7]);
  });

  it("land ends a step at every output; interpolation is refused where its order is too low", () => {
    const solution = solve(mixed, { y0: [1, 0.5, 0], ts: [0, 0.3, 0.31, 2], solver: tsit5, output: "land" });
    for (const t of solution.ts) expect(solution.grid).toContain(t);
    const error = failureOf(() =>
      solve(mixed, { y0: [1, 0.5, 0], ts: [0, 1], solver: rk4, stepSize: undefined as never, output: "interpolate" }),
    );
    expect(error.message).toContain('output is "interpolate"');
  });
});
