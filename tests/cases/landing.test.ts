// Where events are found: to rounding, or the solver's tolerance, for any root function that changes sign.
import { describe, expect, it } from "vitest";
import {
  bosh3,
  dopri5,
  euler,
  heun,
  midpoint,
  mlp,
  ralston,
  rk4,
  rk38,
  type SolveEvent,
  solve,
  tsit5,
} from "../../ts/index.ts";
import { adaptiveByName, byName } from "../unit/solver-list.ts";
import { add, decay, steady } from "./systems.ts";

/** Root functions with the same zero, y = 1, and the sign of 1 − y. */
const ROOTS: Record<string, SolveEvent["root"]> = {
  linear: (_t, y) => 1 - y[0]!,
  cubed: (_t, y) => (1 - y[0]!) ** 3,
  exponential: (_t, y) => Math.E - Math.exp(y[0]!),
  "cube root": (_t, y) => Math.cbrt(1 - y[0]!),
  "signed root": (_t, y) => Math.sign(1 - y[0]!) * Math.sqrt(Math.abs(1 - y[0]!)),
  "tanh, steep": (_t, y) => Math.tanh(1e6 * (1 - y[0]!)),
  "clamped, steep": (_t, y) => Math.max(-1, Math.min(1, 1e6 * (1 - y[0]!))),
  "tanh, steeper": (_t, y) => Math.tanh(1e12 * (1 - y[0]!)),
  "a condition": (_t, y) => (y[0]! < 1 ? 1 : -1),
  "a lopsided condition": (_t, y) => (y[0]! < 1 ? 5 : -3),
  "scipy#17066": (_t, y) => (y[0]! < 1 ? 1e-300 : -1e300),
};

describe("I.A3: landing throws away no good root", () => {
  it.each(Object.entries(ROOTS))("I.A3: %s", (_, root) => {
    for (const start of [0, -0.1, -0.37]) {
      const options = { y0: [start, 0], ts: [0, 5] };
      const terminal = solve(steady(1, 0), { ...options, events: [{ root, terminal: true }] });
      const effected = solve(steady(1, 0), { ...options, events: [{ root, effect: add(1) }] });
      const recorded = solve(steady(1, 0), { ...options, events: [{ root }] });
      expect(terminal.status).toBe("stopped");
      const times = [terminal, effected, recorded].map(({ events }) => events.map(({ t }) => t));
      for (const [t, ...others] of times) {
        expect(others).toEqual([]);
        expect(Math.abs(t! - (1 - start))).toBeLessThan(1e-14);
      }
    }
  });

  it("I.A3: an epidemic that ends by a lopsided condition", () => {
    const sir = (_t: number, [s, i]: Float64Array, dy: Float64Array): void =>
      dy.set([-0.001 * s! * i!, 0.001 * s! * i! - 0.5 * i!, 0.5 * i!]);
    const ended = (root: SolveEvent["root"]): number =>
      solve(sir, { y0: [999, 1, 0], ts: [0, 200], rtol: 1e-9, events: [{ root, direction: -1, terminal: true }] })
        .ts[1]!;
    expect(ended((_t, y) => (y[1]! < 0.5 ? -1 : 10))).toBeCloseTo(
      ended((_t, y) => y[1]! - 0.5),
      11,
    );
  });
});

describe("II.A3: with coarse fixed steps the event is on the root", () => {
  it.each([
    [heun, [1.5]],
    [midpoint, [1.5]],
    [ralston, [1.5]],
    [euler, [1, 2.5]],
    [rk4, [2]],
    [rk38, [2]],
    [bosh3, [2.5]],
    [dopri5, [2.5]],
    [tsit5, [2.5]],
  ])("II.A3: $name", (solver, sizes) => {
    for (const stepSize of sizes) {
      const events = [{ root: (_t: number, y: ArrayLike<number>) => y[0]! - 0.3, terminal: true }];
      const { status, ys } = solve(decay, { y0: [1], ts: [0, 5], solver, stepSize, events });
      expect(status).toBe("stopped");
      expect(Math.abs(ys.at(-1)! - 0.3)).toBeLessThan(1e-14);
    }
  });

  it.each(byName)("%s: the state at the event is that of a step of its own", (_, solver) => {
    const field = (t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = Math.sin(3 * t) - y[0]! ** 2 + 1;
    };
    const root = (t: number, y: ArrayLike<number>): number => y[0]! - 0.5 - 0.1 * t;
    const { ts, ys, grid } = solve(field, {
      y0: [-0.2],
      ts: [0, 3],
      solver,
      stepSize: 0.37,
      events: [{ root, terminal: true }],
    });
    expect(Math.abs(root(ts[1]!, ys.subarray(1)))).toBeLessThan(1e-14);
    expect(solve(field, { y0: [-0.2], ts, solver, grid }).ys[1]).toBe(ys[1]);
  });
});

describe("the solver's tolerance", () => {
  it.each(adaptiveByName)("%s: two events, one after the other in one long step", (_, solver) => {
    const events = [0.7, 0.3].map((time, i) => ({
      root: (_t: number, y: ArrayLike<number>) => y[0]! - time,
      effect: add(i + 1),
    }));
    const solution = solve(steady(1, 0, 0), { y0: [0, 0, 0], ts: [0, 1], solver, firstStep: 1, events });
    expect(solution.events.map(({ index }) => index)).toEqual([1, 0]);
    expect([...solution.ys.slice(4)]).toEqual([1, 1]);
  });

  it("float32: to the rounding of the state", () => {
    const field = mlp({ layers: [1, 1], params: [-0.7, 0] });
    const events = [{ root: (_t: number, y: ArrayLike<number>) => y[0]! - 0.3, terminal: true }];
    const { ts, ys } = solve(field, { y0: [1], ts: [0, 5], events, rtol: 1e-6, atol: 1e-8 });
    expect(Math.abs(ys[1]! - 0.3)).toBeLessThan(6e-8);
    expect(ts[1]).toBeCloseTo(Math.log(0.3) / -0.7, 5);
  });

  it("the events of a replayed grid end the same steps", () => {
    const events = [1.1, 2.3, 3.7].map((time) => ({
      root: (t: number) => t - time,
      effect: add(0),
    }));
    const once = solve(decay, { y0: [1], ts: [0, 2, 5], events });
    const again = solve(decay, { y0: [1], ts: [0, 2, 5], events, grid: once.grid, output: "interpolate" });
    expect(again.ys).toEqual(once.ys);
    expect(again.grid).toEqual(once.grid);
    expect(again.events).toEqual(once.events);
  });
});
