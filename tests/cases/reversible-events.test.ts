// Events with reversible solvers: an effect starts the two states of a pair afresh where it puts y.
import { describe, expect, it } from "vitest";
import { type Effect, reversible, type SolveEvent, solve, tsit5 } from "../../ts/index.ts";
import { apart, PAIRS, stepsOf } from "./pairs.ts";
import { bounce, decay, dose, falling, still } from "./systems.ts";

describe.each(Object.entries(PAIRS))("%s", (_, solver) => {
  it("a terminal event, at its time; the pair after it is of no account", () => {
    const { status, ts, ys, events } = solve(decay, {
      y0: [1],
      ts: [0, 5],
      ...stepsOf(solver, 1e-3),
      events: [{ root: (_t, y) => y[0]! - 0.3, terminal: true }],
    });
    expect(status).toBe("stopped");
    expect(ys[1]).toBeCloseTo(0.3, 14);
    expect(ts[1]).toBeCloseTo(-Math.log(0.3), 6);
    expect(events).toHaveLength(1);
  });

  it("what only watches, by the method's own continuous extension: near the closed form, and changing nothing", () => {
    const options = { y0: [1], ts: [0, 0.5, 3], ...stepsOf(solver, 1e-3) };
    const levels = [0.9, 0.7, 0.5, 0.2, 0.1];
    const watched = solve(decay, { ...options, events: levels.map((level) => ({ root: (_t, y) => y[0]! - level })) });
    expect(watched.events.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    for (const { index, t, y } of watched.events) {
      expect(t).toBeCloseTo(-Math.log(levels[index]!), 5);
      expect(y[0]).toBeCloseTo(levels[index]!, 12);
    }
    expect(watched.ys).toEqual(solve(decay, options).ys);
  });

  it("a bouncing ball, and two that bounce together", () => {
    const height = (h: number, restitution: number, time: number): [number, number] => {
      let [y, v, left] = [h, 0, time];
      for (;;) {
        const flight = (v + Math.sqrt(v * v + 2 * 9.8 * y)) / 9.8;
        if (flight > left) return [y + v * left - 4.9 * left ** 2, v - 9.8 * left];
        [y, v, left] = [0, -restitution * (v - 9.8 * flight), left - flight];
      }
    };
    const { events, ys } = solve(falling(), {
      y0: [10, 0, 10, 0],
      ts: [0, 6],
      ...stepsOf(solver, 0.01),
      events: [bounce(0, 0.8), bounce(1, 0.8)],
    });
    expect(events.map(({ index }) => index)).toEqual([0, 1, 0, 1, 0, 1]);
    const [y, v] = height(10, 0.8, 6);
    expect(apart(ys.subarray(4), [y, v, y, v])).toBeLessThan(1e-9);
  });

  it("doses on and off the steps, at one time and at the start, at any origin of time", () => {
    for (const origin of [0, 1e6, 1.7e9]) {
      const at = [0, 0.3, 0.3, 0.7 + 1e-3 * Math.PI, 1];
      const { events, ys } = solve(still, {
        y0: [0, 0],
        ts: [origin, origin + 0.5, origin + 2],
        solver,
        stepSize: 0.1,
        events: at.map((time, i) => dose(origin + time, i & 1)),
      });
      expect(events).toHaveLength(5);
      expect([...ys]).toEqual([0, 0, 2, 1, 3, 2]);
    }
  });

  it("an effect that stops the solve, after others", () => {
    const twice: Effect["apply"] = (_t, y) => {
      y[0]! *= 2;
      return "stop";
    };
    const { status, ys, events } = solve(still, {
      y0: [0],
      ts: [0, 2],
      solver,
      stepSize: 0.25,
      events: [dose(0.5), { root: (t) => t - 1.1, effect: twice }],
    });
    expect(status).toBe("stopped");
    expect([...ys]).toEqual([0, 1]);
    expect([...events.at(-1)!.yAfter!]).toEqual([2]);
  });
});

describe("starting afresh", () => {
  it("the gap of the pair is that of the steps since", () => {
    const run = (ts: number[], y0: number[], events: SolveEvent[]) =>
      solve(decay, { y0, ts, solver: reversible(tsit5), stepSize: 0.125, events });
    const whole = run([0, 1, 2], [1], [{ root: (t) => t - 1, effect: (_t, y) => y.set([5]) }]);
    const second = run([1, 2], [5], []);
    expect(whole.ys[2]).toBe(second.ys[1]);
    expect(whole.stats.gap).toBeGreaterThanOrEqual(second.stats.gap!);
  });
});

describe("dense output", () => {
  it.each(Object.entries(PAIRS))("%s: near the solution, at steps' ends theirs", (_, solver) => {
    const solution = solve(decay, { y0: [1], ts: [0, 1, 2], dense: true, ...stepsOf(solver, 1e-3) });
    for (const t of [0.1, 0.77, 1.5, 1.999]) expect(solution.at(t)[0]).toBeCloseTo(Math.exp(-t), 5);
    expect(solution.at(1)[0]).toBe(solution.ys[1]);
    expect(solution.at(2)[0]).toBe(solution.ys[2]);
  });
});
