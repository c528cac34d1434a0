// rtol, atol and norm: for which components they may be given, and what they do to the number of steps.
import { describe, expect, it } from "vitest";
import { dopri5, type SolveOptions, solve, vectorField } from "../../../ts/index.ts";
import { failureOf } from "../errors.ts";
import { decay, oscillator } from "../problems.ts";

describe("tolerances and norms", () => {
  const two = (t: number, y: Float64Array, dy: Float64Array): void => {
    // A slow and a fast component that do not know of each other.
    dy[0] = -0.1 * y[0]!;
    dy[1] = 20 * Math.cos(20 * t) * y[1]!;
  };
  const accepted = (options: Partial<SolveOptions>): number =>
    solve(two, { y0: [1, 1], ts: [0, 3], solver: dopri5, rtol: 1e-6, atol: 1e-9, ...options }).stats.accepted;

  it("may be given for every component", () => {
    const uniform = accepted({});
    expect(accepted({ rtol: [1e-6, 1e-6], atol: [1e-9, 1e-9] })).toBe(uniform);
    expect(accepted({ rtol: [1e-6, 1e3] })).toBeLessThan(uniform / 3);
    expect(accepted({ atol: Float64Array.of(1e-9, 1e6) })).toBeLessThan(uniform / 3);
    expect(accepted({ rtol: [1e3, 1e-6] })).toBeGreaterThan(uniform / 3);
  });

  it("may be given for a row of the batch", () => {
    const field = vectorField({
      dim: 2,
      f: (t, y, dy) => {
        for (let i = 0; i < y.length; i += 2) two(t, y.subarray(i, i + 2), dy.subarray(i, i + 2));
      },
    });
    const batch = { y0: [1, 1, 1, 1, 1, 1], ts: [0, 3], solver: dopri5 };
    const byRow = solve(field, { ...batch, rtol: [1e-4, 1e3], atol: [1e-6, 1e-5] });
    const byElement = solve(field, {
      ...batch,
      rtol: [1e-4, 1e3, 1e-4, 1e3, 1e-4, 1e3],
      atol: [1e-6, 1e-5, 1e-6, 1e-5, 1e-6, 1e-5],
    });
    expect(byRow.grid).toEqual(byElement.grid);
    expect(byRow.grid).not.toEqual(solve(field, { ...batch, rtol: 1e-4, atol: 1e-6 }).grid);
  });

  it("may be purely absolute or purely relative", () => {
    expect(solve(decay, { y0: [1], ts: [0, 1], rtol: 0, atol: 1e-8 }).ys[1]).toBeCloseTo(Math.exp(-1), 6);
    expect(solve(decay, { y0: [1], ts: [0, 1], rtol: 1e-8, atol: 0 }).ys[1]).toBeCloseTo(Math.exp(-1), 6);
  });

  it("may be purely relative although a component starts at 0", () => {
    const { ys } = solve(oscillator, { y0: [1, 0], ts: [0, 1], rtol: 1e-8, atol: 0 });
    expect(ys[3]).toBeCloseTo(-Math.sin(1), 6);
  });

  it("need one component above 0 only where each has one", () => {
    expect(solve(oscillator, { y0: [1, 0.5], ts: [0, 1], rtol: [0, 1e-6], atol: [1e-6, 0] }).status).toBe("done");
  });

  it("may be given for a long state", () => {
    const length = 300_000;
    const rtol = new Float64Array(length).fill(1e-3);
    expect(solve(decay, { y0: rtol, ts: [0, 1e-3], rtol, atol: rtol }).status).toBe("done");
  });

  it("are measured by the mean of squares, the maximum, or segments with weights", () => {
    const rms = accepted({ norm: "rms" });
    const max = accepted({ norm: "max" });
    // All of the error is in one of two components: the rms norm sees 1/√2 of it.
    expect(max).toBeGreaterThan(rms);
    expect(accepted({ norm: [{ length: 2, weight: 1 }] })).toBe(rms);
    expect(Math.abs(accepted({ norm: [{ length: 2, weight: Math.SQRT2 }] }) / max - 1)).toBeLessThan(0.05);
    expect(
      accepted({
        norm: [
          { length: 1, weight: 1 },
          { length: 1, weight: 1 },
        ],
      }),
    ).toBe(max);
    expect(accepted({ norm: [{ length: 2, weight: 1000 }] })).toBeGreaterThan(2 * rms);
    expect(accepted({ norm: [{ length: 2, weight: 0.001 }] })).toBeLessThan(rms / 2);
    const slowOnly = accepted({
      norm: [
        { length: 1, weight: 1 },
        { length: 1, weight: 0 },
      ],
    });
    expect(slowOnly).toBeLessThan(rms / 5);
    expect(
      accepted({
        norm: [
          { length: 1, weight: 0 },
          { length: 1, weight: 1 },
        ],
      }),
    ).toBe(max);
  });

  it("notice a component that is not finite although its weight is 0", () => {
    const failure = failureOf(() =>
      solve((t, _y, dy) => void dy.set([1, t < 0.5 ? 0 : Number.NaN]), {
        y0: [0, 0],
        ts: [0, 1],
        norm: [
          { length: 1, weight: 1 },
          { length: 1, weight: 0 },
        ],
      }),
    );
    expect(failure.code).toBe("non-finite");
  });
});
