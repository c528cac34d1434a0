// Euler's method, order 1.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

/**
 * Euler's method: order 1, 1 evaluation a step, no error estimate, so `stepSize` or `grid` must be given (Euler 1768).
 * To compare with, and where the steps themselves are the model, as in residual networks.
 */
export const euler: Solver = /* @__PURE__ */ rungeKutta({
  name: "euler",
  papers: ["euler1768"],
  order: 1,
  a: [[]],
  b: [1],
  c: [0],
});
