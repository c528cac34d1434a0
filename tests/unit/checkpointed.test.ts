// checkpointed(): equal to backprop() from c states, with as many steps run again as the theory says, no more.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advance, bestStart, KEEP, placement, plainSteps, SKIP, unknownLength } from "../../ts/adjoints/revolve.ts";
import {
  backprop,
  checkpointed,
  dopri5,
  mlp,
  reversible,
  rk4,
  type Solution,
  type SolveOptions,
  solve,
  tsit5,
  vectorField,
} from "../../ts/index.ts";
import { failureOf } from "./errors.ts";
import { cotangentOf, differences, disagreement, dot, gradientOf, N, PARAMS, waysOf, Y0 } from "./exact-adjoints.ts";
import { network, networkVjp, numbers } from "./networks.ts";
import { byName } from "./solver-list.ts";

const binomial = (n: number, k: number): number => {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return Math.round(result);
};

/** T(n, c) = r n − C(c + r, r − 1), r minimal with n ≤ C(c + r, c). */
const formula = (n: number, c: number): number => {
  if (n <= 1) return 0;
  let r = 1;
  while (binomial(c + r, c) < n) r++;
  return r * n - binomial(c + r, r - 1);
};

const remember = (f: (n: number, c: number) => number): ((n: number, c: number) => number) => {
  const known = new Map<number, number>();
  return (n, c) => {
    const key = n * 1000 + c;
    const value = known.get(key) ?? f(n, c);
    known.set(key, value);
    return value;
  };
};
const splits = (n: number): number[] => Array.from({ length: n - 1 }, (_, i) => i + 1);

/** Fewest plain steps, by dynamic programming over the place of the next state kept. */
const fewest = remember((n, c) => {
  if (n <= 1) return 0;
  if (c === 1) return (n * (n - 1)) / 2;
  return Math.min(...splits(n).map((m) => m + fewest(n - m, c - 1) + fewest(m, c)));
});

/** The same where a forward pass over all n steps, which keeps states on its way, is free. */
const fewestBehind = remember((n, c) => {
  if (n <= 1) return 0;
  if (c === 1) return (n * (n - 1)) / 2;
  return Math.min(...splits(n).map((m) => fewestBehind(n - m, c - 1) + fewest(m, c)));
});

describe("the theory", () => {
  it("T(n, c) is the formula's and dynamic programming's, and the split attains it", () => {
    for (let n = 1; n < 110; n++) {
      for (let c = 1; c < 12; c++) {
        expect(plainSteps(n, c)).toBe(formula(n, c));
        expect(plainSteps(n, c)).toBe(fewest(n, c));
        if (n === 1) continue;
        const m = advance(n, c);
        expect(m).toBeGreaterThanOrEqual(1);
        expect(m).toBeLessThan(n);
        expect(c === 1 ? fewest(n, 1) : m + fewest(n - m, c - 1) + fewest(m, c)).toBe(fewest(n, c));
      }
    }
  });

  it("holds for many steps and states too", () => {
    for (const n of [1000, 12_345, 1_000_000]) {
      for (const c of [1, 2, 3, 10, 44, 450, 5000, n]) {
        expect(plainSteps(n, c)).toBe(c === 1 ? (n * (n - 1)) / 2 : formula(n, c));
      }
    }
  });

  it("placement keeps c states at most, and leaves the fewest plain steps behind the forward pass", () => {
    for (let n = 1; n < 110; n++) {
      for (let c = 1; c < 12; c++) {
        const positions = placement(n, c);
        expect(positions[0]).toBe(0);
        expect(positions.length).toBeLessThanOrEqual(c);
        const behind = formula(n, c) - positions[positions.length - 1]!;
        expect(bestStart(positions, n, c)).toEqual({ count: positions.length, plain: behind });
        expect(behind).toBe(fewestBehind(n, c));
      }
    }
  });

  /** The states kept online after each number of steps. */
  const online = (c: number, steps: number): number[][] => {
    const choose = unknownLength(c);
    const kept: number[] = [];
    return Array.from({ length: steps }, (_, step) => {
      const place = choose.next();
      if (place !== SKIP) {
        if (place !== KEEP) kept.splice(place, 1);
        kept.push(step);
      }
      return [...kept];
    });
  };

  it("online, whenever it ends: c states at most, the start among them, and no gap needs more than the least r", () => {
    for (const c of [1, 2, 3, 4, 7, 12]) {
      online(c, 1500).forEach((kept, step) => {
        const n = step + 1;
        expect(kept[0]).toBe(0);
        expect(kept.length).toBe(Math.min(n, c));
        // Steps behind the j-th kept state are run again with what room the later ones leave, at most r times each.
        let r = 0;
        while (binomial(c + r, c) < n) r++;
        kept.forEach((at, j) => {
          const gap = (kept[j + 1] ?? n) - at;
          expect(gap).toBeLessThanOrEqual(binomial(c - j + r, c - j));
        });
      });
    }
  });

  it("online costs at most T(n, c), on average 15 % more at most than if n had been known", () => {
    for (const c of [3, 8, 32]) {
      const ratios = online(c, 2000)
        .map((kept, step) => ({ n: step + 1, plain: bestStart(kept, step + 1, c).plain }))
        .filter(({ n }) => n > c)
        .map(({ n, plain }) => {
          expect(plain).toBeLessThanOrEqual(formula(n, c));
          return plain / bestStart(placement(n, c), n, c).plain;
        });
      const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
      expect(mean).toBeLessThan(1.15);
      expect(Math.min(...ratios)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...ratios)).toBeLessThan(2);
    }
  });
});

describe.each(byName)("%s", (_, solver) => {
  it.each(waysOf(solver))("equals backprop, whatever the number of states: %s", (_, options) => {
    const expected = gradientOf(options, backprop());
    for (const checkpoints of [1, 2, 5, undefined]) {
      const adjoint = checkpointed(checkpoints === undefined ? {} : { checkpoints });
      const { gradient, solution } = gradientOf(options, adjoint);
      expect(solution.ys).toEqual(expected.solution.ys);
      expect(disagreement(gradient, expected.gradient)).toBeLessThan(1e-12);
      expect(gradient.stats.adjoint).toBe("checkpointed");
    }
  });

  it.each(waysOf(solver))("equals central differences on the replayed grid: %s", (_, options) => {
    const { gradient, solution } = gradientOf(options, checkpointed({ checkpoints: 3 }));
    const [y0, params] = [numbers(N, 41), numbers(PARAMS.length, 42)];
    const found = dot(gradient.y0, y0) + dot(gradient.params, params);
    const expected = differences(options, solution.grid, y0, params);
    expect(Math.abs(found - expected)).toBeLessThan(1e-8 * Math.max(1, Math.abs(expected)));
  });
});

/** A field that knows the steps of dopri5 by their calls: 6 evaluations each where no error is estimated. */
const PER_STEP = 6;
const counted = () => {
  const calls: string[] = [];
  const field = vectorField({
    f: (t, y, dy, params) => {
      calls.push([t, ...y].join());
      return network(N)(t, y, dy, params);
    },
    vjp: networkVjp(N),
    params: PARAMS,
  });
  return { calls, field };
};

describe("evaluations", () => {
  const cotangent = numbers(2 * N, 2);
  const solved = (n: number, checkpoints: number, adaptive: boolean) => {
    const { calls, field } = counted();
    const steps: Partial<SolveOptions> = adaptive ? { rtol: 1e-3, atol: 1e-5, maxStep: 1 / n } : { stepSize: 1 / n };
    const adjoint = checkpointed({ checkpoints });
    const solution = solve(field, { y0: Y0, ts: [0, 1], solver: dopri5, adjoint, ...steps });
    /** Plain steps of a pullback, from its count of evaluations, which is checked. */
    const plain = (): number => {
      calls.length = 0;
      const { stats } = solution.pullback(cotangent);
      expect(stats.evaluations).toBe(calls.length);
      expect(stats.vjps).toBe(PER_STEP * stats.accepted);
      expect(stats.accepted).toBe(solution.stats.accepted);
      return stats.evaluations / PER_STEP - stats.accepted;
    };
    return { n: solution.stats.accepted, plain, calls, solution };
  };

  it("with known steps: T(n, c) less the steps that the solve has gone to the last state kept", () => {
    for (const n of [1, 2, 3, 7, 20, 55, 100]) {
      for (const c of [1, 2, 3, 5, 9, 200]) {
        const { plain, n: steps } = solved(n, c, false);
        expect(steps).toBe(n);
        expect(plain()).toBe(fewestBehind(n, c));
        // From then on nothing but y0 is there.
        expect(plain()).toBe(formula(n, c));
        expect(plain()).toBe(formula(n, c));
      }
    }
  });

  it("with adaptive steps: no more than T(n, c), and as many as the states kept online need", () => {
    for (const n of [5, 40, 100]) {
      for (const c of [1, 3, 8, 200]) {
        const { plain, n: steps } = solved(n, c, true);
        const choose = unknownLength(c);
        const kept: number[] = [];
        for (let step = 0; step < steps; step++) {
          const place = choose.next();
          if (place === SKIP) continue;
          if (place !== KEEP) kept.splice(place, 1);
          kept.push(step);
        }
        const first = plain();
        expect(first).toBe(bestStart(kept, steps, c).plain);
        expect(first).toBeLessThanOrEqual(formula(steps, c));
        expect(plain()).toBe(formula(steps, c));
      }
    }
  });

  it("has the forward pass's arguments to the bit", () => {
    for (const options of [{ stepTimes: [0.3, 0.7] }, { ts: [0, 0.21, 0.22, 0.5, 1] }, { ts: [0, -0.3, -1] }]) {
      const { calls, field } = counted();
      const all = {
        y0: Y0,
        ts: [0, 1],
        solver: tsit5,
        rtol: 1e-4,
        atol: 1e-6,
        adjoint: checkpointed({ checkpoints: 3 }),
        ...options,
      };
      const solution = solve(field, all);
      const forward = new Set(calls);
      calls.length = 0;
      solution.pullback(numbers(all.ts.length * N, 1), { times: true });
      expect(calls.length).toBeGreaterThan(0);
      expect(calls.filter((call) => !forward.has(call))).toEqual([]);
    }
  });

  it("by default: no step again more than twice, and none where all states have room", () => {
    for (const n of [10, 100, 1000]) {
      const { field } = counted();
      const options = { y0: Y0, ts: [0, 1], solver: rk4, stepSize: 1 / n };
      const known = solve(field, { ...options, adjoint: checkpointed() }).pullback(cotangent).stats;
      expect(known.evaluations).toBeLessThan(4 * 3 * n);
      expect(known.peakBytes.checkpoints).toBeLessThanOrEqual(N * 8 * Math.ceil(Math.sqrt(2 * n)));
    }
    const { stats } = gradientOf({ ts: [0, 1], solver: dopri5 }, checkpointed()).gradient;
    expect(stats.evaluations).toBe(PER_STEP * stats.accepted);
  });
});

describe("memory", () => {
  const length = 600;
  const field = vectorField({
    f: (_t, y, dy) => void y.forEach((value, i) => (dy[i] = Math.sin(value))),
    vjp: (_t, y, _params, cotangent, bar) =>
      void y.forEach((value, i) => (bar.y[i]! += cotangent[i]! * Math.cos(value))),
  });
  const y0 = numbers(length, 1);

  it("does not depend on the number of steps: c states and what one step needs", () => {
    for (const adaptive of [false, true]) {
      const seen = [100, 1000, 10_000].map((steps) => {
        const size = adaptive ? { maxStep: 1 / steps, maxSteps: 1e6 } : { stepSize: 1 / steps };
        const solution = solve(field, {
          y0,
          ts: [0, 1],
          solver: rk4.adaptive === adaptive ? rk4 : dopri5,
          adjoint: checkpointed({ checkpoints: 12 }),
          ...size,
        });
        expect(solution.stats.accepted).toBeGreaterThanOrEqual(steps);
        const { stats } = solution.pullback(new Float64Array(2 * length).fill(1));
        expect(solution.stats.peakBytes.checkpoints).toBe(12 * length * 8);
        expect(stats.peakBytes.checkpoints).toBe(12 * length * 8);
        return [solution.stats.peakBytes, stats.peakBytes];
      });
      expect(seen[1]).toEqual(seen[0]);
      expect(seen[2]).toEqual(seen[0]);
    }
  });

  it("is never taken for more states than there are", () => {
    const solution = solve(field, {
      y0,
      ts: [0, 1],
      solver: rk4,
      stepSize: 0.2,
      adjoint: checkpointed({ checkpoints: 1e6 }),
    });
    expect(solution.stats.peakBytes.checkpoints).toBeLessThan(2 * 5 * length * 8);
  });
});

describe("every kind of field", () => {
  const options = { ts: [0, 0.3, 0.31, 1, 2], solver: tsit5, rtol: 1e-4, atol: 1e-6 };

  it.each(["float32", "float64"] as const)("mlp, %s: backprop's gradient to rounding", (dtype) => {
    const field = mlp({ layers: [3, 16, 16, 3], time: true, dtype, seed: 4 });
    const y0 = numbers(12, 5);
    const [a, b] = [checkpointed({ checkpoints: 2 }), backprop()].map((adjoint) =>
      solve(field, { y0, ...options, adjoint }).pullback(numbers(60, 6), { times: true }),
    );
    expect(disagreement(a!, b!)).toBeLessThan(dtype === "float32" ? 1e-6 : 1e-14);
  });

  it("asynchronous: the synchronous gradient, to the bit, several pullbacks at a time too", async () => {
    const field = vectorField({
      f: async (t, y, dy, params) => {
        await Promise.resolve();
        await network(N)(t, y, dy, params);
      },
      vjp: async (t, y, params, cotangent, bar) => {
        await Promise.resolve();
        await networkVjp(N)(t, y, params, cotangent, bar);
      },
      params: PARAMS,
    });
    const adjoint = checkpointed({ checkpoints: 2 });
    const expected = gradientOf(options, adjoint).gradient;
    const solution = await (solve(field, { y0: Y0, ...options, adjoint }) as unknown as Promise<Solution>);
    const pullbacks = [1, 2, 3].map(() => solution.pullback(cotangentOf(options), { times: true }));
    for (const gradient of await Promise.all(pullbacks)) expect(disagreement(gradient, expected)).toBe(0);
  });

  it("with reversible solvers, whose state has two parts", () => {
    for (const base of [rk4, dopri5]) {
      const ways = { ts: [0, 0.4, 1], solver: reversible(base), stepSize: 0.1 };
      const expected = gradientOf(ways, backprop()).gradient;
      const { gradient, solution } = gradientOf(ways, checkpointed({ checkpoints: 3 }));
      expect(disagreement(gradient, expected)).toBeLessThan(1e-12);
      expect(solution.stats.peakBytes.checkpoints).toBe(2 * 3 * N * 8);
    }
  });

  it("random problems: backprop's gradient", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...byName.map(([, solver]) => solver)),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.double({ min: 0.01, max: 0.8, noNaN: true }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (solver, checkpoints, lengths, down) => {
          const ts = [0.2];
          for (const part of lengths) ts.push(ts[ts.length - 1]! + (down ? -part : part));
          const ways = { ts, solver, ...(solver.adaptive ? { rtol: 1e-3, atol: 1e-3 } : { stepSize: 0.07 }) };
          const expected = gradientOf(ways, backprop()).gradient;
          expect(disagreement(gradientOf(ways, checkpointed({ checkpoints })).gradient, expected)).toBeLessThan(1e-12);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("the option", () => {
  it.each([0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, "3"])("checkpoints %s is refused", (checkpoints) => {
    const failure = failureOf(() => checkpointed({ checkpoints: checkpoints as number }));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("checkpoints");
  });

  it("maxSteps Infinity leaves a default", () => {
    const options = { ts: [0, 1], solver: dopri5, maxSteps: Number.POSITIVE_INFINITY };
    const { gradient } = gradientOf(options, checkpointed());
    expect(disagreement(gradient, gradientOf(options, backprop()).gradient)).toBeLessThan(1e-12);
  });
});
