// The explicit midpoint rule, order 2 (b₁ = 0), with Euler embedded.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

/**
 * The explicit midpoint rule: order 2, 2 evaluations a step, adaptive with Euler embedded (Runge 1895).
 * For low accuracy with fixed steps; else `bosh3` or `tsit5`.
 */
export const midpoint: Solver = /* @__PURE__ */ rungeKutta({
  name: "midpoint",
  papers: ["runge1895"],
  order: 2,
  embeddedOrder: 1,
  a: [[], [1 / 2]],
  b: [0, 1],
  c: [0, 1 / 2],
  error: [-1, 1],
});
