// solve() against closed forms and states of higher precision, and time backwards against −f forwards.
import { describe, expect, it } from "vitest";
import { dopri5, solve, tsit5 } from "../../../ts/index.ts";
import { decay, logistic, logisticAt, lorenz, lotka, mixed, mixedOptions, oscillator, turned } from "../problems.ts";
import { adaptiveByName, byName } from "../solver-list.ts";

describe("known solutions", () => {
  describe.each(adaptiveByName)("%s, adaptive", (_, solver) => {
    // Global errors exceed the tolerance by the number of steps, mildly: local errors are kept below it.
    const rtol = solver.order > 2 ? 1e-7 : 1e-5;
    const close = (a: number, b: number): void => expect(Math.abs(a - b)).toBeLessThan(100 * rtol);

    it("decays exponentially", () => {
      const { ys } = solve(decay, { y0: [1, 2], ts: [0, 1, 3], solver, rtol, atol: rtol });
      [1, 3].forEach((t, k) => {
        close(ys[2 * k + 2]!, Math.exp(-t));
        close(ys[2 * k + 3]!, 2 * Math.exp(-t));
      });
    });

    it("oscillates", () => {
      const ts = Array.from({ length: 50 }, (_, i) => i / 10);
      const { ys } = solve(oscillator, { y0: [1, 0.5], ts, solver, rtol, atol: rtol });
      ts.forEach((t, k) => turned([1, 0.5], t).forEach((value, i) => close(ys[2 * k + i]!, value)));
    });

    it("grows logistically, with time increasing and decreasing", () => {
      const forward = solve(logistic, { y0: [0.1], ts: [-1, 4], solver, rtol, atol: rtol });
      close(forward.ys[1]!, logisticAt(0.1, 5));
      const backward = solve(logistic, { y0: [0.6], ts: [4, 1, -1], solver, rtol, atol: rtol });
      close(backward.ys[1]!, logisticAt(0.6, -3));
      close(backward.ys[2]!, logisticAt(0.6, -5));
    });

    it("errs less with tighter tolerances", () => {
      const errorAt = (tolerance: number): number =>
        Math.abs(
          solve(logistic, { y0: [0.1], ts: [0, 5], solver, rtol: tolerance, atol: tolerance }).ys[1]! -
            logisticAt(0.1, 5),
        );
      expect(errorAt(1e-7)).toBeLessThan(errorAt(1e-3) / 50);
    });
  });

  // Final states from a 7(8)-order method in 80-bit arithmetic, tolerance 1e-18.
  it("follows the Lorenz attractor to t = 10, where errors have grown by 10⁴", () => {
    const { ys } = solve(lorenz, { y0: [1, 1, 1], ts: [0, 10], solver: tsit5, rtol: 1e-12, atol: 1e-12 });
    [-4.902687541134646, -3.74387292180292, 24.690858102790553].forEach((value, i) =>
      expect(Math.abs(ys[3 + i]! - value)).toBeLessThan(1e-6),
    );
  });

  it("follows Lotka and Volterra's prey and predators to t = 20", () => {
    const { ys } = solve(lotka, { y0: [1, 1], ts: [0, 20], solver: dopri5, rtol: 1e-11, atol: 1e-11 });
    [1.0576864068396261, 0.8286757441749495].forEach((value, i) =>
      expect(Math.abs(ys[2 + i]! - value)).toBeLessThan(1e-8),
    );
  });

  it("does not move where the derivative is 0", () => {
    const { ys, stats } = solve((_t, _y, dy) => void dy.fill(0), { y0: [1, -2, 0], ts: [0, 1e6] });
    expect([...ys]).toEqual([1, -2, 0, 1, -2, 0]);
    expect(stats.rejected).toBe(0);
    expect(stats.accepted).toBeLessThan(20);
  });

  it.each(byName)("%s replays time backwards as −f forwards, to the bit", (_, solver) => {
    const options = {
      ...mixedOptions(),
      solver,
      rtol: 1e-4,
      atol: 1e-6,
      ...(solver.adaptive ? {} : { stepSize: 0.05 }),
    };
    const mirrored = (t: number, y: Float64Array, dy: Float64Array): void => {
      mixed(-t, y, dy);
      for (let i = 0; i < y.length; i++) dy[i] = -dy[i]!;
    };
    const forward = solve(mixed, options);
    const backward = solve(mirrored, { ...options, ts: Array.from(options.ts, (t) => -t) });
    expect(backward.ys).toEqual(forward.ys);
    expect(backward.grid).toEqual(forward.grid.map((t) => -t));
    expect(backward.stats).toEqual(forward.stats);
  });
});
