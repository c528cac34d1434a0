// Loops that stay loops: values to the bit, products with vectors against closed forms, differences and each other, modules
// that do not grow with the state, rows, float32, and what unrolls.
import { describe, expect, it } from "vitest";
import { type CompiledField, compiled } from "../../../ts/compiled/index.ts";
import { Scratch } from "../../../ts/wasm/scratch.ts";
import { evaluated } from "../../fuzz/evaluation.ts";
import { wrongRow } from "../../fuzz/rows.ts";

type F = (t: number, y: Float64Array, dy: Float64Array, p: Float64Array) => unknown;

const wave = (length: number, k: number): number[] => Array.from({ length }, (_, i) => 1.2 + Math.sin(k + 1.7 * i));
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** The lengths of the modules that are made meanwhile. */
function modulesOf(make: () => void): number[] {
  const lengths: number[] = [];
  const { Module } = WebAssembly;
  class Measured extends Module {
    constructor(bytes: BufferSource) {
      lengths.push(bytes.byteLength);
      super(bytes);
    }
  }
  WebAssembly.Module = Measured;
  try {
    make();
  } finally {
    WebAssembly.Module = Module;
  }
  return lengths;
}

/** The lengths of the modules of f, its VJP and its JVP, for states of some lengths. */
const lengthsOf = (f: F, dims: readonly number[], options: object): number[][] =>
  dims.map((length) =>
    modulesOf(() => {
      const field = compiled(f as never, { ...options, dim: length }) as unknown as CompiledField;
      const scratch = new Scratch();
      const request = { length, params: field.params, slots: 0, gradient: true, tangent: { params: field.params } };
      const bound = field.bind(scratch, request);
      scratch.lease();
      bound.load();
      scratch.release();
    }),
  );

const brusselator: F = (_t, y, dy, p) => {
  const n = y.length / 2;
  for (let i = 0; i < n; i++) {
    const [u, v] = [y[2 * i]!, y[2 * i + 1]!];
    const left = i === 0 ? 1 : y[2 * i - 2]!;
    const right = i === n - 1 ? 1 : y[2 * i + 2]!;
    dy[2 * i] = p[0]! + u * u * v - (p[1]! + 1) * u + p[2]! * (left - 2 * u + right);
    dy[2 * i + 1] = p[1]! * u - u * u * v;
  }
};

const bodies: F = (_t, y, dy, p) => {
  const n = y.length / 4;
  for (let i = 0; i < n; i++) {
    let [ax, ay] = [0, 0];
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const [dx, dz] = [y[j]! - y[i]!, y[n + j]! - y[n + i]!];
      const r2 = dx * dx + dz * dz + p[0]!;
      const r3 = r2 * Math.sqrt(r2);
      ax += dx / r3;
      ay += dz / r3;
    }
    dy[i] = y[2 * n + i]!;
    dy[n + i] = y[3 * n + i]!;
    dy[2 * n + i] = ax;
    dy[3 * n + i] = ay;
  }
};

const grid: F = (t, y, dy, p) => {
  const [m, n] = [y.length / 18, 18];
  for (let j = 0; j < m; j++) {
    for (let i = 0; i < n; i++) {
      const k = j * n + i;
      const west = i > 0 ? y[k - 1]! : t;
      const south = y[Math.max(j - 1, 0) * n + i]!;
      const north = y[((j + 1) % m) * n + i]!;
      dy[k] = p[0]! * (west + south + north - 3 * y[k]!) - y[k]! * y[k]!;
    }
  }
};

const weights = Array.from({ length: 40 }, (_, i) => Math.cos(i * i));
const matrix = Array.from({ length: 20 }, (_, i) => Array.from({ length: 20 }, (__, j) => Math.sin(3 * i + j * j)));
const particles = Array.from({ length: 20 }, (_, i) => ({ mass: 1 + (i % 3), charge: Math.sin(i) }));

interface Case {
  readonly f: F;
  readonly dim: number;
  readonly params: number;
  readonly uses?: () => object;
}

const cases: Record<string, Case> = {
  "a stencil of pairs with edges": { f: brusselator, dim: 42, params: 3 },
  "all pairs of bodies, an odd number of them": { f: bodies, dim: 84, params: 1 },
  "a grid, clamped, periodic and with an edge": { f: grid, dim: 18 * 17, params: 1 },
  "a periodic stencil": {
    f: (t, y, dy, p) => {
      const n = y.length;
      for (let i = 0; i < n; i++)
        dy[i] = p[0]! * (y[(i + 1) % n]! - 2 * y[i]! + y[(i - 1 + n) % n]!) + Math.sin(t) * y[i]! ** 2;
    },
    dim: 33,
    params: 1,
  },
  "an array between two loops": {
    f: (_t, y, dy, p) => {
      const n = y.length;
      const flux = new Float64Array(n + 1);
      for (let i = 1; i < n; i++) flux[i] = p[0]! * (y[i]! - y[i - 1]!) * y[i]!;
      for (let i = 0; i < n; i++) dy[i] = flux[i + 1]! - flux[i]!;
    },
    dim: 30,
    params: 1,
  },
  "sums before and in loops": {
    f: (_t, y, dy, p) => {
      const mean = y.reduce((sum, v) => sum + v, 0) / y.length;
      let energy = p[0]!;
      for (const v of y) energy += v * v;
      y.forEach((v, i) => {
        dy[i] = p[1]! * (mean - v) - energy * v;
      });
    },
    dim: 21,
    params: 2,
  },
  "tables, counters as numbers, and map": {
    f: (_t, y, _dy, p) => y.map((v, i) => v * weights[i]! * p[0]! + i * 0.25),
    dim: 40,
    params: 1,
    uses: () => ({ weights }),
  },
  "a matrix of constants": {
    f: (_t, y, dy, p) => {
      for (let i = 0; i < 20; i++) {
        dy[i] = p[i]!;
        for (let j = 0; j < 20; j++) dy[i]! += matrix[i]![j]! * Math.sin(y[j]! - y[i]!);
      }
    },
    dim: 20,
    params: 20,
    uses: () => ({ matrix }),
  },
  "objects of constants": {
    f: (_t, y, dy) => {
      particles.forEach(({ mass }, i) => {
        let force = 0;
        for (const [j, { charge }] of particles.entries()) force += charge * y[j]!;
        dy[i] = force / mass - y[i]!;
      });
    },
    dim: 20,
    params: 0,
    uses: () => ({ particles }),
  },
  "a matrix of parameters": {
    f: (_t, y, dy, p) => {
      const n = y.length;
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += p[i * n + j]! * y[j]!;
        dy[i] = sum > 1 ? Math.sqrt(sum - 1) : -sum;
      }
    },
    dim: 17,
    params: 289,
  },
  "backwards, with a counter of its own, and the last round's value": {
    f: (_t, y, dy, p) => {
      const n = y.length;
      let k = 0;
      let last = 0;
      for (let i = n - 1; i >= 0; i--) {
        last = y[i]! * p[0]!;
        dy[k++] = last * y[n - 1 - i]!;
      }
      dy[2]! += last;
    },
    dim: 23,
    params: 1,
  },
  "a loop under a condition on the state": {
    f: (_t, y, dy, p) => {
      dy.fill(0);
      if (y[3]! > 1) for (let i = 1; i < y.length; i++) dy[i] = y[i - 1]! * p[0]!;
    },
    dim: 20,
    params: 1,
  },
  "sums under conditions on sums, whose transposes are nested inside out": {
    f: (t, y, dy, p) => {
      const n = 17;
      for (let i = 0; i < n; i++) {
        let sum = t;
        for (let j = 0; j < n; j++)
          sum -= 0.1 * y[9]! * Math.sin(y[n + ((j + n - 1) % n)]!) * Math.cos(y[(i + 2) % n]! * y[j + n]!);
        dy[i] = sum * y[i]!;
        dy[i + n] = -Math.max(p[0]!, sum + y[i]!);
      }
    },
    dim: 34,
    params: 1,
  },
  "a sum within a sum along the same loop": {
    f: (t, y, dy, p) => {
      const n = 17;
      for (let i = 0; i < n; i++) {
        let sum = t;
        for (let j = 0; j < n; j++) sum -= 0.1 * y[9]! * y[j + n]! * y[(i + 2) % n]!;
        dy[i] = y[i]!;
        dy[i + n] = -Math.max(p[0]!, sum + y[i]!);
      }
    },
    dim: 34,
    params: 1,
  },
  "what a round hands to the next, which is unrolled": {
    f: (_t, y, dy, p) => {
      let before = p[0]!;
      for (let i = 0; i < y.length; i++) {
        dy[i] = before - y[i]!;
        before = Math.tanh(before * y[i]!);
      }
    },
    dim: 20,
    params: 1,
  },
  "strides that no grid has in common, whose VJP is unrolled": {
    f: (_t, y, dy) => {
      const n = y.length / 2;
      for (let i = 0; i < n; i++) {
        dy[i] = y[2 * i]! * y[2 * i + 1]!;
        dy[n + i] = y[i]! * y[3]!;
      }
    },
    dim: 40,
    params: 0,
  },
};

describe.each(Object.entries(cases))("%s", (_, { f, dim, params, uses }) => {
  const theta = wave(params, 0.3).map((x) => 0.3 * x);
  const options = { dim, params: theta, ...(uses && { uses }) };
  const at = { t: 0.4, y: wave(dim, 2) };
  const thetaDot = wave(params, 5);
  const of = (y: readonly number[], p: readonly number[], t = at.t): number[] => {
    const dy = new Float64Array(dim);
    return Array.from((f(t, Float64Array.from(y), dy, Float64Array.from(p)) as Float64Array | undefined) ?? dy);
  };
  const field = compiled(f as never, options) as unknown as CompiledField;

  it("has f's values", () => {
    const own = evaluated(field, dim, thetaDot);
    const expected = of(at.y, theta);
    for (const [i, value] of own.value(at).entries()) expect(value).toBeCloseTo(expected[i]!, 14);
    own.release();
  });

  it("has exact products with vectors", () => {
    const own = evaluated(field, dim, thetaDot);
    const [w, yDot] = [wave(dim, 7), wave(dim, 9)];
    const pushed = own.jvp(at, yDot);
    const bar = own.vjp(at, w);
    own.release();
    const h = 1e-5;
    const along = (s: number): number[] =>
      of(
        at.y.map((x, i) => x + s * yDot[i]!),
        theta.map((x, i) => x + s * thetaDot[i]!),
      );
    const [a, b] = [along(h), along(-h)];
    const size = 1 + Math.max(...pushed.map(Math.abs));
    for (const [i, value] of pushed.entries())
      expect(Math.abs(value - (a[i]! - b[i]!) / (2 * h))).toBeLessThan(1e-7 * size);
    const left = dot(w, pushed);
    expect(Math.abs(left - dot(bar.y, yDot) - dot(bar.params, thetaDot))).toBeLessThan(1e-12 * (1 + Math.abs(left)));
    const later = (s: number): number => dot(w, of(at.y, theta, at.t + s));
    expect(Math.abs(bar.t - (later(h) - later(-h)) / (2 * h))).toBeLessThan(1e-7 * size * dim);
  });

  it("computes rows alike, and in float32 to its rounding", () => {
    expect(
      wrongRow(
        field,
        dim,
        [1, 2, 3].map((k) => ({ t: 0.7, y: wave(dim, k) })),
      ),
    ).toBeUndefined();
    const single = compiled(f as never, { ...options, dtype: "float32" } as never) as unknown as CompiledField;
    const own = evaluated(single, dim, thetaDot);
    const y = at.y.map(Math.fround);
    const expected = of(y, theta.map(Math.fround));
    const size = 1 + Math.max(...expected.map(Math.abs));
    for (const [i, value] of own.value({ t: at.t, y }).entries())
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6 * size);
    const [w, yDot] = [wave(dim, 7).map(Math.fround), wave(dim, 9).map(Math.fround)];
    const bar = own.vjp({ t: at.t, y }, w);
    const left = dot(w, own.jvp({ t: at.t, y }, yDot));
    own.release();
    const right = dot(bar.y, yDot) + dot(bar.params, thetaDot.map(Math.fround));
    const sum = dot(bar.y.map(Math.abs), yDot.map(Math.abs));
    expect(Math.abs(left - right)).toBeLessThan(1e-5 * (1 + sum + Math.abs(left)));
  });

  it("is the same as a text of JavaScript", () => {
    const text = new Function(`return ${field.text("js")}`)() as (...list: unknown[]) => void;
    const dy = new Float64Array(dim);
    text(at.t, Float64Array.from(at.y), dy, Float64Array.from(theta));
    const expected = of(at.y, theta);
    for (const [i, value] of dy.entries()) expect(value).toBeCloseTo(expected[i]!, 14);
  });
});

it("makes modules that do not grow with the state", () => {
  const [few, many] = lengthsOf(brusselator, [100, 10_000], { params: [1, 3, 0.1] });
  // Numbers of more digits take a few bytes.
  expect(many!.length).toBe(3);
  for (const [i, length] of many!.entries()) expect(length).toBeLessThan(few![i]! + 100);
  const [f, vjp, jvp] = lengthsOf(bodies, [4000], { params: [0.1] })[0]!;
  expect(Math.max(f!, vjp!, jvp!)).toBeLessThanOrEqual(2048);
});

it("sums in the order of the rounds, to the bit", () => {
  const field = compiled(
    (_t, y, dy) => {
      let sum = 0;
      for (let i = 0; i < y.length; i++) sum += y[i]! * 1e-3;
      for (let i = 0; i < y.length; i++) dy[i] = sum;
    },
    { dim: 999 },
  );
  const y = Array.from({ length: 999 }, (_, i) => Math.sin(i) * 10 ** (i % 7));
  let sum = 0;
  for (const value of y) sum += value * 1e-3;
  expect(field.evaluate(0, y)[500]).toBe(sum);
});

it("leaves second derivatives and Jacobians of loops to straight-line code", () => {
  const field = compiled(bodies as never, { dim: 64, params: [0.1] }) as CompiledField;
  const y = wave(64, 1);
  const jacobian = field.jacobian(0, y);
  const yDot = wave(64, 3);
  const out = new Float64Array(64);
  field.jvp(0, y, undefined, { y: yDot }, out);
  for (let i = 0; i < 64; i++)
    expect(dot(Array.from(jacobian.subarray(64 * i, 64 * i + 64)), yDot)).toBeCloseTo(out[i]!, 10);
});
