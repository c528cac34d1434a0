// Tsitouras 5(4), first same as last, with his free continuous extension of order 4 (Tsitouras 2011, Computers &
// Mathematics with Applications 62).
import { rungeKutta, type Solver } from "../runge-kutta.ts";

const b = [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774];

/**
 * Tsitouras 5(4), the default: order 5, 6 evaluations a step, adaptive, with a free continuous extension of order 4
 * (Tsitouras 2011). The default of diffrax and of DifferentialEquations.jl for non-stiff problems.
 * For tolerances from 1e-3 to 1e-8: start with it.
 */
export const tsit5: Solver = /* @__PURE__ */ rungeKutta({
  name: "tsit5",
  papers: ["tsitouras2011"],
  order: 5,
  embeddedOrder: 4,
  a: [
    [],
    [0.161],
    [-0.008480655492356989, 0.335480655492357],
    [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
    [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
    [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
    b,
  ],
  b: [...b, 0],
  c: [0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1],
  error: [
    0.00178001105222577714,
    0.0008164344596567469,
    -0.007880878010261995,
    0.1447110071732629,
    -0.5823571654525552,
    0.45808210592918697,
    -1 / 66,
  ],
  interpolant: {
    order: 4,
    weights: [
      [1, -2.763706197274826, 2.9132554618219126, -1.0530884977290216],
      [0, 0.1317, -0.2234, 0.1017],
      [0, 3.9302962368947516, -5.941033872131505, 2.490627285651253],
      [0, -12.411077166933676, 30.33818863028232, -16.548102889244902],
      [0, 37.50931341651104, -88.1789048947664, 47.37952196281928],
      [0, -27.896526289197286, 65.09189467479366, -34.87065786149661],
      [0, 1.5, -4, 2.5],
    ],
  },
});
