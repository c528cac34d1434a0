// Fields from one scalar: hamiltonian(H), and the divergence of a field.
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type CompiledField,
  compiled,
  divergence,
  hamiltonian,
  type NamedValues,
  withDivergence,
} from "../../../ts/compiled/index.ts";
import { jvp, mlp, solve, symplectic, tsit5 } from "../../../ts/index.ts";
import { evaluated } from "../../fuzz/evaluation.ts";
import { wrongRow } from "../../fuzz/rows.ts";
import { wrongJacobian, wrongSecond } from "../../fuzz/second-order.ts";
import { corpus } from "./corpus.ts";

const henonHeiles = hamiltonian(
  ([x, y], [px, py], { lambda }) =>
    (px! ** 2 + py! ** 2 + x! ** 2 + y! ** 2) / 2 + lambda * (x! ** 2 * y! - y! ** 3 / 3),
  { params: { lambda: 1 } },
);

/** A chain of `n` masses between walls with quadratic and cubic springs (Fermi, Pasta, Ulam and Tsingou 1955). */
const chain = hamiltonian(
  (q, p, [alpha, k]) => {
    let energy = 0;
    for (let i = 0; i < q.length; i++) energy += (p[i]! * p[i]!) / 2;
    for (let i = 0; i <= q.length; i++) {
      const stretch = (i < q.length ? q[i]! : 0) - (i > 0 ? q[i - 1]! : 0);
      energy += k! * (stretch ** 2 / 2 + (alpha! * stretch ** 3) / 3);
    }
    return energy;
  },
  { params: [0.25, 1.1] },
);

const wave = (length: number, shift: number): number[] =>
  Array.from({ length }, (_, i) => 0.4 * Math.cos(1.7 * i + shift));

describe("the field of a Hamiltonian", () => {
  it("has the canonical equations", () => {
    const [x, y, px, py] = [0.1, -0.3, 0.4, 0.2];
    const got = henonHeiles.evaluate(0, [x, y, px, py]);
    [px, py, -x - 2 * x * y, -y - x * x + y * y].forEach((value, i) => expect(got[i]).toBeCloseTo(value, 15));
    const q = wave(20, 0);
    const p = wave(20, 1);
    const f = chain.evaluate(0, [...q, ...p]);
    const force = (d: number): number => 1.1 * (d + 0.25 * d * d);
    q.forEach((own, i) => {
      expect(f[i]).toBe(p[i]);
      expect(f[20 + i]).toBeCloseTo(force((q[i + 1] ?? 0) - own) - force(own - (q[i - 1] ?? 0)), 14);
    });
  });

  it.each<[string, CompiledField<never>, number]>([
    ["Hénon and Heiles", henonHeiles as never, 4],
    ["a chain of 20", chain as never, 40],
  ])("of %s has derivatives through ∇H", (_name, field, dim) => {
    const own = evaluated(field, dim, wave(field.params.length, 5));
    const still = evaluated(field, dim);
    for (const k of [0, 1, 2]) {
      const point = { t: 0, y: wave(dim, k) };
      const [w, yDot] = [wave(dim, k + 3), wave(dim, k + 4)];
      const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, x, i) => s + x * b[i]!, 0);
      const bar = own.vjp(point, w);
      const pushed = own.jvp(point, yDot);
      const size = pushed.reduce((sum, value, i) => sum + Math.abs(value * w[i]!), 0);
      const paramsDot = wave(field.params.length, 5);
      expect(Math.abs(dot(w, pushed) - dot(bar.y, yDot) - dot(bar.params, paramsDot))).toBeLessThanOrEqual(
        1e-14 * size,
      );
      const along = (h: number): number => {
        const moved = Array.from(field.params, (value, j) => value + h * paramsDot[j]!);
        const values = field.evaluate(
          0,
          point.y.map((value, i) => value + h * yDot[i]!),
          undefined,
          moved,
        );
        return dot(w, Array.from(values));
      };
      const central = (h: number): number => (along(h) - along(-h)) / (2 * h);
      expect(dot(w, pushed)).toBeCloseTo((4 * central(1e-3) - central(2e-3)) / 3, 9);
      expect(wrongJacobian(still, point)).toBeUndefined();
      expect(wrongSecond(field, point)).toMatchObject({ wrong: undefined, compared: dim + field.params.length + 1 });
    }
    own.release();
    still.release();
  });

  it("keeps the energy in a solve, and has its gradient", () => {
    const options = { y0: [0.1, -0.2, 0.3, 0.1], ts: [0, 5, 20], solver: tsit5, rtol: 1e-10, atol: 1e-10 };
    const solution = solve(henonHeiles, { ...options, adjoint: symplectic() });
    const energy = ([x, y, px, py]: ArrayLike<number> & Iterable<number>): number =>
      (px! ** 2 + py! ** 2 + x! ** 2 + y! ** 2) / 2 + x! ** 2 * y! - y! ** 3 / 3;
    expect(energy(solution.ys.slice(8))).toBeCloseTo(energy(options.y0), 8);
    const cotangent = [0, 0, 0, 0, 1, 0.5, -1, 2, 0.3, -0.2, 1, 1];
    const { y0, params } = solution.pullback(cotangent);
    const tangent = { y0: [1, 0.5, -0.3, 0.2], params: [0.7] };
    const pushed = Float64Array.from(jvp(solution, tangent)).reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
    const pulled = [...y0, ...params].reduce((sum, v, i) => sum + v * [...tangent.y0, ...tangent.params][i]!, 0);
    expect(Math.abs(pushed - pulled)).toBeLessThan(1e-11 * Math.abs(pulled));
    const { rtol: _r, atol: _a, ...replay } = options;
    const along = (h: number): number => {
      const start = options.y0.map((value, i) => value + h * tangent.y0[i]!);
      const moved = hamiltonian(
        ([x, y], [px, py], [lambda]) =>
          (px! ** 2 + py! ** 2 + x! ** 2 + y! ** 2) / 2 + lambda! * (x! ** 2 * y! - y! ** 3 / 3),
        { params: [1 + 0.7 * h] },
      );
      const { ys } = solve(moved, { ...replay, y0: start, grid: solution.grid });
      return ys.reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
    };
    const central = (h: number): number => (along(h) - along(-h)) / (2 * h);
    const expected = (4 * central(1e-4) - central(2e-4)) / 3;
    expect(Math.abs(pulled - expected)).toBeLessThan(1e-7 * Math.abs(expected));
  });

  it("has rows in a batch, float32, values from outside and the template form", () => {
    const points = [0, 1, 2].map((k) => ({ t: 0, y: wave(2, k) }));
    const masses = [2];
    const kinetic = (p: number): number => (p * p) / (2 * masses[0]!);
    const pendulum = hamiltonian((q, p, [k]) => kinetic(p[0]!) - k! * Math.cos(q[0]!), {
      params: [3],
      dim: 2,
      uses: () => ({ kinetic, masses }),
    });
    expect(wrongRow(pendulum, 2, points)).toBeUndefined();
    const written = hamiltonian(compiled.js`(q, p, [k]) => p[0] ** 2 / ${2 * masses[0]!} - k * Math.cos(q[0])`, {
      params: [3],
      dtype: "float32",
    });
    const [a, b] = [pendulum.evaluate(0, [0.5, 1]), written.evaluate(0, [0.5, 1])];
    expect(b).toBeInstanceOf(Float32Array);
    a.forEach((value, i) => expect(b[i]).toBeCloseTo(value, 6));
    expect(pendulum.text("js")).toContain("Math.sin");
  });

  it("refuses what is none", () => {
    const odd = (dim?: number) => hamiltonian((q, p) => q[0]! * p[0]!, { ...(dim && { dim }) });
    expect(() => odd(3)).toThrow("coordinates and as many momenta");
    expect(() => solve(odd(), { y0: [1, 2, 3], ts: [0, 1] })).toThrow("coordinates and as many momenta");
    expect(() => hamiltonian(3 as never)).toThrow("hamiltonian(H)");
    expect(() => hamiltonian((q) => q[0]!, { dimension: 2 } as never)).toThrow("hamiltonian option dimension");
    expect(() => hamiltonian((() => {}) as never, { dim: 2 })).toThrow("H");
    const table = [1];
    const field = hamiltonian((q, p) => table[0]! * q[0]! * p[0]!, { dim: 2, uses: () => ({ table }) });
    table[0] = 2;
    expect(() => field.evaluate(0, [1, 1])).toThrow(/compiled: H at t = 0, y = \[1, 1\], is 1; allowed: 2/);
  });

  it("has the type of its parameters", () => {
    expectTypeOf(henonHeiles).toEqualTypeOf<CompiledField<NamedValues<{ lambda: number }>, "float64">>();
  });
});

describe("the divergence", () => {
  const lorenz = compiled(
    (_t, [x, y, z], dy, { sigma, rho, beta }) => {
      dy[0] = sigma * (y! - x!);
      dy[1] = x! * (rho - z!) - y!;
      dy[2] = x! * y! - beta * z!;
    },
    { params: { sigma: 10, rho: 28, beta: 8 / 3 } },
  );

  it("is a function of t, y and parameters", () => {
    const div = divergence(lorenz);
    expect(div(0, [1, 2, 3])).toBeCloseTo(-10 - 1 - 8 / 3, 15);
    expect(div(0, [1, 2, 3], [1, 2, 3])).toBe(-5);
    expect(div(0, [1, 2, 3], { sigma: 2, rho: 0, beta: 1 })).toBe(-4);
    expect(divergence(henonHeiles)(0, wave(4, 0))).toBeCloseTo(0, 15);
  });

  it.each(Object.keys(corpus))("of %s is the trace of its Jacobian", (name) => {
    const { f, dim, params, uses, y = new Array<number>(dim).fill(1) } = corpus[name]!;
    const field = compiled(f as never, { dim, ...(params && { params }), ...(uses && { uses }) } as never);
    const div = divergence(field as never);
    const whole = withDivergence(field as never);
    for (const k of [0, 1]) {
      const at = y.map((x, i) => x * (1 + 0.3 * Math.sin(5 * k + 2 * i + 0.7)));
      const matrix = (field as CompiledField).jacobian(0.3, at);
      let [trace, size] = [0, 0];
      for (let i = 0; i < dim; i++) {
        trace += matrix[i * (dim + 1)]!;
        size += Math.abs(matrix[i * (dim + 1)]!);
      }
      expect(Math.abs(div(0.3, at) - trace)).toBeLessThanOrEqual(1e-14 * size);
      const both = whole.evaluate(0.3, [...at, 7]);
      expect(both.slice(0, dim)).toEqual((field as CompiledField).evaluate(0.3, at));
      expect(Math.abs(both[dim]! - trace)).toBeLessThanOrEqual(1e-14 * size);
    }
  });

  it("of an affine field is what the log of the density loses: to 1e-8 in a solve, with its gradient", () => {
    const affine = compiled(
      (_t, [x, y], dy, { a, b }) => {
        dy[0] = a[0]! * x! + a[1]! * y! + b[0]!;
        dy[1] = a[2]! * x! + a[3]! * y! + b[1]!;
      },
      { params: { a: [0.3, -1, 0.8, -0.5], b: [0.1, 0.2] }, dim: 2 },
    );
    const flow = withDivergence(affine);
    expect(flow.params).toBe(affine.params);
    const y0 = [0.5, -0.2, 0, 1, 2, 0];
    const solution = solve(flow, { y0, ts: [0, 2], rtol: 1e-10, atol: 1e-10, adjoint: symplectic() });
    // Two rows: (x, y, ℓ) each.
    for (const row of [0, 1]) expect(solution.ys[6 + 3 * row + 2]).toBeCloseTo(2 * (0.3 - 0.5), 8);
    const { params } = solution.pullback([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    [2, 0, 0, 2, 0, 0].forEach((value, i) => expect(params[i]).toBeCloseTo(value, 8));
  });

  it("has exact derivatives of its own, in rows too", () => {
    const field = compiled(
      (t, [x, y], dy, [k]) => {
        dy[0] = Math.sin(k! * x! * y!) + t * x! * x!;
        dy[1] = Math.exp(-y! * y!) * x!;
      },
      { params: [0.7], dim: 2 },
    );
    const flow = withDivergence(field);
    const points = [0, 1, 2].map((k) => ({ t: 0.4, y: [...wave(2, k), 0.3 * k] }));
    const own = evaluated(flow, 3);
    for (const point of points) {
      expect(wrongJacobian(own, point)).toBeUndefined();
      expect(wrongSecond(flow, point)).toMatchObject({ wrong: undefined, compared: 5 });
    }
    // ∂ℓ'/∂x and ∂ℓ'/∂k by hand.
    const [x, y] = points[1]!.y as [number, number];
    const bar = own.vjp(points[1]!, [0, 0, 1]);
    const [s, c] = [Math.sin(0.7 * x * y), Math.cos(0.7 * x * y)];
    expect(bar.y[0]).toBeCloseTo(-0.49 * y * y * s + 0.8 - 2 * y * Math.exp(-y * y), 14);
    expect(bar.params[0]).toBeCloseTo(y * c - 0.7 * y * x * y * s, 14);
    expect(bar.t).toBeCloseTo(2 * x, 14);
    own.release();
    expect(wrongRow(flow, 3, points)).toBeUndefined();
  });

  it("is of compiled fields alone, one row at a time", () => {
    expect(() => divergence(mlp({ layers: [2, 2] }) as never)).toThrow("a field made with compiled or hamiltonian");
    expect(() => withDivergence((() => {}) as never)).toThrow("withDivergence(field)");
    const field = compiled((_t, [x], dy) => void dy.set([x!, x!]), { dim: 2 });
    expect(() => divergence(field)(0, [1, 2, 3, 4])).toThrow("2 numbers, one row of the state");
  });
});
