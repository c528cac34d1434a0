// Starts: from rest at any time, and nothing evaluated outside the interval.
import { describe, expect, it } from "vitest";
import {
  bosh3,
  continuous,
  jvp,
  reversible,
  rk4,
  type SolveOptions,
  type Solver,
  solve,
  tsit5,
  vectorField,
} from "../../ts/index.ts";
import { failureOf } from "../unit/errors.ts";
import { adaptiveByName, byName } from "../unit/solver-list.ts";
import { decay, still } from "./systems.ts";

describe("I.A4: a solve can start from rest at any time", () => {
  it.each([3e8, 2.9e8, 1.7e9, -1.7e9, 1e15])("I.A4: at %d", (t0) => {
    for (const direction of [1, -1]) {
      const { ys, stats } = solve(still, { y0: [0.5], ts: [t0, t0 + 1000 * direction] });
      expect([...ys]).toEqual([0.5, 0.5]);
      expect(stats.firstStep).toBeGreaterThanOrEqual(14 * Number.EPSILON * Math.abs(t0));
    }
  });

  it("I.A4: an infusion that starts later, in Unix seconds", () => {
    const t0 = 1.7e9;
    const { ys } = solve(
      (t, y, dy) => {
        dy[0] = (t >= t0 + 2 && t < t0 + 7 ? 1 : 0) - 0.5 * y[0]!;
      },
      { y0: [0], ts: [t0, t0 + 10], stepTimes: [t0 + 2, t0 + 7] },
    );
    expect(ys[1]).toBeCloseTo(2 * (1 - Math.exp(-2.5)) * Math.exp(-1.5), 5);
  });
});

/** A field that notes the times that it is evaluated at. */
function noting(): { times: number[]; field: typeof decay } {
  const times: number[] = [];
  return {
    times,
    field(t, y, dy) {
      times.push(t);
      decay(t, y, dy);
    },
  };
}

describe("I.A5: no evaluation lies outside the interval", () => {
  it("I.A5: a field that throws there", () => {
    const { ys } = solve(
      (t, y, dy) => {
        if (t > 1) throw new RangeError(`t = ${t}`);
        dy[0] = 1e-4 * y[0]!;
      },
      { y0: [1], ts: [0, 1] },
    );
    expect(ys[1]).toBeCloseTo(Math.exp(1e-4), 9);
  });

  it.each([
    ["scipy#8848", [-17, 2], { maxStep: 0.03 }],
    ["scipy#9198", [0, 5], { maxStep: 1 }],
    ["scipy#17341", [0, 1e-4], {}],
  ] as const)("%s: a slow field in a short interval", (_, [start, end], options) => {
    const times: number[] = [];
    const field = (t: number, y: Float64Array, dy: Float64Array): void => {
      times.push(t);
      dy[0] = 1e-9 * y[0]!;
    };
    solve(field, { y0: [1], ts: [start, end], ...options });
    expect(Math.min(...times)).toBeGreaterThanOrEqual(start);
    expect(Math.max(...times)).toBeLessThanOrEqual(end);
    // The first step is tried no further away than the longest allowed.
    expect(times[1]! - start).toBeLessThanOrEqual("maxStep" in options ? options.maxStep + 1e-14 : end - start);
  });

  const solvers: [string, Solver][] = [...byName, ["reversible(tsit5)", reversible(tsit5)]];
  it.each(solvers)("%s, forwards and backwards, in steps of all kinds, at all origins", (_, solver) => {
    for (const origin of [0, -0.3, 1e6, 1.7e9]) {
      for (const length of [1, -1, 0.3, -7.7]) {
        for (const steps of [{ stepSize: 0.17 }, ...(solver.adaptive ? [{}, { maxStep: 0.11 }] : [])]) {
          const { times, field } = noting();
          const ts = [origin, origin + length / 3, origin + length];
          solve(field, { y0: [1, 2], ts, solver, ...steps });
          const [low, high] = [Math.min(ts[0]!, ts[2]!), Math.max(ts[0]!, ts[2]!)];
          expect(Math.min(...times)).toBeGreaterThanOrEqual(low);
          expect(Math.max(...times)).toBeLessThanOrEqual(high);
        }
      }
    }
  });

  it.each(adaptiveByName)(
    "%s: a field that jumps at the end of the interval, or the start, is seen inside",
    (_, solver) => {
      for (const [ts, jump] of [
        [[0, 1], 1],
        [[0, 1e-3], 1e-3],
        [[1, 0], 0],
        [[1, 2], 1],
      ] as const) {
        const [low, high] = ts[0] < ts[1] ? ts : [ts[1], ts[0]];
        const inside = (t: number): boolean => low < t && t < high;
        const field = (t: number, _y: Float64Array, dy: Float64Array): void => {
          dy[0] = inside(t) || (t !== jump && (t === low || t === high)) ? 1e-6 : Number.NaN;
        };
        const { ys } = solve(field, { y0: [0], ts: [...ts], solver, stepTimes: [jump] });
        expect(ys[1]).toBeCloseTo(1e-6 * (ts[1] - ts[0]), 18);
      }
    },
  );

  it("gradients and tangents stay inside as well", () => {
    const times: number[] = [];
    const field = vectorField({
      params: [0.8],
      f(t, y, dy, p) {
        times.push(t);
        dy[0] = -p[0]! * y[0]! + Math.sin(t);
      },
      vjp(t, y, p, c, out) {
        times.push(t);
        out.y[0]! -= p[0]! * c[0]!;
        out.params[0]! -= y[0]! * c[0]!;
        out.t[0]! += c[0]! * Math.cos(t);
      },
      jvp(t, y, p, dot, dy) {
        times.push(t);
        dy[0] = -p[0]! * dot.y[0]! - dot.params[0]! * y[0]!;
      },
    });
    const options: SolveOptions = {
      y0: [1],
      ts: [0, 0.5, 1],
      adjoint: continuous(),
      events: [{ root: (_t, y) => y[0]! - 0.9, effect: { apply() {}, vjp: (_t, _y, _p, c, out) => out.y.set(c) } }],
    };
    const solution = solve(field, options);
    expect(solution.events.length).toBeGreaterThan(0);
    solution.pullback([1, 1, 1], { times: true });
    jvp(solution, { y0: [1], params: [1] });
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...times)).toBeLessThanOrEqual(1);
  });
});

describe("accept rejects trial steps", () => {
  const fast = (_t: number, y: Float64Array, dy: Float64Array): void => {
    dy[0] = -1000 * y[0]!;
  };

  it("RxODE#188: no accepted state is negative", () => {
    const least = (options: Partial<SolveOptions>): number => {
      let lowest = 1;
      const onStep: SolveOptions["onStep"] = ({ y }) => {
        lowest = Math.min(lowest, y[0]!);
      };
      solve(fast, { y0: [1], ts: [0, 1], solver: bosh3, rtol: 0.5, atol: 0.5, onStep, ...options });
      return lowest;
    };
    expect(least({})).toBeLessThan(0);
    expect(least({ accept: (_t, y) => y[0]! >= 0 })).toBeGreaterThanOrEqual(0);
  });

  it("sees the end of the step and its state; a refused step is a rejected one", () => {
    const seen: number[] = [];
    const { stats, rejections, grid } = solve(decay, {
      y0: [1],
      ts: [0, 1],
      firstStep: 0.5,
      rtol: 1e-3,
      accept(t, y) {
        seen.push(t);
        expect(y[0]).toBeCloseTo(Math.exp(-t), 3);
        return seen.length > 1;
      },
    });
    expect(seen[0]).toBe(0.5);
    expect(seen[1]).toBe(0.25);
    expect(rejections).toEqual([{ t: 0, h: 0.5 }]);
    expect(stats.rejected).toBe(1);
    expect(seen.slice(1)).toEqual([...grid.slice(1)]);
  });

  it("false for good ends in step-underflow, with fixed steps at once", () => {
    const leaving = { y0: [1], ts: [0, 1], accept: (t: number) => t < 0.4 };
    for (const steps of [{}, { solver: rk4, stepSize: 0.1 }, { solver: rk4, grid: [0, 0.2, 0.4, 1] }]) {
      const failure = failureOf(() => solve(decay, { ...leaving, ...steps }));
      expect(failure.code).toBe("step-underflow");
      expect(failure.message).toContain("accept");
      expect(failure.t).toBeLessThanOrEqual(0.4);
    }
  });

  it("what is no function, or answers neither yes nor no, is refused", () => {
    const options = { y0: [1], ts: [0, 1] };
    expect(failureOf(() => solve(decay, { ...options, accept: true as never })).message).toContain("accept is true");
    const silent = failureOf(() => solve(decay, { ...options, accept: (() => {}) as never }));
    expect(silent.code).toBe("invalid");
    expect(silent.message).toContain("what accept returned at t =");
  });
});
