// The equations: each as a user writes it, and its vector–Jacobian product written by hand in JavaScript, as one must without
// a compiler.
import { uniform } from "../../ts/base/random.ts";

type Numbers = Float64Array;

export interface Problem {
  readonly name: string;
  readonly f: (t: number, y: Numbers, dy: Numbers, p: Numbers) => void;
  readonly vjp: (
    t: number,
    y: Numbers,
    p: Numbers,
    w: Numbers,
    out: { y: Numbers; params: Numbers; t: Numbers },
  ) => void;
  readonly params: readonly number[];
  readonly y0: readonly number[];
  readonly end: number;
  readonly uses?: () => object;
}

const lorenz: Problem = {
  name: "Lorenz, 3",
  f: (_t, y, dy, p) => {
    dy[0] = p[0]! * (y[1]! - y[0]!);
    dy[1] = y[0]! * (p[1]! - y[2]!) - y[1]!;
    dy[2] = y[0]! * y[1]! - p[2]! * y[2]!;
  },
  vjp: (_t, y, p, w, out) => {
    out.y[0]! += -p[0]! * w[0]! + (p[1]! - y[2]!) * w[1]! + y[1]! * w[2]!;
    out.y[1]! += p[0]! * w[0]! - w[1]! + y[0]! * w[2]!;
    out.y[2]! += -y[0]! * w[1]! - p[2]! * w[2]!;
    out.params[0]! += (y[1]! - y[0]!) * w[0]!;
    out.params[1]! += y[0]! * w[1]!;
    out.params[2]! -= y[2]! * w[2]!;
  },
  params: [10, 28, 8 / 3],
  y0: [1, 1, 1],
  end: 20,
};

const lotkaVolterra: Problem = {
  name: "Lotka–Volterra, 2",
  f: (_t, y, dy, p) => {
    dy[0] = p[0]! * y[0]! - p[1]! * y[0]! * y[1]!;
    dy[1] = -p[2]! * y[1]! + p[3]! * y[0]! * y[1]!;
  },
  vjp: (_t, y, p, w, out) => {
    const product = y[0]! * y[1]!;
    out.y[0]! += (p[0]! - p[1]! * y[1]!) * w[0]! + p[3]! * y[1]! * w[1]!;
    out.y[1]! += -p[1]! * y[0]! * w[0]! + (p[3]! * y[0]! - p[2]!) * w[1]!;
    out.params[0]! += y[0]! * w[0]!;
    out.params[1]! -= product * w[0]!;
    out.params[2]! -= y[1]! * w[1]!;
    out.params[3]! += product * w[1]!;
  },
  params: [1.5, 1, 3, 1],
  y0: [1, 1],
  end: 50,
};

const seasonal: Problem = {
  name: "SEIR with two exp, 4",
  f: (t, [s, e, i, r], dy, [beta, sigma, gamma]) => {
    const contact = beta! * (1 + 0.2 * Math.exp(-((t - 2) * (t - 2))));
    const force = (contact * i!) / (s! + e! + i! + r!);
    dy[0] = -force * s!;
    dy[1] = force * s! - sigma! * e!;
    dy[2] = sigma! * e! - gamma! * i!;
    dy[3] = gamma! * i! - 0.01 * Math.exp(-r!);
  },
  vjp: (t, [s, e, i, r], [beta, sigma, gamma], w, out) => {
    const wave = 1 + 0.2 * Math.exp(-((t - 2) * (t - 2)));
    const total = s! + e! + i! + r!;
    const force = (beta! * wave * i!) / total;
    const forceBar = s! * (w[1]! - w[0]!);
    const shared = (-forceBar * force) / total;
    out.y[0]! += force * (w[1]! - w[0]!) + shared;
    out.y[1]! += sigma! * (w[2]! - w[1]!) + shared;
    out.y[2]! += gamma! * (w[3]! - w[2]!) + shared + (forceBar * beta! * wave) / total;
    out.y[3]! += shared + 0.01 * Math.exp(-r!) * w[3]!;
    out.params[0]! += (forceBar * wave * i!) / total;
    out.params[1]! += e! * (w[2]! - w[1]!);
    out.params[2]! += i! * (w[3]! - w[2]!);
    out.t[0]! += (forceBar * beta! * i! * -2 * (t - 2) * (wave - 1)) / total;
  },
  params: [0.5, 0.2, 0.1],
  y0: [0.9, 0.05, 0.04, 0.01],
  end: 100,
};

const pleiades: Problem = {
  name: "Pleiades, 28",
  f: (_t, y, dy) => {
    for (let i = 0; i < 7; i++) {
      let ax = 0;
      let ay = 0;
      for (let j = 0; j < 7; j++) {
        if (j === i) continue;
        const dx = y[j]! - y[i]!;
        const dz = y[7 + j]! - y[7 + i]!;
        const r2 = dx * dx + dz * dz;
        const r3 = r2 * Math.sqrt(r2);
        ax += ((j + 1) * dx) / r3;
        ay += ((j + 1) * dz) / r3;
      }
      dy[i] = y[14 + i]!;
      dy[7 + i] = y[21 + i]!;
      dy[14 + i] = ax;
      dy[21 + i] = ay;
    }
  },
  vjp: (_t, y, _p, w, out) => {
    for (let i = 0; i < 7; i++) {
      out.y[14 + i]! += w[i]!;
      out.y[21 + i]! += w[7 + i]!;
      for (let j = 0; j < 7; j++) {
        if (j === i) continue;
        const dx = y[j]! - y[i]!;
        const dz = y[7 + j]! - y[7 + i]!;
        const r2 = dx * dx + dz * dz;
        const m = (j + 1) / (r2 * Math.sqrt(r2));
        const along = (-3 * m * (dx * w[14 + i]! + dz * w[21 + i]!)) / r2;
        const gx = m * w[14 + i]! + along * dx;
        const gz = m * w[21 + i]! + along * dz;
        out.y[j]! += gx;
        out.y[i]! -= gx;
        out.y[7 + j]! += gz;
        out.y[7 + i]! -= gz;
      }
    }
  },
  params: [],
  y0: [3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4, 0, 0, 0, 0, 0, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0],
  end: 3,
};

const CELLS = 500;
const brusselator: Problem = {
  name: `Brusselator, 2 × ${CELLS}`,
  f: (_t, y, dy, p) => {
    const n = y.length / 2;
    for (let i = 0; i < n; i++) {
      const u = y[2 * i]!;
      const v = y[2 * i + 1]!;
      const uLeft = i === 0 ? 1 : y[2 * i - 2]!;
      const uRight = i === n - 1 ? 1 : y[2 * i + 2]!;
      const vLeft = i === 0 ? 3 : y[2 * i - 1]!;
      const vRight = i === n - 1 ? 3 : y[2 * i + 3]!;
      dy[2 * i] = p[0]! + u * u * v - (p[1]! + 1) * u + p[2]! * (uLeft - 2 * u + uRight);
      dy[2 * i + 1] = p[1]! * u - u * u * v + p[2]! * (vLeft - 2 * v + vRight);
    }
  },
  vjp: (_t, y, p, w, out) => {
    const n = y.length / 2;
    for (let i = 0; i < n; i++) {
      const u = y[2 * i]!;
      const v = y[2 * i + 1]!;
      const [a, b] = [w[2 * i]!, w[2 * i + 1]!];
      out.y[2 * i]! += a * (2 * u * v - p[1]! - 1 - 2 * p[2]!) + b * (p[1]! - 2 * u * v);
      out.y[2 * i + 1]! += (a - b) * u * u - 2 * p[2]! * b;
      if (i > 0) {
        out.y[2 * i - 2]! += p[2]! * a;
        out.y[2 * i - 1]! += p[2]! * b;
      }
      if (i < n - 1) {
        out.y[2 * i + 2]! += p[2]! * a;
        out.y[2 * i + 3]! += p[2]! * b;
      }
      const uLeft = i === 0 ? 1 : y[2 * i - 2]!;
      const uRight = i === n - 1 ? 1 : y[2 * i + 2]!;
      const vLeft = i === 0 ? 3 : y[2 * i - 1]!;
      const vRight = i === n - 1 ? 3 : y[2 * i + 3]!;
      out.params[0]! += a;
      out.params[1]! += u * (b - a);
      out.params[2]! += a * (uLeft - 2 * u + uRight) + b * (vLeft - 2 * v + vRight);
    }
  },
  params: [1, 3, (0.02 * (CELLS + 1) ** 2) / 2500],
  y0: Array.from({ length: 2 * CELLS }, (_, i) => (i % 2 ? 3 : 1 + Math.sin((2 * Math.PI * (i >> 1)) / CELLS))),
  end: 10,
};

const SPECIES = 50;
const random = uniform(5);
const species = (): number => Math.floor(random() * SPECIES);
const reactions = Array.from({ length: 120 }, () => ({
  a: species(),
  b: species(),
  c: species(),
  d: species(),
  k: 0.1 + random(),
}));
const chemistry: Problem = {
  name: "50 species, 120 reactions",
  f: (_t, y, dy, p) => {
    dy.fill(0);
    for (const { a, b, c, d, k } of reactions) {
      const flux = p[0]! * k * y[a]! * y[b]!;
      dy[a]! -= flux;
      dy[b]! -= flux;
      dy[c]! += flux;
      dy[d]! += flux;
    }
  },
  vjp: (_t, y, p, w, out) => {
    for (const { a, b, c, d, k } of reactions) {
      const bar = w[c]! + w[d]! - w[a]! - w[b]!;
      out.params[0]! += bar * k * y[a]! * y[b]!;
      out.y[a]! += bar * p[0]! * k * y[b]!;
      out.y[b]! += bar * p[0]! * k * y[a]!;
    }
  },
  params: [1],
  y0: Array.from({ length: SPECIES }, () => 0.1 + random()),
  end: 60,
  uses: () => ({ reactions }),
};

const BODIES = 40;
/** All pairs of softened bodies in the plane; p[0] is the constant of gravity. */
const bodies: Problem = {
  name: `${BODIES} bodies, all pairs`,
  f: (_t, y, dy, p) => {
    const n = y.length / 4;
    for (let i = 0; i < n; i++) {
      let ax = 0;
      let az = 0;
      for (let j = 0; j < n; j++) {
        const dx = y[j]! - y[i]!;
        const dz = y[n + j]! - y[n + i]!;
        const r2 = dx * dx + dz * dz + 0.01;
        const r3 = r2 * Math.sqrt(r2);
        ax += dx / r3;
        az += dz / r3;
      }
      dy[i] = y[2 * n + i]!;
      dy[n + i] = y[3 * n + i]!;
      dy[2 * n + i] = p[0]! * ax;
      dy[3 * n + i] = p[0]! * az;
    }
  },
  vjp: (_t, y, p, w, out) => {
    const n = y.length / 4;
    for (let i = 0; i < n; i++) {
      const wx = w[2 * n + i]!;
      const wz = w[3 * n + i]!;
      out.y[2 * n + i]! += w[i]!;
      out.y[3 * n + i]! += w[n + i]!;
      for (let j = 0; j < n; j++) {
        const dx = y[j]! - y[i]!;
        const dz = y[n + j]! - y[n + i]!;
        const r2 = dx * dx + dz * dz + 0.01;
        const r = Math.sqrt(r2);
        const inverse = 1 / (r2 * r);
        const along = (dx * wx + dz * wz) * inverse;
        out.params[0]! += along;
        const radial = (-3 * p[0]! * along) / r2;
        const gx = p[0]! * wx * inverse + radial * dx;
        const gz = p[0]! * wz * inverse + radial * dz;
        out.y[j]! += gx;
        out.y[i]! -= gx;
        out.y[n + j]! += gz;
        out.y[n + i]! -= gz;
      }
    }
  },
  params: [0.01],
  y0: Array.from({ length: 4 * BODIES }, (_, i) => (i < 2 * BODIES ? 3 * uniform(i + 1)() : 0)),
  end: 1,
};

export const problems: readonly Problem[] = [lorenz, lotkaVolterra, seasonal, pleiades, brusselator, chemistry, bodies];
