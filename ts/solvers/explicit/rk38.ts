// Kutta's 3/8 rule, order 4 (Kutta 1901); what torchdiffeq calls rk4.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

/**
 * Kutta's 3/8 rule: order 4, 4 evaluations a step, no error estimate, so `stepSize` or `grid` must be given (Kutta 1901);
 * what torchdiffeq calls rk4.
 * For fixed steps, with a smaller error constant than `rk4`.
 */
export const rk38: Solver = /* @__PURE__ */ rungeKutta({
  name: "rk38",
  papers: ["kutta1901"],
  order: 4,
  a: [[], [1 / 3], [-1 / 3, 1], [1, -1, 1]],
  b: [1 / 8, 3 / 8, 3 / 8, 1 / 8],
  c: [0, 1 / 3, 2 / 3, 1],
});
