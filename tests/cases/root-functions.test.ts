// Root functions that return no number or are zero for a while, events at the start, and what an event may be given.
import { describe, expect, it } from "vitest";
import {
  backprop,
  type EventRecord,
  type Solution,
  type SolveEvent,
  type SolveOptions,
  solve,
  symplectic,
} from "../../ts/index.ts";
import { failureOf, rejectionOf } from "../unit/errors.ts";
import { add, decay, decaying, dose, steady, still } from "./systems.ts";

const withEvent = (event: object, options: Partial<SolveOptions> = {}): Solution =>
  solve(decay, { y0: [1], ts: [0, 2], events: [event as SolveEvent], ...options });
const times = ({ events }: { events: readonly EventRecord[] }): number[] => events.map(({ t }) => t);

describe("I.A7, II.E: root functions that return no finite number", () => {
  it.each([
    ["nothing (a forgotten return)", () => {}, "undefined", "does the function return one"],
    ["a boolean, as in diffrax", (_t: number, y: ArrayLike<number>) => y[0]! < 0.5, "false", "condition ? 1 : -1"],
    ["a promise", async (_t: number, y: ArrayLike<number>) => y[0]! - 0.5, "an object", "at once"],
    ["a string", () => "0.5", '"0.5"', "a number"],
    ["null", () => null, "null", "a number"],
    ["an array", () => [1], "[1]", "a number"],
    ["a BigInt", () => 1n, "1", "a number"],
  ])("%s is refused, by event and time", (_, root, value, hint) => {
    for (const rest of [{}, { terminal: true }, { effect() {} }]) {
      const { code, message } = failureOf(() => withEvent({ root, ...rest }));
      expect(code).toBe("invalid");
      expect(message).toContain(`events[0].root at t = 0 is ${value}`);
      expect(message).toContain(hint);
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%d is not finite", (value) => {
    const failure = failureOf(() => withEvent({ root: () => value }));
    expect(failure.code).toBe("non-finite");
    expect(failure.message).toContain(`events[0].root is ${value} at t = 0`);
  });

  it("I.A7: a logarithm that ends, with and without an effect: the time where it does", () => {
    for (const rest of [{}, { effect() {} }, { terminal: true }]) {
      const failure = failureOf(() =>
        solve(steady(1), {
          y0: [0],
          ts: [0, 5],
          events: [{ root: (_t, y) => Math.log(2 - y[0]!) + 100, ...rest }],
        }),
      );
      expect(failure.code).toBe("non-finite");
      expect(failure.message).toContain("events[0].root is NaN at t = ");
      expect(failure.t).toBeCloseTo(2, 12);
    }
  });

  it("II.E: what comes before a root function ends is found, what acts there keeps it from ending", () => {
    const root = (_t: number, y: ArrayLike<number>): number => Math.sqrt(y[0]!) - 0.01;
    const options = { y0: [1], ts: [0, 2], firstStep: 2 };
    const { status, ts } = solve(steady(-1), { ...options, events: [{ root, terminal: true }] });
    expect(status).toBe("stopped");
    expect(ts[1]).toBeCloseTo(1 - 1e-4, 12);
    const lifted = { root, direction: -1 as const, effect: add(0, 5) };
    expect(solve(steady(-1), { ...options, events: [lifted] }).ys[1]).toBeCloseTo(4, 9);
    const recorded = solve(steady(-1), { ...options, onFailure: "return", events: [{ root }] });
    expect(recorded.status).toBe("non-finite");
  });

  it("a failure leaves what was reached before it", () => {
    const root = (t: number): number => (t < 1.5 ? 1 : Number.NaN);
    const solution = withEvent({ root }, { ts: [0, 1, 2], onFailure: "return" });
    expect(solution.status).toBe("non-finite");
    expect([...solution.ts]).toEqual([0, 1]);
    expect(solution.ys[1]).toBeCloseTo(Math.exp(-1), 5);
    expect(solution.error!.t).toBeCloseTo(1.5, 12);
  });

  it("the condition of the hint is right", () => {
    const { ts } = withEvent({ root: (_t: number, y: ArrayLike<number>) => (y[0]! < 0.5 ? 1 : -1), terminal: true });
    expect(ts[1]).toBeCloseTo(Math.LN2, 6);
  });
});

describe("I.A8: a root function that is zero over a stretch", () => {
  const clamped = (_t: number, y: ArrayLike<number>): number => Math.max(0, y[0]! - 0.5);

  it("I.A8: is no event while it is", () => {
    expect(solve(still, { y0: [0], ts: [0, 1], events: [{ root: (_t, y) => y[0]! }] }).events).toEqual([]);
    const acting = { root: (_t: number, y: ArrayLike<number>) => y[0]!, effect: add(0) };
    expect([...solve(still, { y0: [0], ts: [0, 1], events: [acting] }).ys]).toEqual([0, 0]);
    expect(solve(still, { y0: [0], ts: [0, 1], events: [{ ...acting, terminal: true }] }).status).toBe("done");
  });

  it("I.A8: is one where it leaves zero", () => {
    const options = { y0: [0, 0], ts: [0, 1] };
    expect(times(solve(steady(1, 0), { ...options, events: [{ root: clamped }] }))).toEqual([expect.closeTo(0.5, 14)]);
    const acting = solve(steady(1, 0), { ...options, events: [{ root: clamped, effect: add(1) }] });
    expect(times(acting)).toEqual([expect.closeTo(0.5, 14)]);
    expect(acting.ys[3]).toBe(1);
    const stopped = solve(steady(1, 0), { ...options, events: [{ root: clamped, terminal: true }] });
    expect(stopped.ts[1]).toBeCloseTo(0.5, 14);
    expect(times(solve(steady(1, 0), { ...options, events: [{ root: clamped, direction: -1 }] }))).toEqual([]);
  });

  it("and where it comes to zero, and leaves it again", () => {
    const wave = (t: number): number => Math.max(0, Math.cos(t));
    const both = solve(still, { y0: [0], ts: [0, 7], maxStep: 0.3, events: [{ root: wave }] });
    expect(times(both)).toEqual([expect.closeTo(Math.PI / 2, 12), expect.closeTo(1.5 * Math.PI, 12)]);
  });

  it("touching zero is no event, at the end of a step neither", () => {
    for (const root of [(t: number) => Math.abs(t - 0.5), (t: number) => (t - 0.5) ** 2]) {
      for (const steps of [{}, { stepTimes: [0.5] }, { stepTimes: [0.25, 0.5] }]) {
        expect(solve(still, { y0: [0], ts: [0, 1], ...steps, events: [{ root }] }).events).toEqual([]);
      }
    }
  });
});

describe("I.A9: events at the start", () => {
  it("I.A9: a dose at the start is given and listed, of whatever kind and direction", () => {
    for (const direction of [undefined, 1] as const) {
      const event = { ...dose(0), ...(direction && { direction }) };
      const { ys, events } = solve(still, { y0: [0], ts: [0, 1], events: [event] });
      expect([...ys]).toEqual([0, 1]);
      expect(events.map(({ t, y, yAfter }) => [t, y[0], yAfter![0]])).toEqual([[0, 0, 1]]);
    }
    expect(times(solve(still, { y0: [0], ts: [0, 1], events: [{ root: (t) => t }] }))).toEqual([0]);
    expect([...solve(still, { y0: [0], ts: [0, 1], events: [{ ...dose(0), direction: -1 }] }).ys]).toEqual([0, 0]);
  });

  it("of a state that starts on the root, moving or with no speed", () => {
    const root = (_t: number, y: ArrayLike<number>): number => y[0]! - 0.3;
    expect(times(solve(steady(1), { y0: [0.3], ts: [0, 1], events: [{ root }] }))).toEqual([0]);
    const thrown = (_t: number, y: Float64Array, dy: Float64Array): void => dy.set([y[1]!, -1]);
    // Leaves with the square of the time, and comes back.
    const ground = { root: (_t: number, y: ArrayLike<number>) => y[0]!, terminal: true };
    expect(solve(thrown, { y0: [0, 0], ts: [0, 5], events: [ground] }).ts.at(-1)).toBeCloseTo(0, 12);
    const back = solve(thrown, { y0: [0, 2], ts: [0, 5], events: [{ ...ground, direction: -1 }] });
    expect(back.ts[1]).toBeCloseTo(4, 9);
    expect(solve(thrown, { y0: [0, 2], ts: [0, 5], events: [{ ...ground, direction: 1 }] }).ts.at(-1)).toBe(0);
  });

  it("II.F: a solve that an event stops at the start can be pulled back, its time is that of the start", () => {
    const solution = solve(decaying(2), {
      y0: [0.5],
      ts: [3, 4],
      events: [{ root: (_t, y) => y[0]! - 0.5, terminal: true }],
      adjoint: symplectic(),
    });
    expect(solution.status).toBe("stopped");
    expect([...solution.ts]).toEqual([3]);
    const { y0, params, ts } = solution.pullback([7], { stopTime: 5, times: true });
    expect([[...y0], [...params], [...ts!]]).toEqual([[7], [0], [5]]);
  });
});

describe("terminal events", () => {
  const every = (extra: object): SolveEvent => ({ root: (t) => Math.sin(Math.PI * (t - 0.5)), ...extra });

  it.each([1, 2, 3, 5])("scipy#14176: terminal: %d stops at that occurrence", (n) => {
    const { status, ts, events } = solve(still, { y0: [0], ts: [0, 9], maxStep: 1, events: [every({ terminal: n })] });
    expect(status).toBe("stopped");
    expect(ts[1]).toBeCloseTo(n - 0.5, 12);
    expect(events).toHaveLength(n);
    // Several in one step.
    const quick = solve(still, {
      y0: [0],
      ts: [0, 9],
      firstStep: 2,
      maxStep: 2,
      events: [every({ terminal: n, direction: 1 })],
    });
    expect(quick.ts[1]).toBeCloseTo(2 * n - 1.5, 12);
  });

  it("OrdinaryDiffEq.jl#33: counted together with its effects", () => {
    const { ys, ts, events } = solve(still, {
      y0: [0],
      ts: [0, 9],
      maxStep: 1,
      events: [every({ terminal: 3, effect: add(0) })],
    });
    expect(ts[1]).toBeCloseTo(2.5, 12);
    // The last effect happens; the solution shows the state before it.
    expect(events.map(({ yAfter }) => yAfter![0])).toEqual([1, 2, 3]);
    expect([...ys]).toEqual([0, 2]);
  });

  it("I.A9: terminal and effect: the effect happens, then the solve stops", () => {
    const { status, events, ts } = solve(still, { y0: [0], ts: [0, 1], events: [{ ...dose(0.5), terminal: true }] });
    expect(status).toBe("stopped");
    expect([...ts]).toEqual([0, 0.5]);
    expect(events[0]!.yAfter![0]).toBe(1);
  });

  it('scipy#14771, ode-solvers#1: an effect that returns "stop" stops', () => {
    let bounces = 0;
    const effect: SolveEvent["effect"] = (_t, y) => {
      y[0]! += 1;
      return ++bounces === 4 ? "stop" : undefined;
    };
    const solution = solve(still, { y0: [0], ts: [0, 9], maxStep: 1, events: [every({ effect })], dense: true });
    expect(solution.status).toBe("stopped");
    expect(solution.events.at(-1)!.t).toBeCloseTo(3.5, 12);
    expect(solution.events.at(-1)!.yAfter![0]).toBe(4);
    expect(solution.at(solution.ts.at(-1)!)[0]).toBe(4);
  });
});

describe("what an event may be given", () => {
  const root = (_t: number, y: ArrayLike<number>): number => y[0]! - 0.5;
  it.each([
    ["effects", { root, effects: add(0) }, "events[0].effects"],
    ["isTerminal", { root, isTerminal: true }, "events[0].isTerminal"],
    ["terminal: 0", { root, terminal: 0 }, "events[0].terminal is 0"],
    ["terminal: 1.5", { root, terminal: 1.5 }, "events[0].terminal is 1.5"],
    ["terminal: yes", { root, terminal: "yes" }, "events[0].terminal"],
    ["a direction of words", { root, direction: "up" }, "events[0].direction"],
    ["a gradient that is no function", { root, gradient: [1] }, "events[0].gradient"],
    ["an effect that is none", { root, effect: 1 }, "events[0].effect is 1"],
    ["an effect without apply", { root, effect: { vjp() {} } }, "events[0].effect.apply"],
    ["an effect without vjp", { root, effect: { apply() {} } }, "events[0].effect.vjp"],
    ["an effect with more", { root, effect: { apply() {}, vjp() {}, pullback() {} } }, "events[0].effect.pullback"],
    ["an effect's jvp that is none", { root, effect: { apply() {}, vjp() {}, jvp: 1 } }, "events[0].effect.jvp"],
    ["nothing", undefined, "events[0]"],
    ["null", null, "events[0]"],
  ])("I.A9: %s is refused before the first step", (_, event, message) => {
    let evaluated = false;
    const failure = failureOf(() =>
      solve(
        (_t, _y, dy) => {
          evaluated = true;
          dy[0] = 0;
        },
        { y0: [1], ts: [0, 1], events: [event as never] },
      ),
    );
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain(message);
    expect(evaluated).toBe(false);
  });

  it.each([
    ["an array", () => [1]],
    ["a number", () => 1],
    ["a promise", async () => {}],
    ["another word", () => "halt"],
  ])("I.A9: an effect that returns %s is refused", (_, effect) => {
    const failure = failureOf(() => withEvent({ root, effect }));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("what events[0].effect returned is");
  });

  it("an effect that makes the state NaN ends in non-finite, naming it", () => {
    const failure = failureOf(() => withEvent({ root, effect: (_t: number, y: Float64Array) => void y.fill(NaN) }));
    expect(failure.code).toBe("non-finite");
    expect(failure.message).toContain("an event's effect");
  });

  it("a bare effect together with an adjoint is refused, and told what to pass", () => {
    const failure = failureOf(() =>
      solve(decaying(1), { y0: [1], ts: [0, 2], adjoint: backprop(), events: [{ root, effect() {} }] }),
    );
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("{ apply: (t, y, params) => void, vjp:");
  });

  it("effects receive the parameters: a field's own, or a bare function's", () => {
    const seen: unknown[] = [];
    const effect = (_t: number, _y: unknown, params: unknown): void => void seen.push(params);
    withEvent({ root, effect }, { params: { dose: 3 } });
    solve(decaying(1.5), { y0: [1], ts: [0, 2], events: [{ root, effect }] });
    expect(seen).toEqual([{ dose: 3 }, Float64Array.of(1.5)]);
  });

  it("asynchronous fields have the same events", async () => {
    const events = [{ root, effect: add(0, 0.25), terminal: 3 }, { root: (t: number) => t - 0.1 }];
    const options = { y0: [1], ts: [0, 1, 5], events };
    const later = await solve(async (_t, y, dy) => {
      dy[0] = -y[0]!;
    }, options);
    const now = solve(decay, options);
    expect(later.status).toBe("stopped");
    expect(later.events).toEqual(now.events);
    expect(later.ys).toEqual(now.ys);
    const ending = (t: number): number => (t < 1 ? 1 : Number.NaN);
    const failing = solve(async (_t, y) => [-y[0]!], { ...options, events: [{ root: ending }] });
    expect((await rejectionOf(failing)).code).toBe("non-finite");
  });
});
