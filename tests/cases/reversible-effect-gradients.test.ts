// Gradients through the effects of events, and through the steps that end at events, with reversible solvers: by reverse()
// and by every other adjoint.
import { describe, expect, it } from "vitest";
import {
  type Adjoint,
  auto,
  backprop,
  checkpointed,
  continuous,
  type Effect,
  ees25,
  ees27,
  jvp,
  mlp,
  reverse,
  reversible,
  reversibleHeun,
  type Solution,
  type SolveEvent,
  type SolveOptions,
  type Solver,
  solve,
  symplectic,
  tsit5,
  type VectorField,
  vectorField,
  widened,
} from "../../ts/index.ts";
import { apart, PAIRS, stepsOf } from "./pairs.ts";
import { ball, bouncing } from "./systems.ts";

const ADJOINTS: [string, () => Adjoint][] = [
  ["reverse", reverse],
  ["reverse, keeping every third state", () => reverse({ segments: 3 })],
  ["reverse, keeping none", () => reverse({ segments: Number.POSITIVE_INFINITY })],
  ["backprop", backprop],
  ["symplectic", symplectic],
  ["checkpointed", () => checkpointed({ checkpoints: 2 })],
  ["auto", auto],
  ["auto, in little memory", () => auto({ budget: 300 })],
];
const central = (f: (d: number) => number, d = 1e-4): number =>
  (8 * (f(d) - f(-d)) - (f(2 * d) - f(-2 * d))) / (12 * d);
const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const unit = (n: number, i: number): number[] => Array.from({ length: n }, (_, k) => (k === i ? 1 : 0));
const moved = (of: readonly number[], j: number, d: number): number[] =>
  of.map((value, i) => (i === j ? value + d : value));

describe("a bouncing ball's gradient through 10 effects", () => {
  const [GRAVITY, RESTITUTION, HEIGHT, SPEED, END] = [9.81, 0.9, 1, 0.3, 5.6];
  const TIMES = [0.4, 1.7, 3.05, END];
  const weights = Array.from({ length: 2 * TIMES.length }, (_, i) => Math.sin(i + 1));
  function loss(gravity: number, restitution: number, height: number, speed: number, start: number): number {
    let sum = 0;
    TIMES.forEach((time, row) => {
      let [y, v, left] = [height, speed, time - start];
      for (;;) {
        const flight = (v + Math.sqrt(v * v + 2 * gravity * y)) / gravity;
        if (flight > left) {
          sum += weights[2 * row]! * (y + v * left - (gravity / 2) * left ** 2);
          sum += weights[2 * row + 1]! * (v - gravity * left);
          return;
        }
        [y, v, left] = [0, -restitution * (v - gravity * flight), left - flight];
      }
    });
    return sum;
  }
  const at = [GRAVITY, RESTITUTION, HEIGHT, SPEED, 0] as const;
  const expected = at.map((_, j) => central((d) => loss(...(moved(at, j, d) as unknown as typeof at))));
  const run = (solver: Solver, options: Partial<SolveOptions> = {}): Solution =>
    solve(ball(GRAVITY, RESTITUTION), {
      y0: [HEIGHT, SPEED],
      ts: [0, ...TIMES],
      ...stepsOf(solver, 0.05),
      events: [{ root: (_t, y) => y[0]!, direction: -1, effect: bouncing }],
      ...options,
    });

  it.each(Object.entries({ ...PAIRS, ees25, ees27 }))("%s, to 1e-7", (_, solver) => {
    const all: typeof ADJOINTS = [...ADJOINTS, ["continuous", () => continuous({ rtol: 1e-11, atol: 1e-13 })]];
    for (const [name, adjoint] of all) {
      const solution = run(solver, { adjoint: adjoint() });
      expect(solution.events).toHaveLength(10);
      for (let time = 0; time < 2; time++) {
        const { params, y0, ts } = solution.pullback([0, 0, ...weights], { times: true });
        expect(apart([...params, ...y0, ts![0]!], expected), name).toBeLessThan(1e-7);
      }
    }
    const solution = run(solver);
    at.slice(0, 4).forEach((_, j) => {
      const tangent = jvp(solution, j < 2 ? { params: unit(2, j) } : { y0: unit(2, j - 2) });
      expect(apart([inner(tangent, [0, 0, ...weights])], [expected[j]!])).toBeLessThan(1e-7);
    });
  });

  it("the time of its tenth bounce", () => {
    const solution = run(reversible(tsit5), {
      adjoint: reverse(),
      events: [{ root: (_t, y) => y[0]!, direction: -1, effect: bouncing, terminal: 10 }],
    });
    expect(solution.status).toBe("stopped");
    const time = (gravity: number, restitution: number): number => {
      const speed = Math.sqrt(SPEED ** 2 + 2 * gravity * HEIGHT);
      let t = (SPEED + speed) / gravity;
      for (let n = 1; n < 10; n++) t += (2 * speed * restitution ** n) / gravity;
      return t;
    };
    const { params } = solution.pullback(new Float64Array(solution.ys.length), { stopTime: 1 });
    const slopes = [central((d) => time(GRAVITY + d, RESTITUTION)), central((d) => time(GRAVITY, RESTITUTION + d))];
    expect(apart(params, slopes)).toBeLessThan(1e-7);
  });
});

describe("gradients of the discrete map, whose steps' errors are large", () => {
  const [P, Y0, TS] = [
    [1.7, 0.4],
    [1, 0.2],
    [0, 1.5, 4],
  ];
  const weights = [0.3, -0.2, 0.5, 0.7, -0.4, 0.1];
  const field = (params: readonly number[]): VectorField =>
    vectorField({
      params,
      f(t, y, dy, p) {
        dy[0] = y[1]! + 0.3 * Math.sin(2 * t);
        dy[1] = -p[0]! * Math.sin(y[0]!);
      },
      vjp(t, y, p, c, out) {
        out.y[0]! -= p[0]! * Math.cos(y[0]!) * c[1]!;
        out.y[1]! += c[0]!;
        out.params[0]! -= Math.sin(y[0]!) * c[1]!;
        out.t[0]! += 0.6 * Math.cos(2 * t) * c[0]!;
      },
      jvp(_t, y, p, dot, dy) {
        dy[0] = dot.y[1]!;
        dy[1] = -p[0]! * Math.cos(y[0]!) * dot.y[0]! - dot.params[0]! * Math.sin(y[0]!);
      },
    });
  /** Adds p₁ (1.2 + 0.5 cos t) to y₀ and p₀ y₀ y₁ / 5 to y₁. */
  const mixing: Effect = {
    apply(t, y, p) {
      const [a, b] = [y[0]!, y[1]!];
      y[0] = a + p[1] * (1.2 + 0.5 * Math.cos(t));
      y[1] = b + (a * b * p[0]) / 5;
    },
    vjp(t, y, p, c, out) {
      const [a, b] = [y[0]!, y[1]!];
      out.y[0]! += c[0]! + (c[1]! * b * p[0]!) / 5;
      out.y[1]! += c[1]! * (1 + (a * p[0]!) / 5);
      out.params[0]! += (c[1]! * a * b) / 5;
      out.params[1]! += c[0]! * (1.2 + 0.5 * Math.cos(t));
      out.t[0]! -= 0.5 * c[0]! * p[1]! * Math.sin(t);
    },
  };
  const EVENTS: Readonly<Record<string, readonly SolveEvent[]>> = {
    "an effect at an event that moves": [{ root: (t, y) => y[0]! - 0.1 * y[1]! ** 2 - 0.05 * t, effect: mixing }],
    "effects of time alone, at an output, several at once, and at the start": [0, 0.7, 0.7, 1.5, 2.5].map((time) => ({
      root: (t) => t - time,
      effect: mixing,
    })),
    "an event where another's effect leaves the state": [
      { root: (_t, y) => y[0]!, direction: -1, effect: mixing },
      { root: (_t, y) => y[0]! * (1 + y[1]! ** 2), direction: 1, effect: mixing },
    ],
    "one that stops, after an effect": [
      { root: (t) => t - 0.4, effect: mixing },
      { root: (t, y) => y[0]! + 0.2 * t, terminal: true },
    ],
    "effect and stop together": [
      { root: (_t, y) => y[0]!, effect: mixing },
      { root: (_t, y) => y[0]!, terminal: 2 },
    ],
  };

  const some = Object.entries({ ...PAIRS, ees27 }).filter(([name]) => !/dop|vern|fehlberg/.test(name));
  describe.each(some)("%s", (_, solver) => {
    it.each(Object.entries(EVENTS))("%s, against differences", (_, events) => {
      const make = (p: readonly number[], y0: readonly number[], adjoint?: Adjoint, ts = TS): Solution =>
        solve(field(p), {
          y0,
          ts,
          solver,
          stepSize: solver === ees27 ? 0.05 : 0.11,
          ...(adjoint && { adjoint }),
          events,
        });
      const shown = make(P, Y0);
      expect(shown.events.length).toBeGreaterThan(1);
      const stops = shown.status === "stopped";
      const cotangent = weights.slice(0, shown.ys.length);
      const loss = (p: readonly number[], y0: readonly number[]): number => {
        const { ys, ts } = make(p, y0);
        return inner(cotangent, ys) + (stops ? 0.7 * ts.at(-1)! : 0);
      };
      const expected = [
        ...[0, 1].map((j) => central((d) => loss(moved(P, j, d), Y0))),
        ...[0, 1].map((j) => central((d) => loss(P, moved(Y0, j, d)))),
      ];
      for (const [name, adjoint] of ADJOINTS) {
        const solution = make(P, Y0, adjoint());
        const pull = () => solution.pullback(cotangent, stops ? { stopTime: 0.7 } : {});
        const { params, y0, stats } = pull();
        expect(apart(pull().params, params), name).toBeLessThan(1e-12);
        // The way back of ees27 has an error of its own.
        const exact = solver !== ees27 || !name.startsWith("reverse");
        expect(apart([...params, ...y0], expected), name).toBeLessThan(exact ? 1e-7 : 1e-5);
        if (exact && name.startsWith("reverse")) expect(stats.reconstructionError).toBeLessThan(1e-9);
      }
      if (stops) return;
      const tangent = jvp(shown, { params: [0.3, -0.7], y0: [0.2, 0.9] });
      // ∂f/∂t is differenced.
      expect(apart([inner(tangent, cotangent)], [inner([0.3, -0.7, 0.2, 0.9], expected)])).toBeLessThan(1e-6);
    });
  });

  it("∂L/∂ts: by reverse() as by backprop()", () => {
    for (const solver of [reversible(tsit5), reversibleHeun]) {
      for (const events of Object.values(EVENTS)) {
        const pull = (adjoint: Adjoint) => {
          const solution = solve(field(P), { y0: Y0, ts: TS, solver, stepSize: 0.11, adjoint, events });
          return solution.pullback(weights.slice(0, solution.ys.length), { times: true }).ts!;
        };
        expect(apart(pull(reverse()), pull(backprop()))).toBeLessThan(1e-11);
      }
    }
  });

  it("reverse() starts afresh at effects: what roundings grow by since counts", () => {
    const events = Array.from({ length: 11 }, (_, i) => ({ root: (t: number) => t - 0.5 - i, effect: mixing }));
    const kept = (some: readonly SolveEvent[]): number => {
      const options = { y0: Y0, ts: [0, 12], solver: reversible(tsit5), stepSize: 0.02, adjoint: reverse() };
      return solve(field([1, 0]), { ...options, events: some }).pullback([0, 0, 1, 0]).stats.peakBytes.checkpoints;
    };
    // The last pair, and one in 120 steps or fewer where nothing starts afresh.
    expect(kept(events)).toBe(2 * 2 * 8);
    expect(kept([])).toBeGreaterThanOrEqual(5 * 2 * 2 * 8);
  });

  it("of asynchronous fields: the same numbers", async () => {
    const { f, vjp, jvp: push, params } = field(P) as unknown as Parameters<typeof vectorField>[0];
    const later = vectorField({
      params: params!,
      f: async (...given) => f(...given),
      vjp: async (...given) => vjp!(...given),
      jvp: async (...given) => push!(...given),
    });
    const events = EVENTS["an effect at an event that moves"]!;
    const options = { y0: Y0, ts: TS, solver: reversible(tsit5), events, adjoint: reverse() };
    const now = solve(field(P), options);
    const then = (await solve(later, options)) as unknown as Solution;
    const [a, b] = [now.pullback(weights, { times: true }), await then.pullback(weights, { times: true })];
    expect([a.params, a.y0, a.ts]).toEqual([b.params, b.y0, b.ts]);
    expect(await jvp(then, { params: [1, 2] })).toEqual(jvp(now, { params: [1, 2] }));
  });

  it("of a float32 network, and of one widened", () => {
    const kick: Effect = {
      apply(_t, y) {
        y[0]! += 0.5 * y[1]!;
      },
      vjp(_t, _y, _p, c, out) {
        out.y[0]! += c[0]!;
        out.y[1]! += c[1]! + 0.5 * c[0]!;
      },
    };
    const single = mlp({ layers: [2, 8, 2], seed: 3 });
    const make = (net: typeof single, adjoint: Adjoint): Solution =>
      solve(net, {
        y0: [0.8, -0.5],
        ts: [0, 2],
        rtol: 1e-5,
        atol: 1e-6,
        solver: reversible(tsit5),
        adjoint,
        events: [{ root: (t, y) => y[0]! + t - 1.2, effect: kick }],
      });
    const double = mlp({ layers: [2, 8, 2], seed: 3, dtype: "float64" });
    const exact = make(double as unknown as typeof single, backprop());
    expect(exact.events.length).toBeGreaterThan(0);
    const { params } = exact.pullback([0, 0, 1, -1]);
    const size = Math.max(...params.map(Math.abs));
    for (const net of [single, widened(single) as unknown as typeof single]) {
      for (const [name, adjoint] of ADJOINTS.filter(([name]) => !name.includes("none"))) {
        const found = make(net, adjoint()).pullback([0, 0, 1, -1]).params;
        found.forEach((value, i) => expect(Math.abs(value - params[i]!), name).toBeLessThan(1e-3 * size));
      }
    }
  });
});
