// The initial value problems; bench/native/problems.hpp has the same ones. Fields stand alone, because every contestant
// gets a copy of its own (copyOf): otherwise one contestant's kind of arrays would slow down another's.

export type Field = (t: number, y: ArrayLike<number>, dy: { [index: number]: number }) => void;

export interface Problem {
  readonly name: string;
  readonly title: string;
  readonly y0: readonly number[];
  readonly start: number;
  readonly end: number;
  readonly field: Field;
}

const lorenz: Field = (_t, y, dy) => {
  const a = y[0]!;
  const b = y[1]!;
  const c = y[2]!;
  dy[0] = 10 * (b - a);
  dy[1] = a * (28 - c) - b;
  dy[2] = a * b - (8 / 3) * c;
};

const lotkaVolterra: Field = (_t, y, dy) => {
  const a = y[0]!;
  const b = y[1]!;
  dy[0] = 1.5 * a - a * b;
  dy[1] = a * b - 3 * b;
};

// Three functions, because copies of one text cannot carry a parameter.
const vanDerPol1: Field = (_t, y, dy) => {
  dy[0] = y[1]!;
  dy[1] = (1 - y[0]! * y[0]!) * y[1]! - y[0]!;
};
const vanDerPol10: Field = (_t, y, dy) => {
  dy[0] = y[1]!;
  dy[1] = 10 * (1 - y[0]! * y[0]!) * y[1]! - y[0]!;
};
const vanDerPol100: Field = (_t, y, dy) => {
  dy[0] = y[1]!;
  dy[1] = 100 * (1 - y[0]! * y[0]!) * y[1]! - y[0]!;
};

/** The restricted three-body problem (Hairer, Nørsett, Wanner, Solving ODEs I, II.0). */
const arenstorf: Field = (_t, y, dy) => {
  const mu = 0.012277471;
  const nu = 1 - mu;
  const a = y[0]! + mu;
  const b = y[0]! - nu;
  const square = y[1]! * y[1]!;
  const d1 = a * a + square;
  const d2 = b * b + square;
  const e1 = nu / (d1 * Math.sqrt(d1));
  const e2 = mu / (d2 * Math.sqrt(d2));
  dy[0] = y[2]!;
  dy[1] = y[3]!;
  dy[2] = y[0]! + 2 * y[3]! - e1 * a - e2 * b;
  dy[3] = y[1]! - 2 * y[2]! - (e1 + e2) * y[1]!;
};

/** Seven stars in a plane, masses 1 … 7 (Hairer, Nørsett, Wanner, Solving ODEs I, II.10). */
const pleiades: Field = (_t, y, dy) => {
  for (let i = 0; i < 14; i++) {
    dy[i] = y[14 + i]!;
    dy[14 + i] = 0;
  }
  for (let i = 1; i < 7; i++) {
    for (let j = 0; j < i; j++) {
      const dx = y[j]! - y[i]!;
      const dz = y[7 + j]! - y[7 + i]!;
      const square = dx * dx + dz * dz;
      const inverse = 1 / (square * Math.sqrt(square));
      const px = dx * inverse;
      const pz = dz * inverse;
      dy[14 + i]! += (j + 1) * px;
      dy[21 + i]! += (j + 1) * pz;
      dy[14 + j]! -= (i + 1) * px;
      dy[21 + j]! -= (i + 1) * pz;
    }
  }
};

/** The Brusselator with diffusion on 500 cells, u and v in turns, ends held at 1 and 3. */
const brusselator: Field = (_t, y, dy) => {
  // Each number is read once, and three cells a turn take the parts left, middle and right in turns, so that none is moved.
  let ul = 1;
  let vl = 3;
  let u = y[0]!;
  let v = y[1]!;
  let ur = 0;
  let vr = 0;
  let uuv = 0;
  for (let i = 0; i < 996; i += 6) {
    ur = y[i + 2]!;
    vr = y[i + 3]!;
    uuv = u * u * v;
    dy[i] = 1 + uuv - 24 * u + 10 * (ul + ur);
    dy[i + 1] = 3 * u - uuv - 20 * v + 10 * (vl + vr);
    ul = y[i + 4]!;
    vl = y[i + 5]!;
    uuv = ur * ur * vr;
    dy[i + 2] = 1 + uuv - 24 * ur + 10 * (u + ul);
    dy[i + 3] = 3 * ur - uuv - 20 * vr + 10 * (v + vl);
    u = y[i + 6]!;
    v = y[i + 7]!;
    uuv = ul * ul * vl;
    dy[i + 4] = 1 + uuv - 24 * ul + 10 * (ur + u);
    dy[i + 5] = 3 * ul - uuv - 20 * vl + 10 * (vr + v);
  }
  ur = y[998]!;
  vr = y[999]!;
  uuv = u * u * v;
  dy[996] = 1 + uuv - 24 * u + 10 * (ul + ur);
  dy[997] = 3 * u - uuv - 20 * v + 10 * (vl + vr);
  uuv = ur * ur * vr;
  dy[998] = 1 + uuv - 24 * ur + 10 * (u + 1);
  dy[999] = 3 * ur - uuv - 20 * vr + 10 * (v + 3);
};

const stars = [3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4, 0, 0, 0, 0, 0, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0];
const cells = Array.from({ length: 1000 }, (_, i) => (i % 2 ? 3 : 1 + Math.sin((2 * Math.PI * (i / 2 + 1)) / 501)));
const orbit = [0.994, 0, 0, -2.00158510637908252240537862224];
const period = 17.0652165601579625588917206249;

const vanDerPol = (mu: number, end: number, field: Field): Problem => {
  return { name: `van-der-pol-${mu}`, title: `Van der Pol, μ = ${mu}`, y0: [2, 0], start: 0, end, field };
};

export const problems: readonly Problem[] = [
  { name: "lorenz", title: "Lorenz", y0: [1, 1, 1], start: 0, end: 10, field: lorenz },
  { name: "lotka-volterra", title: "Lotka–Volterra", y0: [1, 1], start: 0, end: 20, field: lotkaVolterra },
  { name: "arenstorf", title: "Three bodies (Arenstorf orbit)", y0: orbit, start: 0, end: period, field: arenstorf },
  { name: "pleiades", title: "Seven bodies (Pleiades)", y0: stars, start: 0, end: 3, field: pleiades },
  vanDerPol(1, 20, vanDerPol1),
  vanDerPol(10, 20, vanDerPol10),
  vanDerPol(100, 100, vanDerPol100),
  { name: "brusselator", title: "Brusselator, N = 1000", y0: cells, start: 0, end: 10, field: brusselator },
];
