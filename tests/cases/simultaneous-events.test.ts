// Events at one time: all of them happen, in the order of the list.
import { describe, expect, it } from "vitest";
import { type SolveEvent, solve } from "../../ts/index.ts";
import { add, bounce, dose, falling, steady, still } from "./systems.ts";

describe("I.A1: events at the same time all happen", () => {
  it("I.A1: two doses at one time are both given and both listed", () => {
    const { ys, events, status } = solve(still, { y0: [0, 0], ts: [0, 2], events: [dose(1, 0), dose(1, 1)] });
    expect([...ys]).toEqual([0, 0, 1, 1]);
    expect(status).toBe("done");
    expect(events.map(({ index, t }) => [index, t])).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it("Pumas.jl#882: doses to depot and central compartment at t = 12", () => {
    const depot = (_t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = -y[0]!;
      dy[1] = y[0]! - 0.1 * y[1]!;
    };
    const { ys } = solve(depot, { y0: [0, 0], ts: [0, 13], events: [dose(12, 0, 100), dose(12, 1, 50)] });
    expect(ys[2]).toBeCloseTo(100 * Math.exp(-1), 3);
    const moved = (100 / 0.9) * (Math.exp(-0.1) - Math.exp(-1));
    expect(ys[3]).toBeCloseTo(50 * Math.exp(-0.1) + moved, 3);
  });

  it("I.A1: regimens q6h, q8h and q12h to 49 h, the doses at the start included", () => {
    const every = (period: number, i: number): SolveEvent => ({
      root: (t) => Math.sin((Math.PI * t) / period),
      effect: add(i),
    });
    const events = [every(6, 0), every(8, 1), every(12, 2)];
    const regimen = { y0: [0, 0, 0], ts: [0, 49], maxStep: 1, events };
    // sin(0) = 0: the first dose is due at once. Without it [8, 6, 4].
    expect([...solve(still, regimen).ys.slice(3)]).toEqual([9, 7, 5]);
    expect([...solve(still, { ...regimen, ts: [1, 49] }).ys.slice(3)]).toEqual([8, 6, 4]);
  });

  it.each([-1, undefined] as const)("I.A1: two balls from the same height, direction %s", (direction) => {
    const events = [bounce(0, 0.9, direction), bounce(1, 0.9, direction)];
    const { ys } = solve(falling(), { y0: [50, 0, 50, 0], ts: [0, 10], events });
    const one = solve(falling(), { y0: [50, 0], ts: [0, 10], events: [events[0]!] }).ys;
    expect(ys[4]).toBeCloseTo(one[2]!, 6);
    expect(ys[6]).toBeCloseTo(one[2]!, 6);
    expect(ys[6]).toBeCloseTo(21.3088, 3);
  });

  it("DifferentialEquations.jl#570: equal integrate-and-fire neurons spike together", () => {
    for (const [count, spikes] of [
      [2, 3],
      [100, 3],
    ] as const) {
      const { events } = solve(
        (_t, y, dy) => {
          for (let i = 0; i < count; i++) dy[i] = 2 - y[i]!;
        },
        {
          y0: Array(count).fill(0),
          ts: [0, 2.5],
          events: Array.from({ length: count }, (_, i) => ({
            root: (_t, y) => y[i]! - 1,
            effect: (_t, y) => {
              y[i] = 0;
            },
          })),
        },
      );
      for (let i = 0; i < count; i++) expect(events.filter(({ index }) => index === i)).toHaveLength(spikes);
    }
  });

  it("I.A1: an effect and an event that only watches: both are listed, the state before the effect with both", () => {
    for (const events of [
      [dose(1), { root: (t: number) => t - 1 }],
      [{ root: (t: number) => t - 1 }, dose(1)],
    ]) {
      const solution = solve(steady(1), { y0: [0], ts: [0, 2], events });
      expect(solution.events.map(({ index }) => index)).toEqual([0, 1]);
      for (const { t, y } of solution.events) expect([t, y[0]]).toEqual([1, expect.closeTo(1, 12)]);
      expect(solution.ys[1]).toBeCloseTo(3, 9);
    }
  });

  it("I.A1: an effect and a terminal event: the effect happens, the solve stops", () => {
    for (const last of [
      [dose(12), { root: (t: number) => t - 12, terminal: true }],
      [{ root: (t: number) => t - 12, terminal: true }, dose(12)],
    ]) {
      const { status, ts, events } = solve(still, { y0: [0], ts: [0, 13], events: last });
      expect(status).toBe("stopped");
      expect([...ts]).toEqual([0, 12]);
      expect(events).toHaveLength(2);
      expect(events.find(({ yAfter }) => yAfter)!.yAfter![0]).toBe(1);
    }
  });

  it("effects at one time see what those before them in the list made of the state", () => {
    const double: SolveEvent["effect"] & {} = (_t, y) => {
      y[0]! *= 2;
    };
    const at = (effect: SolveEvent["effect"] & {}): SolveEvent => ({ root: (t) => t - 1, effect });
    const ends = (events: SolveEvent[]): number => solve(still, { y0: [1], ts: [0, 2], events }).ys[1]!;
    expect(ends([at(add(0)), at(double)])).toBe(4);
    expect(ends([at(double), at(add(0))])).toBe(3);
    const { events } = solve(still, { y0: [1], ts: [0, 2], events: [at(add(0)), at(double)] });
    expect(events.map(({ y, yAfter }) => [y[0], yAfter![0]])).toEqual([
      [1, 2],
      [1, 4],
    ]);
  });

  it("events a few roundings of t apart are one moment; a terminal one among them lets the effects happen", () => {
    const ulp = 2 ** -52;
    for (const k of [-4, -1, 1, 4]) {
      const events = [dose(1), { root: (t: number) => t - (1 + k * ulp), terminal: true }];
      const solution = solve(still, { y0: [0], ts: [0, 2], events });
      expect(solution.status).toBe("stopped");
      expect(solution.events).toHaveLength(2);
      expect(solution.events[0]!.yAfter![0]).toBe(1);
    }
  });

  it("events further apart, but by less than a step can tell, happen one after the other", () => {
    for (const gap of [1e-14, 1e-12, 1e-9]) {
      const { ys, events } = solve(still, { y0: [0, 0], ts: [0, 2], events: [dose(1 + gap, 0), dose(1, 1)] });
      expect([...ys.slice(2)]).toEqual([1, 1]);
      expect(events.map(({ index }) => index)).toEqual([1, 0]);
      expect(events[1]!.t - events[0]!.t).toBeCloseTo(gap, 15);
    }
  });
});
