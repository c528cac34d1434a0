// The explicit midpoint rule, order 2 (b₁ = 0), with Euler embedded.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

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
