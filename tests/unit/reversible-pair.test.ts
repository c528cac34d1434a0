// The two states of a reversible method stay together, or the solve says that they do not: on problems whose damping feeds the
// method's parasitic mode, results keep to the tolerances and nonsense is never called done.
import {
  type Adjoint,
  backprop,
  bosh3,
  dopri5,
  euler,
  type FieldFunction,
  heun,
  mlp,
  reverse,
  reversible,
  reversibleHeun,
  rk4,
  type SolveError,
  type Solver,
  solve,
  tsit5,
  vectorField,
  vern9,
} from "odegrad";
import { describe, expect, it } from "vitest";
import { failureOf } from "./errors.ts";

interface Case {
  readonly name: string;
  readonly field: FieldFunction;
  readonly y0: readonly number[];
  readonly end: number;
}

const decay =
  (k: number): FieldFunction =>
  (t, y, dy) => {
    dy[0] = -k * (y[0]! - Math.sin(t));
  };

const lotkaVolterra: FieldFunction = (_, y, dy) => {
  dy[0] = 1.5 * y[0]! - y[0]! * y[1]!;
  dy[1] = -3 * y[1]! + y[0]! * y[1]!;
};

const epidemic: FieldFunction = (_, y, dy) => {
  const infected = (0.4 * y[0]! * y[1]!) / 1000;
  dy[0] = -infected;
  dy[1] = infected - 0.1 * y[1]!;
  dy[2] = 0.1 * y[1]!;
};

const vanDerPol =
  (mu: number): FieldFunction =>
  (_, y, dy) => {
    dy[0] = y[1]!;
    dy[1] = mu * (1 - y[0]! ** 2) * y[1]! - y[0]!;
  };

const pendulum =
  (damping: number): FieldFunction =>
  (_, y, dy) => {
    dy[0] = y[1]!;
    dy[1] = -damping * y[1]! - Math.sin(y[0]!);
  };

const lorenz: FieldFunction = (_, y, dy) => {
  dy[0] = 10 * (y[1]! - y[0]!);
  dy[1] = y[0]! * (28 - y[2]!) - y[1]!;
  dy[2] = y[0]! * y[1]! - (8 / 3) * y[2]!;
};

/** A network of two neurons that contracts at about this rate. */
const contracting =
  (rate: number): FieldFunction =>
  (_, y, dy) => {
    const [a, b] = [Math.tanh(0.8 * y[0]! - 0.5 * y[1]!), Math.tanh(0.3 * y[0]! + 0.9 * y[1]!)];
    dy[0] = -rate * y[0]! + 0.6 * a - 0.9 * b;
    dy[1] = -rate * y[1]! + 0.7 * a + 0.4 * b;
  };

const CASES: Case[] = [
  ...[0.5, 1, 2, 3, 5, 10, 20].map((k) => ({ name: `decay at rate ${k}`, field: decay(k), y0: [0], end: 10 })),
  ...[1, 5].map((k) => ({ name: `decay at rate ${k} from 1`, field: decay(k), y0: [1], end: 10 })),
  { name: "an epidemic", field: epidemic, y0: [997, 3, 0], end: 100 },
  { name: "Lotka–Volterra", field: lotkaVolterra, y0: [1, 1], end: 10 },
  ...[1, 2, 5].map((mu) => ({ name: `van der Pol, μ = ${mu}`, field: vanDerPol(mu), y0: [2, 0], end: 10 })),
  ...[0.2, 1].map((c) => ({ name: `pendulum, damping ${c}`, field: pendulum(c), y0: [1, 0], end: 20 })),
  { name: "Lorenz", field: lorenz, y0: [1, 1, 1], end: 2 },
  ...[1, 2, 4].map((rate) => ({ name: `network, rate ${rate}`, field: contracting(rate), y0: [1, -0.5], end: 5 })),
];

/** The largest error over the output times, in tolerances; the code of the error where the solve says that it failed. */
function outcome({ field, y0, end }: Case, solver: Solver, rtol: number): number | string {
  const ts = Array.from({ length: 11 }, (_, i) => (end * i) / 10);
  const exact = solve(field, { y0, ts, solver: vern9, rtol: 1e-13, atol: 1e-14 }).ys;
  const atol = 1e-3 * rtol;
  try {
    const { ys } = solve(field, { y0, ts, solver, rtol, atol });
    return Math.max(...ys.map((value, i) => Math.abs(value - exact[i]!) / (atol + rtol * Math.abs(exact[i]!))));
  } catch (error) {
    return (error as SolveError).code;
  }
}

describe("with all defaults, errors stay below 1000 tolerances", () => {
  it.each([bosh3, dopri5, tsit5])("reversible($name)", (base) => {
    expect(CASES).toHaveLength(20);
    const outcomes = CASES.flatMap((one) =>
      [1e-4, 1e-5, 1e-6, 1e-7, 1e-8].map((rtol) => outcome(one, reversible(base), rtol)),
    );
    const results = outcomes.filter((found) => typeof found === "number");
    expect(Math.max(...results)).toBeLessThan(1000);
    expect(results.length).toBeGreaterThanOrEqual(0.8 * outcomes.length);
    for (const found of outcomes) if (typeof found === "string") expect(found).toBe("unstable-pair");
  });

  it.each(["float32", "float64"] as const)("a network that contracts at rate 4, %s", (dtype) => {
    const net = mlp({ layers: [2, 2, 2], dtype, params: [1, 0, 0, 1, 0, 0, -4, 0, 0, -4, 0, 0] });
    const solution = solve(net, { y0: [1, -0.5], ts: [0, 5], solver: reversible(tsit5) });
    for (const value of solution.ys.slice(2)) expect(Math.abs(value)).toBeLessThan(1e-5);
    expect(solution.stats.gap).toBeLessThan(100);
  });
});

describe("a pair that comes apart ends the solve", () => {
  it("under error control, where steps short enough for the coupling are too many", () => {
    const options = { y0: [0], ts: [0, 10], solver: reversible(tsit5, { coupling: 0.999 }) };
    const failure = failureOf(() => solve(decay(5), { ...options, maxSteps: 2000 }));
    expect(failure.code).toBe("unstable-pair");
    expect(failure.t).toBeGreaterThan(0);
    expect(failure.message).toContain("its coupling 0.999");
    expect(failure.message).toContain("coupling: 0.9 }");
    expect(failure.message).toContain("symplectic()");
  });

  it.each([rk4, dopri5])("with fixed steps of reversible($name) that the damping is too strong for", (base) => {
    const run = (coupling: number) =>
      solve(decay(5), { y0: [0], ts: [0, 10], solver: reversible(base, { coupling }), stepSize: 0.1 });
    expect(failureOf(() => run(0.9)).code).toBe("unstable-pair");
    expect(run(0.5).stats.gap).toBeLessThan(1e5);
  });

  it("and `onFailure: return` gives what was reached", () => {
    const options = { y0: [0], ts: [0, 1, 10], solver: reversibleHeun, onFailure: "return" } as const;
    const { status, ts, error } = solve(decay(20), options);
    expect(status).toBe("unstable-pair");
    expect(error!.message).toContain("reversibleHeun");
    expect(ts.length).toBeLessThan(3);
  });
});

describe("reversibleHeun, whose gap nothing damps, takes steps that are shortened", () => {
  const oscillator: FieldFunction = (_, y, dy) => {
    dy[0] = y[1]!;
    dy[1] = -y[0]!;
  };
  const vjp = (_t: number, _y: ArrayLike<number>, a: ArrayLike<number>, yBar: Float64Array) => {
    yBar[0] = -a[1]!;
    yBar[1] = a[0]!;
  };
  const gradients = (ts: number[], adjoint: Adjoint) => {
    const solution = solve(vectorField({ f: oscillator, vjp }), { y0: [1, 0], ts, solver: reversibleHeun, adjoint });
    return solution.pullback(solution.ys.map((_, i) => 1 / (i + 1))).y0;
  };

  it.each([1e-3, 1e-4, 1e-5, 1e-6])("at outputs, with rtol %s", (rtol) => {
    for (let outputs = 3; outputs <= 11; outputs++) {
      const ts = Array.from({ length: outputs }, (_, i) => (10 * i) / (outputs - 1));
      const { ys, status } = solve(oscillator, { y0: [1, 0], ts, solver: reversibleHeun, rtol });
      expect(status).toBe("done");
      for (const [i, t] of ts.entries()) {
        expect(Math.abs(ys[2 * i]! - Math.cos(t))).toBeLessThan(1000 * rtol);
        expect(Math.abs(ys[2 * i + 1]! + Math.sin(t))).toBeLessThan(1000 * rtol);
      }
    }
  });

  it("with gradients by reverse() as by backprop()", () => {
    for (const ts of [
      [0, 5, 10],
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    ]) {
      const expected = gradients(ts, backprop());
      for (const [i, value] of gradients(ts, reverse()).entries()) expect(value).toBeCloseTo(expected[i]!, 9);
    }
  });

  it("and one at stepTimes", () => {
    const { ys } = solve(oscillator, { y0: [1, 0], ts: [0, 10], solver: reversibleHeun, stepTimes: [5] });
    expect(Math.abs(ys[2]! - Math.cos(10))).toBeLessThan(0.01);
  });

  it("but names the cause where a damped solution lets the gap grow", () => {
    const still: FieldFunction = (_, y, dy) => {
      dy[0] = -5 * y[0]!;
    };
    for (const field of [decay(5), still]) {
      const failure = failureOf(() => solve(field, { y0: [1], ts: [0, 10], solver: reversibleHeun }));
      expect(failure.code).toBe("unstable-pair");
      expect(failure.message).toContain("changes of the step");
    }
  });
});

describe("what is no nonsense is let through", () => {
  it.each([euler, heun, rk4])("fixed steps of reversible($name) from rest", (base) => {
    for (const stepSize of [0.5, 0.1, 0.01]) {
      const { ys } = solve(
        (t, _y, dy) => {
          dy[0] = Math.sin(t);
        },
        { y0: [0], ts: [0, 2], solver: reversible(base), stepSize },
      );
      expect(Math.abs(ys[1]! - (1 - Math.cos(2)))).toBeLessThan(stepSize);
    }
  });
});

describe("the option coupling", () => {
  const growthOf = (options: Parameters<typeof reversible>[1]) => reversible(tsit5, options).scheme.inverse!.growth;

  it('"auto" lets roundings grow by 10⁶ in a segment', () => {
    expect(growthOf({ coupling: "auto", segment: 14_000 }) ** 14_000 / 1e6).toBeCloseTo(1, 9);
    expect(1 / growthOf({ coupling: "auto", segment: 14_000 })).toBeCloseTo(0.999, 4);
    expect(1 / growthOf({ coupling: "auto" })).toBeCloseTo(0.891, 3);
  });

  it.each([0, -1, 10, Number.NaN])("refuses %d steps in a segment, or a segment without auto", (segment) => {
    const coupling = segment === 10 ? 0.9 : "auto";
    const failure = failureOf(() => reversible(tsit5, { coupling, segment }));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("segment");
  });
});

describe("stats.gap", () => {
  const decaying: FieldFunction = (_, y, dy) => {
    dy[0] = -y[0]!;
  };

  it("counts accepted steps only: not those that accept refuses, nor those that an event shortens or takes back", () => {
    const options = { y0: [1], solver: reversible(bosh3), rtol: 1e-4, atol: 1e-6 } as const;
    const gaps: number[] = [];
    const plain = solve(decaying, { ...options, ts: [0, 4] });
    // Refuses what is later than the time reached by more than a little, so that trial steps are longer than those taken.
    let last = 0;
    const refused = solve(decaying, {
      ...options,
      ts: [0, 4],
      accept: (t) => t - last < 0.05,
      onStep: ({ t, stats }) => {
        last = t;
        gaps.push(stats.gap!);
      },
    });
    expect(refused.stats.rejected).toBeGreaterThan(plain.stats.rejected);
    const replayed = solve(decaying, {
      y0: [1],
      ts: [0, 4],
      grid: refused.grid,
      solver: options.solver,
      rtol: 1e-4,
      atol: 1e-6,
    });
    expect(refused.stats.gap).toBe(replayed.stats.gap);
    expect([...gaps].sort((a, b) => a - b)).toEqual(gaps);

    const shortened = solve(decaying, { ...options, ts: [0, 4], events: [{ root: (t) => t - 0.01, terminal: true }] });
    const short = solve(decaying, { ...options, ts: [0, 0.01], grid: shortened.grid });
    expect(shortened.grid.at(-1)).toBe(0.01);
    expect(shortened.stats.gap).toBe(short.stats.gap);
  });
});

describe("float32", () => {
  it("at tolerances below its rounding, the roundings of the two states do not count as a gap", () => {
    const net = mlp({ layers: [2, 8, 2], seed: 4 });
    for (const coupling of [0.5, 0.9, 0.99, 0.999]) {
      for (const rtol of [1e-7, 1e-9, 1e-12]) {
        const run = (solver: Solver) => solve(net, { y0: [0.8, -0.5], ts: [0, 3], rtol, atol: rtol, solver });
        const [found, right] = [run(reversible(tsit5, { coupling })), run(tsit5)];
        expect(found.stats.steps).toBeLessThan(4 * right.stats.steps);
        for (const [i, y] of found.ys.entries()) expect(y).toBeCloseTo(right.ys[i]!, 4);
      }
    }
  });
});

describe("a gap that falls", () => {
  const decay2: FieldFunction = (_, y, dy) => {
    dy[0] = -2 * y[0]!;
  };
  it.each([0.99, 0.999])("needs no shorter steps: coupling %d gets through, by its own damping", (coupling) => {
    for (const solver of [bosh3, tsit5, dopri5]) {
      for (const rtol of [1e-4, 1e-6, 2e-9]) {
        const run = (tried: Solver) => solve(decay2, { y0: [1], ts: [0, 3], rtol, atol: rtol / 10, solver: tried });
        const { ys } = run(reversible(solver, { coupling }));
        const tolerance = rtol / 10 + rtol * Math.exp(-6);
        expect(Math.abs(ys[1]! - Math.exp(-6)) / tolerance).toBeLessThan(10);
      }
    }
  });
});
