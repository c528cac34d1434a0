// Explicit and effectively symmetric methods of order 2 (Shmelev & Salvi 2025, arXiv:2509.20599): a step of −h undoes a step
// of h but for O(h⁶) with EES(2,5) and O(h⁸) with EES(2,7). So `reverse()` goes back along them without a second state, and
// there is no pair that could come apart: on damped problems they are stable as far as the tableau is, hα > −3.1 and −3.9.
import { rungeKutta, type Solver, type Tableau } from "./runge-kutta.ts";
import { type Operation, type Scheme, terms, variable } from "./scheme.ts";

/**
 * The scheme with a way back: the method's own step of −h from the end, then the step's stages from the state that it leads
 * to. The derivatives of the step back lie in the places of the step's own until these are evaluated.
 */
function withInverse({ a, b, c }: Tableau, scheme: Scheme): Scheme {
  const [y, end] = [scheme.start[0]!, scheme.end[0]!];
  const ks = scheme.operations.flatMap(({ evaluate }) => (evaluate ? [evaluate.k] : []));
  const negative = (weights: readonly number[]): number[] => weights.map((weight) => -weight);
  const back = ks.map(
    (k, i): Operation => ({
      out: i === 0 ? end : variable(`back${i + 1}`),
      ...(i > 0 && { base: end }),
      terms: terms(ks, negative(a[i]!)),
      evaluate: { k, c: 1 - c[i]! },
    }),
  );
  const forth = scheme.operations.filter(({ evaluate }) => evaluate);
  const operations = [...back, { out: y, base: end, terms: terms(ks, negative(b)) }, ...forth];
  return { ...scheme, inverse: { operations, growth: 1 } };
}

function effectivelySymmetric(tableau: Tableau): Solver {
  const solver = rungeKutta(tableau);
  return { ...solver, scheme: withInverse(tableau, solver.scheme) };
}

/**
 * EES(2,5) at their x = 1/10: order 2, 3 evaluations a step, adaptive with Euler embedded; a step of −h undoes a step but for
 * O(h⁶) (Shmelev & Salvi 2025).
 * For `reverse()` with one state, in fixed steps on damped problems.
 */
export const ees25: Solver = /* @__PURE__ */ effectivelySymmetric({
  name: "ees25",
  papers: ["shmelev2025"],
  order: 2,
  embeddedOrder: 1,
  a: [[], [1 / 3], [-5 / 48, 15 / 16]],
  b: [1 / 10, 1 / 2, 2 / 5],
  c: [0, 1 / 3, 5 / 6],
  error: [-9 / 10, 1 / 2, 2 / 5],
});

const s = Math.SQRT2;
const b27 = [(5 - 3 * s) / 14, (3 + s) / 14, (3 * (2 * s - 1)) / 14, (9 - 4 * s) / 14];

/**
 * EES(2,7): order 2, 4 evaluations a step, adaptive with Euler embedded; a step of −h undoes a step but for O(h⁸) (Shmelev &
 * Salvi 2025).
 * For `reverse()` where `ees25` does not come back closely enough.
 */
export const ees27: Solver = /* @__PURE__ */ effectivelySymmetric({
  name: "ees27",
  papers: ["shmelev2025"],
  order: 2,
  embeddedOrder: 1,
  a: [
    [],
    [(2 - s) / 3],
    [(s - 4) / 24, (4 + s) / 8],
    [(145 * s - 176) / 168, (3 * (8 - 5 * s)) / 56, (3 * (3 - s)) / 7],
  ],
  b: b27,
  c: [0, (2 - s) / 3, (2 + s) / 6, (4 + s) / 6],
  error: [b27[0]! - 1, b27[1]!, b27[2]!, b27[3]!],
});
