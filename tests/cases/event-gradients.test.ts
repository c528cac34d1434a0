// Gradients of events' times and states, in every adjoint and forwards.
import { describe, expect, it } from "vitest";
import {
  type Adjoint,
  auto,
  backprop,
  checkpointed,
  continuous,
  dopri5,
  jvp,
  mlp,
  rk4,
  type Solution,
  type SolveEvent,
  type SolveOptions,
  solve,
  symplectic,
  tsit5,
  vectorField,
} from "../../ts/index.ts";
import { failureOf } from "../unit/errors.ts";
import { decaying } from "./systems.ts";

const EXACT: [string, () => Adjoint][] = [
  ["backprop", backprop],
  ["symplectic", symplectic],
  ["checkpointed", () => checkpointed({ checkpoints: 2 })],
  ["auto", auto],
  ["auto, in little memory", () => auto({ budget: 200 })],
];
const ALL: [string, () => Adjoint][] = [
  ...EXACT,
  ["continuous", () => continuous()],
  ["continuous, by quadrature", () => continuous({ quadrature: true })],
];

/** ∂L/∂(y0, θ) of L = the time of the event that stopped the solve. */
const ofTime = (solution: Solution) => solution.pullback(new Float64Array(solution.ys.length), { stopTime: 1 });

const growing = (p: number) =>
  vectorField({
    params: [p],
    f(_t, _y, dy, params) {
      dy[0] = params[0]!;
    },
    vjp(_t, _y, _p, c, out) {
      out.params[0]! += c[0]!;
    },
    jvp(_t, _y, _p, dot, dy) {
      dy[0] = dot.params[0]!;
    },
  });

const GAPS = [0, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3];

describe.each(ALL)("II.A1 (SciMLSensitivity.jl#1447): an event right after a step boundary, %s", (_, adjoint) => {
  it("II.A1: ∂t_e/∂p at every gap, y' = p", () => {
    for (const gap of GAPS) {
      for (const boundary of [{ stepTimes: [5] }, { ts: [0, 5, 7], output: "land" }, { stepSize: 0.5 }] as const) {
        const events = [{ root: (_t: number, y: ArrayLike<number>) => y[0]! - 10 - 2 * gap, terminal: true }];
        const solution = solve(growing(2), { y0: [0], ts: [0, 7], ...boundary, events, adjoint: adjoint() });
        expect(solution.status).toBe("stopped");
        const { params, y0 } = ofTime(solution);
        expect(Math.abs(params[0]! + (5 + gap) / 2)).toBeLessThan(1e-6);
        expect(Math.abs(y0[0]! + 0.5)).toBeLessThan(1e-6);
      }
    }
  });

  it("II.A1: ∂t_e/∂k at every gap, y' = −k y", () => {
    for (const gap of GAPS) {
      const level = Math.exp(-0.7 * (1 + gap));
      for (const boundary of [{ stepTimes: [1] }, { ts: [0, 1, 3], output: "land" }] as const) {
        const solution = solve(decaying(0.7), {
          y0: [1],
          ts: [0, 3],
          rtol: 1e-9,
          atol: 1e-12,
          ...boundary,
          events: [{ root: (_t, y) => y[0]! - level, terminal: true }],
          adjoint: adjoint(),
        });
        expect(Math.abs(ofTime(solution).params[0]! + (1 + gap) / 0.7)).toBeLessThan(1e-6);
      }
    }
  });

  it("II.A1: the same in float32", () => {
    for (const gap of [0, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]) {
      const field = mlp({ layers: [1, 1], params: [-0.7, 0] });
      const level = Math.exp(-0.7 * (1 + gap));
      const solution = solve(field, {
        y0: [1],
        ts: [0, 1, 3],
        rtol: 1e-6,
        atol: 1e-8,
        output: "land",
        events: [{ root: (_t, y) => y[0]! - level, terminal: true }],
        adjoint: adjoint(),
      });
      const { params } = ofTime(solution);
      expect(Math.abs((params[0]! * 0.7) / (1 + gap) - 1)).toBeLessThan(1e-3);
    }
  });
});

it("II.A1: jvp at every gap", () => {
  for (const gap of GAPS) {
    const events = [{ root: (_t: number, y: ArrayLike<number>) => y[0]! - 10 - 2 * gap, terminal: true }];
    // A clock beside it shows the time.
    const field = vectorField({
      params: [2],
      f: (_t, _y, dy, p) => void dy.set([p[0]!, 1]),
      jvp: (_t, _y, _p, dot, dy) => void dy.set([dot.params[0]!, 0]),
    });
    const solution = solve(field, { y0: [0, 0], ts: [0, 7], stepTimes: [5], events });
    const tangent = jvp(solution, { params: [1] });
    expect(Math.abs(tangent[2]!)).toBeLessThan(1e-12);
    expect(Math.abs(tangent[3]! + (5 + gap) / 2)).toBeLessThan(1e-12);
  }
});

describe("II.A2: ∂root/∂y of root functions in all units", () => {
  const stoppedBy = (event: SolveEvent, options: Partial<SolveOptions> = {}): Solution =>
    solve(decaying(1), {
      y0: [1],
      ts: [0, 20],
      rtol: 1e-10,
      atol: 1e-14,
      events: [{ ...event, terminal: true }],
      adjoint: symplectic(),
      ...options,
    });

  it.each([
    ["a logarithm", (_t: number, y: ArrayLike<number>) => Math.log(y[0]!) + 9, 9],
    ["a square root", (_t: number, y: ArrayLike<number>) => Math.sqrt(y[0]!) - 0.01, -Math.log(1e-4)],
    ["a square root near its end", (_t: number, y: ArrayLike<number>) => Math.sqrt(y[0]! - 0.01) - 1e-5, Math.log(100)],
  ])("II.A2: %s", (_, root, time) => {
    const solution = stoppedBy({ root });
    expect(solution.ts[1]).toBeCloseTo(time, 6);
    const { params, y0 } = ofTime(solution);
    expect(params[0]).toBeCloseTo(-time, 6);
    expect(y0[0]).toBeCloseTo(1, 6);
  });

  it.each([1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9, 1e4])("II.A2: two particles meet, in units of %d", (unit) => {
    const field = vectorField({
      params: [1, 0.7],
      f: (_t, _y, dy, p) => void dy.set([p[0]! * unit, p[1]! * unit, 0, 0]),
      vjp(_t, _y, _p, c, out) {
        out.params[0]! += c[0]! * unit;
        out.params[1]! += c[1]! * unit;
      },
    });
    for (const far of [0, 1e3]) {
      const solution = solve(field, {
        y0: [far * unit, 0, (far + 0.1) * unit, -0.2 * unit],
        ts: [0, 20],
        events: [
          {
            root: (_t, y) => (Math.hypot(y[0]! - y[2]!, y[1]! - y[3]!) - 1.5 * unit) / unit,
            terminal: true,
          },
        ],
        adjoint: symplectic(),
      });
      const t = solution.ts[1]!;
      const [x, z] = [t - 0.1, 0.7 * t + 0.2];
      const { params, y0 } = ofTime(solution);
      expect(params[0]! / ((-x * t) / (x + 0.7 * z))).toBeCloseTo(1, 4);
      expect((y0[1]! * unit) / (-z / (x + 0.7 * z))).toBeCloseTo(1, 4);
    }
  });

  it("by the event's own gradient, where it has one", () => {
    let asked = 0;
    const solution = stoppedBy({
      root: (_t, y) => (y[0]! > 1e-3 ? 1 : -1),
      gradient(t, y, out) {
        asked++;
        expect([t, y[0]]).toEqual([solution.ts[1], solution.ys[1]]);
        out[0] = 7;
      },
    });
    expect(ofTime(solution).params[0]).toBeCloseTo(Math.log(1e-3), 6);
    expect(asked).toBe(1);
  });

  it("one that has none is non-finite, and told what to pass", () => {
    for (const root of [
      (_t: number, y: ArrayLike<number>) => (y[0]! > 1e-3 ? 1 : -1),
      (_t: number, y: ArrayLike<number>) => (y[0]! > 1e-3 ? 5 : -3),
      (_t: number, y: ArrayLike<number>) => Math.cbrt(y[0]! - 0.5),
    ]) {
      const failure = failureOf(() => ofTime(stoppedBy({ root })));
      expect(failure.code).toBe("non-finite");
      expect(failure.message).toContain("events[0]");
      expect(failure.message).toContain("gradient: (t, y, out) => void");
    }
    const wrong = failureOf(() => ofTime(stoppedBy({ root: (_t, y) => y[0]! - 0.5, gradient() {}, direction: -1 })));
    expect(wrong.code).toBe("non-finite");
  });

  it("an event of time alone does not move, however it is written", () => {
    for (const root of [(t: number) => t - 0.7, (t: number) => (t < 0.7 ? -1 : 1), (t: number) => (t - 0.7) * 1e-9]) {
      const { params, y0 } = stoppedBy({ root }).pullback([0, 1]);
      expect(y0[0]).toBeCloseTo(Math.exp(-0.7), 8);
      expect(params[0]).toBeCloseTo(-0.7 * Math.exp(-0.7), 8);
      expect(ofTime(stoppedBy({ root })).params[0]).toBe(0);
    }
  });

  it("a field with an explicit time: ∂root/∂t counts", () => {
    for (const slope of [0.1, -0.3]) {
      const solution = stoppedBy({ root: (t, y) => y[0]! - 0.5 - slope * (t - 1) });
      const [t, y] = [solution.ts[1]!, solution.ys[1]!];
      // (−y − slope) δt = t y δk
      expect(ofTime(solution).params[0]).toBeCloseTo((-t * y) / (y + slope), 6);
    }
  });
});

describe("outputs in the event's own step", () => {
  const make = (params: readonly number[]) =>
    vectorField({
      params,
      f(t, y, dy, p) {
        dy[0] = y[1]!;
        dy[1] = -p[0]! * y[0]! - 0.2 * y[1]! + Math.cos(2 * t);
      },
      vjp(t, y, p, c, out) {
        out.y[0]! -= p[0]! * c[1]!;
        out.y[1]! += c[0]! - 0.2 * c[1]!;
        out.params[0]! -= y[0]! * c[1]!;
        out.t[0]! -= 2 * Math.sin(2 * t) * c[1]!;
      },
      jvp(_t, y, p, dot, dy) {
        dy[0] = dot.y[1]!;
        dy[1] = -p[0]! * dot.y[0]! - dot.params[0]! * y[0]! - 0.2 * dot.y[1]!;
      },
    });
  const ts = [0, 0.3, 0.6, 0.9, 1.2, 9];
  const run = (k: number, v: number, rtol: number, adjoint?: Adjoint): Solution =>
    solve(make([k]), {
      y0: [1, v],
      ts,
      solver: dopri5,
      rtol,
      atol: rtol,
      events: [{ root: (_t, y) => y[0]! + 0.3, terminal: true }],
      ...(adjoint && { adjoint }),
    });
  const weights = Array.from({ length: 12 }, (_, i) => Math.cos(i));
  const loss = ({ ts: reached, ys }: Solution): number =>
    weights.slice(0, ys.length).reduce((sum, weight, i) => sum + weight * ys[i]!, 0.7 * reached.at(-1)!);

  it.each(EXACT)("%s: of a coarse solve they are those of its own steps, the event's moving with it", (_, adjoint) => {
    // One long step to the event and over all outputs: differences of its end are those of the solve.
    const coarse = (k: number, v: number, own?: Adjoint): Solution =>
      solve(make([k]), {
        y0: [1, v],
        ts,
        solver: dopri5,
        rtol: 10,
        atol: 10,
        firstStep: 9,
        events: [{ root: (_t, y) => y[0]! + 0.3, terminal: true }],
        ...(own && { adjoint: own }),
      });
    const solution = coarse(1.3, -0.4, adjoint());
    expect(solution.grid).toHaveLength(2);
    const rows = solution.ts.length;
    expect(rows).toBeGreaterThan(3);
    const cotangent = weights.slice(0, 2 * rows);
    const { params, y0, ts: tsBar } = solution.pullback(cotangent, { stopTime: 0.7, times: true });
    const difference = (f: (d: number) => number): number => (8 * (f(1e-4) - f(-1e-4)) - (f(2e-4) - f(-2e-4))) / 12e-4;
    expect(params[0]).toBeCloseTo(
      difference((d) => loss(coarse(1.3 + d, -0.4))),
      9,
    );
    expect(y0[1]).toBeCloseTo(
      difference((d) => loss(coarse(1.3, -0.4 + d))),
      9,
    );
    expect(tsBar!.at(-1)).toBe(0);
    const tangent = jvp(solution, { params: [1] });
    const along = cotangent.reduce((sum, value, i) => sum + value * tangent[i]!, 0);
    const { params: still } = solution.pullback(cotangent);
    expect(along).toBeCloseTo(still[0]!, 9);
  });

  it.each(ALL)("%s: of a tight solve they are those of the solution", (_, adjoint) => {
    const solution = run(1.3, -0.4, 1e-11, adjoint());
    const { params, y0 } = solution.pullback(weights.slice(0, solution.ys.length), { stopTime: 0.7 });
    const difference = (f: (d: number) => number): number => (8 * (f(1e-3) - f(-1e-3)) - (f(2e-3) - f(-2e-3))) / 12e-3;
    expect(params[0]).toBeCloseTo(
      difference((d) => loss(run(1.3 + d, -0.4, 1e-13))),
      7,
    );
    expect(y0[1]).toBeCloseTo(
      difference((d) => loss(run(1.3, -0.4 + d, 1e-13))),
      7,
    );
  });

  it.each([tsit5, rk4])("II.A1: adjoints agree to rounding (%#)", (solver) => {
    const gradients = EXACT.map(([, adjoint]) =>
      ofTime(
        solve(make([1.3]), {
          y0: [1, -0.4],
          ts: [0, 0.5, 9],
          solver,
          ...(solver === rk4 ? { stepSize: 0.4 } : { rtol: 1e-3, atol: 1e-4 }),
          events: [{ root: (_t, y) => y[0]! + 0.3, terminal: true }],
          adjoint: adjoint(),
        }),
      ),
    );
    for (const { params, y0 } of gradients) {
      expect(params[0]).toBeCloseTo(gradients[0]!.params[0]!, 13);
      expect(y0[1]).toBeCloseTo(gradients[0]!.y0[1]!, 13);
    }
  });
});
