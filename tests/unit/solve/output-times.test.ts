// ts: output times are met exactly, however close to each other and however far from 0.
import { describe, expect, it } from "vitest";
import { solve } from "../../../ts/index.ts";
import { decay, oscillator } from "../problems.ts";

describe("output times", () => {
  it("are hit exactly, however many", () => {
    const ts = Array.from({ length: 300 }, (_, i) => i * 0.01 + (i > 0 ? Math.sin(i) * 0.004 : 0));
    const solution = solve(decay, { y0: [3], ts, output: "land" });
    const known = new Set(solution.grid);
    expect(ts.every((t) => known.has(t))).toBe(true);
    ts.forEach((t, k) => expect(Math.abs(solution.ys[k]! - 3 * Math.exp(-t))).toBeLessThan(1e-5));
  });

  it("may be closer than rounding of the steps between them", () => {
    const ts = [0, 1, 1 + 2 ** -52, 1 + 2 ** -51, 2];
    const { ys, grid } = solve(decay, { y0: [1], ts, output: "land" });
    expect(ts.every((t) => grid.includes(t))).toBe(true);
    expect(ys[4]).toBeCloseTo(Math.exp(-2), 5);
  });

  it("may lie far from 0, where times have few digits left", () => {
    const start = 2 ** 40;
    const { ys } = solve(decay, { y0: [1], ts: [start, start + 1, start + 2] });
    expect(ys[2]).toBeCloseTo(Math.exp(-2), 4);
  });

  it("do not shorten the steps that follow them", () => {
    const sparse = solve(oscillator, { y0: [1, 0], ts: [0, 20], output: "land" });
    const dense = solve(oscillator, { y0: [1, 0], ts: [0, 3, 3.0001, 7, 7.0001, 11, 20], output: "land" });
    expect(dense.stats.accepted).toBeLessThan(sparse.stats.accepted + 14);
  });
});
