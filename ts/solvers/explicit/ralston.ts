// Ralston's second-order method, the one with the least error bound (Ralston 1962), with Euler embedded.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

/**
 * Ralston's method: order 2 with the least error bound, 2 evaluations a step, adaptive (Ralston 1962).
 * For low accuracy; else `bosh3` or `tsit5`.
 */
export const ralston: Solver = /* @__PURE__ */ rungeKutta({
  name: "ralston",
  papers: ["ralston1962"],
  order: 2,
  embeddedOrder: 1,
  a: [[], [2 / 3]],
  b: [1 / 4, 3 / 4],
  c: [0, 2 / 3],
  error: [-3 / 4, 3 / 4],
});
