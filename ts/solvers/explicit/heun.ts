// Heun's method with Euler embedded, 2(1): torchdiffeq's adaptive_heun.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

/**
 * Heun's method 2(1): order 2, 2 evaluations a step, adaptive (Heun 1900); torchdiffeq's adaptive_heun.
 * For rough answers (rtol ≥ 1e-2) of fields that are not smooth; else `bosh3` or `tsit5` need fewer evaluations.
 */
export const heun: Solver = /* @__PURE__ */ rungeKutta({
  name: "heun",
  papers: ["heun1900"],
  order: 2,
  embeddedOrder: 1,
  a: [[], [1]],
  b: [1 / 2, 1 / 2],
  c: [0, 1],
  error: [-1 / 2, 1 / 2],
});
