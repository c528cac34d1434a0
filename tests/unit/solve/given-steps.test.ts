// stepSize and grid: steps that the caller gives, so that no error is controlled.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { euler, rk4, solve } from "../../../ts/index.ts";
import { failureOf } from "../errors.ts";
import { decay, mixed, mixedOptions } from "../problems.ts";
import { adaptiveByName, byName } from "../solver-list.ts";
import { differences, last } from "./sequences.ts";

describe("fixed steps", () => {
  it.each(byName)("%s takes them", (_, solver) => {
    const { stats, grid } = solve(decay, { y0: [1], ts: [0, 1], solver, stepSize: 0.125 });
    expect(stats).toMatchObject({ steps: 8, accepted: 8, rejected: 0, firstStep: 0.125 });
    expect([...grid]).toEqual([0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]);
  });

  it("are ⌈length/h − 1e-9⌉ an output interval, equal but for the last", () => {
    const count = (length: number, stepSize: number): number =>
      solve(decay, { y0: [1], ts: [0, length], solver: euler, stepSize }).stats.accepted;
    expect(count(1, 0.1)).toBe(10);
    expect(count(0.3, 0.1)).toBe(3); // 0.3 / 0.1 = 2.9999999999999996
    expect(count(0.6 + 0.3, 0.3)).toBe(3);
    expect(count(1, 0.3)).toBe(4);
    expect(count(1 + 1e-8, 0.1)).toBe(11);
    expect(count(1 + 1e-11, 0.1)).toBe(10);
    expect(count(1, 5)).toBe(1);
    expect(count(1e-12, 1)).toBe(1);
    const { grid } = solve(decay, { y0: [1], ts: [0, 1, 1.25], solver: euler, stepSize: 0.3 });
    expect([...grid]).toEqual([0, 0.3, 0.6, 0.8999999999999999, 1, 1.25]);
  });

  it("follow the same rule with random times and either direction", () => {
    const interval = fc.double({ min: 1e-3, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(interval, { minLength: 1, maxLength: 5 }),
        interval,
        fc.boolean(),
        (lengths, stepSize, down) => {
          const ts = [0.5];
          for (const length of lengths) ts.push(last(ts) + (down ? -length : length));
          const { grid } = solve(decay, { y0: [1], ts, solver: euler, stepSize });
          for (let k = 1; k < ts.length; k++) {
            const [from, to] = [grid.indexOf(ts[k - 1]!), grid.indexOf(ts[k]!)];
            expect(from).toBeGreaterThanOrEqual(0);
            expect(to - from).toBe(Math.max(1, Math.ceil(Math.abs(ts[k]! - ts[k - 1]!) / stepSize - 1e-9)));
            differences(grid.slice(from, to + 1)).forEach((h, i, all) => {
              if (i < all.length - 1) expect(Math.abs(Math.abs(h) - stepSize)).toBeLessThan(1e-12);
              else expect(Math.abs(h)).toBeLessThanOrEqual(stepSize * (1 + 2e-9) + 1e-12);
            });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("give what the method's formula says", () => {
    const { ys } = solve(
      (t, y, dy) => {
        dy[0] = t * y[0]!;
      },
      { y0: [2], ts: [1, 1.5], solver: rk4, stepSize: 0.5 },
    );
    const [t, h, y] = [1, 0.5, 2];
    const k1 = t * y;
    const k2 = (t + h / 2) * (y + (h / 2) * k1);
    const k3 = (t + h / 2) * (y + (h / 2) * k2);
    const k4 = (t + h) * (y + h * k3);
    expect(ys[1]).toBeCloseTo(y + (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4), 14);
  });

  it("of which there are more than maxSteps are refused before the first, with their number", () => {
    const never = (): void => {
      throw new Error("evaluated");
    };
    for (const steps of [{ stepSize: 1e-9 }, { grid: Float64Array.from({ length: 200_001 }, (_, i) => i / 200_000) }]) {
      const failure = failureOf(() => solve(never, { y0: [1], ts: [0, 1], solver: rk4, ...steps }));
      expect(failure.code).toBe("max-steps");
      expect(failure.message).toContain("grid" in steps ? "200000 steps" : "1000000000 steps");
      expect(failure.message).not.toContain("stiff");
    }
  });

  it("end in max-steps after maxSteps of them where what is reached is wanted", () => {
    const options = { y0: [1], ts: [0, 1], solver: rk4, stepSize: 1e-12, maxSteps: 500, onFailure: "return" } as const;
    const { status, error } = solve(decay, options);
    expect(status).toBe("max-steps");
    expect(error!.message).not.toContain("stiff");
    expect(Math.abs(error!.t - 500e-12)).toBeLessThan(1e-15);
  });

  it("end in non-finite where the state overflows", () => {
    const failure = failureOf(() =>
      solve(
        (_t, y, dy) => {
          dy[0] = y[0]! ** 2;
        },
        { y0: [1], ts: [0, 50], solver: euler, stepSize: 0.5 },
      ),
    );
    expect(failure.code).toBe("non-finite");
    expect(failure.t).toBeGreaterThan(0);
    expect(failure.h).toBe(0.5);
  });
});

describe("grid", () => {
  it.each(adaptiveByName)("%s replays to the bit", (_, solver) => {
    const options = { ...mixedOptions(), solver, rtol: 1e-4, atol: 1e-6 };
    const solution = solve(mixed, options);
    const replay = solve(mixed, { ...options, grid: solution.grid });
    expect(replay.ys).toEqual(solution.ys);
    expect(replay.grid).toEqual(solution.grid);
    expect(replay.stats.rejected).toBe(0);
    const backward = { ...options, ts: [5, 2, 0.7, 0] };
    const there = solve(mixed, backward);
    expect(solve(mixed, { ...backward, grid: there.grid }).ys).toEqual(there.ys);
  });

  it("replays fixed steps, for solvers without error estimate too", () => {
    const options = { ...mixedOptions(), solver: rk4 };
    const solution = solve(mixed, { ...options, stepSize: 0.3 });
    expect(solve(mixed, { ...options, grid: Array.from(solution.grid) }).ys).toEqual(solution.ys);
  });

  it("is followed unchecked, however coarse", () => {
    const { grid, ys } = solve(decay, { y0: [1], ts: [0, 4], grid: [0, 3, 4], solver: euler });
    expect([...grid]).toEqual([0, 3, 4]);
    expect(ys[1]).toBe(0);
  });
});
