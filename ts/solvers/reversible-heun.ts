// Reversible Heun (Kidger, Foster, Li & Lyons 2021, "Efficient and accurate gradients for neural SDEs"): order 2, one
// evaluation a step, undone by two. For comparison with `reversible`: it is stable for purely oscillating modes only.

import { Pair } from "./pair.ts";
import type { Solver } from "./runge-kutta.ts";
import { type Scheme, variable } from "./scheme.ts";

/**
 *   ŷ₁ = 2y − ŷ + h f(t, ŷ)      y₁ = y + h/2 (f(t, ŷ) + f(t + h, ŷ₁))
 *   ŷ = 2y₁ − ŷ₁ − h f(t + h, ŷ₁)   y = y₁ − h/2 (f(t, ŷ) + f(t + h, ŷ₁))
 * Their third variable, f at ŷ, is here "first same as last".
 */
function schemeOf(): Scheme {
  const [y, hat, turned] = [variable("y"), variable("ŷ"), variable("2y − ŷ")];
  const [y1, hat1, turned1] = [variable("y₁"), variable("ŷ₁"), variable("2y₁ − ŷ₁")];
  const [k1, k2] = [variable("k1"), variable("k2")];
  const one = (variable: typeof y, weight: number) => ({ variable, weight });
  return {
    start: [y, hat],
    end: [y1, hat1],
    operations: [
      { out: hat, terms: [], evaluate: { k: k1, c: 0 } },
      { out: turned, base: y, terms: [one(y, 1), one(hat, -1)], unit: true },
      { out: hat1, base: turned, terms: [one(k1, 1)] },
      { out: hat1, terms: [], evaluate: { k: k2, c: 1 } },
      { out: y1, base: y, terms: [one(k1, 1 / 2), one(k2, 1 / 2)] },
    ],
    error: [one(k1, -1 / 2), one(k2, 1 / 2)],
    fsal: { first: k1, last: k2 },
    pair: new Pair(1),
    // The parabola with these slopes at its ends.
    dense: {
      order: 2,
      operations: [],
      ks: [k1, k2],
      weights: [
        [1, -1 / 2],
        [0, 1 / 2],
      ],
    },
    inverse: {
      operations: [
        { out: hat1, terms: [], evaluate: { k: k2, c: 1 } },
        { out: turned1, base: y1, terms: [one(y1, 1), one(hat1, -1)], unit: true },
        { out: hat, base: turned1, terms: [one(k2, -1)], evaluate: { k: k1, c: 0 } },
        { out: y, base: y1, terms: [one(k1, -1 / 2), one(k2, -1 / 2)] },
      ],
      growth: 1,
    },
  };
}

/**
 * The reversible Heun method: order 2, 1 evaluation a step, adaptive, of two states that can be stepped back exactly (Kidger et
 * al. 2021, "Efficient and accurate gradients for neural SDEs").
 * For `reverse()` with fixed small steps of fields that damp little: unlike `reversible(solver)` nothing holds its two states together.
 */
export const reversibleHeun: Solver = {
  name: "reversibleHeun",
  papers: ["kidger2021sdes"],
  order: 2,
  errorOrder: 2,
  adaptive: true,
  interpolates: false,
  scheme: /* @__PURE__ */ schemeOf(),
};
