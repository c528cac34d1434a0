// dopri5 written out for one problem: no loops over stages or components, every number in a local variable, the PI
// controller, error norm, first step and landing of odegrad's defaults. What one would write by hand where nothing but speed
// counts; the text is put together here so that the problems and the two ways to meet the field differ in nothing else.

/** The last state, and how many steps were tried and accepted. */
export interface Result {
  readonly y: readonly number[];
  readonly steps: number;
  readonly accepted: number;
}

export type FieldFunction = (t: number, y: Float64Array, dy: Float64Array) => void;

export type Unrolled = (
  f: FieldFunction,
  start: readonly number[],
  t0: number,
  t1: number,
  rtol: number,
  atol: number,
) => Result;

const A = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
const C = [1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const E = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

/**
 * The source of `Unrolled` for n components. `inline` writes the field into the stages, from JavaScript for its n
 * derivatives in terms of x0, x1, …; without it the stages call f on typed arrays.
 */
export function unrolledSource(n: number, inline?: readonly string[]): string {
  const each = (text: (i: number) => string, separator = " "): string =>
    Array.from({ length: n }, (_, i) => text(i)).join(separator);
  const sum = (weights: readonly number[], i: number): string =>
    weights.flatMap((weight, j) => (weight === 0 ? [] : [`${weight} * k${j}_${i}`])).join(" + ");
  const evaluate = (t: string, k: string): string =>
    inline
      ? each((i) => `${k}_${i} = ${inline[i]};`)
      : `${each((i) => `X[${i}] = x${i};`)} f(${t}, X, K); ${each((i) => `${k}_${i} = K[${i}];`)}`;
  const norm = (value: (i: number) => string): string =>
    `Math.sqrt((${each((i) => `(${value(i)}) ** 2`, " + ")}) / ${n})`;
  const stages = A.map(
    (weights, s) => `
    ${each((i) => `x${i} = y${i} + h * (${sum(weights, i)});`)}
    ${evaluate(`t + ${C[s]} * h`, `k${s + 1}`)}`,
  );
  return `
  const X = new Float64Array(${n}), K = new Float64Array(${n});
  let ${each((i) => `y${i} = start[${i}], x${i} = y${i}`, ", ")};
  let ${Array.from({ length: 7 }, (_, s) => each((i) => `k${s}_${i} = 0`, ", ")).join(", ")};
  let t = t0, steps = 0, accepted = 0, last = 0;
  ${evaluate("t", "k0")}
  ${each((i) => `const s${i} = atol + rtol * Math.abs(y${i});`)}
  const d0 = ${norm((i) => `y${i} / s${i}`)}, d1 = ${norm((i) => `k0_${i} / s${i}`)};
  const h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1;
  ${each((i) => `x${i} = y${i} + h0 * k0_${i};`)}
  ${evaluate("t + h0", "k1")}
  const d2 = ${norm((i) => `(k1_${i} - k0_${i}) / s${i}`)} / h0;
  const d = Math.max(d1, d2);
  let size = Math.min(100 * h0, d <= 1e-15 ? Math.max(1e-6, h0 * 1e-3) : Math.pow(0.01 / d, 1 / 5));
  while (t < t1) {
    const lands = size >= (t1 - t) * (1 - 1e-12);
    const end = lands ? t1 : t + size;
    const h = end - t;
    steps++;
    ${stages.join("\n")}
    ${each((i) => `const e${i} = h * (${sum(E, i)}) / (atol + rtol * Math.max(Math.abs(y${i}), Math.abs(x${i})));`)}
    const square = (${each((i) => `e${i} * e${i}`, " + ")}) * ${1 / n};
    const inverse = -0.5 * Math.log(square);
    const factor = 0.9 * Math.exp(${0.7 / 5} * inverse - ${0.4 / 5} * last);
    if (square <= 1) {
      accepted++;
      last = inverse;
      t = end;
      ${each((i) => `y${i} = x${i}; k0_${i} = k6_${i};`)}
      size = h * Math.min(10, Math.max(0.9, factor));
    } else {
      size = h * Math.min(0.9, Math.max(0.2, factor));
    }
  }
  return { y: [${each((i) => `y${i}`, ", ")}], steps, accepted };`;
}

/** The source as a function of its own, which engines optimise for its one field. */
export const unrolled = (n: number, inline?: readonly string[]): Unrolled =>
  new Function("f", "start", "t0", "t1", "rtol", "atol", unrolledSource(n, inline)) as Unrolled;
