// solve(): known solutions, every option's meaning, and every way it can end.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  backprop,
  dop853,
  dopri5,
  euler,
  heun,
  integral,
  pid,
  reversible,
  rk4,
  rungeKutta,
  type SolveOptions,
  type StepReport,
  solve,
  tsit5,
  vectorField,
  vern9,
} from "../../ts/index.ts";
import { failureOf, rejectionOf } from "./errors.ts";
import { decay, logistic, logisticAt, lorenz, lotka, mixed, mixedOptions, oscillator, turned } from "./problems.ts";
import { adaptiveByName, byName } from "./solver-list.ts";

type Numbers = ArrayLike<number>;
const last = (numbers: Numbers): number => numbers[numbers.length - 1]!;
const differences = (numbers: Numbers): number[] =>
  Array.from(numbers)
    .slice(1)
    .map((x, i) => x - numbers[i]!);

describe("known solutions", () => {
  describe.each(adaptiveByName)("%s, adaptive", (_, solver) => {
    // Global errors exceed the tolerance by the number of steps, mildly: local errors are kept below it.
    const rtol = solver.order > 2 ? 1e-7 : 1e-5;
    const close = (a: number, b: number): void => expect(Math.abs(a - b)).toBeLessThan(100 * rtol);

    it("decays exponentially", () => {
      const { ys } = solve(decay, { y0: [1, 2], ts: [0, 1, 3], solver, rtol, atol: rtol });
      [1, 3].forEach((t, k) => {
        close(ys[2 * k + 2]!, Math.exp(-t));
        close(ys[2 * k + 3]!, 2 * Math.exp(-t));
      });
    });

    it("oscillates", () => {
      const ts = Array.from({ length: 50 }, (_, i) => i / 10);
      const { ys } = solve(oscillator, { y0: [1, 0.5], ts, solver, rtol, atol: rtol });
      ts.forEach((t, k) => turned([1, 0.5], t).forEach((value, i) => close(ys[2 * k + i]!, value)));
    });

    it("grows logistically, with time increasing and decreasing", () => {
      const forward = solve(logistic, { y0: [0.1], ts: [-1, 4], solver, rtol, atol: rtol });
      close(forward.ys[1]!, logisticAt(0.1, 5));
      const backward = solve(logistic, { y0: [0.6], ts: [4, 1, -1], solver, rtol, atol: rtol });
      close(backward.ys[1]!, logisticAt(0.6, -3));
      close(backward.ys[2]!, logisticAt(0.6, -5));
    });

    it("errs less with tighter tolerances", () => {
      const errorAt = (tolerance: number): number =>
        Math.abs(
          solve(logistic, { y0: [0.1], ts: [0, 5], solver, rtol: tolerance, atol: tolerance }).ys[1]! -
            logisticAt(0.1, 5),
        );
      expect(errorAt(1e-7)).toBeLessThan(errorAt(1e-3) / 50);
    });
  });

  // Final states from a 7(8)-order method in 80-bit arithmetic, tolerance 1e-18.
  it("follows the Lorenz attractor to t = 10, where errors have grown by 10⁴", () => {
    const { ys } = solve(lorenz, { y0: [1, 1, 1], ts: [0, 10], solver: tsit5, rtol: 1e-12, atol: 1e-12 });
    [-4.902687541134646, -3.74387292180292, 24.690858102790553].forEach((value, i) =>
      expect(Math.abs(ys[3 + i]! - value)).toBeLessThan(1e-6),
    );
  });

  it("follows Lotka and Volterra's prey and predators to t = 20", () => {
    const { ys } = solve(lotka, { y0: [1, 1], ts: [0, 20], solver: dopri5, rtol: 1e-11, atol: 1e-11 });
    [1.0576864068396261, 0.8286757441749495].forEach((value, i) =>
      expect(Math.abs(ys[2 + i]! - value)).toBeLessThan(1e-8),
    );
  });

  it("does not move where the derivative is 0", () => {
    const { ys, stats } = solve((_t, _y, dy) => void dy.fill(0), { y0: [1, -2, 0], ts: [0, 1e6] });
    expect([...ys]).toEqual([1, -2, 0, 1, -2, 0]);
    expect(stats.rejected).toBe(0);
    expect(stats.accepted).toBeLessThan(20);
  });

  it.each(byName)("%s replays time backwards as −f forwards, to the bit", (_, solver) => {
    const options = {
      ...mixedOptions(),
      solver,
      rtol: 1e-4,
      atol: 1e-6,
      ...(solver.adaptive ? {} : { stepSize: 0.05 }),
    };
    const mirrored = (t: number, y: Float64Array, dy: Float64Array): void => {
      mixed(-t, y, dy);
      for (let i = 0; i < y.length; i++) dy[i] = -dy[i]!;
    };
    const forward = solve(mixed, options);
    const backward = solve(mirrored, { ...options, ts: Array.from(options.ts, (t) => -t) });
    expect(backward.ys).toEqual(forward.ys);
    expect(backward.grid).toEqual(forward.grid.map((t) => -t));
    expect(backward.stats).toEqual(forward.stats);
  });
});

describe("the solution", () => {
  it("has ts, ys with the start's row, float64 for JavaScript fields, status and grid", () => {
    const y0 = [1, 0];
    const solution = solve(oscillator, { y0, ts: [0, 1, 2] });
    expect(solution.ts).toEqual(Float64Array.of(0, 1, 2));
    expect(solution.ys).toBeInstanceOf(Float64Array);
    expect(solution.ys).toHaveLength(6);
    expect([...solution.ys.slice(0, 2)]).toEqual(y0);
    expect(solution.status).toBe("done");
    expect(solution.error).toBeUndefined();
    expect(solution.grid).toBeInstanceOf(Float64Array);
    expect([solution.grid[0], last(solution.grid)]).toEqual([0, 2]);
    expect(solution.grid).toHaveLength(solution.stats.accepted + 1);
    expect(differences(solution.grid).every((h) => h > 0)).toBe(true);
  });

  it("accepts every kind of array, and does not keep the caller's", () => {
    const y0 = Float32Array.of(1, 0);
    const ts = Float64Array.of(0, 1);
    const solution = solve(oscillator, { y0, ts });
    const ys = solution.ys.slice();
    y0.fill(7);
    ts.fill(7);
    expect(solution.ys).toEqual(ys);
    expect([...solution.ts]).toEqual([0, 1]);
    expect(solve(oscillator, { y0: [1, 0], ts: [0, 1] }).ys).toEqual(ys);
    expect(solve(oscillator, { y0: Int8Array.of(1, 0), ts: [0, 1] }).ys).toEqual(ys);
  });

  it("is a copy that later solves of any size do not change", () => {
    const first = solve(mixed, { ...mixedOptions(40), adjoint: undefined as never });
    const { ys, grid, ts } = structuredClone({ ys: first.ys, grid: first.grid, ts: first.ts });
    for (const length of [1, 40, 1000, 3]) solve(mixed, mixedOptions(length));
    expect(first.ys).toEqual(ys);
    expect(first.grid).toEqual(grid);
    expect(first.ts).toEqual(ts);
  });

  it("counts every call of the field as an evaluation, and every attempted step", () => {
    for (const [, solver] of byName) {
      let calls = 0;
      const field = (t: number, y: Float64Array, dy: Float64Array): void => {
        calls++;
        lorenz(t, y, dy);
      };
      const { stats } = solve(field, {
        y0: [1, 1, 1],
        ts: [0, 0.5, 1],
        solver,
        rtol: 1e-4,
        atol: 1e-4,
        output: "land",
        ...(solver.adaptive ? {} : { stepSize: 0.01 }),
      });
      expect(stats.evaluations).toBe(calls);
      expect(stats.steps).toBe(stats.accepted + stats.rejected);
      const stages = solver.tableau!.b.length;
      const { a, b } = solver.tableau!;
      const fsal = stages > 1 && b.every((value, j) => value === (a[stages - 1]![j] ?? 0));
      // Two evaluations choose the first step, and the first of them is the first stage. A rejected step keeps its first
      // stage, and so does what follows an accepted one where the last stage is the next one's first.
      const perStep = solver.adaptive
        ? 1 + (fsal ? (stages - 1) * stats.steps + 1 : stages * stats.accepted + (stages - 1) * stats.rejected)
        : stages * stats.steps;
      expect(stats.evaluations).toBe(perStep);
    }
  });

  it("measures its bytes: the stages of the scheme, and everything together", () => {
    const { peakBytes } = solve(mixed, mixedOptions(1000)).stats;
    expect(peakBytes.checkpoints).toBe(0);
    expect(peakBytes.tape).toBe(0);
    expect(peakBytes.stages).toBeGreaterThanOrEqual(7 * 8000);
    expect(peakBytes.total).toBeGreaterThan(peakBytes.stages);
    expect(peakBytes.total).toBeLessThan(30 * 8000);
  });

  it("can be disposed of, which does nothing on the CPU", () => {
    const solution = solve(decay, { y0: [1], ts: [0, 1] });
    solution.dispose();
    solution[Symbol.dispose]();
    expect(solution.ys[1]).toBeCloseTo(Math.exp(-1), 5);
  });

  it("defaults to tsit5, rtol 1e-6, atol 1e-9, the rms norm and PI control 0.4, 0.3", () => {
    const spelled: SolveOptions = {
      ...mixedOptions(),
      solver: tsit5,
      rtol: 1e-6,
      atol: 1e-9,
      norm: "rms",
      controller: pid({ p: 0.4, i: 0.3, d: 0, safety: 0.9, minFactor: 0.2, maxFactor: 10 }),
      minStep: 0,
      maxStep: Number.POSITIVE_INFINITY,
      maxSteps: 100_000,
      onFailure: "throw",
    };
    const implied = solve(mixed, mixedOptions());
    expect(implied.ys).toEqual(solve(mixed, spelled).ys);
    expect(implied.grid).toEqual(solve(mixed, spelled).grid);
  });
});

describe("output times", () => {
  it("are hit exactly, however many", () => {
    const ts = Array.from({ length: 300 }, (_, i) => i * 0.01 + (i > 0 ? Math.sin(i) * 0.004 : 0));
    const solution = solve(decay, { y0: [3], ts, output: "land" });
    const known = new Set(solution.grid);
    expect(ts.every((t) => known.has(t))).toBe(true);
    ts.forEach((t, k) => expect(Math.abs(solution.ys[k]! - 3 * Math.exp(-t))).toBeLessThan(1e-5));
  });

  it("may be closer than rounding of the steps between them", () => {
    const ts = [0, 1, 1 + 2 ** -52, 1 + 2 ** -51, 2];
    const { ys, grid } = solve(decay, { y0: [1], ts, output: "land" });
    expect(ts.every((t) => grid.includes(t))).toBe(true);
    expect(ys[4]).toBeCloseTo(Math.exp(-2), 5);
  });

  it("may lie far from 0, where times have few digits left", () => {
    const start = 2 ** 40;
    const { ys } = solve(decay, { y0: [1], ts: [start, start + 1, start + 2] });
    expect(ys[2]).toBeCloseTo(Math.exp(-2), 4);
  });

  it("do not shorten the steps that follow them", () => {
    const sparse = solve(oscillator, { y0: [1, 0], ts: [0, 20], output: "land" });
    const dense = solve(oscillator, { y0: [1, 0], ts: [0, 3, 3.0001, 7, 7.0001, 11, 20], output: "land" });
    expect(dense.stats.accepted).toBeLessThan(sparse.stats.accepted + 14);
  });
});

describe("tolerances and norms", () => {
  const two = (t: number, y: Float64Array, dy: Float64Array): void => {
    // A slow and a fast component that do not know of each other.
    dy[0] = -0.1 * y[0]!;
    dy[1] = 20 * Math.cos(20 * t) * y[1]!;
  };
  const accepted = (options: Partial<SolveOptions>): number =>
    solve(two, { y0: [1, 1], ts: [0, 3], solver: dopri5, rtol: 1e-6, atol: 1e-9, ...options }).stats.accepted;

  it("may be given for every component", () => {
    const uniform = accepted({});
    expect(accepted({ rtol: [1e-6, 1e-6], atol: [1e-9, 1e-9] })).toBe(uniform);
    expect(accepted({ rtol: [1e-6, 1e3] })).toBeLessThan(uniform / 3);
    expect(accepted({ atol: Float64Array.of(1e-9, 1e6) })).toBeLessThan(uniform / 3);
    expect(accepted({ rtol: [1e3, 1e-6] })).toBeGreaterThan(uniform / 3);
  });

  it("may be given for a row of the batch", () => {
    const field = vectorField({
      dim: 2,
      f: (t, y, dy) => {
        for (let i = 0; i < y.length; i += 2) two(t, y.subarray(i, i + 2), dy.subarray(i, i + 2));
      },
    });
    const batch = { y0: [1, 1, 1, 1, 1, 1], ts: [0, 3], solver: dopri5 };
    const byRow = solve(field, { ...batch, rtol: [1e-4, 1e3], atol: [1e-6, 1e-5] });
    const byElement = solve(field, {
      ...batch,
      rtol: [1e-4, 1e3, 1e-4, 1e3, 1e-4, 1e3],
      atol: [1e-6, 1e-5, 1e-6, 1e-5, 1e-6, 1e-5],
    });
    expect(byRow.grid).toEqual(byElement.grid);
    expect(byRow.grid).not.toEqual(solve(field, { ...batch, rtol: 1e-4, atol: 1e-6 }).grid);
  });

  it("may be purely absolute or purely relative", () => {
    expect(solve(decay, { y0: [1], ts: [0, 1], rtol: 0, atol: 1e-8 }).ys[1]).toBeCloseTo(Math.exp(-1), 6);
    expect(solve(decay, { y0: [1], ts: [0, 1], rtol: 1e-8, atol: 0 }).ys[1]).toBeCloseTo(Math.exp(-1), 6);
  });

  it("may be purely relative although a component starts at 0", () => {
    const { ys } = solve(oscillator, { y0: [1, 0], ts: [0, 1], rtol: 1e-8, atol: 0 });
    expect(ys[3]).toBeCloseTo(-Math.sin(1), 6);
  });

  it("need one component above 0 only where each has one", () => {
    expect(solve(oscillator, { y0: [1, 0.5], ts: [0, 1], rtol: [0, 1e-6], atol: [1e-6, 0] }).status).toBe("done");
  });

  it("may be given for a long state", () => {
    const length = 300_000;
    const rtol = new Float64Array(length).fill(1e-3);
    expect(solve(decay, { y0: rtol, ts: [0, 1e-3], rtol, atol: rtol }).status).toBe("done");
  });

  it("are measured by the mean of squares, the maximum, or segments with weights", () => {
    const rms = accepted({ norm: "rms" });
    const max = accepted({ norm: "max" });
    // All of the error is in one of two components: the rms norm sees 1/√2 of it.
    expect(max).toBeGreaterThan(rms);
    expect(accepted({ norm: [{ length: 2, weight: 1 }] })).toBe(rms);
    expect(Math.abs(accepted({ norm: [{ length: 2, weight: Math.SQRT2 }] }) / max - 1)).toBeLessThan(0.05);
    expect(
      accepted({
        norm: [
          { length: 1, weight: 1 },
          { length: 1, weight: 1 },
        ],
      }),
    ).toBe(max);
    expect(accepted({ norm: [{ length: 2, weight: 1000 }] })).toBeGreaterThan(2 * rms);
    expect(accepted({ norm: [{ length: 2, weight: 0.001 }] })).toBeLessThan(rms / 2);
    const slowOnly = accepted({
      norm: [
        { length: 1, weight: 1 },
        { length: 1, weight: 0 },
      ],
    });
    expect(slowOnly).toBeLessThan(rms / 5);
    expect(
      accepted({
        norm: [
          { length: 1, weight: 0 },
          { length: 1, weight: 1 },
        ],
      }),
    ).toBe(max);
  });

  it("notice a component that is not finite although its weight is 0", () => {
    const failure = failureOf(() =>
      solve((t, _y, dy) => void dy.set([1, t < 0.5 ? 0 : Number.NaN]), {
        y0: [0, 0],
        ts: [0, 1],
        norm: [
          { length: 1, weight: 1 },
          { length: 1, weight: 0 },
        ],
      }),
    );
    expect(failure.code).toBe("non-finite");
  });
});

describe("bounds on steps", () => {
  it("maxStep holds for every step", () => {
    const { grid } = solve(decay, { y0: [1], ts: [0, 1, 3.05], maxStep: 0.1 });
    expect(Math.max(...differences(grid))).toBeLessThanOrEqual(0.1 * (1 + 1e-11));
    expect(grid.length - 1).toBeLessThanOrEqual(40);
  });

  it("firstStep is the first step tried", () => {
    const { grid, stats } = solve(oscillator, { y0: [1, 0], ts: [0, 5], firstStep: 0.0125 });
    expect(stats.firstStep).toBe(0.0125);
    expect(grid[1]).toBe(0.0125);
    const rejected = solve(oscillator, { y0: [1, 0], ts: [0, 5], firstStep: 4 });
    expect(rejected.stats.firstStep).toBe(4);
    expect(rejected.stats.rejected).toBeGreaterThan(0);
    const calls: number[] = [];
    const counted = (t: number, y: Float64Array, dy: Float64Array): void => {
      calls.push(t);
      oscillator(t, y, dy);
    };
    const { stats: counts } = solve(counted, { y0: [1, 0], ts: [0, 1], solver: heun, firstStep: 1e-3 });
    expect(counts.evaluations).toBe(calls.length);
    expect(counts.evaluations).toBe(2 * counts.accepted + counts.rejected);
  });

  it("the first step is Hairer's where none is given (II.4)", () => {
    // y' = −2 y from 3, rms norm, order 5: all norms by hand.
    const [rtol, atol] = [1e-6, 1e-9];
    const scale = atol + rtol * 3;
    const d0 = 3 / scale;
    const d1 = 6 / scale;
    const h0 = (0.01 * d0) / d1;
    const d2 = Math.abs(-2 * (3 - 6 * h0) + 6) / scale / h0;
    const expected = Math.min(100 * h0, (0.01 / Math.max(d1, d2)) ** (1 / 5));
    const { stats } = solve(
      (_t, y, dy) => {
        dy[0] = -2 * y[0]!;
      },
      {
        y0: [3],
        ts: [0, 9],
        solver: dopri5,
        rtol,
        atol,
      },
    );
    expect(Math.abs(stats.firstStep / expected - 1)).toBeLessThan(1e-12);
  });

  it("the first step need not know the field beyond its domain", () => {
    // The probe of Hairer's rule leaves the domain of the square root; shorter steps do not.
    const field = (_t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = 0;
      dy[1] = -Math.sqrt(y[1]!);
    };
    for (const [, solver] of adaptiveByName) {
      const { ys } = solve(field, { y0: [1, 1e-12], ts: [0, 1e-6], solver, rtol: 1e-6, atol: 1e-9 });
      expect(Math.abs(ys[3]! - 0.25e-12)).toBeLessThan(1e-12);
    }
  });

  it("minStep ends the solve where error control asks for less", () => {
    const failure = failureOf(() =>
      solve(lorenz, { y0: [1, 1, 1], ts: [0, 5], minStep: 0.05, rtol: 1e-9, atol: 1e-9 }),
    );
    expect(failure.code).toBe("step-underflow");
    expect(failure.message).toContain("minStep = 0.05");
    expect(failure.t).toBeGreaterThanOrEqual(0);
  });

  it("minStep holds where a step that was accepted asks for less", () => {
    // The second, which is no function that fills, takes the steps one by one.
    const fields = [decay, vectorField({ f: (_t, y) => [-y[0]!] })];
    for (const field of fields) {
      const minStep = 0.2;
      const options = { y0: [1], ts: [0, 5], solver: dopri5, rtol: 1e-6, atol: 0, firstStep: minStep, minStep };
      const { stats, grid } = solve(field as typeof decay, options);
      expect(stats.rejected).toBe(0);
      const steps = differences(grid).slice(0, -1);
      for (const h of steps) expect(h).toBeGreaterThanOrEqual(minStep * (1 - 1e-9));
      expect(Math.min(...steps)).toBeLessThan(minStep * (1 + 1e-9));
    }
  });

  it("minStep does not forbid the short step that lands on an output", () => {
    const { status } = solve(decay, {
      y0: [1],
      ts: [0, 1, 1.0001, 2],
      minStep: 0.01,
      rtol: 1e-3,
      atol: 1e-3,
      output: "land",
    });
    expect(status).toBe("done");
  });

  it("maxSteps counts rejected steps too, and says how far it came", () => {
    const failure = failureOf(() => solve(lorenz, { y0: [1, 1, 1], ts: [0, 100], maxSteps: 25 }));
    expect(failure.code).toBe("max-steps");
    expect(failure.t).toBeGreaterThan(0);
    expect(failure.message).toMatch(/25 steps \(\d+ accepted, \d+ rejected\)/);
    const partial = solve(lorenz, { y0: [1, 1, 1], ts: [0, 100], maxSteps: 25, onFailure: "return" });
    expect(partial.stats.steps).toBe(25);
    const enough = solve(lorenz, { y0: [1, 1, 1], ts: [0, 1] }).stats.steps;
    expect(solve(lorenz, { y0: [1, 1, 1], ts: [0, 1], maxSteps: enough }).status).toBe("done");
    expect(failureOf(() => solve(lorenz, { y0: [1, 1, 1], ts: [0, 1], maxSteps: enough - 1 })).code).toBe("max-steps");
  });
});

describe("controllers", () => {
  it("are what was passed", () => {
    const grids = [
      pid(),
      integral(),
      pid({ p: 0.2, i: 0.4, d: 0.1 }),
      pid({ safety: 0.5 }),
      pid({ maxFactor: 1.5 }),
    ].map((controller) => [...solve(lorenz, { y0: [1, 1, 1], ts: [0, 2], controller, firstStep: 1e-5 }).grid].join());
    expect(new Set(grids).size).toBe(grids.length);
  });

  it("grow steps by maxFactor at most", () => {
    const { grid } = solve(lorenz, {
      y0: [1, 1, 1],
      ts: [0, 3],
      controller: pid({ maxFactor: 1.25 }),
      firstStep: 1e-6,
    });
    const steps = differences(grid);
    steps.slice(1, -1).forEach((h, i) => expect(h / steps[i]!).toBeLessThanOrEqual(1.25 * (1 + 1e-6)));
  });

  it("shrink steps before they have to be rejected", () => {
    const square = (_t: number, y: ArrayLike<number>, dy: Float64Array): void => {
      dy[0] = y[0]! ** 2;
    };
    // y = 1/(1 − t): the steps shrink by a factor of 500.
    const options = { y0: [1], ts: [0, 0.999], rtol: 1e-9, atol: 1e-12 };
    const { stats, grid } = solve(square, options);
    expect(stats.rejected).toBe(0);
    const steps = differences(grid);
    expect(steps[0]! / steps.at(-2)!).toBeGreaterThan(100);
    steps.slice(1, -1).forEach((h, i) => expect(h / steps[i]!).toBeGreaterThanOrEqual(0.9 * (1 - 1e-6)));
    // As torchdiffeq's, which rejects first.
    const plain = solve(square, { ...options, controller: integral() });
    expect(plain.stats.rejected).toBeGreaterThan(10);
  });

  describe("go by the order of the error", () => {
    const b = [1, 0];
    const tableau = {
      name: "Euler in Heun",
      order: 1,
      embeddedOrder: 2,
      a: [[], [1]],
      b,
      c: [0, 1],
      error: [0.5, -0.5],
    };
    const pair = rungeKutta(tableau);

    it("which is above the solver's where the embedded solution is the better one, and below it where it is much worse", () => {
      expect(pair.errorOrder).toBe(2);
      expect(reversible(pair).errorOrder).toBe(2);
      const worse = { ...rk4.tableau!, embeddedOrder: 1, error: [1 / 6 - 1, 1 / 3, 1 / 3, 1 / 6] };
      expect(rungeKutta(worse).errorOrder).toBe(2);
      for (const { errorOrder, order } of [dopri5, tsit5, dop853, vern9]) expect(errorOrder).toBe(order);
    });

    it("so that steps neither swing nor are rejected", () => {
      const options = { y0: [1, 0], ts: [0, 3], solver: pair, rtol: 1e-3, atol: 1e-3 };
      for (const controller of [pid(), integral()]) {
        const { stats, grid } = solve(oscillator, { ...options, controller });
        expect(stats.rejected).toBe(0);
        const steps = differences(grid).slice(30, -1);
        expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.1);
      }
    });
  });
});

describe("fixed steps", () => {
  it.each(byName)("%s takes them", (_, solver) => {
    const { stats, grid } = solve(decay, { y0: [1], ts: [0, 1], solver, stepSize: 0.125 });
    expect(stats).toMatchObject({ steps: 8, accepted: 8, rejected: 0, firstStep: 0.125 });
    expect([...grid]).toEqual([0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]);
  });

  it("are ⌈length/h − 1e-9⌉ an output interval, equal but for the last", () => {
    const count = (length: number, stepSize: number): number =>
      solve(decay, { y0: [1], ts: [0, length], solver: euler, stepSize }).stats.accepted;
    expect(count(1, 0.1)).toBe(10);
    expect(count(0.3, 0.1)).toBe(3); // 0.3 / 0.1 = 2.9999999999999996
    expect(count(0.6 + 0.3, 0.3)).toBe(3);
    expect(count(1, 0.3)).toBe(4);
    expect(count(1 + 1e-8, 0.1)).toBe(11);
    expect(count(1 + 1e-11, 0.1)).toBe(10);
    expect(count(1, 5)).toBe(1);
    expect(count(1e-12, 1)).toBe(1);
    const { grid } = solve(decay, { y0: [1], ts: [0, 1, 1.25], solver: euler, stepSize: 0.3 });
    expect([...grid]).toEqual([0, 0.3, 0.6, 0.8999999999999999, 1, 1.25]);
  });

  it("follow the same rule with random times and either direction", () => {
    const interval = fc.double({ min: 1e-3, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(interval, { minLength: 1, maxLength: 5 }),
        interval,
        fc.boolean(),
        (lengths, stepSize, down) => {
          const ts = [0.5];
          for (const length of lengths) ts.push(last(ts) + (down ? -length : length));
          const { grid } = solve(decay, { y0: [1], ts, solver: euler, stepSize });
          for (let k = 1; k < ts.length; k++) {
            const [from, to] = [grid.indexOf(ts[k - 1]!), grid.indexOf(ts[k]!)];
            expect(from).toBeGreaterThanOrEqual(0);
            expect(to - from).toBe(Math.max(1, Math.ceil(Math.abs(ts[k]! - ts[k - 1]!) / stepSize - 1e-9)));
            differences(grid.slice(from, to + 1)).forEach((h, i, all) => {
              if (i < all.length - 1) expect(Math.abs(Math.abs(h) - stepSize)).toBeLessThan(1e-12);
              else expect(Math.abs(h)).toBeLessThanOrEqual(stepSize * (1 + 2e-9) + 1e-12);
            });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("give what the method's formula says", () => {
    const { ys } = solve(
      (t, y, dy) => {
        dy[0] = t * y[0]!;
      },
      { y0: [2], ts: [1, 1.5], solver: rk4, stepSize: 0.5 },
    );
    const [t, h, y] = [1, 0.5, 2];
    const k1 = t * y;
    const k2 = (t + h / 2) * (y + (h / 2) * k1);
    const k3 = (t + h / 2) * (y + (h / 2) * k2);
    const k4 = (t + h) * (y + h * k3);
    expect(ys[1]).toBeCloseTo(y + (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4), 14);
  });

  it("end in max-steps after maxSteps of them, however many more there would be", () => {
    const failure = failureOf(() => solve(decay, { y0: [1], ts: [0, 1], solver: rk4, stepSize: 1e-12, maxSteps: 500 }));
    expect(failure.code).toBe("max-steps");
    expect(Math.abs(failure.t - 500e-12)).toBeLessThan(1e-15);
  });

  it("end in non-finite where the state overflows", () => {
    const failure = failureOf(() =>
      solve(
        (_t, y, dy) => {
          dy[0] = y[0]! ** 2;
        },
        { y0: [1], ts: [0, 50], solver: euler, stepSize: 0.5 },
      ),
    );
    expect(failure.code).toBe("non-finite");
    expect(failure.t).toBeGreaterThan(0);
    expect(failure.h).toBe(0.5);
  });
});

describe("grid", () => {
  it.each(adaptiveByName)("%s replays to the bit", (_, solver) => {
    const options = { ...mixedOptions(), solver, rtol: 1e-4, atol: 1e-6 };
    const solution = solve(mixed, options);
    const replay = solve(mixed, { ...options, grid: solution.grid });
    expect(replay.ys).toEqual(solution.ys);
    expect(replay.grid).toEqual(solution.grid);
    expect(replay.stats.rejected).toBe(0);
    const backward = { ...options, ts: [5, 2, 0.7, 0] };
    const there = solve(mixed, backward);
    expect(solve(mixed, { ...backward, grid: there.grid }).ys).toEqual(there.ys);
  });

  it("replays fixed steps, for solvers without error estimate too", () => {
    const options = { ...mixedOptions(), solver: rk4 };
    const solution = solve(mixed, { ...options, stepSize: 0.3 });
    expect(solve(mixed, { ...options, grid: Array.from(solution.grid) }).ys).toEqual(solution.ys);
  });

  it("is followed unchecked, however coarse", () => {
    const { grid, ys } = solve(decay, { y0: [1], ts: [0, 4], grid: [0, 3, 4], solver: euler });
    expect([...grid]).toEqual([0, 3, 4]);
    expect(ys[1]).toBe(0);
  });
});

describe("onStep", () => {
  it("reports time, step, state and counts after each accepted step", () => {
    const reports: { t: number; h: number; y: number[]; accepted: number; evaluations: number }[] = [];
    const onStep = ({ t, h, y, stats }: StepReport): void => {
      reports.push({ t, h, y: [...y], accepted: stats.accepted, evaluations: stats.evaluations });
    };
    const solution = solve(mixed, { ...mixedOptions(), onStep });
    expect(reports.map(({ t }) => t)).toEqual([...solution.grid.slice(1)]);
    expect(reports.map(({ h }) => h)).toEqual(differences(solution.grid));
    expect(reports.map(({ accepted }) => accepted)).toEqual(reports.map((_, i) => i + 1));
    expect(last(reports.map(({ evaluations }) => evaluations))).toBe(solution.stats.evaluations);
    reports.slice(1).forEach(({ evaluations }, i) => expect(evaluations).toBeGreaterThan(reports[i]!.evaluations));
    // With the same grid, every report's state is the solution at its time.
    const everyStep = solve(mixed, { ...mixedOptions(), ts: solution.grid, grid: solution.grid });
    expect(reports.flatMap(({ y }) => y)).toEqual([...everyStep.ys.slice(3)]);
  });

  it("has negative steps where time decreases", () => {
    const steps: number[] = [];
    solve(decay, { y0: [1], ts: [2, 0], onStep: ({ h }) => void steps.push(h) });
    expect(steps.every((h) => h < 0)).toBe(true);
  });
});

describe("abort", () => {
  const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  const slow = async (t: number, y: Float64Array, dy: Float64Array): Promise<void> => {
    await wait();
    lorenz(t, y, dy);
  };
  const options = { y0: [1, 1, 1], ts: [0, 1000], maxSteps: 1e9 };

  it("before the start ends a solve at once, with the signal's reason as cause", async () => {
    const reason = new Error("no longer wanted");
    const signal = AbortSignal.abort(reason);
    const failure = failureOf(() => solve(lorenz, { ...options, signal }));
    expect(failure.code).toBe("aborted");
    expect(failure.cause).toBe(reason);
    expect(failure.message).toContain("no longer wanted");
    expect((await rejectionOf(solve(slow, { ...options, signal }))).code).toBe("aborted");
  });

  it("from onStep or the field ends a synchronous solve after the step", () => {
    const controller = new AbortController();
    let steps = 0;
    const onStep = (): void => {
      if (++steps === 3) controller.abort();
    };
    const failure = failureOf(() => solve(lorenz, { ...options, signal: controller.signal, onStep }));
    expect(failure.code).toBe("aborted");
    expect(failure.t).toBeGreaterThan(0);
    expect(steps).toBe(3);
  });

  it("during an asynchronous solve ends it, even while a field never answers", async () => {
    const controller = new AbortController();
    const solving = solve(slow, { ...options, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    expect((await rejectionOf(solving)).code).toBe("aborted");

    const other = new AbortController();
    const hanging = solve(() => new Promise<void>(() => {}), { ...options, signal: other.signal });
    setTimeout(() => other.abort("enough"), 5);
    const failure = await rejectionOf(hanging);
    expect(failure.code).toBe("aborted");
    expect(failure.cause).toBe("enough");
  });

  it("returns what was reached with onFailure: return", () => {
    const controller = new AbortController();
    const onStep = ({ t }: StepReport): void => {
      if (t >= 0.2) controller.abort();
    };
    const ts = [0, 0.1, 0.2, 1000];
    const solution = solve(lorenz, {
      ...options,
      ts,
      output: "land",
      onStep,
      onFailure: "return",
      signal: controller.signal,
    });
    expect(solution.status).toBe("aborted");
    expect([...solution.ts]).toEqual([0, 0.1, 0.2]);
  });

  it("returns what was reached by an asynchronous solve, too", async () => {
    const shared = { ...options, ts: [0, 1e-9, 1000], onFailure: "return" as const };
    const before = await solve(slow, { ...shared, signal: AbortSignal.abort() });
    expect(before.status).toBe("aborted");
    expect([...before.ts]).toEqual([0]);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    const during = await solve(slow, { ...shared, signal: controller.signal });
    expect(during.status).toBe("aborted");
    expect(during.error?.code).toBe("aborted");
  });

  it("after the end changes nothing", async () => {
    const controller = new AbortController();
    const solution = await solve(slow, { y0: [1, 1, 1], ts: [0, 0.01], signal: controller.signal });
    controller.abort();
    expect(solution.status).toBe("done");
  });
});

describe("asynchronous fields", () => {
  const later = async <T>(value: T): Promise<T> => {
    await Promise.resolve();
    return value;
  };
  const styles = {
    "fills, answers later": async (t: number, y: Float64Array, dy: Float64Array): Promise<void> => {
      await later(0);
      mixed(t, y, dy);
    },
    "fills at once, promises nothing": (t: number, y: Float64Array, dy: Float64Array): Promise<void> => {
      mixed(t, y, dy);
      return Promise.resolve();
    },
    "returns a promise of an array": (t: number, y: Float64Array): Promise<number[]> => {
      const dy = new Float64Array(y.length);
      mixed(t, y, dy);
      return later([...dy]);
    },
    "after a timer": (t: number, y: Float64Array): Promise<Float64Array> =>
      new Promise((resolve) => {
        setTimeout(() => {
          const dy = new Float64Array(y.length);
          mixed(t, y, dy);
          resolve(dy);
        }, 0);
      }),
  };

  describe.each(Object.entries(styles))("%s", (_, field) => {
    it.each(byName)("%s: the synchronous solution, to the bit", async (_, solver) => {
      const options = {
        ...mixedOptions(),
        ts: [0, 0.7, 2],
        solver,
        rtol: 1e-3,
        atol: 1e-4,
        ...(solver.adaptive ? {} : { stepSize: 0.2 }),
      };
      const expected = solve(mixed, options);
      const promise = solve(field, options);
      expect(promise).toBeInstanceOf(Promise);
      const solution = await promise;
      expect(solution.ys).toEqual(expected.ys);
      expect(solution.grid).toEqual(expected.grid);
      expect(solution.stats).toEqual(expected.stats);
    });
  });

  it("array-returning ones equal filling ones without a promise too", () => {
    const returning = (t: number, y: Float64Array): number[] => {
      const dy = new Float64Array(y.length);
      mixed(t, y, dy);
      return [...dy];
    };
    const solution = solve(returning, mixedOptions());
    expect(solution.ys).toEqual(solve(mixed, mixedOptions()).ys);
  });

  it("fail with the code of a synchronous solve, as a rejected promise", async () => {
    const failure = await rejectionOf(solve(async () => [Number.NaN], { y0: [1], ts: [0, 1] }));
    expect(failure.code).toBe("non-finite");
    const steps = await rejectionOf(solve(styles["fills, answers later"], { ...mixedOptions(), maxSteps: 2 }));
    expect(steps.code).toBe("max-steps");
  });
});

describe("numbers that fail", () => {
  it("an error that no step can lower ends in step-underflow, without trying the smallest step again and again", () => {
    // The error estimate stays above the tolerance however short the step, as at a jump.
    let noise = 1;
    const field = (_t: number, _y: Float64Array, dy: Float64Array): void => {
      noise = -noise * 1.0001;
      dy[0] = noise * 1e30;
    };
    for (const [, solver] of adaptiveByName) {
      const failure = failureOf(() => solve(field, { y0: [1], ts: [1, 2], solver, firstStep: 0.1 }));
      expect(failure.code).toBe("step-underflow");
    }
    let calls = 0;
    const jump = (t: number, _y: Float64Array, dy: Float64Array): void => {
      calls++;
      dy[0] = t < 0.7 ? 0 : 1e25;
    };
    const failure = failureOf(() => solve(jump, { y0: [1], ts: [0, 1], rtol: 1e-6, atol: 1e-6 }));
    expect(failure.code).toBe("step-underflow");
    expect(Math.abs(failure.t - 0.7)).toBeLessThan(1e-9);
    expect(calls).toBeLessThan(2000);
  });

  it("blow-up in finite time ends soon, in a code of its own", () => {
    const square = (_t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = y[0]! ** 2;
    };
    for (const [, solver] of adaptiveByName) {
      let calls = 0;
      const counted = (t: number, y: Float64Array, dy: Float64Array): void => {
        calls++;
        square(t, y, dy);
      };
      const failure = failureOf(() => solve(counted, { y0: [1], ts: [0, 2], solver, rtol: 1e-3, atol: 1e-6 }));
      expect(["step-underflow", "non-finite"]).toContain(failure.code);
      expect(Math.abs(failure.t - 1)).toBeLessThan(0.05);
      expect(calls).toBeLessThan(1e5);
    }
  });

  it("a field that is NaN at the start says so, with the component", () => {
    const failure = failureOf(() => solve((_t, _y, dy) => void dy.set([1, Number.NaN]), { y0: [0, 0], ts: [3, 4] }));
    expect(failure.code).toBe("non-finite");
    expect(failure.t).toBe(3);
    expect(failure.message).toMatch(/component 1 is NaN/);
  });

  it("a field that becomes NaN ends in non-finite at the time where it does", () => {
    for (const [, solver] of adaptiveByName) {
      const failure = failureOf(() =>
        solve(
          (t, _y, dy) => {
            dy[0] = t > 0.5 ? Number.NaN : 1;
          },
          { y0: [0], ts: [0, 1], solver, maxStep: 1e-3 },
        ),
      );
      expect(failure.code).toBe("non-finite");
      // A method without a stage at the step's end notices one step later.
      expect(failure.t).toBeGreaterThan(0.5 - 1e-9);
      expect(failure.t).toBeLessThan(0.501);
    }
    const fixed = failureOf(() =>
      solve(
        (t, _y, dy) => {
          dy[0] = t > 0.5 ? Number.NaN : 1;
        },
        {
          y0: [0],
          ts: [0, 1],
          solver: rk4,
          stepSize: 0.25,
        },
      ),
    );
    expect(fixed.code).toBe("non-finite");
    expect(fixed.t).toBe(0.5);
  });

  it("an infinite derivative is no better than NaN", () => {
    const field = (t: number, _y: Float64Array, dy: Float64Array): void => {
      dy[0] = t > 0.5 ? Number.POSITIVE_INFINITY : 1;
    };
    expect(failureOf(() => solve(field, { y0: [0], ts: [0, 1] })).code).toBe("non-finite");
  });

  it("a NaN in a trial stage only rejects the step", () => {
    // √(1 − t) with the end of its domain as the last output: trial steps beyond it are NaN, the solution is not.
    const field = (t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = y[0]! > 2 ? Number.NaN : Math.cos(t);
    };
    const solution = solve(field, { y0: [0.99], ts: [0, 3], rtol: 1e-8, atol: 1e-8, firstStep: 2.9 });
    expect(solution.stats.rejected).toBeGreaterThan(0);
    expect(solution.ys[1]).toBeCloseTo(0.99 + Math.sin(3), 6);
  });

  it("a jump that no step can pass ends in step-underflow or non-finite, not in a hang", () => {
    const field = (t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = t < 0.5 ? 1 : 1e300 * y[0]!;
    };
    const failure = failureOf(() => solve(field, { y0: [1], ts: [0, 1] }));
    expect(["step-underflow", "non-finite"]).toContain(failure.code);
  });

  it("onFailure: return cuts ts and ys to what was reached, with status and error", () => {
    const field = (t: number, _y: Float64Array, dy: Float64Array): void => {
      dy[0] = t > 0.5 ? Number.NaN : 1;
    };
    const solution = solve(field, { y0: [0], ts: [0, 0.25, 0.5, 0.75, 1], output: "land", onFailure: "return" });
    expect(solution.status).toBe("non-finite");
    expect(solution.error?.code).toBe("non-finite");
    expect([...solution.ts]).toEqual([0, 0.25, 0.5]);
    expect(solution.ys).toHaveLength(3);
    expect(solution.ys[2]).toBeCloseTo(0.5, 9);
    expect(last(solution.grid)).toBeGreaterThanOrEqual(0.5);
    const nowhere = solve(() => [Number.NaN], { y0: [7], ts: [0, 1], onFailure: "return" });
    expect([...nowhere.ys]).toEqual([7]);
    expect([...nowhere.grid]).toEqual([0]);
    expect(nowhere.stats.accepted).toBe(0);
  });
});

describe("bad input is refused before the first step, with the option, the value and what is allowed", () => {
  const good = { y0: [1, 2], ts: [0, 1] };
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  // Options, then what the message must contain: the option, the value, a word of what is allowed.
  const cases: [Record<string, unknown>, ...string[]][] = [
    [{ y0: undefined }, "y0", "undefined", "array"],
    [{ y0: 3 }, "y0", "3", "array"],
    [{ y0: "12" }, "y0", '"12"', "array"],
    [{ y0: [] }, "y0", "[]", "at least 1"],
    [{ y0: [1, nan] }, "y0[1]", "NaN", "finite"],
    [{ y0: [infinity, 1] }, "y0[0]", "Infinity", "finite"],
    [{ y0: ["a", 1] }, "y0[0]", '"a"', "finite"],
    [{ y0: new DataView(new ArrayBuffer(8)) }, "y0", "array"],
    [{ ts: undefined }, "ts", "undefined", "array"],
    [{ ts: 1 }, "ts", "1", "array"],
    [{ ts: [0] }, "ts", "[0]", "at least 2"],
    [{ ts: [] }, "ts", "[]", "at least 2"],
    [{ ts: [0, nan] }, "ts[1]", "NaN", "finite"],
    [{ ts: [0, infinity] }, "ts[1]", "Infinity", "finite"],
    [{ ts: [0, 1, 1] }, "ts[2]", "1", "above ts[1] = 1"],
    [{ ts: [0, 1, 0.5] }, "ts[2]", "0.5", "above ts[1] = 1"],
    [{ ts: [0, -1, -0.5] }, "ts[2]", "-0.5", "below ts[1] = -1"],
    [{ ts: [2, 2] }, "ts[1]", "2", "ts[0] = 2"],
    [{ solver: "dopri5" }, "solver", '"dopri5"', "imported"],
    [{ solver: null }, "solver", "null", "solver value"],
    [{ solver: () => dopri5 }, "solver", "function", "solver value"],
    [{ solver: rk4 }, "stepSize", "undefined", "rk4", "no error estimate"],
    [{ rtol: -1e-6 }, "rtol", "-0.000001", "≥ 0"],
    [{ rtol: nan }, "rtol", "NaN", "≥ 0"],
    [{ rtol: infinity }, "rtol", "Infinity", "≥ 0"],
    [{ rtol: "1e-3" }, "rtol", '"1e-3"', "≥ 0"],
    [{ rtol: null }, "rtol", "null", "≥ 0"],
    [{ rtol: [1e-3] }, "rtol", "[0.001]", "length 2"],
    [{ rtol: [1e-3, 1e-3, 1e-3] }, "rtol", "length 2"],
    [{ rtol: [1e-3, -1e-3] }, "rtol[1]", "-0.001", "≥ 0"],
    [{ rtol: [1e-3, nan] }, "rtol[1]", "NaN", "finite"],
    [{ atol: -1 }, "atol", "-1", "≥ 0"],
    [{ atol: [0, -2] }, "atol[1]", "-2", "≥ 0"],
    [{ atol: [1, 2, 3] }, "atol", "[1, 2, 3]", "length 2"],
    [{ rtol: 0, atol: 0 }, "rtol", "atol", "0", "above 0"],
    [{ rtol: [0, 1e-3], atol: [0, 1e-3] }, "rtol", "atol", "above 0"],
    [{ rtol: 0, atol: [1e-3, 0] }, "rtol", "atol", "above 0"],
    [{ stepSize: 0 }, "stepSize", "0", "above 0"],
    [{ stepSize: -0.1 }, "stepSize", "-0.1", "above 0"],
    [{ stepSize: nan }, "stepSize", "NaN", "above 0"],
    [{ stepSize: infinity }, "stepSize", "Infinity", "finite"],
    [{ stepSize: "0.1" }, "stepSize", '"0.1"', "number"],
    [{ stepSize: 0.1, grid: [0, 1] }, "stepSize", "0.1", "grid"],
    [{ grid: 5 }, "grid", "5", "array"],
    [{ grid: [0] }, "grid", "[0]", "at least 2"],
    [{ grid: [0, 0.5] }, "grid", "[0, 0.5]", "last output time 1"],
    [{ grid: [0.1, 1] }, "grid", "[0.1, 1]", "ts[0] = 0"],
    [{ grid: [0, 2] }, "grid", "[0, 2]", "last output time 1"],
    [{ grid: [0, 0.5, 0.5, 1] }, "grid[2]", "0.5", "above grid[1] = 0.5"],
    [{ grid: [0, nan, 1] }, "grid[1]", "NaN", "finite"],
    [{ grid: [1, 0] }, "grid", "[1, 0]", "ts[0] = 0"],
    [{ ts: [0, 0.4, 1], grid: [0, 0.5, 1], output: "land" }, "grid", "[0, 0.5, 1]", "0.4"],
    [{ controller: "pid" }, "controller", '"pid"'],
    [{ controller: {} }, "controller", "pid"],
    [{ controller: { ...pid(), p: nan } }, "p", "NaN", "finite"],
    [{ firstStep: 0 }, "firstStep", "0", "above 0"],
    [{ firstStep: -1 }, "firstStep", "-1", "above 0"],
    [{ firstStep: infinity }, "firstStep", "Infinity", "finite"],
    [{ firstStep: nan }, "firstStep", "NaN", "above 0"],
    [{ minStep: -1 }, "minStep", "-1", "from 0"],
    [{ minStep: nan }, "minStep", "NaN", "from 0"],
    [{ minStep: "0" }, "minStep", '"0"', "number"],
    [{ minStep: 2, maxStep: 1 }, "minStep", "2", "maxStep = 1"],
    [{ maxStep: 0 }, "maxStep", "0", "above 0"],
    [{ maxStep: -1 }, "maxStep", "-1", "above 0"],
    [{ maxStep: nan }, "maxStep", "NaN", "above 0"],
    [{ maxSteps: 0 }, "maxSteps", "0", "≥ 1"],
    [{ maxSteps: -5 }, "maxSteps", "-5", "≥ 1"],
    [{ maxSteps: nan }, "maxSteps", "NaN", "≥ 1"],
    [{ maxSteps: "100" }, "maxSteps", '"100"', "number"],
    [{ norm: "l2" }, "norm", '"l2"', '"rms"', '"max"'],
    [{ norm: 2 }, "norm", "2", '"rms"'],
    [{ norm: [] }, "norm", "[]", "length 2"],
    [{ norm: [{ length: 1, weight: 1 }] }, "norm", "[1]", "length 2"],
    [{ norm: [{ length: 1.5, weight: 1 }] }, "norm[0].length", "1.5", "positive integer"],
    [
      {
        norm: [
          { length: 0, weight: 1 },
          { length: 2, weight: 1 },
        ],
      },
      "norm[0].length",
      "0",
      "positive integer",
    ],
    [{ norm: [{ length: 2, weight: -1 }] }, "norm[0].weight", "-1", "≥ 0"],
    [{ norm: [{ length: 2, weight: nan }] }, "norm[0].weight", "NaN", "≥ 0"],
    [{ norm: [{ length: 2 }] }, "norm[0].weight", "undefined", "≥ 0"],
    [{ norm: [{ length: 2, weight: 0 }] }, "norm", "[0]", "above 0"],
    [{ norm: [null] }, "norm[0]", "null"],
    [{ output: "sometimes" }, "output", '"sometimes"', '"land"'],
    [{ adjoint: backprop }, "adjoint", "function backprop", "backprop()", "called"],
    [{ adjoint: "backprop" }, "adjoint", '"backprop"', "backprop()"],
    [{ adjoint: backprop() }, "adjoint", "backprop", "vjp", "vectorField"],
    [{ adjoint: null }, "adjoint", "null", "backprop()"],
    [{ onFailure: "ignore" }, "onFailure", '"ignore"', '"throw"', '"return"'],
    [{ onStep: 5 }, "onStep", "5", "function"],
    [{ signal: {} }, "signal", "AbortSignal"],
    [{ signal: new AbortController() }, "signal", "AbortSignal"],
    [{ signal: null }, "signal", "null", "AbortSignal"],
    [{ rTol: 1e-3 }, "rTol", "0.001", "rtol"],
    [{ method: "dopri5" }, "method", '"dopri5"', "solver"],
  ];

  it.each(
    cases.map(
      ([options, ...words]) =>
        [
          JSON.stringify(options, (_, v) =>
            typeof v === "number" && !Number.isFinite(v) ? String(v) : typeof v === "function" ? "a function" : v,
          ),
          options,
          words,
        ] as const,
    ),
  )("%s", (_, options, words) => {
    let calls = 0;
    const field = (t: number, y: Float64Array, dy: Float64Array): void => {
      calls++;
      decay(t, y, dy);
    };
    const failure = failureOf(() => solve(field, { ...good, ...options } as unknown as SolveOptions));
    expect(failure.code).toBe("invalid");
    expect(failure.name).toBe("SolveError");
    for (const word of words) expect(failure.message).toContain(word);
    expect(calls).toBe(0);
  });

  it.each([undefined, null, 3, "field", {}, []])("a field that is %j", (field) => {
    const failure = failureOf(() => solve(field as never, good));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toMatch(/^field is .*allowed: a function/);
  });

  it.each([undefined, null, 3])("options that are %j", (options) => {
    const failure = failureOf(() => solve(decay, options as never));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toMatch(/^options is .*y0 and ts/);
  });

  it("y0 that is not made of the field's rows", () => {
    const field = vectorField({ f: decay, dim: 3 });
    const failure = failureOf(() => solve(field, { y0: [1, 2, 3, 4], ts: [0, 1] }));
    expect(failure.code).toBe("invalid");
    for (const word of ["y0", "[1, 2, 3, 4]", "width 3", "multiple", "4"]) expect(failure.message).toContain(word);
    const tolerance = failureOf(() => solve(field, { y0: [1, 2, 3, 4, 5, 6], ts: [0, 1], rtol: [1, 2] }));
    expect(tolerance.message).toMatch(/rtol .*length 6 or a row's length 3/);
  });

  it("params beside a field that has its own", () => {
    const failure = failureOf(() => solve(vectorField({ f: decay }), { ...good, params: [1] }));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toMatch(/^params is \[1\].*field\.params/);
  });

  it.each([
    [{ safety: 0 }, "safety", "0"],
    [{ safety: 1.5 }, "safety", "1.5"],
    [{ minFactor: 1 }, "minFactor", "1"],
    [{ minFactor: 0 }, "minFactor", "0"],
    [{ maxFactor: 1 }, "maxFactor", "1"],
    [{ p: "1" }, "p", '"1"'],
    [{ i: Number.NaN }, "i", "NaN"],
    [{ d: Number.POSITIVE_INFINITY }, "d", "Infinity"],
    [{ q: 1 }, "q", "maxFactor"],
  ])("pid(%j)", (options, ...words) => {
    const failure = failureOf(() => pid(options as never));
    expect(failure.code).toBe("invalid");
    for (const word of words) expect(failure.message).toContain(word);
  });

  it.each([
    [{}, "f", "undefined"],
    [{ f: 1 }, "f", "1"],
    [{ f: decay, vjp: 2 }, "vjp", "2"],
    [{ f: decay, dim: 0 }, "dim", "0"],
    [{ f: decay, dim: 1.5 }, "dim", "1.5"],
    [{ f: decay, params: 7 }, "params", "7"],
  ])("vectorField(%j)", (options, ...words) => {
    const failure = failureOf(() => vectorField(options as never));
    expect(failure.code).toBe("invalid");
    for (const word of words) expect(failure.message).toContain(word);
  });

  it("options left undefined mean their defaults", () => {
    const names =
      "solver rtol atol stepSize grid controller firstStep minStep maxStep maxSteps norm output adjoint params signal onStep onFailure";
    const undefineds = Object.fromEntries(names.split(" ").map((name) => [name, undefined]));
    expect(solve(decay, { ...good, ...undefineds } as SolveOptions).ys).toEqual(solve(decay, good).ys);
  });
});
