// An event that occurs once happens once, wherever its time lies; one that accumulates ends the solve and says so.
import { describe, expect, it } from "vitest";
import { bosh3, cashKarp, rk4, type SolveEvent, solve, tsit5 } from "../../ts/index.ts";
import { failureOf } from "../unit/errors.ts";
import { bounce, dose, falling, steady, still } from "./systems.ts";

const UNIX = 1.7e9;

describe("I.A2: after an effect the same event does not occur again", () => {
  it("I.A2 a: fixed steps, a dose at a multiple of the step", () => {
    const options = { y0: [0], ts: [0, 1], solver: rk4, stepSize: 0.1, events: [dose(0.3)] };
    expect([...solve(still, options).ys]).toEqual([0, 1]);
  });

  it("I.A2 b: Unix time", () => {
    const { ys, events } = solve(
      (_t, y, dy) => {
        dy[0] = -0.1 * y[0]!;
      },
      { y0: [100], ts: [UNIX, UNIX + 49], events: [dose(UNIX + 15.6, 0, 100)] },
    );
    expect(events.map(({ t }) => t)).toEqual([UNIX + 15.6]);
    expect(ys[1]).toBeCloseTo(100 * Math.exp(-4.9) + 100 * Math.exp(-3.34), 4);
  });

  it("I.A2 c, d: a stop close behind", () => {
    const close = { y0: [0], ts: [0, 2], stepTimes: [1 + 1e-8], events: [dose(1)] };
    expect([...solve(still, close).ys]).toEqual([0, 1]);
    const event: SolveEvent = { ...dose(1), root: (t) => 1 - t, direction: -1 };
    expect([...solve(still, { y0: [0], ts: [0, 1 + 1e-8], events: [event] }).ys]).toEqual([0, 1]);
  });

  it("I.A2 e: a ball in Unix time, without a direction", () => {
    const options = (origin: number) => ({ y0: [50, 0], ts: [origin, origin + 20], events: [bounce(0, 0.9)] });
    const [late, early] = [solve(falling(), options(UNIX)), solve(falling(), options(0))];
    expect(late.events).toHaveLength(early.events.length);
    // t has 2.4e-7 s there, at 30 m/s.
    expect(late.ys[2]).toBeCloseTo(early.ys[2]!, 3);
  });

  it.each([0.1, 0.01, 0.05, 0.3])("I.A2: doses at multiples of %d, as multiplied and as written", (h) => {
    for (let k = 1; k < 100; k++) {
      for (const time of [k * h, Number((k * h).toFixed(6))]) {
        const common = { y0: [0], events: [dose(time)] };
        const ends = [
          solve(still, { ...common, ts: [0, 110 * h], solver: rk4, stepSize: h }),
          solve(still, { ...common, ts: [0, 110 * h], stepTimes: [k * h] }),
          solve(still, { ...common, ts: Array.from({ length: 111 }, (_, i) => i * h), solver: cashKarp }),
        ].map(({ ys }) => ys.at(-1));
        expect(ends, `${time}`).toEqual([1, 1, 1]);
      }
    }
  });

  it("one rounding before or behind a stop, and before another one", () => {
    const ulp = 2 ** -22;
    for (const k of [-2, -1, 0, 1, 2]) {
      for (const l of [-2, -1, 0, 1, 2]) {
        const stepTimes = [UNIX + 1 + k * ulp, UNIX + 1 + l * ulp];
        const events = [dose(UNIX + 1)];
        expect(solve(still, { y0: [0], ts: [UNIX, UNIX + 2], stepTimes, events }).ys[1]).toBe(1);
      }
    }
  });
});

describe("I.A6: an effect moves its own root function", () => {
  /** Falls at speed 1, and is lifted whenever it comes to 0.5. */
  const lifted = (lift: number, maxSteps = 1000) =>
    failureOf(() =>
      solve(steady(-1), {
        y0: [1],
        ts: [0, 10],
        maxSteps,
        events: [
          {
            root: (_t, y) => y[0]! - 0.5,
            direction: -1,
            effect: (_t, y) => {
              y[0] = 0.5 + lift;
            },
          },
        ],
      }),
    );

  it.each([1e-8, 2e-9, 1e-9, 1e-10, 1e-12])("I.A6: a lift by %d counts", (lift) => {
    const failure = lifted(lift);
    expect(failure.code).toBe("max-steps");
    expect(failure.t).toBeCloseTo(0.5 + 1000 * lift, 7);
  });

  it("I.A6: a lift of a few roundings accumulates; one of none passes", () => {
    expect(lifted(1e-14).message).toContain("events accumulate");
    const event: SolveEvent = {
      root: (_t, y) => y[0]! - 0.5,
      effect: (_t, y) => {
        y[0] = 0.5;
      },
    };
    const { ys, events } = solve(steady(-1), { y0: [1], ts: [0, 10], events: [event] });
    expect(ys[1]).toBeCloseTo(-9, 9);
    expect(events).toHaveLength(1);
  });

  it.each([
    ["DifferentialEquations.jl#138", 1, 0],
    ["DifferentialEquations.jl#696", 50, 0],
    ["I.A6, the floor not at zero", 1, 0.3],
    ["I.A6, the floor below zero", 1, -7.1],
  ])("%s: a ball that bounces lower and lower ends in step-underflow at the accumulation", (_, height, floor) => {
    for (const direction of [-1, undefined] as const) {
      const failure = failureOf(() =>
        solve(falling(), {
          y0: [floor + height, 0],
          ts: [0, 50],
          events: [
            {
              root: (_t, y) => y[0]! - floor,
              ...(direction && { direction }),
              effect: (_t, y) => {
                y[0] = floor;
                y[1]! *= -0.5;
              },
            },
          ],
        }),
      );
      expect(failure.code).toBe("step-underflow");
      expect(failure.message).toContain("events accumulate");
      // √(2h/g) (1 + e)/(1 − e)
      expect(failure.t).toBeCloseTo(3 * Math.sqrt((2 * height) / 9.8), 6);
    }
  });

  it("a ball put to rest on the floor while gravity pulls is refused, one held there rests", () => {
    const put = { root: (_t: number, y: ArrayLike<number>) => y[0]!, direction: -1 as const };
    let resting = false;
    const rest: SolveEvent = { ...put, effect: (_t, y) => void y.fill(0) };
    const hold: SolveEvent = {
      ...put,
      effect(_t, y) {
        y.fill(0);
        resting = true;
      },
    };
    const pulled = failureOf(() => solve(falling(), { y0: [1, 0], ts: [0, 5], events: [rest] }));
    expect(pulled.message).toContain("events accumulate");
    const { ys, events } = solve((t, y, dy) => (resting ? void dy.fill(0) : falling()(t, y, dy)), {
      y0: [1, 0],
      ts: [0, 5],
      events: [hold],
    });
    expect([...ys.slice(2)]).toEqual([0, 0]);
    expect(events).toHaveLength(1);
  });

  it("a reset turns the sign back, a projection onto the root with rounding left over turns the motion", () => {
    const { events } = solve(steady(1), {
      y0: [0],
      ts: [0, 10.4],
      events: [
        {
          root: (_t, y) => y[0]! ** 2 - 0.09,
          effect: (_t, y) => {
            y[0]! -= 0.3;
          },
          direction: 1,
        },
      ],
    });
    expect(events).toHaveLength(34);
    // A particle in a circle, reflected at its wall and put back onto it.
    const wall: SolveEvent = {
      root: (_t, y) => Math.hypot(y[0]!, y[1]!) - 1,
      effect(_t, y) {
        const r = Math.hypot(y[0]!, y[1]!);
        const [x, z] = [y[0]! / r, y[1]! / r];
        const out = y[2]! * x + y[3]! * z;
        y.set([x, z, y[2]! - 2 * out * x, y[3]! - 2 * out * z]);
      },
    };
    const particle = (_t: number, y: Float64Array, dy: Float64Array): void => dy.set([y[2]!, y[3]!, 0, 0]);
    const speed = Math.hypot(0.8, 0.6);
    // A chord has the length 2√(1 − d²), d the distance of the line from the centre.
    const chord = 2 * Math.sqrt(1 - (0.3 * 0.6) ** 2);
    const { events: hits } = solve(particle, { y0: [0.3, 0, 0.8, 0.6], ts: [0, 40], rtol: 1e-9, events: [wall] });
    hits.slice(1).forEach(({ t }, i) => expect(t - hits[i]!.t).toBeCloseTo(chord / speed, 6));
    expect(hits.length).toBeGreaterThan(19);
  });
});

describe("I.A9: a solve that goes on from the state of a terminal event", () => {
  it.each([tsit5, bosh3])("DifferentialEquations.jl#551: gets on, without a direction (%#)", (solver) => {
    let [t, y] = [0, [1, 0]];
    for (let i = 0; i < 16; i++) {
      const { ts, ys } = solve(
        (_t, x, dy) => {
          dy[0] = x[1]!;
          dy[1] = -x[0]!;
        },
        {
          y0: y,
          ts: [t, t + 50],
          solver,
          rtol: 1e-9,
          atol: 1e-11,
          events: [{ root: (_t, x) => x[0]!, terminal: true }],
        },
      );
      t = ts.at(-1)!;
      y = [...ys.slice(-2)];
      expect(t).toBeCloseTo((i + 0.5) * Math.PI, 6);
    }
  });
});
