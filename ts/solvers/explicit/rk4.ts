// The classical fourth-order Runge–Kutta method (Kutta 1901).
import { rungeKutta, type Solver } from "../runge-kutta.ts";

/**
 * The classical Runge–Kutta method: order 4, 4 evaluations a step, no error estimate, so `stepSize` or `grid` must be given
 * (Kutta 1901).
 * For fixed steps, as in games and to compare with other programs.
 */
export const rk4: Solver = /* @__PURE__ */ rungeKutta({
  name: "rk4",
  papers: ["kutta1901"],
  order: 4,
  a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
  b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
  c: [0, 1 / 2, 1 / 2, 1],
});
