// Stiff problems with reference values: Radau IIA of order 13 in quadruple precision (n ≤ 20) or 80-bit numbers, on two grids;
// they agree with the published values of the test set for IVP solvers to all its digits. With them: errors and counts of a
// Rodas5P written in C++ with exact Jacobians, at the time `end`. Errors are max |yᵢ − refᵢ| / |refᵢ|.
import references from "./references.json" with { type: "json" };

type F = (t: number, y: Float64Array, dy: Float64Array) => void;

export interface StiffProblem {
  readonly f: F;
  readonly y0: number[];
  readonly end: number;
  readonly stepTimes?: number[];
  /** Where its Jacobian has entries. */
  readonly band?: { lower: number; upper: number };
  /** atol = rtol × this. */
  readonly atolOfRtol: number;
  readonly measured: readonly { rtol: number; error: number; accepted: number; f: number }[];
  /** Of the state at `end`. */
  readonly error: (y: ArrayLike<number>) => number;
}

interface Reference {
  readonly t: number;
  readonly components: number[];
  readonly values: number[];
  readonly atolOfRtol: number;
  readonly rodas5P: StiffProblem["measured"];
}

const FIVE_DIAGONALS = { lower: 2, upper: 2 };

function problem(
  name: keyof typeof references,
  f: F,
  y0: number[],
  more: Pick<StiffProblem, "stepTimes" | "band"> = {},
): StiffProblem {
  const { t, components, values, atolOfRtol, rodas5P } = references[name] as Reference;
  return {
    f,
    y0,
    end: t,
    ...more,
    atolOfRtol,
    measured: rodas5P,
    error: (y) => Math.max(...values.map((value, i) => Math.abs(y[components[i]!]! - value) / Math.abs(value))),
  };
}

export const robertson: StiffProblem = problem(
  "robertson",
  (_t, y, dy) => {
    const [a, b, c] = [0.04 * y[0]!, 1e4 * y[1]! * y[2]!, 3e7 * y[1]! * y[1]!];
    dy[0] = b - a;
    dy[1] = a - b - c;
    dy[2] = c;
  },
  [1, 0, 0],
);

export const hires: StiffProblem = problem(
  "hires",
  (_t, y, dy) => {
    const [y1, y2, y3, y4, y5, y6, y7, y8] = y as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    dy[0] = -1.71 * y1 + 0.43 * y2 + 8.32 * y3 + 0.0007;
    dy[1] = 1.71 * y1 - 8.75 * y2;
    dy[2] = -10.03 * y3 + 0.43 * y4 + 0.035 * y5;
    dy[3] = 8.32 * y2 + 1.71 * y3 - 1.12 * y4;
    dy[4] = -1.745 * y5 + 0.43 * y6 + 0.43 * y7;
    dy[5] = -280 * y6 * y8 + 0.69 * y4 + 1.71 * y5 - 0.43 * y6 + 0.69 * y7;
    dy[6] = 280 * y6 * y8 - 1.81 * y7;
    dy[7] = -280 * y6 * y8 + 1.81 * y7;
  },
  [1, 0, 0, 0, 0, 0, 0, 0.0057],
);

/** Van der Pol's oscillator with ε = 1e-6. */
export const vanDerPol: StiffProblem = problem(
  "vdp1e6",
  (_t, y, dy) => {
    dy[0] = y[1]!;
    dy[1] = ((1 - y[0]! * y[0]!) * y[1]! - y[0]!) / 1e-6;
  },
  [2, 0],
);

const POLLU_RATES = [
  0.35, 26.6, 12300, 8.6e-4, 8.2e-4, 15000, 1.3e-4, 24000, 16500, 9000, 0.022, 12000, 1.88, 16300, 4.8e6, 3.5e-4,
  0.0175, 1e8, 4.44e11, 1240, 2.1, 5.78, 0.0474, 1780, 3.12,
];
/** Which states (from 1) the rate of each of the 25 reactions is proportional to. */
const POLLU_FACTORS = [
  [1], [2, 4], [5, 2], [7], [7], [7, 6], [9], [9, 6], [11, 2], [11, 1], [13], [10, 2], [14], [1, 6], [3], [4], [4], [16],
  [16], [17, 6], [19], [19], [1, 4], [19, 1], [20],
]; // biome-ignore format: a table
/** Which reactions (from 1, negative where they consume) change each of the 20 states. */
const POLLU_CHANGES = [
  [-1, -10, -14, -23, -24, 2, 3, 9, 11, 12, 22, 25], [-2, -3, -9, -12, 1, 21], [-15, 1, 17, 19, 22],
  [-2, -16, -17, -23, 15], [-3, 4, 4, 6, 7, 13, 20], [-6, -8, -14, -20, 3, 18, 18], [-4, -5, -6, 13], [4, 5, 6, 7],
  [-7, -8], [-12, 7, 9], [-9, -10, 8, 11], [9], [-11, 10], [-13, 12], [14], [-18, -19, 16], [-20], [20],
  [-21, -22, -24, 23, 25], [-25, 24],
]; // biome-ignore format: a table

/** Air pollution: 25 reactions of 20 substances. */
export const pollu: StiffProblem = problem(
  "pollu",
  (_t, y, dy) => {
    const rates = POLLU_RATES.map((k, i) => POLLU_FACTORS[i]!.reduce((rate, j) => rate * y[j - 1]!, k));
    for (let i = 0; i < 20; i++) {
      dy[i] = POLLU_CHANGES[i]!.reduce((sum, r) => sum + Math.sign(r) * rates[Math.abs(r) - 1]!, 0);
    }
  },
  Array.from({ length: 20 }, (_, i) => ({ 1: 0.2, 3: 0.04, 6: 0.1, 7: 0.3, 8: 0.01, 16: 0.007 })[i] ?? 0),
);

/** The Brusselator with diffusion on 200 points, its two substances in turns: a Jacobian of five diagonals. */
export const brusselator: StiffProblem = problem(
  "bruss1d-200",
  (_t, y, dy) => {
    const spread = 201 ** 2 / 50;
    for (let i = 0; i < 400; i += 2) {
      const [u, v] = [y[i]!, y[i + 1]!];
      const reaction = u * u * v;
      dy[i] = 1 + reaction - 4 * u + spread * ((i > 0 ? y[i - 2]! : 1) - 2 * u + (i < 398 ? y[i + 2]! : 1));
      dy[i + 1] = 3 * u - reaction + spread * ((i > 0 ? y[i - 1]! : 3) - 2 * v + (i < 398 ? y[i + 3]! : 3));
    }
  },
  Array.from({ length: 400 }, (_, i) => (i % 2 ? 3 : 1 + Math.sin((2 * Math.PI * (i / 2 + 1)) / 201))),
  { band: FIVE_DIAGONALS },
);

/** Medical Akzo Nobel: a front that enters a tissue; what flows in at its side stops at t = 5. */
export const medicalAkzo: StiffProblem = problem(
  "medakzo",
  (t, y, dy) => {
    const inflow = t <= 5 ? 2 : 0;
    for (let j = 1; j <= 200; j++) {
      const x = j / 200 - 1;
      const [alpha, beta] = [(2 * x ** 3) / 16, x ** 4 / 16];
      const [u, v] = [y[2 * j - 2]!, y[2 * j - 1]!];
      const left = j > 1 ? y[2 * j - 4]! : inflow;
      const right = j < 200 ? y[2 * j]! : u;
      dy[2 * j - 2] = alpha * (right - left) * 100 + beta * (left - 2 * u + right) * 40000 - 100 * u * v;
      dy[2 * j - 1] = -100 * u * v;
    }
  },
  Array.from({ length: 400 }, (_, i) => i % 2),
  { stepTimes: [5], band: FIVE_DIAGONALS },
);
