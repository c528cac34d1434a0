// Fehlberg 4(5) in local extrapolation: the fifth-order solution is advanced (Fehlberg 1969).
import { rungeKutta, type Solver } from "../runge-kutta.ts";

/**
 * Fehlberg 4(5), advanced with the fifth order: 6 evaluations a step, adaptive (Fehlberg 1969).
 * To compare with other programs; `tsit5` takes the same work for a smaller error.
 */
export const fehlberg45: Solver = /* @__PURE__ */ rungeKutta({
  name: "fehlberg45",
  papers: ["fehlberg1969"],
  order: 5,
  embeddedOrder: 4,
  a: [
    [],
    [1 / 4],
    [3 / 32, 9 / 32],
    [1932 / 2197, -7200 / 2197, 7296 / 2197],
    [439 / 216, -8, 3680 / 513, -845 / 4104],
    [-8 / 27, 2, -3544 / 2565, 1859 / 4104, -11 / 40],
  ],
  b: [16 / 135, 0, 6656 / 12825, 28561 / 56430, -9 / 50, 2 / 55],
  c: [0, 1 / 4, 3 / 8, 12 / 13, 1, 1 / 2],
  error: [1 / 360, 0, -128 / 4275, -2197 / 75240, 1 / 50, 2 / 55],
});
