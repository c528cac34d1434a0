// Mistakes whose messages were unclear: each names its cause, and no other.
import { describe, expect, it } from "vitest";
import {
  backprop,
  bosh3,
  dopri5,
  mlp,
  reverse,
  reversible,
  reversibleHeun,
  type SolveOptions,
  solve,
  stabilized6,
  tsit5,
  vectorField,
} from "../../ts/index.ts";
import { failureOf } from "../unit/errors.ts";
import { decay, dose, still } from "./systems.ts";

const messageOf = (field: unknown, options: object): string =>
  failureOf(() => solve(field as typeof still, options as SolveOptions)).message;
const unit = { y0: [1], ts: [0, 1] };

describe("I (c): solving", () => {
  it("I (c) 1: accumulation names ways out that end it; events together and root functions without a number are not that", () => {
    const zeno = messageOf((_t: number, y: Float64Array, dy: Float64Array) => void dy.set([y[1]!, -9.8]), {
      y0: [1, 0],
      ts: [0, 5],
      events: [
        {
          root: (_t: number, y: Float64Array) => y[0]!,
          direction: -1,
          effect: (_t: number, y: Float64Array) => void y.set([0, -0.5 * y[1]!]),
        },
      ],
    });
    expect(zeno).toMatch(/events accumulate at t = 1\.35\d*: event 0 .* end the motion/);
    expect(solve(still, { y0: [0], ts: [0, 2], events: [dose(1), dose(1)] }).ys[1]).toBe(2);
    expect(messageOf(still, { ...unit, events: [{ root: () => Number.NaN }] })).toContain(
      "events[0].root is NaN at t = 0",
    );
  });

  it("I (c) 3: fixed steps beyond maxSteps are counted beforehand, and nothing is said of stiffness", () => {
    const message = messageOf(decay, { ...unit, stepSize: 1e-9 });
    expect(message).toContain("stepSize = 1e-9 makes 1000000000 steps, more than maxSteps = 100000");
    expect(message).not.toMatch(/stiff|rtol/);
  });

  it("I (c) 4, II (c) 1: equal times are to be different", () => {
    for (const t of [0, 1])
      expect(messageOf(decay, { ...unit, ts: [t, t] })).toBe(`ts[1] is ${t}; allowed: different from ts[0] = ${t}`);
  });

  it("I (c) 5: no stray full stop", () => {
    const message = messageOf(() => {}, unit);
    expect(message).toContain("(does it fill all of dy?). Check the field");
    expect(message).not.toMatch(/\?\.|\.\./);
  });

  it("OpenModelica#9711: a field that chatters is told of stepTimes and events", () => {
    const chatter = (_t: number, y: Float64Array, dy: Float64Array): void => void dy.fill(y[0]! > 0.5 ? -1 : 1);
    const message = messageOf(chatter, { y0: [0], ts: [0, 10], maxSteps: 20_000 });
    expect(message).toMatch(/the field jumps.* stepTimes.* event/);
  });

  it.each([stabilized6, bosh3])(
    "I (c) 8, I.A9: stiff, with loose tolerances: tighter ones are advised ($name)",
    (solver) => {
      const robertson = (_t: number, [a, b, c]: Float64Array, dy: Float64Array): void =>
        dy.set([-0.04 * a! + 1e4 * b! * c!, 0.04 * a! - 1e4 * b! * c! - 3e7 * b! * b!, 3e7 * b! * b!]);
      const run = (rtol: number, atol: number) => solve(robertson, { y0: [1, 0, 0], ts: [0, 3], solver, rtol, atol });
      const failure = failureOf(() => run(1e-3, 1e-4));
      expect(failure.code).toBe("step-underflow");
      expect(failure.message).toContain("tighter ones help");
      expect(Array.from(run(1e-4, 1e-8).ys.slice(3)).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    },
  );
});

describe("II (c): gradients", () => {
  it("II (c) 3: reversible solvers take events and dense output, as all do", () => {
    const events = [{ root: (t: number) => t - 0.55 }];
    const solution = solve(decay, { ...unit, solver: reversibleHeun, stepSize: 0.1, events, dense: true });
    expect(solution.events.map(({ t }) => t)).toEqual([expect.closeTo(0.55, 14)]);
    expect(solution.at(0.55)).toEqual(solution.events[0]!.y);
  });

  it("II (c) 4: a cotangent that overflows float32", () => {
    const solution = solve(mlp({ layers: [1, 1] }), { ...unit, adjoint: backprop() });
    const failure = failureOf(() => solution.pullback([0, 1e39]));
    expect(failure.message).toBe("cotangent[1] is 1e+39; allowed: a finite number in float32");
  });

  it("II (c) 5, II.C: reversible solvers blame their coupling, not the problem", () => {
    const damped = (t: number, y: Float64Array, dy: Float64Array): void => void dy.fill(-5 * (y[0]! - Math.sin(t)));
    for (const base of [tsit5, dopri5]) {
      const solver = reversible(base, { coupling: 0.999 });
      const failure = failureOf(() => solve(damped, { y0: [0], ts: [0, 10], solver, stepSize: 0.05 }));
      expect(failure.code).toBe("unstable-pair");
      expect(failure.message).toMatch(/coupling 0\.999.* coupling of 0\.9.* symplectic\(\)/);
      expect(failure.message).not.toMatch(/stiff|blow up/);
    }
  });

  it("II (c) 7: where the solution itself is lost, the solve says so, before reverse() could", () => {
    const field = vectorField({
      f: (_t, y, dy) => void dy.fill(-10 * y[0]!),
      vjp: (_t, _y, _p, c, out) => {
        out.y[0]! -= 10 * c[0]!;
      },
    });
    const solver = reversible(tsit5, { coupling: 0.999 });
    const failure = failureOf(() => solve(field, { y0: [1], ts: [0, 20], solver, stepSize: 0.1, adjoint: reverse() }));
    expect(failure.code).toBe("unstable-pair");
  });
});

describe("III.A8: the arrow without braces", () => {
  it.each<[string, unknown]>([
    ["that assigns", (_t: number, y: Float64Array, dy: Float64Array) => dy.fill(-y[0]!)[0]],
    ["that returns a scalar ODE's rate", (_t: number, y: Float64Array) => -y[0]!],
  ])("III.A8: one %s is told to put braces around its body", (_, field) => {
    const message = messageOf(field, unit);
    expect(message).toMatch(/^what the field returned is -1; .*braces/);
  });

  it("III.A8: rows of width 1, strings and dates are no states", () => {
    for (const y0 of [[[1], [3]], ["1"], [new Date(0)]])
      expect(messageOf(decay, { ...unit, y0 })).toMatch(/^y0\[0\] is /);
  });
});
