// Stabilized 6(5), first same as last: for parabolic equations that were discretised in space, whose fastest modes bound the
// steps of an explicit method long before accuracy does. Ten evaluations a step are stable for eigenvalues down to −13.0/h,
// 1.3 an evaluation where dopri5 has 0.55 and rk4 0.7.
//
// odegrad's own: a numerical solution of the conditions of order 6(5), of Σ aᵢⱼ cⱼ = cᵢ²/2 from the third stage on, and of a
// stability polynomial that is damped along the negative real axis and follows eᶻ closely on the imaginary one; with the
// freedom left, the principal error was made small, and the defects of the higher stage orders summed along that axis, so
// that little order is lost to stiff modes; then as many coefficients as could be were made zero.
//
// The continuous extension bootstraps (Hairer, Nørsett, Wanner, Solving ODEs I, II.6): order 4 from the step's own derivatives
// gives the field at 1/5 and 5/6 of the step, and the quintic through y, y₁ and the derivatives at 0, 1/5, 5/6 and 1 has order 5.
import { rungeKutta, type Solver } from "../runge-kutta.ts";

const b = [
  0.05671057754589478, 0, 0.3046071232614014, 0.08864993390022992, 0.16816902724245403, -0.05373079285037857,
  0.14895909583652486, 0.1262922564695024, 0.30101842540354895, -0.14067564680917774,
];

/** The quintic in s that is 1 at 1 and has slope 0 at 0, 1/5, 5/6 and 1. */
const rise = [0, -10, 48, -61, 24];
/** The quintics that are 0 at 1 and have slope 1 at one of 0, 1, 1/5, 5/6 and 0 at the others, by the stage that is there. */
const slopes: Readonly<Record<number, readonly number[]>> = {
  0: [1, -59 / 15, 17 / 3, -53 / 15, 4 / 5],
  10: [0, -5 / 24, 17 / 12, -77 / 24, 2],
  11: [0, 4375 / 456, -7375 / 228, 16375 / 456, -250 / 19],
  12: [0, 432 / 95, -432 / 19, 3024 / 95, -1296 / 95],
};

/**
 * Stabilized 6(5), odegrad's own: order 6, 10 evaluations a step, adaptive, with a continuous extension of order 5 that takes 2
 * more where it is used. Stable for eigenvalues down to −13.0/h, 1.3 an evaluation where `dopri5` has 0.55.
 * For parabolic equations discretised in space, and other mildly stiff problems whose fast modes are real and negative.
 */
export const stabilized6: Solver = /* @__PURE__ */ rungeKutta({
  name: "stabilized6",
  papers: ["odegrad"],
  order: 6,
  embeddedOrder: 5,
  a: [
    [],
    [0.09117442132172826],
    [0, 0.18234884264345644],
    [0.1191477398590681, -0.16461597141860676, 0.3685854206039167],
    [0.10118995651916088, 0.006061234643597164, 0, 0.4061304721216828],
    [-0.2804254668316434, 0.8973657640494979, -0.5653010034457009, 0.1543425946431773, -0.023171268859077294],
    [0, 0.13515689828844382, 0.5578856210407964, 0, 0.3106548043667087, -0.35880346227553145],
    [0, -0.10996358059127413, 0.6501665528450642, 0, -0.26860381161500363, 0, 0.45607629081751316],
    [0.09619118022908973, 0, 0, 0, 0.31578517041400933, 0.15957000596910892, 0.1300433242228386, 0.26848932991388125],
    [
      0.10585825541127554, 0, -0.14785845544601528, 0, 0.1906535424297696, 0.2736415776871097, 0.31169610552445454,
      0.33003405105142547, -0.06402507665801968,
    ],
    b,
  ],
  b: [...b, 0],
  c: [
    0, 0.09117442132172826, 0.18234884264345644, 0.32311718904437803, 0.5133816632844408, 0.18281061955625358,
    0.6448938614204175, 0.7276754514562996, 0.9700790107489279, 1, 1,
  ],
  error: [
    -0.010909191998374002, 0, 0.09536849114626579, -0.10096575993657543, 0.08059985891221326, -0.03257710883504078,
    -0.034297938114910616, 0.005731535816587487, -0.023665968960359614, 0.011625522663278433, 0.009090559306915469,
  ],
  interpolant: {
    order: 5,
    stages: [
      {
        c: 1 / 5,
        a: [
          0.077215181782551, 0, 0.1370912705754049, 0.04933379959786433, -0.06064438434494001, -0.025399639513742165,
          0.030837702854076023, -0.019234689351860502, 0.06193601539258325, -0.036208796959097705,
          -0.014926460032841479,
        ],
      },
      {
        c: 5 / 6,
        a: [
          0.0697893196719488, 0, 0.19068907666748688, 0.19510511686422619, 0.11746179572033914, -0.01213054510288523,
          0.13985463575535104, 0.10351845987004053, 0.10833126889926811, -0.03949080371380268, -0.03979499129864074,
        ],
      },
    ],
    weights: [...b, 0, 0, 0].map((bi, i) => rise.map((power, p) => bi * power + (slopes[i]?.[p] ?? 0))),
  },
});
