// Euler's method, order 1.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

export const euler: Solver = /* @__PURE__ */ rungeKutta({
  name: "euler",
  papers: ["euler1768"],
  order: 1,
  a: [[]],
  b: [1],
  c: [0],
});
