// Events: found, missed by none of the adversaries here, landed on, with effects, and differentiated.
import { describe, expect, it } from "vitest";
import { backprop, dopri5, rk4, type SolveEvent, solve, tsit5, vectorField } from "../../ts/index.ts";
import { failureOf } from "./errors.ts";
import { oscillator } from "./problems.ts";
import { byName } from "./solver-list.ts";

const clock = (_t: number, _y: Float64Array, dy: Float64Array): void => {
  dy[0] = 1;
};

describe("roots", () => {
  it("are found at the zeros of an oscillation, by direction", () => {
    const both = solve(oscillator, {
      y0: [1, 0],
      ts: [0, 20],
      rtol: 1e-10,
      atol: 1e-12,
      events: [{ root: (_t, y) => y[0]! }],
    });
    expect(both.status).toBe("done");
    expect(both.events.map(({ t }) => t)).toHaveLength(6);
    both.events.forEach(({ t, y }, i) => {
      expect(t).toBeCloseTo((i + 0.5) * Math.PI, 8);
      expect(Math.abs(y[1]!)).toBeCloseTo(1, 8);
    });
    for (const direction of [1, -1] as const) {
      const one = solve(oscillator, { y0: [1, 0], ts: [0, 20], events: [{ root: (_t, y) => y[0]!, direction }] });
      expect(one.events.map(({ t }) => Math.round(t / Math.PI - 0.5) & 1)).toEqual(
        [0, 0, 0].map(() => (direction < 0 ? 0 : 1)),
      );
    }
  });

  it("two in one step are both found, in order, also when only a dip shows", () => {
    for (const gap of [2, 0.3, 0.05]) {
      const root = (_t: number, y: ArrayLike<number>): number => (y[0]! - 5.1) * (y[0]! - 5.1 - gap);
      const { events, stats } = solve(clock, { y0: [0], ts: [0, 10], events: [{ root }] });
      expect(stats.accepted).toBeLessThan(15);
      expect(events.map(({ t }) => t)).toEqual([expect.closeTo(5.1, 9), expect.closeTo(5.1 + gap, 9)]);
    }
  });

  it("of several functions in one step come in the order of time", () => {
    const at = (time: number): SolveEvent => ({ root: (_t, y) => y[0]! - time });
    const { events } = solve(clock, { y0: [0], ts: [0, 10], firstStep: 10, events: [at(7), at(3), at(5)] });
    expect(events.map(({ index }) => index)).toEqual([1, 2, 0]);
  });

  it("are found backwards in time and with fixed steps", () => {
    const events = [{ root: (_t: number, y: ArrayLike<number>) => y[0]! }];
    const back = solve(oscillator, { y0: [1, 0], ts: [0, -5], rtol: 1e-9, atol: 1e-9, events });
    expect(back.events.map(({ t }) => t)).toEqual([expect.closeTo(-Math.PI / 2, 7), expect.closeTo(-1.5 * Math.PI, 7)]);
    const fixed = solve(oscillator, { y0: [1, 0], ts: [0, 2], solver: rk4, stepSize: 0.05, events });
    expect(fixed.events.map(({ t }) => t)).toEqual([expect.closeTo(Math.PI / 2, 5)]);
    expect(fixed.stats.steps).toBe(40);
  });
});

describe("terminal events", () => {
  it("end the solve there, the event as the last row, outputs before it kept", () => {
    const events = [{ root: (_t: number, y: ArrayLike<number>) => y[0]! - 2.5, terminal: true }];
    for (const solver of [tsit5, dopri5, rk4]) {
      const options = solver === rk4 ? { stepSize: 0.4 } : {};
      const solution = solve(clock, { y0: [0], ts: [0, 1, 2, 3, 4], solver, events, ...options });
      expect(solution.status).toBe("stopped");
      expect([...solution.ts]).toEqual([0, 1, 2, expect.closeTo(2.5, 12)]);
      expect([...solution.ys]).toEqual([0, 1, 2, 2.5].map((y) => expect.closeTo(y, 12)));
      expect(solution.grid.at(-1)).toBe(solution.ts.at(-1));
    }
  });

  it("leave the last step's continuous extension right, its derivative at the event included", () => {
    // y = t²: a derivative taken at another time than the event's shows between the steps.
    const parabola = (t: number, _y: Float64Array, dy: Float64Array): void => {
      dy[0] = 2 * t;
    };
    for (const [name, solver] of byName) {
      const events = [{ root: (_t: number, y: ArrayLike<number>) => y[0]! - 2.5, terminal: true }];
      const steps = solver.adaptive ? { firstStep: 3, rtol: 1e-9 } : { stepSize: 3 };
      const solution = solve(parabola, { y0: [0], ts: [0, 3], solver, events, dense: true, ...steps });
      if (solver.order < 2) continue;
      const times = Array.from({ length: 9 }, (_, i) => (solution.ts.at(-1)! * (i + 1)) / 10);
      for (const t of times) expect(Math.abs(solution.at(t)[0]! - t * t), `${name} at ${t}`).toBeLessThan(1e-9);
    }
  });

  it("stop at the start where they hold there, by direction", () => {
    const stopped = (direction?: 1 | -1): string =>
      solve(clock, {
        y0: [0],
        ts: [0, 1],
        events: [{ root: (_t, y) => y[0]!, terminal: true, ...(direction && { direction }) }],
      }).status;
    expect([stopped(), stopped(1), stopped(-1)]).toEqual(["stopped", "stopped", "done"]);
  });
});

describe("effects", () => {
  it("a ball bounces a hundred times, energy and times to 1e-9", () => {
    const [gravity, restitution] = [9.81, 0.95];
    const { events, status } = solve(
      (_t, y, dy) => {
        dy[0] = y[1]!;
        dy[1] = -gravity;
      },
      {
        y0: [1, 0],
        ts: [0, 17.52],
        rtol: 1e-9,
        atol: 1e-12,
        events: [
          {
            root: (_t, y) => y[0]!,
            direction: -1,
            effect: (_t, y) => {
              y[0] = 0;
              y[1]! *= -restitution;
            },
          },
        ],
      },
    );
    expect(status).toBe("done");
    expect(events.length).toBeGreaterThanOrEqual(100);
    let t = Math.sqrt(2 / gravity);
    let speed = gravity * t;
    for (const event of events.slice(0, 100)) {
      expect(Math.abs(event.t - t)).toBeLessThan(1e-9);
      expect(Math.abs(event.y[1]! ** 2 / 2 + gravity * event.y[0]! - speed ** 2 / 2)).toBeLessThan(1e-9);
      speed *= restitution;
      t += (2 * speed) / gravity;
    }
  });

  it("are refused together with an adjoint, and bad events by name", () => {
    const field = vectorField({ f: clock, vjp() {} });
    const event = { root: () => 1, effect() {} };
    expect(
      failureOf(() => solve(field, { y0: [0], ts: [0, 1], adjoint: backprop(), events: [event] })).message,
    ).toContain("events[0].effect");
    expect(failureOf(() => solve(clock, { y0: [0], ts: [0, 1], events: [{} as SolveEvent] })).message).toContain(
      "events[0].root",
    );
    const sideways = { root: () => 1, direction: 2 as 1 };
    expect(failureOf(() => solve(clock, { y0: [0], ts: [0, 1], events: [sideways] })).message).toContain(
      "events[0].direction is 2",
    );
  });
});

describe("gradients of a terminal event", () => {
  const make = (params: number[]) =>
    vectorField({
      params,
      f(t, y, dy, p) {
        dy[0] = y[1]!;
        dy[1] = -p[0]! * y[0]! - p[1]! * y[1]! * y[0]! + 0.1 * Math.sin(t);
      },
      vjp(t, y, p, c, bar) {
        bar.y[0]! += c[1]! * (-p[0]! - p[1]! * y[1]!);
        bar.y[1]! += c[0]! - c[1]! * p[1]! * y[0]!;
        bar.params[0]! -= c[1]! * y[0]!;
        bar.params[1]! -= c[1]! * y[1]! * y[0]!;
        bar.t[0]! += c[1]! * 0.1 * Math.cos(t);
      },
    });
  const root = (t: number, y: ArrayLike<number>): number => y[0]! - 0.1 * y[1]! ** 2 - 0.05 * t;
  const weights = [0.1, 0.2, 0.3, -0.4, 1, 0.5];
  const stopTime = 0.7;
  const run = (y0: number[], params: number[], t0: number, tolerance: number) =>
    solve(make(params), {
      y0,
      ts: [t0, 0.2, 5],
      rtol: tolerance,
      atol: tolerance,
      adjoint: backprop(),
      events: [{ root, direction: -1, terminal: true }],
    });
  const loss = (y0: number[], params: number[], t0: number): number => {
    const solution = run(y0, params, t0, 1e-13);
    return solution.ys.reduce((sum, y, i) => sum + y * weights[i]!, stopTime * solution.ts[2]!);
  };

  it("of its state and its time equal differences of tight solves", () => {
    const [y0, params] = [
      [1, 0.2],
      [2, 0.3],
    ];
    const gradients = run(y0, params, 0, 1e-12).pullback(weights, { times: true, stopTime });
    const difference = (f: (e: number) => number): number => (8 * (f(1e-3) - f(-1e-3)) - (f(2e-3) - f(-2e-3))) / 12e-3;
    const nudged = (of: number[], i: number, e: number): number[] =>
      of.map((value, j) => (j === i ? value + e : value));
    for (const i of [0, 1]) {
      expect(gradients.y0[i]).toBeCloseTo(
        difference((e) => loss(nudged(y0, i, e), params, 0)),
        8,
      );
      expect(gradients.params[i]).toBeCloseTo(
        difference((e) => loss(y0, nudged(params, i, e), 0)),
        8,
      );
    }
    expect(gradients.ts![0]).toBeCloseTo(
      difference((e) => loss(y0, params, e)),
      8,
    );
    expect(gradients.ts![2]).toBe(0);
  });

  it("stopTime without a terminal event is refused", () => {
    const solution = solve(make([1, 1]), { y0: [1, 0], ts: [0, 1], adjoint: backprop() });
    expect(failureOf(() => solution.pullback([0, 0, 0, 0], { stopTime: 1 })).message).toContain("stopTime");
  });
});
