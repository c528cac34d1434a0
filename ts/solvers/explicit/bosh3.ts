// Bogacki–Shampine 3(2), first same as last (Bogacki & Shampine 1989); its free continuous extension is the
// cubic Hermite interpolant.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

/**
 * Bogacki–Shampine 3(2): order 3, 3 evaluations a step, adaptive, with a free continuous extension of order 3 (Bogacki & Shampine
 * 1989).
 * For tolerances of 1e-3 and looser, and for fields that are only once differentiable.
 */
export const bosh3: Solver = /* @__PURE__ */ rungeKutta({
  name: "bosh3",
  papers: ["bogacki1989"],
  order: 3,
  embeddedOrder: 2,
  a: [[], [1 / 2], [0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]],
  b: [2 / 9, 1 / 3, 4 / 9, 0],
  c: [0, 1 / 2, 3 / 4, 1],
  error: [2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8],
  interpolant: {
    order: 3,
    weights: [
      [1, -4 / 3, 5 / 9],
      [0, 1, -2 / 3],
      [0, 4 / 3, -8 / 9],
      [0, -1, 1],
    ],
  },
});
