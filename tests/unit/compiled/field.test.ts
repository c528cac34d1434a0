// Compiled fields in solves: every adjoint, forward directions, batches, precisions, named parameters, values from outside.
// biome-ignore-all lint/complexity/noCommaOperator: as bundlers write calls of imports
// biome-ignore-all lint/suspicious/noAssignInExpressions: equations as people write them
import { describe, expect, expectTypeOf, it } from "vitest";
import { type CompiledField, compiled, type NamedValues } from "../../../ts/compiled/index.ts";
import {
  type Adjoint,
  backprop,
  checkpointed,
  continuous,
  dopri5,
  jvp,
  mlp,
  reverse,
  reversible,
  type SolveOptions,
  solve,
  symplectic,
  tsit5,
  vectorField,
} from "../../../ts/index.ts";
import { N } from "../exact-adjoints.ts";

const lorenz = compiled(
  (_t, [x, y, z], dy, { sigma, rho, beta }) => {
    dy[0] = sigma * (y! - x!);
    dy[1] = x! * (rho - z!) - y!;
    dy[2] = x! * y! - beta * z!;
  },
  { params: { sigma: 10, rho: 28, beta: 8 / 3 } },
);
const byHand = (_t: number, y: Float64Array, dy: Float64Array): void => {
  dy[0] = 10 * (y[1]! - y[0]!);
  dy[1] = y[0]! * (28 - y[2]!) - y[1]!;
  dy[2] = y[0]! * y[1]! - (8 / 3) * y[2]!;
};
const options: SolveOptions = { y0: [1, 2, 20], ts: [0, 0.3, 0.7], rtol: 1e-8, atol: 1e-8 };
const cotangent = [0, 0, 0, 0.3, -1, 0.5, 1, 2, -0.7];

describe("a compiled field", () => {
  it("has the solutions of the function itself, bit for bit", () => {
    for (const solver of [tsit5, dopri5])
      expect(solve(lorenz, { ...options, solver }).ys).toEqual(solve(byHand, { ...options, solver }).ys);
  });

  it.each<[string, Adjoint, Partial<SolveOptions>, number]>([
    ["backprop", backprop(), {}, 1e-7],
    ["checkpointed", checkpointed({ checkpoints: 3 }), {}, 1e-7],
    ["symplectic", symplectic(), {}, 1e-7],
    ["reverse", reverse(), { solver: reversible(tsit5) }, 1e-7],
    ["continuous", continuous({ norm: "full", rtol: 1e-10, atol: 1e-10 }), { rtol: 1e-10, atol: 1e-10 }, 1e-5],
  ])("has gradients by %s that are differences of the replayed solve", (_, adjoint, more, tolerance) => {
    const given = { ...options, ...more };
    const solution = solve(lorenz, { ...given, adjoint });
    const gradient = solution.pullback(cotangent, { times: true });
    const loss = (y0: ArrayLike<number>, params: ArrayLike<number>): number => {
      const [sigma, rho, beta] = Array.from(params);
      const moved = compiled(
        (_t, [x, y, z], dy, p) => {
          dy[0] = p[0]! * (y! - x!);
          dy[1] = x! * (p[1]! - z!) - y!;
          dy[2] = x! * y! - p[2]! * z!;
        },
        { params: [sigma!, rho!, beta!] },
      );
      const { rtol: _r, atol: _a, ...replay } = given;
      const { ys } = solve(moved, { ...replay, y0, grid: solution.grid });
      return ys.reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
    };
    const central = (along: (h: number) => number): number => {
      const difference = (h: number): number => (along(h) - along(-h)) / (2 * h);
      return (4 * difference(1e-4) - difference(2e-4)) / 3;
    };
    const y0 = Array.from(options.y0);
    y0.forEach((_value, i) => {
      const expected = central((h) => loss(y0.with(i, y0[i]! + h), lorenz.params));
      expect(Math.abs(gradient.y0[i]! - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected));
    });
    lorenz.params.forEach((value, i) => {
      const expected = central((h) => loss(y0, Array.from(lorenz.params).with(i, value + h)));
      expect(Math.abs(gradient.params[i]! - expected)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(expected)));
    });
    expect(gradient.ts).toHaveLength(3);
  });

  it("has directions by jvp that agree with its gradients", () => {
    const solution = solve(lorenz, { ...options, adjoint: symplectic() });
    const tangent = { y0: [0.3, -0.2, 1], params: [1, -0.5, 2] };
    const pushed = Float64Array.from(jvp(solution, tangent)).reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
    const { y0, params } = solution.pullback(cotangent);
    const pulled = [...y0, ...params].reduce(
      (sum, value, i) => sum + value * [...tangent.y0, ...tangent.params][i]!,
      0,
    );
    expect(Math.abs(pushed - pulled)).toBeLessThanOrEqual(1e-12 * Math.abs(pushed));
    const stateOnly = Float64Array.from(jvp(solution, { y0: tangent.y0 })).reduce(
      (sum, value, i) => sum + value * cotangent[i]!,
      0,
    );
    expect(stateOnly).toBeCloseTo(
      y0.reduce((sum, value, i) => sum + value * tangent.y0[i]!, 0),
      6,
    );
  });

  it("counts as a field with its products written by hand does", () => {
    const written = vectorField({ f: byHand, vjp: (_t, _y, _p, w, bars) => void (bars.y[0]! += w[0]!) });
    const count = (field: Parameters<typeof solve>[0]): object => {
      const solution = solve(field as typeof lorenz, { ...options, adjoint: symplectic() });
      return { ...solution.stats, peakBytes: 0, back: { ...solution.pullback(cotangent).stats, peakBytes: 0 } };
    };
    expect(count(lorenz)).toEqual(count(written));
  });

  it("takes its parameters as they are when a solve begins", () => {
    const decay = compiled((_t, y, dy, [k]) => void (dy[0] = -k! * y[0]!), { params: [1] });
    const first = solve(decay, { y0: [1], ts: [0, 1], adjoint: backprop() });
    decay.params[0] = 2;
    const second = solve(decay, { y0: [1], ts: [0, 1] });
    expect(first.ys[1]).toBeCloseTo(Math.exp(-1), 6);
    expect(second.ys[1]).toBeCloseTo(Math.exp(-2), 6);
    expect(first.pullback([0, 1]).params[0]).toBeCloseTo(-Math.exp(-1), 5);
  });

  it("works on the rows of a batch where dim is given, and on the whole state otherwise", () => {
    const rowwise = compiled((t, [x, v], dy, { k }) => void dy.set([v! + t, -k * x!]), { dim: 2, params: { k: 3 } });
    const rows = [1, 0, 0.5, -1, 2, 0.3];
    const batch = solve(rowwise, { y0: rows, ts: [0, 1], stepSize: 0.1, adjoint: symplectic() });
    const w = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6];
    const bars = batch.pullback(w, { times: true });
    let params = 0;
    for (let row = 0; row < 3; row++) {
      const one = solve(rowwise, {
        y0: rows.slice(2 * row, 2 * row + 2),
        ts: [0, 1],
        stepSize: 0.1,
        adjoint: symplectic(),
      });
      expect(batch.ys.slice(6 + 2 * row, 8 + 2 * row)).toEqual(one.ys.slice(2));
      const bar = one.pullback([0, 0, ...w.slice(6 + 2 * row, 8 + 2 * row)]);
      bar.y0.forEach((value, i) => expect(bars.y0[2 * row + i]).toBeCloseTo(value, 12));
      params += bar.params[0]!;
    }
    expect(bars.params[0]).toBeCloseTo(params, 12);
    const whole = compiled((_t, y, dy) => y.forEach((v, i) => void (dy[i] = -v * y.length)));
    expect(solve(whole, { y0: [1, 1], ts: [0, 1] }).ys[3]).toBeCloseTo(Math.exp(-2), 6);
    expect(solve(whole, { y0: [1, 1, 1], ts: [0, 1] }).ys[5]).toBeCloseTo(Math.exp(-3), 6);
  });

  it("may be float32", () => {
    const params = new Float32Array([0.5]);
    const field = compiled((_t, y, dy, [k]) => y.forEach((v, i) => void (dy[i] = -k! * v)), {
      params,
      dtype: "float32",
    });
    expect(field.params).toBe(params);
    const solution = solve(field, { y0: [1, 2], ts: [0, 1], adjoint: symplectic() });
    expect(solution.ys).toBeInstanceOf(Float32Array);
    expect(solution.ys[3]).toBeCloseTo(2 * Math.exp(-0.5), 4);
    const bars = solution.pullback([0, 0, 0, 1]);
    expect(bars.params).toBeInstanceOf(Float32Array);
    expect(bars.params[0]).toBeCloseTo(-2 * Math.exp(-0.5), 4);
    expect(jvp(solution, { params: [1] })[3]).toBeCloseTo(-2 * Math.exp(-0.5), 4);
  });
});

describe("parameters", () => {
  it("have names, and lie flat in their order", () => {
    const field = compiled((_t, _y, dy, { a, k, b }) => void dy.fill(a + k[1]! + b), {
      params: { a: 1, k: [2, 3], b: 4 },
      dim: 1,
    });
    expect(field.names).toEqual(["a", "k", "b"]);
    expect(field.params).toEqual(Float64Array.of(1, 2, 3, 4));
    expect(field.named()).toEqual({ a: 1, k: Float64Array.of(2, 3), b: 4 });
    const { params } = solve(field, { y0: [0], ts: [0, 2], adjoint: backprop() }).pullback([0, 1]);
    const gradient = field.named(params);
    expect(gradient.a).toBeCloseTo(2, 12);
    expect(gradient.k[0]).toBe(0);
    expect(gradient.k[1]).toBeCloseTo(2, 12);
  });

  it("of an array have none; the array is used itself", () => {
    const params = Float64Array.of(1, 2);
    const field = compiled((_t, _y, dy, p) => void dy.fill(p[1]!), { params, dim: 1 });
    expect(field.params).toBe(params);
    expect(field.names).toEqual([]);
    expect(field.named()).toBe(params);
    expect(compiled((_t, _y, dy) => void dy.fill(0)).params).toEqual(new Float64Array(0));
  });

  it("have types", () => {
    compiled(
      (t, y, dy, p) => {
        expectTypeOf(t).toEqualTypeOf<number>();
        expectTypeOf(y).toEqualTypeOf<Float64Array>();
        expectTypeOf(p).toEqualTypeOf<NamedValues<{ a: number; k: number[] }>>();
        expectTypeOf(p.a).toEqualTypeOf<number>();
        expectTypeOf(p.k).toEqualTypeOf<Float64Array>();
        // @ts-expect-error there is no such parameter
        dy.fill(p.b ?? 0);
      },
      { params: { a: 1, k: [1, 2] } },
    );
    expectTypeOf(lorenz.named).returns.toEqualTypeOf<NamedValues<{ sigma: number; rho: number; beta: number }>>();
    const flat = compiled(
      (_t, _y, dy, p) => {
        expectTypeOf(p).toEqualTypeOf<Float64Array>();
        dy.fill(0);
      },
      { params: [1, 2], dtype: "float32" },
    );
    expectTypeOf(flat).toEqualTypeOf<CompiledField<Float64Array, "float32">>();
    expectTypeOf(flat.params).toEqualTypeOf<Float32Array>();
    expectTypeOf(solve(lorenz, options).ys).toEqualTypeOf<Float64Array>();
    // @ts-expect-error a text is no parameter
    expect(() => compiled((_t, _y, dy) => void dy.fill(0), { params: { a: "1" } })).toThrow();
  });
});

describe("names from outside", () => {
  it("may be members of modules, as bundlers write imports", () => {
    const field = compiled((_t, y, dy) => void (dy[0] = N * y[0]!), { dim: 1, uses: () => ({ N }) });
    expect(solve(field, { y0: [1], ts: [0, 0.1] }).ys[1]).toBeCloseTo(Math.exp(0.1 * N), 6);
    const constants_1 = { rates: { up: 2 }, hill: (x: number): number => x * constants_1.rates.up };
    const viaMembers = compiled((_t, y, dy) => void (dy[0] = (0, constants_1.hill)(y[0]!) - constants_1.rates.up), {
      dim: 1,
      uses: () => ({ up: constants_1.rates.up, hill: constants_1.hill }),
    });
    expect(solve(viaMembers, { y0: [2], ts: [0, 0.1] }).ys[1]).toBeCloseTo(1 + Math.exp(0.2), 6);
  });
});

describe("the template form", () => {
  it("is the same language, with values from outside in place", () => {
    const [mu, masses, hill] = [2, [3, 4], (x: number): number => x / (1 + x)];
    const field = compiled(
      compiled.js`(t, y, dy, { k }) => {
        for (let i = 0; i < ${masses}.length; i++) dy[i] = -${mu} * ${masses}[i] * ${hill}(y[i]) * k;
      }`,
      { params: { k: 0.5 }, dim: 2 },
    );
    const f = (_t: number, y: Float64Array, dy: Float64Array): void => {
      for (let i = 0; i < 2; i++) dy[i] = -mu! * masses[i]! * hill(y[i]!) * 0.5;
    };
    const at = { y0: [1, 2], ts: [0, 1] };
    expect(solve(field, at).ys).toEqual(solve(f, at).ys);
  });

  it("is checked, too, and refused with its line", () => {
    expect(() =>
      compiled(
        compiled.js`(t, y, dy) => {
  dy[0] = unknown * y[0];
}`,
        { dim: 1 },
      ),
    ).toThrow(/unknown is not known here \(line 2, column 11 of f/);
    const table = [1];
    const field = compiled(compiled.js`(t, y, dy) => { dy[0] = ${table}[0] * y[0]; }`, { dim: 1 });
    solve(field, { y0: [1], ts: [0, 1] });
    table[0] = 2;
    expect(() => solve(field, { y0: [1], ts: [0, 1] })).toThrow("which f itself gives");
  });
});

describe("text", () => {
  const field = compiled((t, [x], dy, { a }) => void (dy[0] = a * x! + t), { params: { a: 2 }, dim: 1 });

  it("is a function of flat parameters that can be used anywhere", () => {
    const dy = new Float64Array(1);
    new Function(`return ${field.text("js")}`)()(3, [5], dy, [2]);
    expect(dy[0]).toBe(13);
  });

  // What shaders make of it: tests/runtimes/webgpu-compiled.ts.
  it("is a function on arrays in WGSL, after the functions that it needs", () => {
    expect(field.text("wgsl")).toBe(
      "fn f(t: f32, y: array<f32, 1>, p: array<f32, 1>) -> array<f32, 1> {\nvar dy: array<f32, 1>;\n" +
        "dy[0]=(t+(p[0]*y[0]));\nreturn dy;\n}",
    );
    const powers = compiled((_t, [x, y], dy) => void dy.set([x! ** y!, x! > 0 ? -1 : 0.1]), { dim: 2 });
    expect(powers.text("wgsl")).toMatch(
      /^fn power\(x: f32, y: f32\) -> f32 {[\s\S]*fn f\(t: f32, y: array<f32, 2>\) -> /,
    );
    expect(powers.text("wgsl")).toContain("dy[1]=select((0.10000000149011612f),(-1f),((0f)<v1));");
  });

  it("is refused where there is none", () => {
    expect(() => field.text("glsl" as never)).toThrow('"js" or "wgsl"');
    const huge = compiled((_t, [x], dy) => void (dy[0] = 1e39 * x!), { dim: 1 });
    expect(() => huge.text("wgsl")).toThrow("numbers that float32 has");
    const net = mlp({ layers: [1, 2, 1], dtype: "float64" });
    const calling = compiled((_t, [x], dy) => void (dy[0] = net(x!)[0]!), { dim: 1, uses: () => ({ net }) });
    for (const target of ["js", "wgsl"] as const)
      expect(() => calling.text(target)).toThrow("a field that calls no networks");
    expect(() => compiled((_t, y, dy) => void dy.set(y)).text("wgsl")).toThrow("compiled option dim");
  });
});
