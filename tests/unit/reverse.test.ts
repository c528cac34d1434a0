// reverse(): the gradient of a reversible solve without its trajectory, compared with complex-step derivatives of an
// independent implementation, with differences of the forward map, and with backprop().
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  backprop,
  dopri5,
  euler,
  type Field,
  midpoint,
  mlp,
  type ReverseOptions,
  reverse,
  reversible,
  reversibleHeun,
  rk4,
  type SolveOptions,
  type Solver,
  solve,
  tsit5,
  type VectorField,
  vectorField,
  widened,
} from "../../ts/index.ts";
import { failureOf } from "./errors.ts";
import { complexNetwork, network, networkField, networkVjp, numbers, parameterCount } from "./networks.ts";
import { distance } from "./reference.ts";
import { reversibleGradient } from "./reversible-reference.ts";
import { byName } from "./solver-list.ts";

const N = 3;
const PARAMS = numbers(parameterCount(N), 7);
const Y0 = [0.4, -0.7, 0.2];
const field = networkField(N, PARAMS);

const TIMES = {
  "one output": [0.3, 1.8],
  "many outputs": [-0.5, -0.2, 0.1, 0.11, 0.9, 1.5],
  "time decreasing": [1.2, -0.4],
  "many outputs, time decreasing": [1.2, 1.1, 0.5, 0.2, -0.6],
};

const ones = (length: number): number[] => new Array(length).fill(1);
type Parts = Record<"y0" | "params", ArrayLike<number>> & { ts?: ArrayLike<number> };
/** The largest relative distance of the parts of two gradients. */
const gap = (a: Parts, b: Parts): number =>
  Math.max(distance(a.y0, b.y0), distance(a.params, b.params), a.ts && b.ts ? distance(a.ts, b.ts) : 0);

type Given = Partial<SolveOptions> & { ts: readonly number[] };

/** The gradient by reverse() and the independent one. */
function compare(base: Solver, coupling: number, options: Given) {
  const cotangent = numbers(options.ts.length * N, 11);
  const solution = solve(field, { y0: Y0, solver: reversible(base, { coupling }), adjoint: reverse(), ...options });
  const gradient = solution.pullback(cotangent, { times: true });
  const of = { grid: solution.grid, ts: options.ts, y0: Y0, params: PARAMS, cotangent };
  return {
    solution,
    gradient,
    worst: gap(gradient, reversibleGradient(complexNetwork(N), base.tableau!, coupling, of)),
  };
}

describe.each(byName)("reversible(%s): the gradient is exact", (_, solver) => {
  describe.each(Object.entries(TIMES))("%s", (_, ts) => {
    it.each([1, 0.999, 0.9])("with fixed steps, coupling %d", (coupling) => {
      // With longer ones the two states of Euler's pair come apart, which ends the solve.
      const stepSize = solver.order === 1 ? 0.05 : 0.13;
      expect(compare(solver, coupling, { ts, stepSize }).worst).toBeLessThan(1e-12);
    });

    if (!solver.adaptive) return;
    it("with adaptive steps", () => {
      const rtol = 10 ** -Math.min(solver.order + 1, 8);
      const { worst, solution } = compare(solver, 0.9, { ts, rtol, atol: rtol, firstStep: 1 });
      expect(worst).toBeLessThan(1e-12);
      expect(solution.stats.accepted).toBeGreaterThanOrEqual(ts.length);
    });
  });
});

describe("the gradient is exact", () => {
  it.each([euler, midpoint, rk4, dopri5])("over 1000 steps at coupling 0.999: reversible($name)", (solver) => {
    const { worst, gradient, solution } = compare(solver, 0.999, { ts: [0, 0.4, 1], stepSize: 0.001 });
    expect(solution.stats.accepted).toBe(1000);
    expect(worst).toBeLessThan(1e-11);
    expect(gradient.stats.reconstructionError).toBeLessThan(1e-12);
  });

  it("as central differences of its own forward map see it", () => {
    const [ts, solver] = [[0, 0.5, 2], reversible(tsit5)];
    const cotangent = numbers(ts.length * N, 5);
    const solution = solve(field, { y0: Y0, ts, solver, rtol: 1e-4, atol: 1e-6, adjoint: reverse() });
    const { y0, params } = solution.pullback(cotangent);
    const loss = (y0: number[], params: number[]): number => {
      const { ys } = solve(networkField(N, params), { y0, ts, solver, grid: solution.grid });
      return ys.reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
    };
    const eps = 1e-5;
    const moved = (values: number[], i: number, by: number): number[] =>
      values.map((value, j) => (i === j ? value + by : value));
    const slope = (of: (by: number) => number): number => (of(eps) - of(-eps)) / (2 * eps);
    expect(
      distance(
        y0,
        Y0.map((_, i) => slope((by) => loss(moved(Y0, i, by), PARAMS))),
      ),
    ).toBeLessThan(1e-7);
    expect(
      distance(
        params,
        PARAMS.map((_, i) => slope((by) => loss(Y0, moved(PARAMS, i, by)))),
      ),
    ).toBeLessThan(1e-7);
  });
});

/** The gradients by reverse() and by backprop() of the same solve. */
function both(of: VectorField | ReturnType<typeof mlp>, options: SolveOptions, how?: ReverseOptions) {
  const solutions = [reverse(how), backprop()].map((adjoint) => solve(of, { ...options, adjoint }));
  const cotangent = numbers(solutions[0]!.ys.length, 4);
  const [reversed, stored] = solutions.map((solution) => solution.pullback(cotangent, { times: true }));
  return { reversed: reversed!, stored: stored!, solution: solutions[0]!, gap: gap(reversed!, stored!) };
}

describe("reverse() equals backprop()", () => {
  const ts = [0, 0.3, 0.9, 2];

  it.each([reversible(dopri5), reversible(tsit5, { coupling: 0.95 }), reversible(euler), reversibleHeun])(
    "$name",
    (solver) => {
      expect(both(field, { y0: Y0, ts, solver, stepSize: 0.05 }).gap).toBeLessThan(1e-12);
      if (solver.adaptive) expect(both(field, { y0: Y0, ts, solver, rtol: 1e-5, atol: 1e-7 }).gap).toBeLessThan(1e-12);
    },
  );

  it.each(["float64", "float32"] as const)("for a network of kernels, %s", (dtype) => {
    const net = mlp({ layers: [2, 16, 16, 2], dtype, time: true, seed: 3 });
    const y0 = numbers(2 * 5, 8);
    const { gap, reversed } = both(net, { y0, ts, solver: reversible(tsit5) });
    expect(gap).toBeLessThan(dtype === "float64" ? 1e-12 : 1e-4);
    expect(reversed.params.constructor).toBe(dtype === "float64" ? Float64Array : Float32Array);
    expect(reversed.params).toHaveLength(net.params.length);
  });

  it("for a field that jumps at a step time", () => {
    const jumping = vectorField({
      f: (t, y, dy, p) => network(N)(t < 0.5 ? t : t + 3, y, dy, p),
      vjp: (t, y, p, v, bar) => networkVjp(N)(t < 0.5 ? t : t + 3, y, p, v, bar),
      params: PARAMS,
    });
    for (const solver of [reversible(dopri5, { coupling: 0.999 }), reversibleHeun]) {
      expect(both(jumping, { y0: Y0, ts, solver, stepTimes: [0.5], stepSize: 0.05 }).gap).toBeLessThan(1e-12);
    }
  });

  it("and an asynchronous field gives the synchronous gradient, to the bit", async () => {
    const later = vectorField({
      f: async (t, y, dy, p) => network(N)(t, y, dy, p),
      vjp: async (t, y, p, v, bar) => networkVjp(N)(t, y, p, v, bar),
      params: PARAMS,
    });
    const options = {
      y0: Y0,
      ts,
      solver: reversible(tsit5),
      rtol: 1e-4,
      atol: 1e-4,
      adjoint: reverse({ segments: 3 }),
    };
    const cotangent = numbers(ts.length * N, 4);
    const expected = solve(field, options).pullback(cotangent, { times: true });
    const solution = await (
      solve as unknown as (f: unknown, o: SolveOptions) => Promise<{ pullback: (...of: unknown[]) => Promise<unknown> }>
    )(later, options);
    expect(await solution.pullback(cotangent, { times: true })).toEqual(expected);
  });

  it("for a solve that ended early, from what was reached", () => {
    const options = { y0: Y0, ts, solver: reversible(rk4), stepSize: 0.05, maxSteps: 10, onFailure: "return" as const };
    const { reversed, stored, gap } = both(field, options, { segments: 4 });
    expect(gap).toBeLessThan(1e-12);
    expect([reversed.stats.accepted, stored.stats.accepted]).toEqual([10, 10]);
    expect(reversed.stats.reconstructionError).toBeLessThan(1e-14);
  });

  it("and may be asked again, whatever became of the parameters", () => {
    const net = mlp({ layers: [2, 8, 2], dtype: "float64", seed: 1 });
    const solution = solve(net, {
      y0: [1, 0],
      ts: [0, 1],
      solver: reversible(rk4),
      stepSize: 0.1,
      adjoint: reverse({ segments: 4 }),
    });
    const first = solution.pullback(ones(4));
    net.params.fill(0);
    expect(solution.pullback(ones(4))).toEqual(first);
  });
});

describe("the way back", () => {
  it("costs as many evaluations and VJPs as the forward pass has stages", () => {
    const { reversed } = both(field, { y0: Y0, ts: [0, 1], solver: reversible(dopri5), stepSize: 0.1 });
    expect(reversed.stats).toMatchObject({ evaluations: 120, vjps: 120, accepted: 10, rejected: 0 });
    const adaptive = both(field, { y0: Y0, ts: [0, 1], solver: reversible(dopri5), rtol: 1e-3 }).reversed.stats;
    expect([adaptive.evaluations, adaptive.vjps]).toEqual([12 * adaptive.accepted, 12 * adaptive.accepted]);
  });

  it.each(byName)("undoes reversible(%s) to rounding", (_, solver) => {
    for (const coupling of [1, 0.999, 0.99]) {
      const options = { y0: Y0, ts: [0, 2], solver: reversible(solver, { coupling }), stepSize: 0.02 };
      expect(
        both(field, options, { segments: Number.POSITIVE_INFINITY }).reversed.stats.reconstructionError,
      ).toBeLessThan(1e-12);
    }
  });

  it.each([100, 1000, 10000])("takes no more memory after %d steps", (steps) => {
    const net = mlp({ layers: [2, 16, 2], dtype: "float64", seed: 2 });
    const measure = (n: number) => {
      const solution = solve(net, {
        y0: [1, 0.5],
        ts: [0, 1],
        solver: reversible(midpoint, { coupling: 0.999 }),
        stepSize: 1 / n,
        adjoint: reverse(),
      });
      return [solution.stats.peakBytes, solution.pullback(ones(4)).stats.peakBytes];
    };
    expect(measure(steps)).toEqual(measure(10));
    // Beside the leased block: the last pair of states.
    expect(measure(steps)[0]!.checkpoints).toBe(2 * 2 * 8);
  });

  it("keeps a pair of states every 120 steps or so by default", () => {
    const solution = solve(field, {
      y0: Y0,
      ts: [0, 1],
      solver: reversible(midpoint),
      stepSize: 1 / 1200,
      adjoint: reverse(),
    });
    const pairs = solution.stats.peakBytes.checkpoints / (2 * N * 8);
    expect(pairs).toBeGreaterThanOrEqual(9);
    expect(pairs).toBeLessThanOrEqual(14);
    const { reconstructionError } = solution.pullback(ones(2 * N)).stats;
    expect(reconstructionError).toBeLessThan(1e-9);
  });
});

/** y' = −y for some components and y' = −20 y for others: dissipative, so that going back amplifies. */
const dissipative = (): VectorField => {
  const rate = (i: number): number => (i % 2 === 0 ? -1 : -20);
  return vectorField({
    f: (t, y, dy) => {
      for (let i = 0; i < y.length; i++) dy[i] = rate(i) * (y[i]! - Math.cos(t));
    },
    vjp: (t, y, _p, v, bar) => {
      for (let i = 0; i < y.length; i++) {
        bar.y[i]! += rate(i) * v[i]!;
        bar.t[0]! += rate(i) * Math.sin(t) * v[i]!;
      }
    },
  });
};

describe("segments", () => {
  const options = { y0: [1, 2], ts: [0, 2], solver: reversible(rk4, { coupling: 0.8 }), stepSize: 0.01 };
  const quiet = () => vi.spyOn(console, "warn").mockImplementation(() => {});
  afterEach(() => vi.restoreAllMocks());

  it("cap what rounding does to the reconstruction of a dissipative problem", () => {
    quiet();
    const errors = [Number.POSITIVE_INFINITY, 100, 50, 25].map(
      (segments) => both(dissipative(), options, { segments }).reversed.stats.reconstructionError!,
    );
    expect(errors[0]).toBeGreaterThan(1);
    for (let i = 1; i < errors.length; i++) expect(errors[i]).toBeLessThan(errors[i - 1]! / 10);
    expect(errors[3]).toBeLessThan(1e-12);
  });

  it("are chosen so that the growth stays within the budget", () => {
    const { reversed, gap, solution } = both(dissipative(), options);
    expect(reversed.stats.reconstructionError).toBeLessThan(1e-9);
    expect(gap).toBeLessThan(1e-8);
    expect(solution.stats.peakBytes.checkpoints).toBeGreaterThan(2 * 2 * 8);
    expect(both(dissipative(), options, { budget: 100 }).reversed.stats.reconstructionError).toBeLessThan(1e-13);
  });

  it("follow a limit cycle, whose attraction going back would undo", () => {
    const mu = 1;
    const vanDerPol = vectorField({
      f: (_t, y, dy) => {
        dy[0] = y[1]!;
        dy[1] = mu * (1 - y[0]! ** 2) * y[1]! - y[0]!;
      },
      vjp: (_t, y, _p, v, bar) => {
        bar.y[0]! += v[1]! * (-2 * mu * y[0]! * y[1]! - 1);
        bar.y[1]! += v[0]! + v[1]! * mu * (1 - y[0]! ** 2);
      },
    });
    const run = { y0: [1, 0], ts: [0, 20], solver: reversible(tsit5, { coupling: 0.7 }), rtol: 1e-6, atol: 1e-8 };
    const { reversed, solution, gap } = both(vanDerPol, run);
    expect(solution.stats.accepted).toBeGreaterThan(100);
    expect(reversed.stats.reconstructionError).toBeLessThan(1e-7);
    expect(gap).toBeLessThan(1e-6);
    quiet();
    const failure = failureOf(() => both(vanDerPol, run, { segments: 500 }));
    expect(failure.code).toBe("non-finite");
    expect(failure.message).toContain("segments");
  });

  it("that are too long give a warning for each solution, once, with the numbers", () => {
    const warn = quiet();
    const solved = (segments: number, stepSize = options.stepSize) =>
      solve(dissipative(), { ...options, stepSize, adjoint: reverse({ segments }) });
    solved(25).pullback(ones(4));
    expect(warn).not.toHaveBeenCalled();
    const one = solved(Number.POSITIVE_INFINITY);
    const error = one.pullback(ones(4)).stats.reconstructionError!;
    one.pullback(ones(4));
    expect(warn).toHaveBeenCalledTimes(1);
    solved(Number.POSITIVE_INFINITY, 0.005).pullback(ones(4));
    expect(warn).toHaveBeenCalledTimes(2);
    const [first, second] = warn.mock.calls.map(([message]) => message as string);
    for (const part of [error.toExponential(1), "200 steps", "reversible(rk4)", "0 states"])
      expect(first).toContain(part);
    expect(second).toContain("400 steps");
  });
});

describe("widened(float32 field)", () => {
  const small = mlp({ layers: [2, 32, 32, 2], seed: 5 });
  const wide = mlp({ layers: [2, 32, 32, 2], dtype: "float64", params: small.params });
  const options = { y0: numbers(4, 2), ts: [0, 10], solver: reversible(midpoint), stepSize: 0.01, adjoint: reverse() };
  const cotangent = numbers(8, 3);
  const exact = solve(wide, options).pullback(cotangent);
  const gradientOf = (field: Field) => {
    const gradient = solve(field, options).pullback(cotangent);
    return { ...gradient, errors: [distance(gradient.y0, exact.y0), distance(gradient.params, exact.params)] };
  };

  it("reconstructs states and sums gradients as float64 does", () => {
    const [plain, accumulated] = [small, widened(small)].map(gradientOf);
    expect(plain!.stats.reconstructionError).toBeGreaterThan(1e-7);
    expect(accumulated!.stats.reconstructionError).toBeLessThan(1e-8);
    plain!.errors.forEach((error, i) => expect(accumulated!.errors[i]).toBeLessThan(error / 5));
    expect(Math.max(...accumulated!.errors)).toBeLessThan(3e-7);
  });

  it("is a float64 field for all else, with the float32 parameters", () => {
    const solution = solve(widened(small), { y0: [1, 0], ts: [0, 1], stepSize: 0.1, adjoint: backprop() });
    const plain = solve(wide, { y0: [1, 0], ts: [0, 1], stepSize: 0.1, adjoint: backprop() });
    expect(solution.ys).toBeInstanceOf(Float64Array);
    expect(distance(solution.ys, plain.ys)).toBeLessThan(1e-6);
    const [a, b] = [solution, plain].map((of) => of.pullback(ones(4), { times: true }));
    expect(gap(a!, b!)).toBeLessThan(1e-5);
  });

  it("refuses what is float64 already", () => {
    for (const given of [wide, field]) expect(failureOf(() => widened(given)).message).toContain("float32");
  });
});

describe("what has no meaning is refused", () => {
  it("a solver that cannot be undone, at solve, with what to use instead", () => {
    const failure = failureOf(() => solve(field, { y0: Y0, ts: [0, 1], adjoint: reverse() }));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain('"reverse"');
    expect(failure.message).toContain("reversible(tsit5)");
  });

  it.each([{ segments: 0 }, { segments: 1.5 }, { segments: "many" as "auto" }, { budget: 1 }, { budget: Number.NaN }])(
    "%o",
    (options) => {
      const failure = failureOf(() => reverse(options));
      expect(failure.code).toBe("invalid");
      expect(failure.message).toContain(`reverse option ${Object.keys(options)[0]}`);
    },
  );
});
