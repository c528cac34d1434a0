// symplectic(): equal to backprop() and to the partner method of the paper, from one state a step, at the evaluations that
// the paper counts.
import { describe, expect, it } from "vitest";
import {
  backprop,
  dopri5,
  mlp,
  reversible,
  rk4,
  type Solution,
  type Solver,
  solve,
  symplectic,
  type Tableau,
  tsit5,
  vectorField,
} from "../../ts/index.ts";
import {
  cotangentOf,
  differences,
  disagreement,
  dot,
  FIELD,
  gradientOf,
  N,
  PARAMS,
  waysOf,
  Y0,
} from "./exact-adjoints.ts";
import { complexNetwork, network, networkVjp, numbers } from "./networks.ts";
import { distance, referenceGradient } from "./reference.ts";
import { byName, SOLVERS } from "./solver-list.ts";

describe.each(byName)("%s", (_, solver) => {
  it.each(waysOf(solver))("equals backprop: %s", (_, options) => {
    const expected = gradientOf(options, backprop());
    const { gradient, solution } = gradientOf(options, symplectic());
    expect(solution.ys).toEqual(expected.solution.ys);
    expect(disagreement(gradient, expected.gradient)).toBeLessThan(1e-12);
    expect(gradient.stats.adjoint).toBe("symplectic");
  });

  it.each(waysOf(solver))("equals complex-step derivatives of an independent implementation: %s", (_, options) => {
    const { gradient, solution } = gradientOf(options, symplectic());
    const { grid } = solution;
    const inputs = { grid, ts: options.ts, y0: Y0, params: PARAMS, cotangent: cotangentOf(options) };
    const expected = referenceGradient(complexNetwork(N), solver.tableau!, inputs);
    // Cotangents are of size 1, so a gradient below that is a difference of larger numbers. Continuous extensions of high
    // order have larger weights, vern9's up to ten thousand.
    const rounding = solver.order > 5 ? 1e-11 : 1e-12;
    expect(distance(gradient.y0, expected.y0, 1)).toBeLessThan(rounding);
    expect(distance(gradient.params, expected.params, 1)).toBeLessThan(rounding);
    expect(distance(gradient.ts!, expected.ts, 1)).toBeLessThan(rounding);
  });

  it.each(waysOf(solver))("equals central differences on the replayed grid: %s", (_, options) => {
    const { gradient, solution } = gradientOf(options, symplectic());
    const [y0, params] = [numbers(N, 31), numbers(PARAMS.length, 32)];
    const found = dot(gradient.y0, y0) + dot(gradient.params, params);
    const expected = differences(options, solution.grid, y0, params);
    expect(Math.abs(found - expected)).toBeLessThan(1e-8 * Math.max(1, Math.abs(expected)));
  });
});

/**
 * The symplectic adjoint as the paper writes it: the partner method Λᵢ = λ − h Σ_{j>i} b̃ⱼ (aⱼᵢ/bᵢ) lⱼ with b̃ᵢ = bᵢ, or,
 * where bᵢ = 0, Λᵢ = −Σ_{j>i} b̃ⱼ aⱼᵢ lⱼ with b̃ᵢ = h. Plain numbers, no part of the library.
 */
function partnerGradient(
  { a, b, c }: Tableau,
  grid: Float64Array,
  ts: readonly number[],
  cotangent: readonly number[],
) {
  const f = network(N);
  const vjp = networkVjp(N);
  const theta = Float64Array.from(PARAMS);
  const stagesAt = (y: Float64Array, t: number, h: number): { inputs: Float64Array[]; ks: Float64Array[] } => {
    const inputs: Float64Array[] = [];
    const ks: Float64Array[] = [];
    b.forEach((_, i) => {
      inputs.push(y.map((value, d) => a[i]!.reduce((sum, aij, j) => sum + h * aij * ks[j]![d]!, value)));
      ks.push(new Float64Array(N));
      void f(t + c[i]! * h, inputs[i]!, ks[i]!, theta);
    });
    return { inputs, ks };
  };
  const states = [Float64Array.from(Y0)];
  for (let n = 0; n + 1 < grid.length; n++) {
    const h = grid[n + 1]! - grid[n]!;
    const { ks } = stagesAt(states[n]!, grid[n]!, h);
    states.push(states[n]!.map((value, d) => b.reduce((sum, bi, i) => sum + h * bi * ks[i]![d]!, value)));
  }
  let lambda = new Float64Array(N);
  const params = new Float64Array(theta.length);
  let output = ts.length - 1;
  const inject = (): void => {
    lambda = lambda.map((value, d) => value + cotangent[output * N + d]!);
    output--;
  };
  for (let n = grid.length - 2; n >= 0; n--) {
    const [t, end] = [grid[n]!, grid[n + 1]!];
    if (ts[output] === end) inject();
    const h = end - t;
    const { inputs } = stagesAt(states[n]!, t, h);
    const weights = b.map((bi) => (bi === 0 ? h : bi));
    const l = b.map(() => new Float64Array(N));
    for (let i = b.length - 1; i >= 0; i--) {
      const bi = b[i]!;
      const Lambda = lambda.map((value, d) => {
        let sum = 0;
        for (let j = i + 1; j < b.length; j++) sum += weights[j]! * (a[j]![i] ?? 0) * l[j]![d]!;
        return bi === 0 ? -sum : value - (h * sum) / bi;
      });
      const bar = { y: new Float64Array(N), params: new Float64Array(theta.length), t: new Float64Array(1) };
      void vjp(t + c[i]! * h, inputs[i]!, theta, Lambda, bar);
      l[i] = bar.y.map((value) => -value);
      bar.params.forEach((value, p) => {
        params[p]! += h * weights[i]! * value;
      });
    }
    lambda = lambda.map((value, d) => weights.reduce((sum, weight, i) => sum - h * weight * l[i]![d]!, value));
  }
  inject();
  return { y0: lambda, params };
}

describe("the partner method", () => {
  it.each(byName)("%s: the same numbers, with bᵢ = 0 or not", (_, solver) => {
    for (const ts of [
      [0.3, 1.8],
      [-0.5, -0.2, 0.1, 0.9],
      [1.2, 0.5, -0.6],
    ]) {
      const options = { ts, solver, stepSize: 0.17 };
      const { gradient, solution } = gradientOf(options, symplectic());
      const expected = partnerGradient(solver.tableau!, solution.grid, ts, cotangentOf(options));
      expect(distance(gradient.y0, expected.y0)).toBeLessThan(1e-12);
      expect(distance(gradient.params, expected.params)).toBeLessThan(1e-12);
    }
  });

  it("covers solvers with zero weights inside, and without", () => {
    const zeros = SOLVERS.filter(({ tableau }) => tableau!.b.slice(0, -1).includes(0)).map(({ name }) => name);
    expect(zeros).toContain("dopri5");
    expect(zeros.length).toBeLessThan(SOLVERS.length);
  });

  it("of dopri5 is the explicit table of the authors' package", () => {
    // Rows Λ₆ … Λ₁, each over l₆, l₅, …; Λ₂ without λ and h (b₂ = 0), its l₂ in Λ₁ with an extra h.
    const { a, b } = dopri5.tableau!;
    const coefficient = (i: number, j: number): number => {
      const weight = b[j - 1] === 0 ? 1 : b[j - 1]!;
      return (weight * a[j - 1]![i - 1]!) / (b[i - 1] === 0 ? 1 : b[i - 1]!);
    };
    const table: Record<number, readonly number[]> = {
      5: [1 / 9],
      4: [7 / 125, 18 / 125],
      3: [11683 / 4500, -7049 / 1000, 371 / 72],
      2: [-355 / 252, 1585 / 424, -175 / 72, 75 / 742],
      1: [9017 / 2205, -19372 / 1855, 440 / 63, 960 / 2597, 384 / 175],
    };
    for (const [i, row] of Object.entries(table)) {
      row.forEach((value, at) => expect(coefficient(Number(i), 6 - at)).toBeCloseTo(value, 12));
    }
  });
});

describe("what is computed again", () => {
  const callsOf = () => {
    const calls = { f: [] as string[], vjp: [] as string[] };
    const key = (t: number, y: Float64Array): string => [t, ...y].join();
    const field = vectorField({
      f: (t, y, dy, params) => {
        calls.f.push(key(t, y));
        return network(N)(t, y, dy, params);
      },
      vjp: (t, y, params, cotangent, bar) => {
        calls.vjp.push(key(t, y));
        return networkVjp(N)(t, y, params, cotangent, bar);
      },
      params: PARAMS,
    });
    return { calls, field };
  };

  describe.each(byName)("%s", (_, solver) => {
    it.each(waysOf(solver))("has the forward pass's arguments to the bit, and is counted: %s", (_, options) => {
      const { calls, field } = callsOf();
      const solution = solve(field, { y0: Y0, ...options, adjoint: symplectic() });
      const forward = new Set(calls.f);
      calls.f.length = 0;
      for (const times of [false, true]) {
        const { stats } = solution.pullback(cotangentOf(options), { times });
        expect(calls.f.filter((call) => !forward.has(call))).toEqual([]);
        expect(calls.vjp.filter((call) => !forward.has(call))).toEqual([]);
        expect(stats.evaluations).toBe(calls.f.length + calls.vjp.length);
        expect(stats.vjps).toBe(calls.vjp.length);
        calls.f.length = calls.vjp.length = 0;
      }
    });
  });

  const perStep = (solver: Solver): { evaluations: number; vjps: number } => {
    const options = { ts: [0, 1], solver, stepSize: 0.1 };
    const { evaluations, vjps, accepted } = solve(FIELD, { y0: Y0, ...options, adjoint: symplectic() }).pullback(
      cotangentOf(options),
    ).stats;
    return { evaluations: evaluations / accepted, vjps: vjps / accepted };
  };

  it("is 5 of dopri5's stages, and 6 for the VJPs, as the authors' package shows", () => {
    expect(perStep(dopri5)).toEqual({ evaluations: 11, vjps: 6 });
    expect(perStep(tsit5)).toEqual({ evaluations: 11, vjps: 6 });
    expect(perStep(rk4)).toEqual({ evaluations: 7, vjps: 4 });
  });
});

describe("memory", () => {
  const length = 50;
  const field = vectorField({
    f: (_t, y, dy) => void y.forEach((value, i) => (dy[i] = Math.sin(value))),
    vjp: (_t, y, _params, cotangent, bar) =>
      void y.forEach((value, i) => (bar.y[i]! += cotangent[i]! * Math.cos(value))),
  });
  const y0 = numbers(length, 1);
  const bytesOf = (
    steps: number,
    adjoint = symplectic(),
  ): { forward: Solution["stats"]["peakBytes"]; backward: Solution["stats"]["peakBytes"] } => {
    const solution = solve(field, { y0, ts: [0, 1], solver: dopri5, stepSize: 1 / steps, adjoint });
    const { peakBytes } = solution.pullback(new Float64Array(2 * length).fill(1)).stats;
    return { forward: solution.stats.peakBytes, backward: peakBytes };
  };

  it.each([100, 1000, 10_000])("of %i steps is one state a step, and what one step needs", (steps) => {
    const { forward, backward } = bytesOf(steps);
    const states = steps * length * 8;
    for (const bytes of [forward, backward]) {
      // Room is taken ahead, never more than there was.
      expect(bytes.checkpoints).toBeGreaterThanOrEqual(states);
      expect(bytes.checkpoints).toBeLessThanOrEqual(2 * states);
      expect(bytes.tape).toBe(0);
    }
    expect(forward.total - forward.checkpoints).toBe(bytesOf(1).forward.total - bytesOf(1).forward.checkpoints);
    expect(backward.total - backward.checkpoints).toBe(bytesOf(1).backward.total - bytesOf(1).backward.checkpoints);
    expect(bytesOf(steps, backprop()).forward.stages).toBeGreaterThanOrEqual(7 * states);
  });

  it("holds the tape of one evaluation, not of a step", () => {
    const network = mlp({ layers: [4, 32, 4], dtype: "float64" });
    const start = numbers(4 * 16, 3);
    const totals = [symplectic(), backprop()].map((adjoint) => {
      const solution = solve(network, { y0: start, ts: [0, 1], solver: rk4, stepSize: 1, adjoint });
      return solution.pullback(new Float64Array(2 * start.length)).stats.peakBytes.tape;
    });
    expect(totals[0]).toBe(0);
    expect(totals[1]).toBeGreaterThan(4 * 16 * 32 * 8);
  });
});

describe("every kind of field", () => {
  const options = { ts: [0, 0.3, 0.31, 1, 2], solver: tsit5, rtol: 1e-4, atol: 1e-6 };

  it.each(["float32", "float64"] as const)("mlp, %s: backprop's gradient to rounding", (dtype) => {
    const field = mlp({ layers: [3, 16, 16, 3], time: true, dtype, seed: 4 });
    const y0 = numbers(12, 5);
    const [a, b] = [symplectic(), backprop()].map((adjoint) =>
      solve(field, { y0, ...options, adjoint }).pullback(numbers(60, 6), { times: true }),
    );
    expect(disagreement(a!, b!)).toBeLessThan(dtype === "float32" ? 1e-6 : 1e-14);
  });

  it("asynchronous: the synchronous gradient, to the bit", async () => {
    const later = async (): Promise<void> => {
      await Promise.resolve();
    };
    const field = vectorField({
      f: async (t, y, dy, params) => {
        await later();
        await network(N)(t, y, dy, params);
      },
      vjp: async (t, y, params, cotangent, bar) => {
        await later();
        await networkVjp(N)(t, y, params, cotangent, bar);
      },
      params: PARAMS,
    });
    for (const steps of [{}, { stepTimes: [0.4] }, { output: "land" as const }]) {
      const expected = gradientOf({ ...options, ...steps }, symplectic()).gradient;
      const solution = await (solve(field, {
        y0: Y0,
        ...options,
        ...steps,
        adjoint: symplectic(),
      }) as unknown as Promise<Solution>);
      const gradient = await solution.pullback(cotangentOf(options), { times: true });
      expect(gradient).toEqual(expected);
    }
  });

  it("with reversible solvers, whose state has two parts", () => {
    for (const base of [rk4, dopri5]) {
      const ways = { ts: [0, 0.4, 1], solver: reversible(base), stepSize: 0.1 };
      expect(disagreement(gradientOf(ways, symplectic()).gradient, gradientOf(ways, backprop()).gradient)).toBeLessThan(
        1e-12,
      );
    }
  });
});

describe("pullback", () => {
  const options = { ts: [0, 0.3, 1], solver: dopri5, rtol: 1e-4, atol: 1e-6 };

  it("may be called again, whatever became of the parameters", () => {
    const params = Float64Array.from(PARAMS);
    const field = vectorField({ f: network(N), vjp: networkVjp(N), params });
    const solution = solve(field, { y0: Y0, ...options, adjoint: symplectic() });
    const first = solution.pullback(cotangentOf(options), { times: true });
    params.fill(0);
    expect(solution.pullback(cotangentOf(options), { times: true })).toEqual(first);
  });

  it("works from what a failed solve reached, and from a terminal event", () => {
    const events = [{ root: (t: number, y: ArrayLike<number>) => t - 0.55 + 0.1 * y[0]!, terminal: true }];
    for (const ending of [{ maxSteps: 3, onFailure: "return" as const, ts: [0, 0.05, 0.1, 9] }, { events }]) {
      const [a, b] = [symplectic(), backprop()].map((adjoint) => {
        const solution = solve(FIELD, { y0: Y0, ...options, ...ending, adjoint });
        return { solution, gradient: solution.pullback(numbers(solution.ys.length, 3), { times: true }) };
      });
      expect(a!.solution.status).not.toBe("done");
      expect(disagreement(a!.gradient, b!.gradient)).toBeLessThan(1e-12);
    }
  });
});
