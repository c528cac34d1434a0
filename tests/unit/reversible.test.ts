// reversible(solver): its values against the paper's formulas, its order, its stability, what it refuses.
import { describe, expect, it } from "vitest";
import {
  bosh3,
  dopri5,
  euler,
  midpoint,
  reversible,
  reversibleHeun,
  rk4,
  rungeKutta,
  type Solver,
  solve,
  tsit5,
  vern7,
} from "../../ts/index.ts";
import { failureOf } from "./errors.ts";
import { complexNetwork, network, numbers, parameterCount } from "./networks.ts";
import { logistic, logisticAt, mixed, mixedOptions, oscillator, turned } from "./problems.ts";
import { distance, real } from "./reference.ts";
import { integrateReversible } from "./reversible-reference.ts";
import { adaptiveByName, byName } from "./solver-list.ts";

const PARAMS = numbers(parameterCount(3), 7);
const Y0 = [0.4, -0.7, 0.2];
const field = network(3);
const bare = (t: number, y: Float64Array, dy: Float64Array): void => void field(t, y, dy, Float64Array.from(PARAMS));

/** Stages that reach y₁ by any way: those that a step must evaluate. */
function reaching({ tableau }: Solver): number {
  const { a, b } = tableau!;
  const live = new Set(b.flatMap((weight, i) => (weight === 0 ? [] : [i])));
  for (let i = b.length - 1; i >= 0; i--) if (live.has(i)) a[i]!.forEach((weight, j) => weight !== 0 && live.add(j));
  return live.size;
}

describe.each(byName)("reversible(%s)", (_, solver) => {
  it.each([1, 0.999, 0.9, 0.3])("is what the paper writes, coupling %d", (coupling) => {
    for (const ts of [
      [0, 0.3, 1],
      [1, 0.4, 0],
    ]) {
      const { ys, grid } = solve(bare, { y0: Y0, ts, solver: reversible(solver, { coupling }), stepSize: 0.09 });
      const states = integrateReversible(
        complexNetwork(3),
        solver.tableau!,
        coupling,
        Array.from(grid, real),
        Y0.map(real),
        PARAMS.map(real),
      );
      const expected = ts.flatMap((t) => states[grid.indexOf(t)]!.map(({ re }) => re));
      expect(distance(ys, expected)).toBeLessThan(1e-13);
    }
  });

  it("has the solver's name, order and adaptivity", () => {
    const { name, order, adaptive } = reversible(solver);
    expect([name, order, adaptive]).toEqual([`reversible(${solver.name})`, solver.order, solver.adaptive]);
  });

  it("evaluates nothing that its result does not need: twice the stages that reach it", () => {
    const { stats } = solve(mixed, { ...mixedOptions(), solver: reversible(solver), stepSize: 0.1 });
    expect(stats.evaluations).toBe(2 * reaching(solver) * stats.accepted);
  });

  it("replays time backwards as −f forwards", () => {
    const options = { ...mixedOptions(), solver: reversible(solver), stepSize: 0.1 };
    const mirrored = (t: number, y: Float64Array, dy: Float64Array): void => {
      mixed(-t, y, dy);
      for (let i = 0; i < y.length; i++) dy[i] = -dy[i]!;
    };
    const { ys } = solve(mirrored, { ...options, ts: Array.from(options.ts, (t) => -t) });
    expect(distance(ys, solve(mixed, options).ys)).toBeLessThan(1e-13);
  });
});

describe("evaluations", () => {
  it("of dopri5: 12 a fixed step, 13 an adaptive one, whose estimate needs the seventh stage of the second half", () => {
    const options = { y0: [1, 0], ts: [0, 1], solver: reversible(dopri5) };
    expect(solve(oscillator, { ...options, stepSize: 0.1 }).stats.evaluations).toBe(120);
    const { evaluations, accepted, rejected } = solve(oscillator, { ...options, firstStep: 0.01 }).stats;
    // A rejected step keeps its first evaluation.
    expect(evaluations).toBe(13 * (accepted + rejected) - rejected);
  });

  it("of reversible Heun: one a step, after the first", () => {
    const { stats } = solve(oscillator, { y0: [1, 0], ts: [0, 1], solver: reversibleHeun, stepSize: 0.1 });
    expect(stats.evaluations).toBe(11);
  });
});

// Nonlinear, coupled and non-autonomous, solved by (exp(sin t²), exp(5 sin t²), sin t² + 1, cos t²).
const curve = (t: number, y: Float64Array, dy: Float64Array): void => {
  dy[0] = 2 * t * y[1]! ** 0.2 * y[3]!;
  dy[1] = 10 * t * Math.exp(5 * (y[2]! - 1)) * y[3]!;
  dy[2] = 2 * t * y[3]!;
  dy[3] = -2 * t * Math.log(y[0]!);
};
const curveAt = (t: number): number[] => {
  const s = Math.sin(t * t);
  return [Math.exp(s), Math.exp(5 * s), s + 1, Math.cos(t * t)];
};
// Errors are taken along the whole way, so that no lucky change of sign at its end hides them.
const TIMES = Array.from({ length: 9 }, (_, i) => (0.75 * i) / 8);

/** The relative error with n equal steps. */
function errorOf(solver: Solver, n: number): number {
  const { ys } = solve(curve, { y0: curveAt(0), ts: TIMES, solver, stepSize: 0.75 / n });
  return Math.hypot(...TIMES.flatMap(curveAt).map((value, i) => (ys[i]! - value) / value));
}

describe("order of convergence is the solver's (McCallum & Foster, Theorem 2.1)", () => {
  const measured = (solver: Solver, n: number): number => Math.log2(errorOf(solver, n) / errorOf(solver, 4 * n)) / 2;

  it.each(byName.filter(([, { order }]) => order <= 7))("reversible(%s)", (_, solver) => {
    const n = solver.order >= 6 ? 16 : 32;
    const pair = reversible(solver, { coupling: 0.999 });
    expect(Math.abs(measured(pair, n) - solver.order)).toBeLessThan(0.35);
    expect(errorOf(pair, n)).toBeLessThan(2 * errorOf(solver, n));
  });

  it("as in the paper's figure: y' = y/2", () => {
    const half = (_t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = y[0]! / 2;
    };
    const order = (solver: Solver, n: number): number => {
      const error = (steps: number): number => {
        const { ys } = solve(half, {
          y0: [1],
          ts: [0, 1],
          solver: reversible(solver, { coupling: 0.999 }),
          stepSize: 1 / steps,
        });
        return Math.abs(ys[1]! - Math.exp(0.5));
      };
      return Math.log2(error(n) / error(4 * n)) / 2;
    };
    const found = [euler, midpoint, bosh3, rk4, dopri5].map((solver) => order(solver, 8));
    [1.03, 1.98, 3.02, 3.98, 4.97].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 1));
  });

  it("reversible Heun: 2", () => {
    expect(Math.abs(measured(reversibleHeun, 32) - 2)).toBeLessThan(0.1);
  });
});

describe("linear stability", () => {
  type Complex = readonly [number, number];
  const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
  const plus = ([a, b]: Complex, [c, d]: Complex): Complex => [a + c, b + d];
  const size = ([a, b]: Complex): number => Math.hypot(a, b);

  /** R(x) − 1 of the base method: Σ b x (I − x A)⁻¹ 1, by its stages. */
  function increment({ tableau }: Solver, x: Complex): Complex {
    const { a, b } = tableau!;
    const ks: Complex[] = [];
    const sum = (weights: readonly number[]): Complex =>
      weights.reduce<Complex>((total, weight, j) => plus(total, [weight * ks[j]![0], weight * ks[j]![1]]), [0, 0]);
    for (const row of a) ks.push(times(x, plus([1, 0], sum(row))));
    return sum(b);
  }

  const root = ([a, b]: Complex): Complex => {
    const r = Math.sqrt(size([a, b]));
    const angle = Math.atan2(b, a) / 2;
    return [r * Math.cos(angle), r * Math.sin(angle)];
  };

  /** Γ = 1 + λ − (1−λ) R₋ − R₋ R₊. */
  function trace(solver: Solver, lambda: number, x: Complex): Complex {
    const minus = increment(solver, [-x[0], -x[1]]);
    const product = times(minus, increment(solver, x));
    return [1 + lambda - (1 - lambda) * minus[0] - product[0], -(1 - lambda) * minus[1] - product[1]];
  }

  /** The larger root of μ² − Γμ + λ. */
  function radius(gamma: Complex, lambda: number): number {
    const square = times(gamma, gamma);
    const d = root([square[0] - 4 * lambda, square[1]]);
    return Math.max(size(plus(gamma, d)), size(plus(gamma, [-d[0], -d[1]]))) / 2;
  }

  const criterion = (gamma: Complex, lambda: number): boolean =>
    size([gamma[0] * (1 - lambda), gamma[1] * (1 + lambda)]) < 1 - lambda ** 2;

  it.each([euler, midpoint, rk4, tsit5])(
    "of reversible($name): |Γ − λΓ̄| < 1 − λ² says where iterates stay bounded",
    (solver) => {
      const seen = { stable: 0, unstable: 0 };
      const STEPS = 600;
      for (const lambda of [0.9, 0.5, 0.1]) {
        for (let re = -1.5; re <= 0.5; re += 0.125) {
          for (let im = 0; im <= 1.5; im += 0.25) {
            const gamma = trace(solver, lambda, [re, im]);
            const largest = radius(gamma, lambda);
            if (Math.abs(largest - 1) < 0.02) continue;
            // y' = αy with hα = re + i im, written in real numbers.
            const rotation = (_t: number, y: Float64Array, dy: Float64Array): void => {
              dy[0] = re * y[0]! - im * y[1]!;
              dy[1] = im * y[0]! + re * y[1]!;
            };
            const { ys } = solve(rotation, {
              y0: [1, 0],
              ts: [0, STEPS],
              solver: reversible(solver, { coupling: lambda }),
              stepSize: 1,
              onFailure: "return",
            });
            const stable = ys.length === 4 && Math.hypot(ys[2]!, ys[3]!) < 1;
            expect(stable).toBe(criterion(gamma, lambda));
            expect(stable).toBe(largest < 1);
            seen[stable ? "stable" : "unstable"]++;
          }
        }
      }
      expect(seen.stable).toBeGreaterThan(15);
      expect(seen.unstable).toBeGreaterThan(100);
    },
  );

  it.each([0.999, 0.99, 0.9])("on the negative real axis is about (ln λ, 0), λ = %d", (lambda) => {
    for (const solver of [euler, midpoint, rk4, dopri5]) {
      expect(radius(trace(solver, lambda, [0.9 * Math.log(lambda), 0]), lambda)).toBeLessThan(1);
      expect(radius(trace(solver, lambda, [1.1 * Math.log(lambda), 0]), lambda)).toBeGreaterThan(1);
    }
  });
});

describe("adaptive steps", () => {
  it.each(adaptiveByName.filter(([, { order }]) => order >= 3))(
    "reversible(%s) keeps to the tolerance",
    (_, solver) => {
      const times = [0, 0.5, 3];
      const errorAt = (rtol: number): number => {
        const { ys, stats } = solve(oscillator, {
          y0: [1, 0.5],
          ts: times,
          solver: reversible(solver),
          rtol,
          atol: rtol,
        });
        expect(stats.accepted).toBeGreaterThan(2);
        return distance(
          ys,
          times.flatMap((t) => turned([1, 0.5], t)),
        );
      };
      expect(errorAt(1e-4)).toBeLessThan(1e-2);
      expect(errorAt(1e-8)).toBeLessThan(1e-6);
    },
  );

  it("land on every output, with time increasing and decreasing", () => {
    for (const ts of [
      [-1, 0, 0.1, 2],
      [4, 3, 1, 0.9],
    ]) {
      const { ys, grid } = solve(logistic, {
        y0: [logisticAt(0.5, ts[0]!)],
        ts,
        solver: reversible(tsit5),
        rtol: 1e-9,
        atol: 1e-9,
      });
      ts.forEach((t, i) => {
        expect(grid).toContain(t);
        expect(Math.abs(ys[i]! - logisticAt(0.5, t))).toBeLessThan(1e-6);
      });
    }
  });
});

describe("what has no meaning is refused", () => {
  const options = { y0: [1, 0], ts: [0, 1] };
  it.each([0, -1, 1.001, Number.NaN])("coupling %d", (coupling) => {
    const failure = failureOf(() => reversible(tsit5, { coupling }));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("coupling");
  });

  it("a solver that is no Runge–Kutta method", () => {
    for (const solver of [reversible(tsit5), reversibleHeun])
      expect(failureOf(() => reversible(solver)).message).toContain(solver.name);
  });

  it("outputs inside steps", () => {
    const interpolated = { ...options, solver: reversible(tsit5), output: "interpolate" } as const;
    const failure = failureOf(() => solve(oscillator, interpolated));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("output");
    expect(failure.message).toContain("reversible(tsit5)");
  });
});

describe("any tableau", () => {
  it("may be wrapped, also one that is inconsistent", () => {
    const growth = (_t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = y[0]!;
    };
    const odd = rungeKutta({ name: "odd", order: 1, a: [[], [0.5]], b: [0.25, 2], c: [0, 0.125] });
    const { ys } = solve(growth, {
      y0: [1],
      ts: [0, 0.5],
      solver: reversible(odd, { coupling: 0.5 }),
      stepSize: 0.5,
    });
    expect(ys[1]).toBeCloseTo(1 + 0.5 * (0.25 + 2 * 1.25), 14);
  });

  it("need not evaluate what only an error estimate uses where steps are given; plain solvers neither", () => {
    const count = (solver: Solver): number =>
      solve(oscillator, { y0: [1, 0], ts: [0, 1], solver, stepSize: 0.1 }).stats.evaluations;
    expect([vern7, reversible(vern7)].map(count)).toEqual([90, 180]);
  });
});
