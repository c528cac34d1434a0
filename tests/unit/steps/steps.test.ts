// steps(): the same solve as an iterator.
import { afterEach, describe, expect, it } from "vitest";
import {
  dopri5,
  type FieldFunction,
  heun,
  mlp,
  reversible,
  rk4,
  type SolveOptions,
  type StepsOptions,
  solve,
  steps,
  tsit5,
  vern7,
  widened,
} from "../../../ts/index.ts";
import { memoryUse } from "../../../ts/wasm/memory.ts";
import { failureOf } from "../errors.ts";
import { decay, lorenz, oscillator } from "../problems.ts";

afterEach(() => expect(memoryUse().leased).toBe(0));

const wide: FieldFunction = (t, y, dy) => {
  for (let i = 0; i < y.length; i++) dy[i] = Math.cos(t) - y[i]! * (1 + i);
};
const network = mlp({ layers: [2, 8, 2], dtype: "float32", seed: 3, time: true });

const bounced = (_t: number, y: { [i: number]: number }): void => {
  y[1] = -0.9 * y[1]!;
};

/** Fields and options whose steps take the loop's different ways. */
const CASES: Record<string, [Parameters<typeof solve>[0], StepsOptions]> = {
  "a small state": [lorenz, { y0: [1, 1, 1], ts: [0, 5], solver: dopri5 }],
  "a field that returns": [(_t, y) => [y[1]!, -y[0]!], { y0: [1, 0], ts: [0, 5], solver: tsit5 }],
  "a state too wide for written steps": [wide, { y0: new Array(30).fill(1), ts: [0, 3], solver: tsit5 }],
  "evaluations of the extension's own": [lorenz, { y0: [1, 1, 1], ts: [0, 5], solver: vern7 }],
  "an extension by Hermite's cubic": [lorenz, { y0: [1, 1, 1], ts: [0, 0.1], solver: heun }],
  backwards: [lorenz, { y0: [1, 1, 1], ts: [0.5, 0] }],
  "tolerances that differ": [lorenz, { y0: [1, 1, 1], ts: [0, 2], rtol: [1e-3, 1e-6, 1e-6] }],
  "fixed steps": [lorenz, { y0: [1, 1, 1], ts: [0, 2.005], stepSize: 0.01, solver: rk4 }],
  "more fixed steps than are known at once": [
    oscillator,
    { y0: [1, 0], ts: [1, -5], stepSize: 0.01, stepTimes: [0.333] },
  ],
  "a given grid": [lorenz, { y0: [1, 1, 1], ts: [0, 0.3], grid: [0, 0.1, 0.15, 0.3] }],
  jumps: [(t) => [t < 1 ? 1 : -2], { y0: [0], ts: [0, 3], stepTimes: [1, 2] }],
  "a network in float32": [network, { y0: [1, 0, 0, 1], ts: [0, 2] }],
  "a reversible solver": [widened(network), { y0: [1, 0], ts: [0, 2], solver: reversible(tsit5) }],
  "a domain": [decay, { y0: [1, 2], ts: [0, 5], accept: (_t, y) => y[0]! > -1 }],
  "an event that changes the state": [
    oscillator,
    { y0: [1, 0], ts: [0, 9], events: [{ root: (_t, y) => y[0]!, effect: bounced }] },
  ],
  "bounds on the steps": [lorenz, { y0: [1, 1, 1], ts: [0, 1], firstStep: 1e-3, maxStep: 0.02, minStep: 1e-9 }],
};

/** The states that a solve over the same grid has at its steps' ends, by output rows. */
function statesOf(field: Parameters<typeof solve>[0], options: SolveOptions, grid: Float64Array): number[] {
  const { controller: _, stepSize: __, ...rest } = options;
  return [...(solve(field as FieldFunction, { ...rest, ts: grid, grid }).ys as Float64Array)].slice(options.y0.length);
}

describe("steps", () => {
  it.each(Object.entries(CASES))("takes a solve's steps to the bit, with %s", (_, [field, options]) => {
    const whole = solve(field as FieldFunction, options as SolveOptions);
    const taken: { t: number; h: number; y: number[]; accepted: number }[] = [];
    const iterator = steps(field as FieldFunction, options);
    expect(iterator.status).toBe("running");
    for (const { t, h, y, stats } of iterator) taken.push({ t, h, y: [...y], accepted: stats.accepted });
    expect(taken.map(({ t }) => t)).toEqual([...whole.grid.slice(1)]);
    expect(taken.map(({ h }) => h)).toEqual(taken.map(({ t }, i) => t - whole.grid[i]!));
    expect(taken.map(({ accepted }) => accepted)).toEqual(taken.map((_, i) => i + 1));
    expect(taken.at(-1)!.y).toEqual([...whole.ys.slice(-options.y0.length)]);
    // The steps after an effect start elsewhere.
    if (!options.events)
      expect(taken.flatMap(({ y }) => y)).toEqual(statesOf(field, options as SolveOptions, whole.grid));
    expect(iterator.status).toBe("done");
    expect(iterator.events).toEqual(whole.events);
    const { peakBytes: _peak, ...counts } = whole.stats;
    expect(iterator.stats).toEqual(counts);
    expect(iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("starts from the state that an effect left", () => {
    const ball: FieldFunction = (_t, y, dy) => {
      dy[0] = y[1]!;
      dy[1] = -9.81;
    };
    const bounce = {
      root: (_t: number, y: ArrayLike<number>) => y[0]!,
      direction: -1,
      effect: bounced,
    } as const;
    const iterator = steps(ball, { y0: [1, 0], ts: [0, 2], events: [bounce] });
    const after = [...iterator].length;
    expect(after).toBeGreaterThan(3);
    const [event] = iterator.events;
    let met = false;
    for (const { t, y } of steps(ball, { y0: [1, 0], ts: [0, 2], events: [bounce] })) {
      if (t !== event!.t) continue;
      met = true;
      expect([...y]).toEqual([...event!.yAfter!]);
    }
    expect(met).toBe(true);
  });
});

describe("at", () => {
  /** Places within a step. */
  const inner = [0.1, 0.37, 0.5, 0.93];
  it.each(Object.entries(CASES))("is what a dense solve has there, with %s", (_, [field, options]) => {
    const whole = solve(field as FieldFunction, { ...(options as SolveOptions), dense: true });
    let n = 0;
    let worst = 0;
    for (const { t, h, y, at } of steps(field as FieldFunction, options)) {
      for (const s of inner) {
        const inside = whole.grid[n]! + s * h;
        const expected = whole.at(inside);
        const scale = Math.max(...expected.map(Math.abs), ...y.map(Math.abs), Math.abs(h));
        worst = Math.max(worst, ...at(inside).map((value, i) => Math.abs(value - expected[i]!) / scale));
      }
      expect(at(t)).toEqual(y);
      expect(at(t)).not.toBe(y);
      n++;
    }
    expect(n).toBe(whole.stats.accepted);
    // The sums are taken in another order.
    expect(worst).toBeLessThan(whole.ys instanceof Float32Array ? 1e-6 : 1e-14);
  });

  it("does not change the steps, and counts its evaluations", () => {
    const options = { y0: [1, 1, 1], ts: [0, 5], solver: vern7 };
    const whole = solve(lorenz, options);
    const iterator = steps(lorenz, options);
    let n = 0;
    for (const { t, h, at } of iterator) {
      at(t - h / 2);
      at(t - h / 3);
      expect(t).toBe(whole.grid[++n]);
    }
    // vern7's extension takes six evaluations more.
    expect(iterator.stats.evaluations).toBe(whole.stats.evaluations + 6 * n);
  });

  it("is refused outside the step, after the next one and after the loop", () => {
    const kept: ((t: number) => Float64Array)[] = [];
    const times: number[] = [];
    for (const { t, h, at } of steps(lorenz, { y0: [1, 1, 1], ts: [0, 5] })) {
      expect(at(t - h)).toHaveLength(3);
      for (const outside of [t + 1e-9, t - h - 1e-9, Number.NaN]) {
        const { code, message } = failureOf(() => at(outside));
        expect(code).toBe("invalid");
        expect(message).toContain(`t is ${outside}`);
      }
      for (const [i, earlier] of kept.entries()) expect(failureOf(() => earlier(times[i]!)).code).toBe("invalid");
      kept.push(at);
      times.push(t - h / 2);
      if (kept.length === 4) break;
    }
    expect(failureOf(() => kept.at(-1)!(times.at(-1)!)).message).toContain("before the next is taken or the loop left");
  });
});

describe("an end that is Infinity", () => {
  it.each([
    ["steps chosen", {}],
    ["fixed steps", { stepSize: 1 / 64 }],
  ])("has the first steps of a long solve, with %s", (_, size) => {
    const { grid } = solve(lorenz, { y0: [1, 1, 1], ts: [0, 50], ...size });
    let n = 0;
    for (const { t } of steps(lorenz, { y0: [1, 1, 1], ts: [0, Number.POSITIVE_INFINITY], ...size })) {
      expect(t).toBe(grid[++n]);
      if (n === 1000) break;
    }
    expect(n).toBe(1000);
  });

  it("goes backwards, too", () => {
    const iterator = steps(oscillator, { y0: [1, 0], ts: [3, Number.NEGATIVE_INFINITY] });
    let reached = 3;
    for (const { t, h, y } of iterator) {
      expect(h).toBeLessThan(0);
      expect(y[0]).toBeCloseTo(Math.cos(t - 3), 4);
      reached = t;
      if (t < -20) break;
    }
    expect(reached).toBeLessThan(-20);
    expect(iterator.status).toBe("left");
  });

  it("ends where numbers end, if nothing bounds the steps", () => {
    const iterator = steps(() => [0], { y0: [1], ts: [0, Number.POSITIVE_INFINITY] });
    let last = 0;
    for (const { t, y } of iterator) {
      last = t;
      expect(y[0]).toBe(1);
    }
    expect(last).toBe(Number.MAX_VALUE);
    expect(iterator.status).toBe("done");
  });
});

describe("the end of a loop", () => {
  const stop = { root: (t: number, y: ArrayLike<number>) => y[0]! - 0.5 * t, terminal: true };

  it("is a terminal event, with the state before its effect", () => {
    const events = [{ ...stop, effect: bounced }];
    const options = { y0: [1, 1], ts: [0, 5], events };
    const whole = solve(decay, options);
    const iterator = steps(decay, options);
    const all = [...iterator].map(({ t }) => t);
    expect(all).toEqual([...whole.grid.slice(1)]);
    expect(iterator.status).toBe("stopped");
    expect(iterator.events).toEqual(whole.events);
    for (const { t, y } of steps(decay, options))
      if (t === whole.ts.at(-1)) expect([...y]).toEqual([...whole.ys.slice(-2)]);
  });

  it("is an error, thrown, with its code as status", () => {
    const iterator = steps((_t, y) => [y[0]! ** 2], { y0: [1], ts: [0, 2] });
    let reached = 0;
    const failure = failureOf(() => {
      for (const { t } of iterator) reached = t;
    });
    expect(failure.code).toBe("step-underflow");
    expect(reached).toBeCloseTo(1, 4);
    expect(iterator.status).toBe("step-underflow");
    expect(iterator.next().done).toBe(true);
  });

  it("is an exception of the user's own, as it is", () => {
    const mine = new TypeError("mine");
    const iterator = steps(
      (t, _y, dy) => {
        if (t > 0.5) throw mine;
        dy[0] = 1;
      },
      { y0: [0], ts: [0, 1], stepSize: 0.1 },
    );
    expect(() => [...iterator]).toThrow(mine);
    expect(iterator.status).toBe("left");
  });

  it("is maxSteps where it is given, and not without", () => {
    const options = { y0: [1, 0], ts: [0, 1e9], stepSize: 0.01 };
    expect(failureOf(() => [...steps(oscillator, { ...options, maxSteps: 50 })]).code).toBe("max-steps");
    let n = 0;
    for (const _ of steps(oscillator, options)) if (++n === 150_000) break;
    expect(n).toBe(150_000);
  });

  it("leaves the state where it was, whatever memory is used for afterwards", () => {
    let kept: Float64Array | undefined;
    let copy: Float64Array | undefined;
    for (const { t, y } of steps(lorenz, { y0: [1, 1, 1], ts: [0, Number.POSITIVE_INFINITY] })) {
      if (t < 1) continue;
      kept = y;
      copy = y.slice();
      break;
    }
    solve(lorenz, { y0: [7, 8, 9], ts: [0, 1] });
    expect(kept).toEqual(copy);
  });

  it("may be asked for before the first step", () => {
    const iterator = steps(lorenz, { y0: [1, 1, 1], ts: [0, 1] });
    expect(iterator.stats).toEqual({ steps: 0, accepted: 0, rejected: 0, evaluations: 0, firstStep: Number.NaN });
    expect(iterator.events).toEqual([]);
    expect(iterator.return()).toEqual({ done: true, value: undefined });
    expect(iterator.status).toBe("left");
    expect(iterator.next()).toEqual({ done: true, value: undefined });
  });
});

describe("memory", () => {
  it("is the same after many steps", () => {
    let n = 0;
    let before = 0;
    for (const _ of steps(lorenz, { y0: [1, 1, 1], ts: [0, Number.POSITIVE_INFINITY] })) {
      if (++n === 1000) before = process.memoryUsage().arrayBuffers;
      if (n === 300_000) break;
    }
    // A grid alone would have taken 2.4 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
});

describe("refusals", () => {
  it.each([
    ["ts", { ts: [0, 1, 2] }],
    ["ts", { ts: [0] }],
    ["ts[0]", { ts: [Number.NEGATIVE_INFINITY, 0] }],
    ["ts[1]", { ts: [0, Number.NaN] }],
    ["ts[1]", { ts: [1, 1] }],
    ["steps option dense", { dense: true }],
    ["steps option adjoint", { adjoint: {} }],
    ["steps option onFailure", { onFailure: "return" }],
    ["steps option rtoll", { rtoll: 1 }],
    ["maxSteps", { maxSteps: 0 }],
    ["stepSize", { stepSize: -1 }],
    ["stepSize", { stepSize: 1, grid: [0, 1] }],
    ["stepSize", { solver: rk4 }],
    ["grid", { grid: [0, 2] }],
  ])("name %s at once", (name, wrong) => {
    const { code, message } = failureOf(() => steps(decay, { y0: [1], ts: [0, 1], ...(wrong as object) }));
    expect(code).toBe("invalid");
    expect(message).toContain(`${name} is `);
  });
});
