// Every solver's coefficients against the order conditions. What orders they have in practice is in orders.test.ts.
import { describe, expect, it } from "vitest";
import { rungeKutta, type Solver, solve, type Tableau } from "../../ts/index.ts";
import { condition, density, treesOfOrder } from "./rooted-trees.ts";
import { adaptiveByName, byName, embeddedWeights } from "./solver-list.ts";

// Of what a condition sums: coefficients are published to 16 digits where they are not fractions.
const ROUNDING = 1e-14;
/** A condition that is violated at all is violated by much more than that. */
const VIOLATED = 1e-9;

const tableauOf = ({ tableau }: Solver): Tableau => tableau!;

/** The largest violation of an order's conditions, relative to what they sum. */
const violation = (order: number, { a }: Tableau, b: readonly number[]): number =>
  Math.max(
    ...treesOfOrder(order).map((tree) => {
      const { defect, size } = condition(tree, a, b);
      return Math.abs(defect) / size;
    }),
  );

describe("rooted trees", () => {
  it("are as many as combinatorics says (1, 1, 2, 4, 9, 20, 48), with densities from 1/γ of Butcher's table", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((order) => treesOfOrder(order).length)).toEqual([1, 1, 2, 4, 9, 20, 48]);
    const densities = treesOfOrder(4).map(density);
    expect(densities.sort((x, y) => x - y)).toEqual([4, 8, 12, 24]);
  });
});

describe.each(byName)("%s: coefficients", (_, solver) => {
  const tableau = tableauOf(solver);
  const { a, b, c } = tableau;

  it("is explicit: row i of a has i entries at most", () => {
    expect(b.length).toBe(c.length);
    expect(a.length).toBe(c.length);
    a.forEach((row, i) => expect(row.length).toBeLessThanOrEqual(i));
  });

  it("has row sums c", () => {
    a.forEach((row, i) => {
      const total = row.reduce((sum, aij) => sum + aij, 0);
      const size = row.reduce((sum, aij) => sum + Math.abs(aij), 1);
      expect(Math.abs(total - c[i]!) / size).toBeLessThan(ROUNDING);
    });
  });

  it(`satisfies every order condition up to ${solver.order}, and not all of ${solver.order + 1}`, () => {
    for (let order = 1; order <= solver.order; order++) expect(violation(order, tableau, b)).toBeLessThan(ROUNDING);
    expect(violation(solver.order + 1, tableau, b)).toBeGreaterThan(VIOLATED);
  });
});

describe.each(adaptiveByName)("%s: embedded solution", (_, solver) => {
  const tableau = tableauOf(solver);
  const embeddedOrder = tableau.embeddedOrder!;
  const weights = embeddedWeights(tableau);

  it("has error weights, and the lower order", () => {
    expect(tableau.error!.length).toBeLessThanOrEqual(tableau.b.length);
    expect(embeddedOrder).toBeGreaterThanOrEqual(1);
    expect(embeddedOrder).toBeLessThan(solver.order);
  });

  it(`satisfies every order condition up to ${embeddedOrder}, and not all of ${embeddedOrder + 1}`, () => {
    for (let order = 1; order <= embeddedOrder; order++) {
      expect(violation(order, tableau, weights)).toBeLessThan(ROUNDING);
    }
    expect(violation(embeddedOrder + 1, tableau, weights)).toBeGreaterThan(VIOLATED);
  });
});

const steadied = adaptiveByName.filter(([, { tableau }]) => tableau!.steadyingError);
const interpolating = byName.filter(([, { tableau }]) => tableau!.interpolant);

describe.each(steadied)("%s: second error estimate", (_, solver) => {
  it("has an order of its own, below the first one's", () => {
    const tableau = tableauOf(solver);
    const weights = tableau.b.map((bi, i) => bi - (tableau.steadyingError![i] ?? 0));
    for (let order = 1; order <= 3; order++) expect(violation(order, tableau, weights)).toBeLessThan(ROUNDING);
    expect(violation(4, tableau, weights)).toBeGreaterThan(VIOLATED);
  });
});

describe.each(interpolating)("%s: continuous extension", (_, solver) => {
  const { a, b, interpolant } = tableauOf(solver);
  const { order, stages = [], weights } = interpolant!;
  const extended = { ...tableauOf(solver), a: [...a, ...stages.map((stage) => stage.a)] };
  const weightsAt = (s: number): number[] => weights.map((row) => row.reduce((sum, w, p) => sum + w * s ** (p + 1), 0));

  it("has extra stages whose row sums are their c", () => {
    for (const stage of stages) {
      const size = stage.a.reduce((sum, value) => sum + Math.abs(value), 1);
      expect(Math.abs(stage.a.reduce((sum, value) => sum + value, 0) - stage.c) / size).toBeLessThan(ROUNDING);
    }
  });

  it("starts at 0 and ends at b", () => {
    expect(weights).toHaveLength(b.length + stages.length);
    weightsAt(1).forEach((weight, i) => expect(Math.abs(weight - (b[i] ?? 0))).toBeLessThan(1e-12));
  });

  it(`satisfies every order condition up to ${order} in between: Φ(s) = s^|τ|/γ`, () => {
    for (const s of [0.1, 0.37, 0.5, 0.81]) {
      // Weights wᵢ(s)/s over stages a/s are a method for the step s h.
      const shrunk = { ...extended, a: extended.a.map((row) => row.map((aij) => aij / s)) };
      const scaled = weightsAt(s).map((weight) => weight / s);
      for (let p = 1; p < order; p++) expect(violation(p, shrunk, scaled)).toBeLessThan(100 * ROUNDING);
      // vern7's extra stages are published to 10 digits.
      expect(violation(order, shrunk, scaled)).toBeLessThan(solver.name === "vern7" ? 1e-7 : 100 * ROUNDING);
    }
  });
});

describe("a solver from one's own coefficients", () => {
  it("may advance with weights that sum to anything: one step is y + h Σ bᵢ kᵢ", () => {
    const odd = rungeKutta({ name: "odd", order: 1, a: [[], [0.5]], b: [0.25, 2], c: [0, 0.125] });
    const { ys } = solve(
      (t, y, dy) => {
        dy[0] = t + 3 * y[0]!;
      },
      {
        y0: [2],
        ts: [1, 1.5],
        solver: odd,
        stepSize: 1,
      },
    );
    const k1 = 1 + 3 * 2;
    const k2 = 1 + 0.125 * 0.5 + 3 * (2 + 0.5 * 0.5 * k1);
    expect(ys[1]).toBeCloseTo(2 + 0.5 * (0.25 * k1 + 2 * k2), 14);
  });
});
