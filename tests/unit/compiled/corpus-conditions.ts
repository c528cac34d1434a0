// Equations with conditions on the state, and functions that end early.
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

export const conditions: Record<string, Entry> = {
  "a ternary": { dim: 1, f: (_t, y, dy) => void (dy[0] = y[0] > 0.9 ? -y[0] : Math.sqrt(1 - y[0])) },
  "if and else": {
    dim: 2,
    f: (t, y, dy, [k]) => {
      if (y[0] > y[1]) {
        dy[0] = -k;
        dy[1] = y[0] * k;
      } else if (t < 0.5) {
        dy[0] = k * t;
        dy[1] = -y[1];
      } else {
        dy[0] = dy[1] = 1;
      }
    },
    params: [0.4],
  },
  "a bouncing stiff wall": {
    dim: 2,
    f: (_t, [x, v], dy, { stiffness, g }) => {
      dy[0] = v;
      dy[1] = -g;
      if (x < 1) dy[1] += stiffness * (1 - x);
    },
    params: { stiffness: 1e3, g: 9.81 },
  },
  "an early return": {
    dim: 2,
    f(_t, y, dy) {
      dy.fill(0);
      if (y[0] < 0.8) return;
      dy[0] = -y[0];
      if (y[1] < 1) {
        dy[1] = 1 - y[1];
        return;
      }
      dy[1] = y[0] - y[1];
    },
  },
  "a helper with early returns": {
    dim: 2,
    f: (_t, y, dy, p) => {
      const hill = (x: number, n = 2): number => {
        if (x < 0.5) return 0;
        if (x > 1.5) return 1;
        const s = x ** n;
        return s / (p[0] + s);
      };
      dy[0] = hill(y[0]) - hill(y[1], 4);
      dy[1] = hill(y[0] * y[1], 3);
    },
    params: [1.1],
  },
  "logical operators": {
    dim: 2,
    f: (_t, [a, b], dy) => {
      let u = a;
      let v = 0;
      (a > 1 && b > 1) || (u = b);
      a < b && (v = a * b);
      (u ?? v) > 1.1 && !(v > 0) ? (dy[0] = u) : (dy[0] = v);
      dy[1] = +(a > 1) * a + Number(b > 1 || a > 1) + Number(a !== b);
    },
  },
  "assigned under conditions": {
    dim: 1,
    f: (_t, [x], dy) => {
      let a: number | undefined;
      let b = x;
      a ??= 2;
      b &&= a * x;
      a ||= 7;
      if (b > 2) a += 1;
      else b -= a;
      dy[0] = a * b;
    },
  },
  "chosen objects": {
    dim: 2,
    f: (_t, [x, z], dy) => {
      const rates = x > 1 ? { up: 1, down: [0.5, x] } : { up: z, down: [2, 3] };
      const g = z > 1 ? Math.sin : (v: number) => v * v;
      dy[0] = rates.up * g(x) - rates.down[0];
      dy[1] = rates.down[1] - g(rates.up);
      rates.up = 9;
      dy[1] += rates.up;
    },
  },
  "a saturating controller": {
    dim: 2,
    f: (t, [x, v], dy, { gain, limit }) => {
      const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
      const u = clamp(gain * (Math.sin(t) - x), -limit, limit);
      dy[0] = v;
      dy[1] = u - 0.1 * v * Math.abs(v);
    },
    params: { gain: 4, limit: 1 },
  },
  "friction with sticking": {
    dim: 2,
    f: (_t, y, dy) => {
      const [x, v] = y;
      const pull = 1 - x;
      const sticks = Math.abs(v) < 1e-3 && Math.abs(pull) < 0.4;
      dy[0] = sticks ? 0 : v;
      dy[1] = sticks ? 0 : pull - 0.4 * Math.sign(v);
    },
  },
  "infusion by a schedule": {
    dim: 2,
    f: (t, [gut, blood], dy, { ka, ke, doses }) => {
      let rate = 0;
      for (const [start, end, amount] of [
        [0, 0.25, 10],
        [0.4, 0.5, 20],
      ])
        if (t >= start && t < end) rate += amount / (end - start);
      dy[0] = rate * doses[0] - ka * gut;
      dy[1] = ka * gut - ke * blood;
    },
    params: { ka: 1.2, ke: 0.3, doses: [1] },
  },
  "a switch on what is known": {
    dim: 3,
    f: (_t, y, dy) => {
      for (let i = 0; i < 3; i++) {
        switch (i) {
          case 0:
            dy[i] = -y[i];
            break;
          case 1:
            dy[i] = y[0];
          default:
            dy[i] = y[i] * 2;
        }
      }
    },
  },
  "newton's method, ended early": {
    dim: 1,
    f: (_t, [target], dy) => {
      let x = 1;
      for (let i = 0; i < 8; i++) {
        const step = (x * x * x - target) / (3 * x * x);
        x -= step;
        if (Math.abs(step) < 1e-3) break;
      }
      dy[0] = x;
    },
  },
  "newton's method, while": {
    dim: 1,
    f: (_t, [target], dy) => {
      let [x, n] = [1, 0];
      while (Math.abs(x * x - target) > 1e-6 && n++ < 6) x = 0.5 * (x + target / x);
      dy[0] = x + n;
    },
  },
  "what some and every element is": {
    dim: 3,
    f: (t, y, dy) => {
      if (!y.some((v) => v > 1.1)) return void dy.fill(t);
      dy.set(y.every((v) => v > 0.8) ? y.map(Math.sqrt) : y);
    },
  },
  "interpolated in a table": {
    dim: 1,
    f: (_t, [x], dy) => {
      const table = (xs: number[], ys: number[]): number => {
        for (let i = 1; i < xs.length; i++)
          if (x <= xs[i]) return ys[i - 1] + ((ys[i] - ys[i - 1]) * (x - xs[i - 1])) / (xs[i] - xs[i - 1]);
        return ys.at(-1)!;
      };
      dy[0] = table([0, 0.8, 1.1, 2], [1, 3, 2, 5]);
    },
  },
  "min and max of many": { dim: 3, f: (_t, y, dy) => void dy.fill(Math.max(...y) - Math.min(...y, 0.5)) },
  "a guarded root": {
    dim: 2,
    f: (_t, [a, b], dy) => {
      dy[0] = a > 1 ? Math.sqrt(a - 1) : 0;
      dy[1] = b < 1 ? 0 : Math.log(b) ** 2;
    },
  },
};
