// Equations that take something from outside: constants, tables, functions.
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

const mu = 0.012277471;
const masses = [3, 4, 5];
const table = { forward: new Float64Array([0.1, 0.2, 0.3]), names: ["a", "b"], deep: { rate: 2.5 } };
const { sin: sine } = Math;

function hill(x: number, n: number): number {
  const s = x ** n;
  return s / (half + s);
}
const half = 0.5;
const twice = (g: (x: number) => number) => (x: number) => g(g(x));
const saturating = { rate: (x: number) => x / (1 + x), limit: 2 };

const SPECIES = 20;
const reactions = Array.from({ length: 40 }, (_, r) => ({
  from: [(7 * r) % SPECIES, (11 * r + 3) % SPECIES],
  to: (5 * r + 1) % SPECIES,
  rate: 0.1 + (r % 7) / 10,
}));

export const outside: Record<string, Entry> = {
  arenstorf: {
    dim: 4,
    f: (_t, [x, y, u, v], dy) => {
      const nu = 1 - mu;
      const D1 = ((x + mu) ** 2 + y * y) ** 1.5;
      const D2 = ((x - nu) ** 2 + y * y) ** 1.5;
      dy[0] = u;
      dy[1] = v;
      dy[2] = x + 2 * v - (nu * (x + mu)) / D1 - (mu * (x - nu)) / D2;
      dy[3] = y - 2 * u - (nu * y) / D1 - (mu * y) / D2;
    },
    uses: () => ({ mu }),
    y: [0.994, 0.1, 0.2, -2],
  },
  "a table of masses": {
    dim: 3,
    f: (_t, y, dy) => {
      for (let i = 0; i < masses.length; i++) dy[i] = -masses[i] * y[i];
    },
    uses: () => ({ masses }),
  },
  "a nested table": {
    dim: 3,
    f: (_t, y, dy) => {
      const { forward, deep } = table;
      forward.forEach((k, i) => {
        dy[i] = k * y[i] * deep.rate * table.names.length;
      });
    },
    uses: () => ({ table }),
  },
  "helpers with helpers": {
    dim: 2,
    f: (_t, [a, b], dy) => {
      dy[0] = hill(a, 2) - b;
      dy[1] = twice((x) => hill(x, 3))(b);
    },
    uses: () => ({ hill, half, twice }),
  },
  "methods handed in": {
    dim: 1,
    f: (_t, [x], dy) => void (dy[0] = saturating.rate(x) * saturating.limit),
    uses: () => {
      return { saturating };
    },
  },
  "a function of Math by itself": { dim: 1, f: (_t, [x], dy) => void (dy[0] = sine(x)), uses: () => ({ sine }) },
  chemistry: {
    dim: SPECIES,
    f: (_t, y, dy, p) => {
      dy.fill(0);
      for (const { from, to, rate } of reactions) {
        const flux = rate * p[0] * y[from[0]] * y[from[1]];
        for (const i of from) dy[i] -= flux;
        dy[to] += 2 * flux;
      }
    },
    params: [1.2],
    uses: () => ({ reactions }),
  },
  "named groups": {
    dim: 2,
    f(t, y, dy, { rates, offset, ...others }) {
      for (const [i, rate] of rates.entries()) dy[i] = offset - rate * y[i] + others.drive * t;
    },
    params: { rates: [0.4, 0.6], offset: 1, drive: 0.2 },
  },
  "a template for a name": {
    dim: 2,
    f: (_t, y, dy, p) => {
      for (let i = 0; i < 2; i++) dy[i] = -p[`k${i}`] * y[i];
    },
    params: { k0: 0.2, k1: 0.4 },
  },
  "optional parts": {
    dim: 1,
    f: (_t, [x], dy, p) => void (dy[0] = -(p.rate ?? 1) * x + (p.missing?.[0] ?? 0.5)),
    params: { rate: 2 },
  },
  "spread parameters": {
    dim: 2,
    f: (_t, [...y], dy, p) => {
      const { a, b } = { a: 0, b: 1, ...p };
      dy.set([a * y[0], b * y[1]]);
    },
    params: { a: 3 },
  },
  "greek letters": {
    dim: 1,
    f: (_t, [θ], dy, { ω, κ: damping }) => {
      const δ = ω - damping * θ;
      dy[0] = δ * Math.sin(θ);
    },
    params: { ω: 1.5, κ: 0.2 },
  },
  units: {
    dim: 1,
    f: (t, [x], dy) => {
      const HOUR = 3_600;
      const kB = 1.380649e-23;
      dy[0] = -x / (0x10 + HOUR * 1e-3) + kB * 1e23 * t - Math.PI / Number.MAX_SAFE_INTEGER + Math.SQRT2;
    },
  },
  "no semicolons": {
    dim: 2,
    // biome-ignore format: as some people write
    f: (_t, y, dy) => {
      const a = y[0]
      const b = y[1]
      let s = a
      ;[s] = [s + b]
      s
      ++s
      dy[0] = s
      dy[1] = -s
    },
  },
  "comments /* and */ strings": {
    dim: 1,
    f: (_t, y, dy) => {
      // dy[0] = "not this";
      const kind = 'it\'s "linear"' as string; /* nor { this */
      dy[0] = kind === 'it\'s "linear"' ? -y[0] : 1;
      typeof y === "object" && (dy[0] *= 2);
    },
  },
};
