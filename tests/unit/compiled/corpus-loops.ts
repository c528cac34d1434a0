// Equations with loops, arrays and patterns.
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

const N = 12;

export const loops: Record<string, Entry> = {
  "heat, with edges": {
    dim: N,
    f: (_t, u, du, [D]) => {
      const n = u.length;
      for (let i = 0; i < n; i++) {
        const left = i > 0 ? u[i - 1] : 0;
        const right = i < n - 1 ? u[i + 1] : 0;
        du[i] = D * (left - 2 * u[i] + right);
      }
    },
    params: [0.3],
  },
  "advection, periodic": {
    dim: N,
    f: (_t, u, du, p) => {
      const n = u.length;
      for (let i = 0; i < n; ++i) du[i] = -p.c * (u[i] - u[(i + n - 1) % n]) + p.nu * Math.sin(u[(i + 1) % n]);
    },
    params: { c: 1.5, nu: 0.1 },
  },
  brusselator: {
    dim: 2 * N,
    f: (_t, y, dy, [A, B, alpha]) => {
      const n = y.length / 2;
      for (let i = 0; i < n; i++) {
        const u = y[2 * i];
        const v = y[2 * i + 1];
        const uLeft = i === 0 ? 1 : y[2 * i - 2];
        const uRight = i === n - 1 ? 1 : y[2 * i + 2];
        const vLeft = i === 0 ? 3 : y[2 * i - 1];
        const vRight = i === n - 1 ? 3 : y[2 * i + 3];
        dy[2 * i] = A + u * u * v - (B + 1) * u + alpha * (uLeft - 2 * u + uRight);
        dy[2 * i + 1] = B * u - u * u * v + alpha * (vLeft - 2 * v + vRight);
      }
    },
    params: [1, 3, 0.02],
  },
  "gray scott on a grid": {
    dim: 32,
    f: (_t, y, dy, { F, k }) => {
      const [rows, columns] = [4, 4];
      const at = (i: number, j: number): number => ((i + rows) % rows) * columns + ((j + columns) % columns);
      const laplacian = (field: ArrayLike<number>, i: number, j: number): number =>
        field[at(i - 1, j)] + field[at(i + 1, j)] + field[at(i, j - 1)] + field[at(i, j + 1)] - 4 * field[at(i, j)];
      const u = y.subarray(0, 16);
      const v = y.subarray(16);
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          const k0 = at(i, j);
          const reaction = u[k0] * v[k0] ** 2;
          dy[k0] = 0.2 * laplacian(u, i, j) - reaction + F * (1 - u[k0]);
          dy[16 + k0] = 0.1 * laplacian(v, i, j) + reaction - (F + k) * v[k0];
        }
    },
    params: { F: 0.04, k: 0.06 },
  },
  kuramoto: {
    dim: 6,
    f: (_t, theta, dtheta, { omega, K }) => {
      theta.forEach((own, i) => {
        dtheta[i] = omega[i] + (K / theta.length) * theta.reduce((sum, other) => sum + Math.sin(other - own), 0);
      });
    },
    params: { omega: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], K: 1.7 },
  },
  "n bodies": {
    dim: 18,
    f: (_t, y, dy) => {
      const n = 3;
      const masses = [3, 4, 5];
      for (let i = 0; i < n; i++) {
        const a = [0, 0, 0];
        for (let j = 0; j < n; j++) {
          if (i === j) continue;
          let r2 = 0.01;
          for (let k = 0; k < 3; k++) r2 += (y[3 * j + k] - y[3 * i + k]) ** 2;
          for (let k = 0; k < 3; k++) a[k] += (masses[j] * (y[3 * j + k] - y[3 * i + k])) / r2 ** 1.5;
        }
        for (let k = 0; k < 3; k++) {
          dy[3 * i + k] = y[9 + 3 * i + k];
          dy[9 + 3 * i + k] = a[k];
        }
      }
    },
    y: Array.from({ length: 18 }, (_, i) => Math.sin(3 * i)),
  },
  "a matrix": {
    dim: 3,
    f: (_t, y, dy) => {
      const A = [
        [-1, 2, 0],
        [0.5, -3, 1],
        [0, 0.25, -0.5],
      ];
      for (const [i, row] of A.entries()) dy[i] = row.reduce((sum, a, j) => sum + a * y[j], 0);
    },
  },
  "a linear chain": {
    dim: 8,
    f(_t, y, dy, k) {
      let flow = 1;
      for (let i = 0; i < y.length; i++) {
        const next = k[0] * y[i];
        dy[i] = flow - next;
        flow = next;
      }
    },
    params: [2],
  },
  "mapped and sliced": {
    dim: 4,
    f: (_t, y, _dy, p) => {
      const rates = y.map((v, i) => v * (i + 1) * p[0]);
      const [first, ...others] = [...rates.slice(1), rates[0]];
      return [first, ...others].map((v) => -v);
    },
    params: [0.5],
  },
  "labelled loops": {
    dim: 4,
    f: (_t, y, dy) => {
      dy.fill(0);
      outer: for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 4; j++) {
          if (j > i) continue outer;
          if (i === 3) break outer;
          if (y[j] > 1.05) continue outer;
          dy[i] += y[j];
        }
      }
    },
  },
  "continue by the state": {
    dim: 3,
    f: (_t, y, dy) => {
      for (let i = 0; i < 3; i++) {
        dy[i] = 0;
        if (y[i] < 1) continue;
        dy[i] = 1 - y[i];
      }
    },
  },
  "do while and commas": {
    dim: 2,
    f: (_t, y, dy) => {
      let i = 0,
        s = 0;
      do (s += y[i] * (i + 1)), i++;
      while (i < 2);
      for (dy[0] = s, dy[1] = -s; i-- > 0; ) dy[i] *= 0.5;
    },
  },
  "for in and objects": {
    dim: 3,
    f: (_t, y, dy) => {
      const weights = { a: 2, b: 3, c: 4 };
      const keys = Object.keys(weights);
      for (const key in weights) dy[keys.findIndex((other) => other === key)] = -weights[key as "a"] * y[0];
      for (const i in y) dy[i as unknown as number] += y[i as unknown as number];
    },
  },
  "local typed arrays": {
    dim: 3,
    f: (_t, y, dy) => {
      const flux = new Float64Array(4);
      for (let i = 1; i < 3; i++) flux[i] = y[i - 1] - y[i];
      for (let i = 0; i < 3; i++) dy[i] = flux[i] - flux[i + 1];
    },
  },
  "looked for": {
    dim: 3,
    f: (_t, y, dy) => {
      const order = [2, 0, 1];
      for (let i = 0; i < 3; i++) dy[order.indexOf(i)] = order.includes(i + 1) ? y[i] : -y[i];
    },
  },
  "stacks and queues": {
    dim: 3,
    f: (_t, y, dy) => {
      const list: number[] = [];
      for (const v of y) list.push(v * 2);
      list.unshift(list.pop()!);
      list.reverse();
      dy.set(list);
    },
  },
  "swaps and defaults": {
    dim: 3,
    f: (_t, [a = 0, b, c], dy, { k = 3, m: { length } }) => {
      [a, b] = [b, a];
      let rest: number[];
      [c, ...rest] = [a * c, b, k];
      ({ k } = { k: length + k });
      dy.set([a, c, k * rest[0] + rest[1]]);
    },
    params: { k: 2, m: [1, 1] },
  },
  closures: {
    dim: 3,
    f: (_t, y, dy) => {
      const makers = [];
      for (let i = 0; i < 3; i++) makers.push((x: number) => x * y[i] + i);
      let calls = 0;
      const counted = (g: (x: number) => number, x: number): number => (calls++, g(x));
      makers.forEach((g, i) => void (dy[i] = counted(g, y[0])));
      dy[0] += calls;
    },
  },
  "order of evaluation": {
    dim: 2,
    f: (_t, y, dy) => {
      let v = y[0];
      let i = 0;
      const list = [2, 3, 4];
      v += (v = 2 * v) * v;
      dy[i++] = v - list[i];
      dy[i] = i++ + list[i] * --v;
      dy[0] += (++v) ** 2 - (v--) ** -1 + -list[--i] * 2 ** -(v ** 2);
    },
  },
  recursion: {
    dim: 2,
    f: (_t, y, dy) => {
      function power(x: number, n: number): number {
        return n === 0 ? 1 : n % 2 ? x * power(x, n - 1) : power(x * x, n / 2);
      }
      dy[0] = power(y[0], 5);
      dy[1] = power(y[1], 6);
    },
  },
  "a chebyshev series": {
    dim: 1,
    f: (t, [x], dy) => {
      const c = [0.5, -0.25, 0.125, 0.0625];
      let [b1, b2] = [0, 0];
      for (let k = c.length - 1; k > 0; k--) [b1, b2] = [2 * x * b1 - b2 + c[k], b1];
      dy[0] = c[0] + x * b1 - b2 + t;
    },
    y: [0.3],
  },
};
