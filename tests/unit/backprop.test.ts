// backprop() and the transposed sweep: the gradient of the discrete map with its grid frozen, compared with complex-step
// derivatives of an independent implementation, for every solver and for random tableaux.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  backprop,
  dopri5,
  rk4,
  rungeKutta,
  type SolveOptions,
  type Solver,
  solve,
  type Tableau,
  tsit5,
  vectorField,
} from "../../ts/index.ts";
import { failureOf, rejectionOf } from "./errors.ts";
import { complexNetwork, network, networkField, networkVjp, numbers, parameterCount } from "./networks.ts";
import { decay } from "./problems.ts";
import { distance, dot, referenceGradient } from "./reference.ts";
import { byName } from "./solver-list.ts";

const N = 3;
const PARAMS = numbers(parameterCount(N), 7);
const Y0 = [0.4, -0.7, 0.2];

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

describe("pullback", () => {
  const ts = [0, 0.5, 1.5];
  const options = { y0: Y0, ts, solver: dopri5, rtol: 1e-5, atol: 1e-7, adjoint: backprop() };
  const cotangent = numbers(ts.length * N, 17);
  const solved = () => solve(networkField(N, PARAMS), options);

  it("returns arrays of the state's, the parameters' and the times' length; times only on demand", () => {
    const solution = solved();
    const gradient = solution.pullback(cotangent);
    expect(gradient.y0).toBeInstanceOf(Float64Array);
    expect(gradient.y0).toHaveLength(N);
    expect(gradient.params).toBeInstanceOf(Float64Array);
    expect(gradient.params).toHaveLength(PARAMS.length);
    expect(gradient.ts).toBeUndefined();
    const withTimes = solution.pullback(cotangent, { times: true });
    expect(withTimes.ts).toBeInstanceOf(Float64Array);
    expect(withTimes.ts).toHaveLength(3);
    expect(withTimes.y0).toEqual(gradient.y0);
    expect(withTimes.params).toEqual(gradient.params);
  });

  it("is linear in the cotangent", () => {
    const solution = solved();
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.double({ min: -3, max: 3, noNaN: true }), (seedU, seedV, alpha) => {
        const [u, v] = [numbers(9, seedU), numbers(9, seedV)];
        const [gu, gv] = [solution.pullback(u, { times: true }), solution.pullback(v, { times: true })];
        const sum = solution.pullback(
          u.map((value, i) => value + alpha * v[i]!),
          { times: true },
        );
        const combined = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
          Array.from(a, (value, i) => value + alpha * b[i]!);
        expect(distance(sum.y0, combined(gu.y0, gv.y0))).toBeLessThan(1e-11);
        expect(distance(sum.params, combined(gu.params, gv.params))).toBeLessThan(1e-11);
        expect(distance(sum.ts!, combined(gu.ts!, gv.ts!))).toBeLessThan(1e-11);
      }),
      { numRuns: 30 },
    );
  });

  it("of the start's row alone is that row", () => {
    const row = [1, -2, 3];
    const gradient = solved().pullback([...row, 0, 0, 0, 0, 0, 0], { times: true });
    expect([...gradient.y0]).toEqual(row);
    expect(gradient.params.every((value) => value === 0)).toBe(true);
    expect(gradient.ts!.every((value) => value === 0)).toBe(true);
  });

  it("gives identical bits when called again, other solves in between", () => {
    const solution = solved();
    const first = solution.pullback(cotangent, { times: true });
    const kept = structuredClone(first);
    for (const length of [1, 3, 500]) solve(decay, { y0: new Float64Array(length).fill(1), ts: [0, 1] });
    solution.pullback(cotangent.map((value) => -value));
    const second = solution.pullback(cotangent, { times: true });
    expect(first).toEqual(kept);
    expect(second).toEqual(first);
    expect(second.y0.buffer).not.toBe(first.y0.buffer);
  });

  it("takes any array of numbers, and does not keep or change it", () => {
    const solution = solved();
    const typed = Float64Array.from(cotangent);
    const gradient = solution.pullback(typed);
    expect([...typed]).toEqual(cotangent);
    expect(solution.pullback(cotangent)).toEqual(gradient);
    const single = Float32Array.from(cotangent);
    expect(solution.pullback(single)).toEqual(solution.pullback([...single]));
  });

  it("is not changed by parameters that an optimiser moves in between", () => {
    const field = networkField(N, PARAMS);
    const solution = solve(field, options);
    const before = solution.pullback(cotangent);
    field.params.forEach((value, i) => {
      field.params[i] = value * 3 + 1;
    });
    expect(solution.pullback(cotangent)).toEqual(before);
    field.params.fill(Number.NaN);
    expect(solution.pullback(cotangent)).toEqual(before);
    field.params.set(PARAMS.map((value) => value / 2));
    const moved = solve(field, options).pullback(cotangent);
    expect(distance(moved.params, before.params)).toBeGreaterThan(1e-3);
  });

  it("gives parameters no gradient where the field has none", () => {
    const field = vectorField({
      f: decay,
      vjp: (_t, _y, _params, v, bar) => void v.forEach((value, i) => (bar.y[i]! -= value)),
    });
    const gradient = solve(field, { y0: [2], ts: [0, 1], adjoint: backprop(), rtol: 1e-9 }).pullback([0, 1]);
    expect(gradient.params).toHaveLength(0);
    expect(gradient.y0[0]).toBeCloseTo(Math.exp(-1), 8);
  });

  it("reports its bytes: what the tape keeps, and everything", () => {
    const solution = solved();
    const { peakBytes } = solution.pullback(cotangent).stats;
    const steps = solution.stats.accepted;
    expect(peakBytes.checkpoints).toBeGreaterThanOrEqual(steps * N * 8);
    expect(peakBytes.stages).toBeGreaterThanOrEqual(steps * 7 * N * 8);
    expect(peakBytes.total).toBeGreaterThan(peakBytes.checkpoints + peakBytes.stages);
    expect(solution.stats.peakBytes.stages).toBeGreaterThanOrEqual(steps * 7 * N * 8);
  });

  it("works on what onFailure: return could reach", () => {
    const field = networkField(N, PARAMS);
    const partial = solve(field, { ...options, ts: [0, 0.5, 1e3], maxSteps: 30, onFailure: "return", output: "land" });
    expect(partial.status).toBe("max-steps");
    expect([...partial.ts]).toEqual([0, 0.5]);
    const whole = solve(field, {
      ...options,
      ts: [0, 0.5],
      grid: partial.grid.slice(0, partial.grid.indexOf(0.5) + 1),
    });
    const rows = cotangent.slice(0, 6);
    const gradient = partial.pullback(rows, { times: true });
    expect(distance(gradient.y0, whole.pullback(rows).y0)).toBeLessThan(1e-14);
    expect(distance(gradient.params, whole.pullback(rows).params)).toBeLessThan(1e-14);
    expect(distance(gradient.ts!, whole.pullback(rows, { times: true }).ts!)).toBeLessThan(1e-14);
  });

  it("refuses cotangents of another shape or that are not numbers", () => {
    const solution = solved();
    for (const [bad, ...words] of [
      [[1, 2], "cotangent", "[1, 2]", "9 numbers"],
      [new Float64Array(6), "cotangent", "9 numbers"],
      [undefined, "cotangent", "undefined", "9 numbers"],
      [[...numbers(8, 1), Number.NaN], "cotangent[8]", "NaN", "finite"],
      [[Number.POSITIVE_INFINITY, ...numbers(8, 1)], "cotangent[0]", "Infinity", "finite"],
    ] as unknown as [never, ...string[]][]) {
      const failure = failureOf(() => solution.pullback(bad));
      expect(failure.code).toBe("invalid");
      for (const word of words) expect(failure.message).toContain(word);
    }
  });

  it("without an adjoint says what to pass", () => {
    const failure = failureOf(() =>
      solve(networkField(N, PARAMS), { ...options, adjoint: undefined as never }).pullback(cotangent),
    );
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("adjoint");
    expect(failure.message).toContain("backprop()");
    expect(failure.message).toContain("solve");
  });
});

describe("asynchronous fields", () => {
  const delayed =
    <A extends unknown[]>(run: (...args: A) => void) =>
    async (...args: A): Promise<void> => {
      await Promise.resolve();
      run(...args);
    };
  const [f, vjp] = [network(N), networkVjp(N)];
  const make = (later: "f" | "vjp" | "both") =>
    vectorField({
      params: PARAMS,
      f: later === "vjp" ? f : delayed(f),
      vjp: later === "f" ? vjp : delayed(vjp),
    }) as unknown as import("../../ts/index.ts").AsyncField;

  it.each(["f", "both"] as const)("%s answering later: the synchronous gradient, to the bit", async (later) => {
    const options = { y0: Y0, ts: [0, 0.5, 1.5], solver: rk4, stepSize: 0.1, adjoint: backprop() };
    const cotangent = numbers(9, 17);
    const expected = solve(networkField(N, PARAMS), options).pullback(cotangent, { times: true });
    const solution = await solve(make(later), options);
    const pulled = solution.pullback(cotangent, { times: true });
    if (later === "both") expect(pulled).toBeInstanceOf(Promise);
    const gradient = await pulled;
    expect(gradient).toEqual(expected);
    expect(await solution.pullback(cotangent, { times: true })).toEqual(expected);
  });

  it("a pullback can be aborted while a VJP is awaited", async () => {
    const controller = new AbortController();
    const field = vectorField({ f, vjp: () => new Promise<void>(() => {}), params: PARAMS });
    const solution = solve(field, { y0: Y0, ts: [0, 1], adjoint: backprop(), signal: controller.signal });
    const pulled = solution.pullback(numbers(6, 1)) as unknown as Promise<unknown>;
    setTimeout(() => controller.abort(), 5);
    expect((await rejectionOf(pulled)).code).toBe("aborted");
  });
});
