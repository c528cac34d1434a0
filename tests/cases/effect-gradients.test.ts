// Gradients through events' effects: by the jump formula, repeated.
import { describe, expect, it } from "vitest";
import {
  type Adjoint,
  auto,
  backprop,
  checkpointed,
  continuous,
  dopri5,
  type Effect,
  jvp,
  mlp,
  type Solution,
  type SolveEvent,
  type SolveOptions,
  solve,
  symplectic,
  tsit5,
  type VectorField,
  vectorField,
} from "../../ts/index.ts";
import { failureOf } from "../unit/errors.ts";
import { ball, bouncing, central, decaying } from "./systems.ts";

const ALL: [string, () => Adjoint][] = [
  ["backprop", backprop],
  ["symplectic", symplectic],
  ["checkpointed", () => checkpointed({ checkpoints: 2 })],
  ["auto", auto],
  ["auto, in little memory", () => auto({ budget: 300 })],
  ["continuous", () => continuous({ rtol: 1e-11, atol: 1e-13 })],
  ["continuous, by quadrature", () => continuous({ rtol: 1e-11, atol: 1e-13, quadrature: true })],
];

const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

describe("a bouncing ball, 10 effects", () => {
  const [GRAVITY, RESTITUTION, HEIGHT, SPEED, END] = [9.81, 0.9, 1, 0.3, 5.6];
  const TIMES = [0.4, 1.7, 3.05, END];
  const weights = Array.from({ length: 2 * TIMES.length }, (_, i) => Math.sin(i + 1));

  /** The loss by the closed form. */
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
  const expected = at.map((_, j) =>
    central((d) => loss(...(at.map((value, i) => (i === j ? value + d : value)) as unknown as typeof at))),
  );
  const event = (effect: Effect): SolveEvent => ({ root: (_t, y) => y[0]!, direction: -1, effect });
  const run = (options: Partial<SolveOptions>): Solution =>
    solve(ball(GRAVITY, RESTITUTION), {
      y0: [HEIGHT, SPEED],
      ts: [0, ...TIMES],
      rtol: 1e-9,
      atol: 1e-12,
      events: [event(bouncing)],
      ...options,
    });

  it("bounces ten times", () => {
    expect(run({}).events).toHaveLength(10);
  });

  it.each(ALL)("%s: by gravity, restitution, start and the time of the start, to 1e-7", (_, adjoint) => {
    for (const solver of [tsit5, dopri5]) {
      const { params, y0, ts } = run({ adjoint: adjoint(), solver }).pullback([0, 0, ...weights], { times: true });
      [...params, ...y0, ts![0]!].forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-7 * Math.max(1, Math.abs(expected[i]!)));
      });
    }
  });

  it.each(ALL)("%s: landing on the outputs, in fixed steps, twice", (_, adjoint) => {
    for (const steps of [{ output: "land" as const }, { stepSize: 0.05 }]) {
      const solution = run({ adjoint: adjoint(), ...steps });
      for (let i = 0; i < 2; i++) {
        const { params, y0 } = solution.pullback([0, 0, ...weights]);
        [...params, ...y0].forEach((value, i) => {
          expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected[i]!)));
        });
      }
    }
  });

  it("jvp: by the effect's own jvp, and by its vjp at unit cotangents", () => {
    const own: Effect = {
      ...bouncing,
      jvp(_t, y, p, dot, out) {
        out.set([0, -p[1]! * dot.y[1]! - dot.params[1]! * y[1]!]);
      },
    };
    for (const effect of [bouncing, own]) {
      const solution = run({ events: [event(effect)] });
      at.slice(0, 4).forEach((_, j) => {
        const unit = (n: number, i: number): number[] => Array.from({ length: n }, (_, k) => (k === i ? 1 : 0));
        const direction = j < 2 ? { params: unit(2, j) } : { y0: unit(2, j - 2) };
        const along = inner(jvp(solution, direction), [0, 0, ...weights]);
        expect(Math.abs(along - expected[j]!)).toBeLessThan(1e-7 * Math.max(1, Math.abs(expected[j]!)));
      });
    }
  });

  it("the time of its tenth bounce", () => {
    const solution = run({ events: [{ ...event(bouncing), terminal: 10 }], adjoint: symplectic() });
    expect(solution.status).toBe("stopped");
    const { params } = solution.pullback(new Float64Array(solution.ys.length), { stopTime: 1 });
    const time = (gravity: number, restitution: number): number => {
      const speed = Math.sqrt(SPEED ** 2 + 2 * gravity * HEIGHT);
      let t = (SPEED + speed) / gravity;
      for (let n = 1; n < 10; n++) t += (2 * speed * restitution ** n) / gravity;
      return t;
    };
    expect(solution.ts.at(-1)).toBeCloseTo(time(GRAVITY, RESTITUTION), 9);
    expect(params[0]).toBeCloseTo(
      central((d) => time(GRAVITY + d, RESTITUTION)),
      7,
    );
    expect(params[1]).toBeCloseTo(
      central((d) => time(GRAVITY, RESTITUTION + d)),
      7,
    );
  });
});

describe("other effects", () => {
  /** Adds p₁ (1.2 + 0.5 cos t) to y₀ and y₀ y₁ p₀ to y₁. */
  const mixing: Effect = {
    apply(t, y, p) {
      const [a, b] = [y[0]!, y[1]!];
      y[0] = a + p[1] * (1.2 + 0.5 * Math.cos(t));
      y[1] = b + a * b * p[0];
    },
    vjp(t, y, p, c, out) {
      const [a, b] = [y[0]!, y[1]!];
      out.y[0]! += c[0]! + c[1]! * b * p[0]!;
      out.y[1]! += c[1]! * (1 + a * p[0]!);
      out.params[0]! += c[1]! * a * b;
      out.params[1]! += c[0]! * (1.2 + 0.5 * Math.cos(t));
      out.t[0]! -= 0.5 * c[0]! * p[1]! * Math.sin(t);
    },
  };
  const field = (params: readonly number[]): VectorField =>
    vectorField({
      params,
      f(t, y, dy, p) {
        dy[0] = y[1]! + 0.3 * Math.sin(2 * t);
        dy[1] = -p[0]! * y[0]!;
      },
      vjp(t, y, p, c, out) {
        out.y[0]! -= p[0]! * c[1]!;
        out.y[1]! += c[0]!;
        out.params[0]! -= y[0]! * c[1]!;
        out.t[0]! += 0.6 * Math.cos(2 * t) * c[0]!;
      },
      jvp(_t, y, p, dot, dy) {
        dy[0] = dot.y[1]!;
        dy[1] = -p[0]! * dot.y[0]! - dot.params[0]! * y[0]!;
      },
    });
  const [P, Y0] = [
    [1.7, 0.4],
    [1, 0.2],
  ];
  const weights = [0.3, -0.2, 0.5, 0.7, -0.4, 0.1];
  const compare = (make: (p: readonly number[], y0: readonly number[], adjoint?: Adjoint) => Solution): void => {
    const loss = (p: readonly number[], y0: readonly number[]): number => inner(weights, make(p, y0).ys);
    const moved = (of: readonly number[], j: number, d: number): number[] =>
      of.map((value, i) => (i === j ? value + d : value));
    const expected = [
      ...[0, 1].map((j) => central((d) => loss(moved(P, j, d), Y0))),
      ...[0, 1].map((j) => central((d) => loss(P, moved(Y0, j, d)))),
    ];
    for (const [name, adjoint] of ALL) {
      const { params, y0 } = make(P, Y0, adjoint()).pullback(weights);
      [...params, ...y0].forEach((value, i) => expect(value, `${name} ${i}`).toBeCloseTo(expected[i]!, 6));
    }
    const tangent = jvp(make(P, Y0), { params: [0.3, -0.7], y0: [0.2, 0.9] });
    // A sum that may be large: to 5e-7 of it, as differences are.
    const along = inner([0.3, -0.7, 0.2, 0.9], expected);
    const size = Math.max(1, Math.abs(along));
    expect(inner(tangent, weights) / size).toBeCloseTo(along / size, 6);
  };
  const tight = { ts: [0, 1.5, 4], rtol: 1e-11, atol: 1e-12 } as const;

  it("that depend on time, state and parameters, at events that do", () => {
    compare((p, y0, adjoint) => {
      const solution = solve(field(p), {
        y0,
        ...tight,
        ...(adjoint && { adjoint }),
        events: [{ root: (t, y) => y[0]! - 0.1 * y[1]! ** 2 - 0.05 * t, effect: mixing }],
      });
      expect(solution.events.length).toBeGreaterThan(1);
      return solution;
    });
  });

  it("the times of outputs, the start's too, between events", () => {
    const make = (ts: readonly number[], adjoint?: Adjoint): Solution =>
      solve(field(P), {
        y0: Y0,
        ts,
        rtol: 1e-11,
        atol: 1e-12,
        ...(adjoint && { adjoint }),
        events: [{ root: (t, y) => y[0]! - 0.1 * y[1]! ** 2 - 0.05 * t, effect: mixing }],
      });
    const ts = [0, 1.5, 4];
    const expected = ts.map((_, j) =>
      central((d) => inner(weights, make(ts.map((time, i) => (i === j ? time + d : time))).ys)),
    );
    for (const [name, adjoint] of ALL) {
      const found = make(ts, adjoint()).pullback(weights, { times: true }).ts!;
      found.forEach((value, i) => expect(value, `${name} ${i}`).toBeCloseTo(expected[i]!, 6));
    }
  });

  it("of asynchronous fields: the same numbers", async () => {
    const { f, vjp, jvp: push, params } = field(P) as unknown as Parameters<typeof vectorField>[0];
    const later = vectorField({
      params: params!,
      f: async (...given) => f(...given),
      vjp: async (...given) => vjp!(...given),
      jvp: async (...given) => push!(...given),
    });
    const options = {
      y0: Y0,
      ...tight,
      events: [{ root: (_t: number, y: ArrayLike<number>) => y[0]!, effect: mixing }],
    };
    for (const [, adjoint] of ALL) {
      const now = solve(field(P), { ...options, adjoint: adjoint() });
      const then = (await solve(later, { ...options, adjoint: adjoint() })) as unknown as Solution;
      const [a, b] = [now.pullback(weights, { times: true }), await then.pullback(weights, { times: true })];
      expect([a.params, a.y0, a.ts]).toEqual([b.params, b.y0, b.ts]);
      expect(await jvp(then, { params: [1, 2] })).toEqual(jvp(now, { params: [1, 2] }));
    }
  });

  it("of time alone, at an output too, several at one time, and at the start", () => {
    const at = (time: number): SolveEvent => ({ root: (t) => t - time, effect: mixing });
    compare((p, y0, adjoint) =>
      solve(field(p), {
        y0,
        ...tight,
        ...(adjoint && { adjoint }),
        events: [at(0), at(0.7), at(0.7), at(1.5), at(2.5)],
      }),
    );
  });

  it("at an event that comes where another's effect leaves the state, and at a stop", () => {
    // The second root function has the same zeros until the first one's effect moves them apart.
    compare((p, y0, adjoint) =>
      solve(field(p), {
        y0,
        ...tight,
        stepTimes: [0.8, 1.2],
        ...(adjoint && { adjoint }),
        events: [
          { root: (_t, y) => y[0]!, direction: -1, effect: mixing },
          { root: (_t, y) => y[0]! * (1 + y[1]! ** 2), direction: 1, effect: mixing },
        ],
      }),
    );
  });

  it("two balls that bounce together move apart", () => {
    const pair = vectorField({
      params: [9.8],
      f: (_t, y, dy, p) => void dy.set([y[1]!, -p[0]!, y[3]!, -p[0]!]),
      vjp(_t, _y, _p, c, out) {
        out.y[1]! += c[0]!;
        out.y[3]! += c[2]!;
        out.params[0]! -= c[1]! + c[3]!;
      },
    });
    const hit = (i: number): SolveEvent => ({
      root: (_t, y) => y[i]!,
      direction: -1,
      effect: {
        apply(_t: number, y: { [i: number]: number }) {
          y[i] = 0;
          y[i + 1]! *= -0.8;
        },
        vjp(_t, _y, _p, c, out) {
          for (let j = 0; j < 4; j++) if (j !== i) out.y[j]! += (j === i + 1 ? -0.8 : 1) * c[j]!;
        },
      },
    });
    // Each falls and rises as if it were alone.
    const height = (h: number): number => {
      const fall = Math.sqrt((2 * h) / 9.8);
      const left = 1 - fall;
      return 0.8 * 9.8 * fall * left - 4.9 * left ** 2;
    };
    for (const [, adjoint] of ALL) {
      const solution = solve(pair, {
        y0: [2, 0, 2, 0],
        ts: [0, 1],
        rtol: 1e-9,
        atol: 1e-12,
        adjoint: adjoint(),
        events: [hit(0), hit(2)],
      });
      const { y0 } = solution.pullback([0, 0, 0, 0, 3, 0, 5, 0]);
      const slope = central((d) => height(2 + d));
      expect(y0[0]).toBeCloseTo(3 * slope, 7);
      expect(y0[2]).toBeCloseTo(5 * slope, 7);
    }
  });

  it("of a float32 network", () => {
    const kick: Effect = {
      apply(_t, y) {
        y[0]! += 0.5 * y[1]!;
      },
      vjp(_t, _y, _p, c, out) {
        out.y[0]! += c[0]!;
        out.y[1]! += c[1]! + 0.5 * c[0]!;
      },
    };
    const make = (dtype: "float32" | "float64", adjoint: Adjoint): Solution =>
      solve(mlp({ layers: [2, 8, 2], seed: 3, dtype }), {
        y0: [0.8, -0.5],
        ts: [0, 2],
        rtol: 1e-5,
        atol: 1e-6,
        adjoint,
        events: [{ root: (t, y) => y[0]! + t - 1.2, effect: kick }],
      });
    const exact = make("float64", backprop());
    expect(exact.events.length).toBeGreaterThan(0);
    const { params, y0 } = exact.pullback([0, 0, 1, -1]);
    const size = Math.max(...params.map(Math.abs));
    for (const [name, adjoint] of ALL.slice(0, 5)) {
      const single = make("float32", adjoint()).pullback([0, 0, 1, -1]);
      single.params.forEach((value, i) => expect(Math.abs(value - params[i]!), name).toBeLessThan(1e-3 * size));
      single.y0.forEach((value, i) => expect(value).toBeCloseTo(y0[i]!, 3));
    }
  });

  it("a vjp that returns its result is refused, and so are outputs replaced", () => {
    const returning = { apply() {}, vjp: ((_t: number, _y: unknown, _p: unknown, c: unknown) => c) as never };
    const events = [{ root: (t: number) => t - 0.5, effect: returning }];
    const solution = solve(decaying(1), { y0: [1], ts: [0, 1], adjoint: backprop(), events });
    const failure = failureOf(() => solution.pullback([0, 1]));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("what events[0].effect.vjp returned");
    const replacing: Effect = {
      apply() {},
      vjp(_t, _y, _p, c, out) {
        (out as { y: unknown }).y = c;
      },
    };
    const replaced = solve(decaying(1), {
      y0: [1],
      ts: [0, 1],
      adjoint: backprop(),
      events: [{ root: (t) => t - 0.5, effect: replacing }],
    });
    expect(() => replaced.pullback([0, 1])).toThrow(TypeError);
  });

  it("jvp after a bare effect is refused", () => {
    const solution = solve(decaying(1), { y0: [1], ts: [0, 1], events: [{ root: (t) => t - 0.5, effect() {} }] });
    const failure = failureOf(() => jvp(solution, { y0: [1] }));
    expect(failure.message).toContain("events[0].effect");
    expect(failure.message).toContain("{ apply, vjp, jvp }");
  });

  it("changes of what a solution shows change no gradient", () => {
    const make = () =>
      solve(ball(9.8, 0.9), {
        y0: [1, 0],
        ts: [0, 1],
        adjoint: symplectic(),
        events: [{ root: (_t, y) => y[0]!, direction: -1, effect: bouncing }],
      });
    const changed = make();
    for (const { y, yAfter } of changed.events) for (const state of [y, yAfter!]) state.fill(7);
    expect(changed.pullback([0, 0, 1, 1]).params).toEqual(make().pullback([0, 0, 1, 1]).params);
  });
});
