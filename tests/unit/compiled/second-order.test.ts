// The exact Jacobian and the second-order pass of compiled fields: against products with vectors and against differences.
// biome-ignore-all lint/suspicious/noAssignInExpressions: equations as people write them
import { describe, expect, it } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import { checkDerivatives, type DerivativeCheck, mlp, rodas5P, solve } from "../../../ts/index.ts";
import { Scratch } from "../../../ts/wasm/scratch.ts";
import { evaluated } from "../../fuzz/evaluation.ts";
import { wrongJacobian, wrongSecond } from "../../fuzz/second-order.ts";
import { corpus } from "./corpus.ts";
import type { Entry } from "./corpus-entry.ts";

const fieldOf = ({ f, dim, params, uses }: Entry) =>
  compiled(f as never, { dim, ...(params && { params }), ...(uses && { uses }) } as never);

const pointOf = ({ dim, y = new Array<number>(dim).fill(1) }: Entry, k: number) => ({
  t: 0.2 * k + 0.1,
  y: y.map((x, i) => x * (1 + 0.3 * Math.sin(5 * k + 2 * i + 0.7))),
});

describe.each(Object.keys(corpus))("%s", (name) => {
  const entry = corpus[name]!;
  const points = [0, 1, 2].map((k) => pointOf(entry, k));

  it("has a Jacobian whose products are the JVPs, to 1e-14", () => {
    const field = evaluated(fieldOf(entry), entry.dim);
    for (const point of points) expect(wrongJacobian(field, point)).toBeUndefined();
    field.release();
  });

  it("has second derivatives that are differences of its VJPs, to 1e-8", () => {
    const field = fieldOf(entry);
    let compared = 0;
    for (const point of points) {
      const found = wrongSecond(field, point);
      expect(found.wrong).toBeUndefined();
      compared += found.compared;
    }
    expect(compared).toBeGreaterThan(0);
  });
});

describe("outside a solve a compiled field", () => {
  const robertson = compiled(
    (_t, [a, b, c], dy, { k1, k2, k3 }) => {
      dy[0] = -k1 * a! + k3 * b! * c!;
      dy[2] = k2 * b! * b!;
      dy[1] = -dy[0] - dy[2];
    },
    { params: { k1: 0.04, k2: 3e7, k3: 1e4 }, dim: 3 },
  );
  const y = [0.9, 2e-5, 0.1];
  const matrix = (k1: number, k2: number, k3: number, [, b, c]: readonly number[]): number[] => {
    const first = [-k1, k3 * c!, k3 * b!];
    const third = [0, 2 * k2 * b!, 0];
    return [...first, ...first.map((value, j) => -value - third[j]!), ...third];
  };
  const near = (got: ArrayLike<number>, expected: readonly number[]): void => {
    expect(got).toHaveLength(expected.length);
    expected.forEach((value, i) =>
      expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(1e-15 * (1 + Math.abs(value))),
    );
  };

  it("has its Jacobian whole, and by the entries of its pattern", () => {
    const whole = matrix(0.04, 3e7, 1e4, y);
    near(robertson.jacobian(0, y), whole);
    const { size, starts, rows, columns } = robertson.sparsity!;
    expect([size, [...starts]]).toEqual([3, [0, 3, 6, 7]]);
    expect([...rows]).toEqual([0, 0, 0, 1, 1, 1, 2]);
    expect([...columns]).toEqual([0, 1, 2, 0, 1, 2, 1]);
    const out = new Float64Array(7);
    expect(robertson.jacobian(0, y, undefined, out)).toBe(out);
    near(
      out,
      whole.filter((value) => value !== 0),
    );
  });

  it("takes other parameters, flat or named, and leaves its own", () => {
    const whole = matrix(1, 2, 3, y);
    near(robertson.jacobian(0, y, [1, 2, 3]), whole);
    near(robertson.jacobian(0, y, { k1: 1, k2: 2, k3: 3 }), whole);
    near(robertson.evaluate(0, [1, 1, 1], undefined, [1, 2, 3]), [2, -4, 2]);
    expect([...robertson.params]).toEqual([0.04, 3e7, 1e4]);
    expect(() => robertson.jacobian(0, y, [1, 2])).toThrow("3 numbers, or an object of k1, k2, k3");
    expect(() => robertson.jacobian(0, y, { k1: 1, k2: 2 } as never)).toThrow("params.k3");
  });

  it("has a Jacobian for each row of a batch", () => {
    const rows = [...y, 0.5, 1e-5, 0.2];
    near(
      robertson.jacobian(0, rows),
      [y, rows.slice(3)].flatMap((row) => matrix(0.04, 3e7, 1e4, row)),
    );
    expect(() => robertson.jacobian(0, rows, undefined, new Float64Array(9))).toThrow(
      "18 numbers, or of its 14 entries",
    );
    expect(() => robertson.jacobian(0, [1, 2])).toThrow("rows of 3 numbers");
  });

  it("has ∂f/∂t, products with vectors and second derivatives, which add up", () => {
    const f = compiled((t, [x, z], dy, [k]) => void dy.set([k! * t * t * x! * x! * z!, Math.sin(t * z!)]), {
      params: [2],
      dim: 2,
    });
    const [t, x, z, k] = [0.5, 3, 0.7, 2];
    const dfdt = new Float64Array(2);
    const whole = f.jacobian(t, [x, z], undefined, undefined, dfdt);
    near(whole, [2 * k * t * t * x * z, k * t * t * x * x, 0, t * Math.cos(t * z)]);
    near(dfdt, [2 * k * t * x * x * z, z * Math.cos(t * z)]);
    const outputs = { y: [1, 1], params: [1], t: [1] };
    f.vjp(t, [x, z], undefined, [1, 0], outputs);
    near(outputs.y, [1 + whole[0]!, 1 + whole[1]!]);
    near([...outputs.params, ...outputs.t], [1 + t * t * x * x * z, 1 + dfdt[0]!]);
    const pushed = [0, 0];
    f.jvp(t, [x, z], undefined, { y: [1, 0], params: [3] }, pushed);
    near(pushed, [whole[0]! + 3 * t * t * x * x * z, 0]);
    // Of ∂²f₀/∂x², ∂²f₀/∂x∂z, ∂²f₀/∂x∂k and ∂²f₀/∂x∂t.
    const second = { y: [0, 0], params: [0], t: [0] };
    f.second(t, [x, z], undefined, { y: [1, 0] }, [1, 0], second);
    near(second.y, [2 * k * t * t * z, 2 * k * t * t * x]);
    near([...second.params, ...second.t], [2 * t * t * x * z, 4 * k * t * x * z]);
    f.second(t, [x, z], undefined, { y: [0, 0], t: 1 }, [0, 1], second);
    near(second.t, [4 * k * t * x * z - z * z * Math.sin(t * z)]);
  });

  it("is compared with its function there, too", () => {
    const table = [1];
    const field = compiled((_t, [x], dy) => void (dy[0] = table[0]! * x!), { dim: 1, uses: () => ({ table }) });
    table[0] = 2;
    expect(() => field.jacobian(0, [1])).toThrow("which f itself gives");
  });

  it("has no pattern before its state's length is known", () => {
    const chain = compiled((_t, y, dy) => {
      for (let i = 0; i < y.length; i++) dy[i] = (y[i + 1] ?? 0) - y[i]!;
    });
    expect(chain.sparsity).toBeUndefined();
    expect([...chain.jacobian(0, [1, 2, 3])]).toEqual([-1, 1, 0, 0, -1, 1, 0, 0, -1]);
    expect([...chain.sparsity!.columns]).toEqual([0, 1, 1, 2, 2]);
  });

  it("works in float32 and without parameters", () => {
    const field = compiled((_t, [x, z], dy) => void dy.set([x! * z!, z!]), { dim: 2, dtype: "float32" });
    expect(field.jacobian(0, [3, 5])).toEqual(Float32Array.of(5, 3, 0, 1));
  });
});

describe("a Jacobian", () => {
  it("is taken by rows where few values depend on many inputs, and has the same entries", () => {
    // A long chain behind a sum of many.
    const field = compiled(
      (_t, y, dy) => {
        let s = 0;
        for (let i = 0; i < 20; i++) s += (i + 1) * y[i]! * y[i]!;
        for (let k = 0; k < 10; k++) s = Math.sin(s) + Math.exp(-s * s);
        for (let i = 0; i < 20; i++) dy[i] = i === 0 ? s : -y[i]!;
      },
      { dim: 20 },
    );
    const own = evaluated(field, 20);
    for (const k of [0, 1]) {
      const point = { t: 0, y: Array.from({ length: 20 }, (_, i) => 0.2 * Math.cos(i + k)) };
      expect(wrongJacobian(own, point)).toBeUndefined();
    }
    own.release();
    expect(field.sparsity!.columns).toHaveLength(20 + 19);
  });

  it("is not spoiled by what no branch uses", () => {
    const field = compiled((_t, [x, z], dy) => void dy.set([x! > 0 ? Math.sqrt(x!) : z!, Math.abs(z!)]), { dim: 2 });
    expect([...field.jacobian(0, [-1, 2])]).toEqual([0, 1, 0, 1]);
    expect([...field.jacobian(0, [4, -2])]).toEqual([0.25, 0, 0, -1]);
  });
});

describe("of equations that call networks", () => {
  const net = mlp({ layers: [2, 5, 1], dtype: "float64", seed: 3 });
  const ude = compiled(
    (t, [x, z], dy, { a }) => {
      const [u] = net(x! * z!, t);
      dy[0] = a * x! - u! * x!;
      dy[1] = u! * z! - z!;
    },
    { params: { a: 1.5 }, uses: () => ({ net }), dim: 2 },
  );

  it("Jacobians are exact, at a point and in solves, in rows too", () => {
    const y = [0.7, -0.4];
    const dfdt = new Float64Array(2);
    const matrix = ude.jacobian(0.3, y, undefined, undefined, dfdt);
    [0, 1].forEach((j) => {
      const pushed = [0, 0];
      ude.jvp(0.3, y, undefined, { y: [1 - j, j] }, pushed);
      pushed.forEach((value, i) => expect(matrix[2 * i + j]).toBeCloseTo(value, 14));
    });
    for (const state of [y, [...y, 1.2, 0.3, -0.5, 0.8]])
      expect((checkDerivatives(ude, { t: 0.3, y: state }) as DerivativeCheck).jacobian).toBeLessThan(1e-9);
  });

  it("implicit solvers take them", () => {
    const options = { y0: [0.7, -0.4], ts: [0, 1], rtol: 1e-9, atol: 1e-9 };
    const { ys, stats } = solve(ude, { ...options, solver: rodas5P });
    expect(stats.differences).toBe(0);
    solve(ude, options).ys.forEach((value, i) => expect(ys[i]).toBeCloseTo(value, 7));
  });

  it("second derivatives are refused", () => {
    expect(ude.hasSecond).toBe(false);
    const outputs = { y: [0, 0], params: new Float64Array(ude.params.length), t: [0] };
    expect(() => ude.second(0.3, [1, 2], undefined, { y: [1, 0] }, [1, 0], outputs)).toThrow(
      "first derivatives of networks",
    );
  });
});

describe("of several pairs", () => {
  it.each([2, 6])("second derivatives are the sum, of rows the sum over rows (dim %i)", (dim) => {
    const field = compiled(
      (t, y, dy, [k]) => {
        for (let i = 0; i < y.length; i++) dy[i] = k! * y[i]! * y[(i + 1) % y.length]! * Math.cos(t * y[0]!);
      },
      { dim, params: [1.3] },
    );
    const wave = (shift: number): number[] => Array.from({ length: 3 * dim }, (_, i) => Math.sin(1.3 * i + shift));
    const y = wave(0);
    const rows = [0, 1, 2].map((row) => ({ t: 0.4, y: y.slice(row * dim, (row + 1) * dim) }));
    const scratch = new Scratch();
    const vector = () => scratch.vector(3 * dim, "float64");
    const [x, xBar] = [vector(), vector()];
    const pairs = [1, 2].map((k) => ({ tangent: vector(), time: 0.3 * k, cotangent: vector() }));
    const request = { length: 3 * dim, params: field.params, slots: 0, gradient: true, pairs: 2 };
    const bound = field.bind(scratch, request);
    scratch.lease();
    bound.load();
    x.view.set(y);
    pairs.forEach(({ tangent, cotangent }, k) => {
      tangent.view.set(wave(k + 1));
      cotangent.view.set(wave(k + 5));
    });
    bound.paramsBar!.view.fill(0);
    const tBar = bound.second!(0.4, x, pairs, xBar, -1) as number;
    const one = evaluated(field, dim);
    const expected = { y: new Float64Array(3 * dim), params: 0, t: 0 };
    rows.forEach((point, row) => {
      const part = (numbers: readonly number[]): number[] => numbers.slice(row * dim, (row + 1) * dim);
      [1, 2].forEach((k) => {
        const own = one.second(point, { y: part(wave(k)), t: 0.3 * k }, part(wave(k + 4)));
        own.y.forEach((value, i) => (expected.y[row * dim + i]! += value));
        expected.params += own.params[0]!;
        expected.t += own.t;
      });
    });
    one.release();
    xBar.view.forEach((value, i) => expect(value).toBeCloseTo(expected.y[i]!, 12));
    expect(bound.paramsBar!.view[0]).toBeCloseTo(expected.params, 12);
    expect(tBar).toBeCloseTo(expected.t, 12);
    scratch.release();
  });
});
