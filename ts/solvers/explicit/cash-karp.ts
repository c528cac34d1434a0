// Cash–Karp 5(4) (Cash & Karp 1990, ACM TOMS 16).
import { rungeKutta, type Solver } from "../runge-kutta.ts";

/**
 * Cash–Karp 5(4): order 5, 6 evaluations a step, adaptive (Cash & Karp 1990).
 * To compare with other programs; `tsit5` takes the same work for a smaller error.
 */
export const cashKarp: Solver = /* @__PURE__ */ rungeKutta({
  name: "cashKarp",
  papers: ["cash1990"],
  order: 5,
  embeddedOrder: 4,
  a: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [3 / 10, -9 / 10, 6 / 5],
    [-11 / 54, 5 / 2, -70 / 27, 35 / 27],
    [1631 / 55296, 175 / 512, 575 / 13824, 44275 / 110592, 253 / 4096],
  ],
  b: [37 / 378, 0, 250 / 621, 125 / 594, 0, 512 / 1771],
  c: [0, 1 / 5, 3 / 10, 3 / 5, 1, 7 / 8],
  error: [
    37 / 378 - 2825 / 27648,
    0,
    250 / 621 - 18575 / 48384,
    125 / 594 - 13525 / 55296,
    -277 / 14336,
    512 / 1771 - 1 / 4,
  ],
});
