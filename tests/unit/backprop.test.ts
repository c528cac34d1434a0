// backprop() and the transposed sweep: the gradient of the discrete map with its grid frozen, compared with complex-step
// derivatives of an independent implementation, for every solver and for random tableaux.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  backprop,
  dopri5,
  rungeKutta,
  type SolveOptions,
  type Solver,
  solve,
  type Tableau,
  tsit5,
} from "../../ts/index.ts";
import { N, PARAMS, Y0 } from "./exact-adjoints.ts";
import { complexNetwork, networkField, numbers, parameterCount } from "./networks.ts";
import { distance, dot, referenceGradient } from "./reference.ts";
import { byName } from "./solver-list.ts";

/** The library's gradient and the independent one, their distances part by part. */
function compare(
  solver: Solver,
  options: Partial<SolveOptions> & { ts: readonly number[] },
  n = N,
  params: readonly number[] = PARAMS,
  y0: readonly number[] = Y0,
) {
  const cotangent = numbers(options.ts.length * n, 11);
  const field = networkField(n, params);
  const solution = solve(field, { y0, solver, output: "land", adjoint: backprop(), ...options });
  const gradient = solution.pullback(cotangent, { times: true });
  const expected = referenceGradient(complexNetwork(n), solver.tableau!, {
    grid: solution.grid,
    ts: options.ts,
    y0,
    params,
    cotangent,
  });
  return {
    solution,
    gradient,
    // Cotangents are of size 1, so a gradient below that is a difference of larger numbers.
    distances: [
      distance(gradient.y0, expected.y0, 1),
      distance(gradient.params, expected.params, 1),
      distance(gradient.ts!, expected.ts, 1),
    ],
  };
}

const worst = ({ distances }: { distances: number[] }): number => Math.max(...distances);

// The weights of vern9's continuous extension are as large as 10⁴ and cancel.
const INTERPOLATED = 1e-10;

const TIMES = {
  "one output": [0.3, 1.8],
  "many outputs": [-0.5, -0.2, 0.1, 0.11, 0.9, 1.5],
  "time decreasing": [1.2, -0.4],
  "many outputs, time decreasing": [1.2, 1.1, 0.5, 0.2, -0.6],
};

describe.each(byName)("%s: the gradient is exact", (_, solver) => {
  describe.each(Object.entries(TIMES))("%s", (_, ts) => {
    it("with fixed steps", () => {
      const result = compare(solver, { ts, stepSize: 0.13 });
      expect(worst(result)).toBeLessThan(1e-12);
    });

    if (solver.adaptive) {
      it("with adaptive steps", () => {
        const result = compare(solver, { ts, rtol: 1e-3, atol: 1e-4, firstStep: 1 });
        expect(worst(result)).toBeLessThan(1e-12);
      });
    }

    if (solver.interpolates) {
      it("with outputs interpolated inside of steps", () => {
        const result = compare(solver, { ts, rtol: 1e-2, atol: 1e-2, output: "interpolate" });
        expect(worst(result)).toBeLessThan(INTERPOLATED);
      });
    }

    it("with an uneven grid", () => {
      const grid = ts.flatMap((t, i) => (i === 0 ? [t] : [ts[i - 1]! + 0.3 * (t - ts[i - 1]!), t]));
      expect(worst(compare(solver, { ts, grid }))).toBeLessThan(1e-12);
    });
  });

  it("over hundreds of steps, whose tapes fill several arrays", () => {
    const { distances } = compare(solver, { ts: [0, 1, 2], stepSize: 0.005 });
    expect(Math.max(...distances)).toBeLessThan(1e-12);
  });

  it("counts one VJP for every stage that reaches the result, and evaluates nothing", () => {
    const { gradient, solution } = compare(solver, { ts: [0, 1], stepSize: 0.25 });
    const { a, b } = solver.tableau!;
    const reaches = (i: number): boolean => b[i] !== 0 || a.some((row, j) => Boolean(row[i]) && reaches(j));
    const reaching = b.filter((_, i) => reaches(i)).length;
    expect(gradient.stats).toMatchObject({ evaluations: 0, vjps: 4 * reaching, accepted: 4, rejected: 0 });
    expect(solution.stats.accepted).toBe(4);
  });
});

describe("the gradient is exact", () => {
  it("for wide states, which are copied differently", () => {
    const n = 30;
    const params = numbers(parameterCount(n), 3).map((value) => value / 6);
    // Of so many parameters, a complex step in random directions: the directional derivative.
    const field = networkField(n, params);
    const [y0, ts] = [numbers(n, 5), [0, 0.4, 1]];
    const cotangent = numbers(3 * n, 9);
    const solution = solve(field, {
      y0,
      ts,
      solver: dopri5,
      rtol: 1e-4,
      atol: 1e-6,
      adjoint: backprop(),
      output: "land",
    });
    const gradient = solution.pullback(cotangent);
    const direction = numbers(params.length, 21);
    const along = numbers(n, 22);
    const eps = 1e-4;
    const loss = (s: number): number => {
      const moved = networkField(
        n,
        params.map((value, i) => value + s * direction[i]!),
      );
      const { ys } = solve(moved, {
        y0: y0.map((value, i) => value + s * along[i]!),
        ts,
        solver: dopri5,
        grid: solution.grid,
      });
      return dot(ys, cotangent);
    };
    // Central differences, extrapolated (Richardson): error of order eps⁴.
    const central = (h: number): number => (loss(h) - loss(-h)) / (2 * h);
    const expected = (4 * central(eps) - central(2 * eps)) / 3;
    const found = dot(gradient.params, direction) + dot(gradient.y0, along);
    expect(Math.abs(found / expected - 1)).toBeLessThan(1e-9);
  });

  it("for random networks, times, directions and tolerances", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer(),
        fc.array(fc.double({ min: 0.01, max: 0.8, noNaN: true }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.constantFrom(...byName.map(([, solver]) => solver)),
        fc.double({ min: 1e-5, max: 1e-2, noNaN: true }),
        (n, seed, lengths, down, solver, rtol) => {
          const ts = [0.2];
          for (const length of lengths) ts.push(ts[ts.length - 1]! + (down ? -length : length));
          const steps = solver.adaptive ? { rtol: Math.max(rtol, 10 ** -solver.order), atol: rtol } : { stepSize: 0.1 };
          expect(
            worst(compare(solver, { ts, ...steps }, n, numbers(parameterCount(n), seed), numbers(n, seed + 1))),
          ).toBeLessThan(1e-11);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("for random tableaux, with zeros anywhere and first-same-as-last or not", () => {
    const coefficient = fc.oneof(fc.constant(0), fc.double({ min: -1, max: 1, noNaN: true }));
    const tableaux: fc.Arbitrary<Tableau> = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.array(coefficient, { minLength: 40, maxLength: 40 }), fc.boolean())
      .map(([s, values, fsal]) => {
        const left = [...values];
        const take = (count: number): number[] => left.splice(0, count);
        const a = Array.from({ length: s }, (_, i) => take(i));
        const b = take(s);
        const c = [0, ...take(s - 1)];
        if (fsal) {
          a.push([...b]);
          b.push(0);
          c.push(1);
        }
        return { name: "random", order: 1, a, b, c };
      });
    fc.assert(
      fc.property(tableaux, fc.integer(), (tableau, seed) => {
        const params = numbers(parameterCount(2), seed);
        const result = compare(
          rungeKutta(tableau),
          { ts: [0, 0.3, 0.5], stepSize: 0.1 },
          2,
          params,
          numbers(2, seed + 1),
        );
        expect(worst(result)).toBeLessThan(1e-11);
      }),
      { numRuns: 150 },
    );
  });

  it("agrees with central differences through solve itself on the replayed grid", () => {
    const ts = [0, 0.8, 1.7];
    const cotangent = numbers(ts.length * N, 13);
    const field = networkField(N, PARAMS);
    const solution = solve(field, {
      y0: Y0,
      ts,
      solver: tsit5,
      rtol: 1e-5,
      atol: 1e-7,
      adjoint: backprop(),
      output: "land",
    });
    const { y0, params } = solution.pullback(cotangent);
    const loss = (start: readonly number[], theta: readonly number[]): number => {
      const { ys } = solve(networkField(N, theta), { y0: start, ts, solver: tsit5, grid: solution.grid });
      return dot(ys, cotangent);
    };
    const richardson = (at: (h: number) => number): number => {
      const central = (h: number): number => (at(h) - at(-h)) / (2 * h);
      return (4 * central(1e-3) - central(2e-3)) / 3;
    };
    const nudged = (values: readonly number[], i: number, h: number): number[] =>
      values.map((value, j) => (j === i ? value + h : value));
    expect(
      distance(
        y0,
        Y0.map((_, i) => richardson((h) => loss(nudged(Y0, i, h), PARAMS))),
      ),
    ).toBeLessThan(1e-9);
    expect(
      distance(
        params,
        PARAMS.map((_, i) => richardson((h) => loss(Y0, nudged(PARAMS, i, h)))),
      ),
    ).toBeLessThan(1e-9);
  });
});

describe("outputs inside of steps", () => {
  it.each(byName.filter(([, { interpolates }]) => interpolates))(
    "%s: anywhere in any step, the last one included",
    (_, solver) => {
      for (const inside of [0.05, 0.3, 0.5, 0.7, 0.9, 0.99]) {
        for (const step of [0, 1, 2]) {
          const grid = [0, 0.2, 0.5, 0.9];
          const t = grid[step]! + inside * (grid[step + 1]! - grid[step]!);
          const result = compare(solver, { ts: [0, t, 0.9], grid, output: "interpolate" });
          expect(worst(result)).toBeLessThan(INTERPOLATED);
        }
      }
    },
  );
});
