// auto(): takes the adjoint that fits in its budget, says which, and gives the same gradient whichever it is.
import { describe, expect, it } from "vitest";
import {
  auto,
  backprop,
  checkpointed,
  dopri5,
  type Gradients,
  mlp,
  reversible,
  type Solution,
  type SolveOptions,
  solve,
  symplectic,
  tsit5,
} from "../../ts/index.ts";
import { failureOf } from "./errors.ts";
import { cotangentOf, disagreement, FIELD, gradientOf, N, waysOf, Y0 } from "./exact-adjoints.ts";
import { numbers } from "./networks.ts";
import { byName } from "./solver-list.ts";

const kept = ({ stats }: Solution): number => {
  const { checkpoints, stages, tape } = stats.peakBytes;
  return checkpoints + stages + tape;
};

const LENGTH = 64 * 3;
const STEPS = 200;
const STATE = LENGTH * 8;
const field = mlp({ layers: [3, 8, 3], dtype: "float64" });
const options: SolveOptions = { y0: numbers(LENGTH, 3), ts: [0, 1], solver: dopri5, stepSize: 1 / STEPS };
const cotangent = numbers(2 * LENGTH, 4);

const run = (budget?: number): { solution: Solution; gradient: Gradients } => {
  const solution = solve(field, { ...options, adjoint: auto(budget === undefined ? {} : { budget }) });
  return { solution, gradient: solution.pullback(cotangent, { times: true }) };
};
/** The part of the leased block that is counted: what a solve that keeps a single state has beside it. */
const bare = kept(solve(field, { ...options, stepSize: 1, adjoint: auto({ budget: 1 }) })) - STATE;
/** What a solve keeps beside the leased block. */
const keptBy = (adjoint: ReturnType<typeof backprop>): number => kept(solve(field, { ...options, adjoint })) - bare;

describe("the choice", () => {
  const expected = solve(field, { ...options, adjoint: backprop() }).pullback(cotangent, { times: true });

  it("is backprop where everything fits, by default up to 256 MiB", () => {
    const everything = keptBy(backprop());
    expect(everything).toBeLessThan(2 ** 28);
    for (const budget of [everything, undefined, Number.POSITIVE_INFINITY]) {
      const { gradient } = run(budget);
      expect(gradient.stats.adjoint).toBe("backprop");
      expect(gradient.stats.evaluations).toBe(0);
      expect(disagreement(gradient, expected)).toBe(0);
    }
  });

  it("is symplectic where the states fit, checkpointed where they do not", () => {
    for (const [budget, name] of [
      [2 * STEPS * STATE, "symplectic"],
      [STEPS * STATE, "symplectic"],
      [STEPS * STATE - 1, "checkpointed"],
      [12.5 * STATE, "checkpointed"],
      [STATE, "checkpointed"],
      [1, "checkpointed"],
    ] as const) {
      const { gradient } = run(budget);
      expect(gradient.stats.adjoint).toBe(name);
      expect(disagreement(gradient, expected)).toBeLessThan(1e-14);
    }
  });

  it("costs what the chosen one costs", () => {
    const gradientWith = (adjoint: ReturnType<typeof backprop>) =>
      solve(field, { ...options, adjoint }).pullback(cotangent).stats;
    const chosen = (budget: number) =>
      solve(field, { ...options, adjoint: auto({ budget }) }).pullback(cotangent).stats;
    const { evaluations, vjps } = gradientWith(symplectic());
    expect(chosen(STEPS * STATE)).toMatchObject({ adjoint: "symplectic", evaluations, vjps });
    const known = gradientWith(checkpointed({ checkpoints: 20 }));
    expect(chosen(20.5 * STATE)).toMatchObject({
      adjoint: "checkpointed",
      evaluations: known.evaluations,
      vjps: known.vjps,
    });
  });

  it("keeps within the budget, and uses most of it", () => {
    for (const budget of [5 * STATE, 50 * STATE, 150 * STATE, 400 * STATE, 1000 * STATE]) {
      const { solution, gradient } = run(budget);
      expect(kept(solution) - bare).toBeLessThanOrEqual(budget);
      expect(kept(solution) - bare).toBeGreaterThan(0.4 * Math.min(budget, STEPS * STATE));
      expect(gradient.stats.peakBytes.checkpoints).toBeLessThanOrEqual(budget);
    }
  });
});

describe.each(byName)("%s", (_, solver) => {
  it.each(waysOf(solver))("equals backprop whatever the budget: %s", (_, ways) => {
    const expected = gradientOf(ways, backprop()).gradient;
    for (const budget of [50, 200, 8000, 2 ** 20]) {
      expect(disagreement(gradientOf(ways, auto({ budget })).gradient, expected)).toBeLessThan(1e-12);
    }
  });
});

describe("pullback", () => {
  it("may be called again, whichever was chosen", () => {
    for (const budget of [1e9, STEPS * STATE, 10 * STATE]) {
      const { solution, gradient } = run(budget);
      expect(disagreement(solution.pullback(cotangent, { times: true }), gradient)).toBe(0);
    }
  });

  it("works for reversible solvers, and from the start of a solve that took no step", () => {
    const ways = { ts: [0, 0.4, 1], solver: reversible(tsit5), stepSize: 0.01 };
    const expected = gradientOf(ways, backprop()).gradient;
    const names = [2 ** 20, 6000, 500].map((budget) => {
      const { gradient } = gradientOf(ways, auto({ budget }));
      expect(disagreement(gradient, expected)).toBeLessThan(1e-12);
      return gradient.stats.adjoint;
    });
    expect(names).toEqual(["backprop", "symplectic", "checkpointed"]);
    for (const adjoint of [auto(), auto({ budget: 1 }), symplectic(), checkpointed()]) {
      const signal = AbortSignal.abort();
      const solution = solve(FIELD, { y0: Y0, ts: [0, 1], solver: dopri5, adjoint, signal, onFailure: "return" });
      expect(solution.stats.accepted).toBe(0);
      expect([...solution.pullback([1, 2, 3]).y0]).toEqual([1, 2, 3]);
      expect(cotangentOf({ ts: [0, 1] }).length).toBe(2 * N);
    }
  });
});

it.each([0, -1, Number.NaN, "1"])("budget %s is refused", (budget) => {
  const failure = failureOf(() => auto({ budget: budget as number }));
  expect(failure.code).toBe("invalid");
  expect(failure.message).toContain("budget");
});
