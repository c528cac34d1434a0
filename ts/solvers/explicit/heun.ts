// Heun's method with Euler embedded, 2(1): torchdiffeq's adaptive_heun.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

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
