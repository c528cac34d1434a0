// Textbook systems, in the many ways in which their few lines are written.
// biome-ignore-all lint/suspicious/noAssignInExpressions: equations as people write them
// biome-ignore-all lint/complexity/noCommaOperator: equations as people write them
// biome-ignore-all lint/complexity/noForEach: equations as people write them
// biome-ignore-all lint/suspicious/noFallthroughSwitchClause: equations as people write them
// biome-ignore-all lint/style/useExponentiationOperator: equations as people write them
// biome-ignore-all lint/complexity/useArrowFunction: equations as people write them
// biome-ignore-all lint/style/useTemplate: equations as people write them
// biome-ignore-all lint/complexity/useIndexOf: equations as people write them
// biome-ignore-all lint/suspicious/useIterableCallbackReturn: equations as people write them
// biome-ignore-all lint/correctness/noInnerDeclarations: equations as people write them
// biome-ignore-all lint/style/useConst: equations as people write them
// biome-ignore-all lint/suspicious/useGuardForIn: equations as people write them
// biome-ignore-all lint/complexity/useDateNow: equations as people write them
import type { Entry } from "./corpus-entry.ts";

const pleiades: Entry = {
  dim: 28,
  f: (_t, y, dy) => {
    for (let i = 0; i < 7; i++) {
      dy[i] = y[14 + i];
      dy[7 + i] = y[21 + i];
      let ax = 0;
      let ay = 0;
      for (let j = 0; j < 7; j++) {
        if (j === i) continue;
        const dx = y[j] - y[i];
        const dy = y[7 + j] - y[7 + i];
        const r2 = dx * dx + dy * dy;
        const r3 = r2 * Math.sqrt(r2);
        ax += ((j + 1) * dx) / r3;
        ay += ((j + 1) * dy) / r3;
      }
      dy[14 + i] = ax;
      dy[21 + i] = ay;
    }
  },
  y: [3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4, 0, 0, 0, 0, 0, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0],
};

export const classics: Record<string, Entry> = {
  decay: { dim: 1, f: (_t, y, dy, p) => void (dy[0] = -p[0] * y[0]), params: [0.7] },
  "decay, returned": { dim: 2, f: (_t, [a, b], _dy, [k]) => [-k * a, k * a - b], params: [0.3] },
  lorenz: {
    dim: 3,
    f: (_t, [x, y, z], dy, { sigma, rho, beta }) => {
      dy[0] = sigma * (y - x);
      dy[1] = x * (rho - z) - y;
      dy[2] = x * y - beta * z;
    },
    params: { sigma: 10, rho: 28, beta: 8 / 3 },
    y: [1, -2, 20],
  },
  "lotka volterra": {
    dim: 2,
    f(_t, y, dy, p) {
      const [x, z] = y;
      const [alpha, beta, gamma, delta] = p;
      dy[0] = alpha * x - beta * x * z;
      dy[1] = -gamma * z + delta * x * z;
    },
    params: [1.5, 1, 3, 1],
  },
  robertson: {
    dim: 3,
    f: (_t, y, dy, { k }) => {
      const r1 = k[0] * y[0];
      const r2 = k[1] * y[1] * y[1];
      const r3 = k[2] * y[1] * y[2];
      dy[0] = r3 - r1;
      dy[1] = r1 - r2 - r3;
      dy[2] = r2;
    },
    params: { k: [0.04, 3e7, 1e4] },
    y: [0.9, 2e-5, 0.1],
  },
  "van der pol": {
    dim: 2,
    f(_t, y, dy, p) {
      dy[0] = y[1];
      dy[1] = p.mu * (1 - y[0] ** 2) * y[1] - y[0];
    },
    params: { mu: 5 },
  },
  pendulum: {
    dim: 2,
    f: (t, [angle, speed], dy, { g, length, damping, drive }) => {
      dy[0] = speed;
      dy[1] = -(g / length) * Math.sin(angle) - damping * speed + drive * Math.cos(2 * t);
    },
    params: { g: 9.81, length: 1.2, damping: 0.1, drive: 0.4 },
  },
  "double pendulum": {
    dim: 4,
    f: (_t, [a, b, u, v], dy, [g, l, m]) => {
      const { sin, cos } = Math;
      const d = a - b;
      const below = l * (2 * m + m - m * cos(2 * d));
      dy[0] = u;
      dy[1] = v;
      dy[2] =
        (-g * 3 * m * sin(a) - m * g * sin(a - 2 * b) - 2 * sin(d) * m * (v ** 2 * l + u ** 2 * l * cos(d))) / below;
      dy[3] = (2 * sin(d) * (u * u * l * 2 * m + g * 2 * m * cos(a) + v * v * l * m * cos(d))) / below;
    },
    params: [9.81, 1, 0.5],
  },
  "sir with a season": {
    dim: 4,
    f: (t, [s, e, i, r], dy, [beta, sigma, gamma]) => {
      const contact = beta * (1 + 0.2 * Math.exp(-((t - 2) ** 2)));
      const force = (contact * i) / (s + e + i + r);
      dy.set([-force * s, force * s - sigma * e, sigma * e - gamma * i, gamma * i - Math.expm1(-0.01 * r)]);
    },
    params: [0.5, 0.2, 0.1],
    y: [0.9, 0.05, 0.04, 0.01],
  },
  fitzhugh: {
    dim: 2,
    f: function fitzhugh(_t, { 0: v, 1: w }, dy, { a, b, c }) {
      dy[0] = c * (v - v ** 3 / 3 + w);
      dy[1] = -(v - a + b * w) / c;
    },
    params: { a: 0.2, b: 0.2, c: 3 },
  },
  "hodgkin huxley": {
    dim: 4,
    f: (_t, [V, m, h, n], dy) => {
      const I = 10;
      const alphaM = (0.1 * (V + 40)) / (1 - Math.exp(-(V + 40) / 10));
      const alphaN = (0.01 * (V + 55)) / (1 - Math.exp(-(V + 55) / 10));
      const [betaM, betaN] = [4 * Math.exp(-(V + 65) / 18), 0.125 * Math.exp(-(V + 65) / 80)];
      dy[0] = I - 120 * m ** 3 * h * (V - 50) - 36 * n ** 4 * (V + 77) - 0.3 * (V + 54.387);
      dy[1] = alphaM * (1 - m) - betaM * m;
      dy[2] = 0.07 * Math.exp(-(V + 65) / 20) * (1 - h) - h / (1 + Math.exp(-(V + 35) / 10));
      dy[3] = alphaN * (1 - n) - betaN * n;
    },
    y: [-60, 0.1, 0.6, 0.3],
  },
  pleiades,
  "charged particle": {
    dim: 6,
    f: (_t, y, dy, { q, B }) => {
      const [v, force] = [y.subarray(3), dy.subarray(3)];
      dy.set(v);
      force[0] = q * (v[1] * B[2] - v[2] * B[1]);
      force[1] = q * (v[2] * B[0] - v[0] * B[2]);
      force[2] = q * (v[0] * B[1] - v[1] * B[0]);
    },
    params: { q: 1.5, B: [0.1, -0.2, 0.9] },
  },
  "powers and roots": {
    dim: 5,
    f: (_t, [a, b, c, d, e], dy, p) => {
      dy[0] = a ** 0.5 + b ** 1.5 + c ** -2;
      dy[1] = p[0] ** d + e ** p[1] + 2 ** a;
      dy[2] = Math.cbrt(c) + Math.hypot(a, b, c) - Math.log2(d);
      dy[3] = Math.log10(e) + Math.log1p(a) + a ** -0.5;
      dy[4] = b ** 7 + c ** 0 + d ** 1 + e ** -3;
    },
    params: [1.3, 2.7],
  },
  "functions of every kind": {
    dim: 3,
    f: (t, [a, b, c], dy) => {
      dy[0] = Math.tan(a / 4) + Math.asin(b / 4) + Math.acos(c / 4) + Math.atan2(a, b);
      dy[1] = Math.sinh(a) + Math.cosh(b) + Math.tanh(c) + Math.asinh(a) + Math.acosh(2 + b) + Math.atanh(c / 4);
      dy[2] = Math.abs(a - b) + Math.sign(c) + Math.floor(3 * t) + Math.ceil(a) - Math.round(b) + Math.trunc(9 * c);
    },
  },
};
