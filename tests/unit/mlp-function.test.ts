// An mlp as a function: its values and derivatives outside of solves, against plain loops.
import { describe, expect, it } from "vitest";
import { ACTIVATIONS, type Activation } from "../../ts/fields/mlp-layout.ts";
import { backprop, mlp, solve, symplectic, vectorField } from "../../ts/index.ts";
import { memoryUse } from "../../ts/wasm/memory.ts";
import { failureOf } from "./errors.ts";
import { numbers } from "./networks.ts";
import { distance } from "./reference.ts";

const erf = (x: number): number => {
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
};

const ACT: Record<Activation, (x: number) => number> = {
  identity: (x) => x,
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  softplus: (x) => Math.log1p(Math.exp(x)),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
};

interface Plain {
  readonly widths: readonly number[];
  readonly activation: Activation;
}

/** A network of one row by plain loops; its first width counts everything in the row. */
function plain({ widths, activation }: Plain, params: ArrayLike<number>, row: readonly number[]): number[] {
  let at = 0;
  let a = [...row];
  for (let l = 1; l < widths.length; l++) {
    const [inputs, outputs] = [widths[l - 1]!, widths[l]!];
    const z = Array.from({ length: outputs }, (_, j) =>
      a.reduce((sum, value, k) => sum + params[at + j * inputs + k]! * value, params[at + outputs * inputs + j]!),
    );
    at += outputs * (inputs + 1);
    a = l < widths.length - 1 ? z.map(ACT[activation]) : z;
  }
  return a;
}

const SHAPES = [
  { layers: [2, 5, 2], inputs: 0, time: false },
  { layers: [3, 4, 6, 1], inputs: 0, time: true },
  { layers: [1, 7, 4], inputs: 2, time: false },
  { layers: [2, 3], inputs: 3, time: true },
];

const widthsOf = ({ layers, inputs, time }: (typeof SHAPES)[number]): number[] => [
  layers[0]! + inputs + Number(time),
  ...layers.slice(1),
];
const countOf = (widths: readonly number[]): number =>
  widths.slice(1).reduce((sum, width, l) => sum + width * (widths[l]! + 1), 0);

describe.each(ACTIVATIONS)("a network with %s", (activation) => {
  it.each(SHAPES)("of layers $layers, $inputs inputs, time $time is a function", (shape) => {
    const widths = widthsOf(shape);
    const params = numbers(countOf(widths), 5);
    const row = numbers(widths[0]!, 17);
    const expected = plain({ widths, activation }, params, row);
    const net = mlp({ ...shape, activation, params, dtype: "float64" });
    expect(distance(net(...row), expected)).toBeLessThan(1e-14);
    expect(net(row)).toEqual(net(...row));
    expect(net(Float64Array.from(row))).toEqual(net(...row));
    const single = mlp({ ...shape, activation, params });
    expect(single(...row)).toBeInstanceOf(Float32Array);
    expect(distance(single(row), expected)).toBeLessThan(2e-6);
  });

  it.each(SHAPES)("of layers $layers, $inputs inputs, time $time has a VJP on rows", (shape) => {
    const widths = widthsOf(shape);
    const [width, outputs] = [shape.layers[0]! + shape.inputs, shape.layers.at(-1)!];
    const rows = 3;
    const params = numbers(countOf(widths), 6);
    const y = numbers(rows * width, 18);
    const t = 0.3;
    const cotangent = numbers(rows * outputs, 19);
    const values = (p: readonly number[], x: readonly number[], at: number): number[] =>
      Array.from({ length: rows }, (_, i) => {
        const row = [...x.slice(i * width, (i + 1) * width), ...(shape.time ? [at] : [])];
        return plain({ widths, activation }, p, row);
      }).flat();
    const net = mlp({ ...shape, activation, params, dtype: "float64" });
    expect(distance(net.evaluate(t, y), values(params, y, t))).toBeLessThan(1e-14);

    const loss = (p: readonly number[], x: readonly number[], at: number): number =>
      values(p, x, at).reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
    const h = 1e-4;
    // Of order four: at kinks of relu and elu no number here is that near.
    const slope = (f: (s: number) => number): number => (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
    const moved = (list: readonly number[], i: number, by: number): number[] =>
      list.map((value, k) => (k === i ? value + by : value));
    const sums = { y: [...y], params: numbers(params.length, 20), t: [0.5] };
    const before = structuredClone(sums);
    const other = params.map((value) => 0.9 * value);
    net.vjp(t, y, other, cotangent, sums);
    const gained = (now: readonly number[], then: readonly number[]): number[] =>
      now.map((value, i) => value - then[i]!);
    const byY = y.map((_, i) => slope((s) => loss(other, moved(y, i, s), t)));
    const byParams = other.map((_, i) => slope((s) => loss(moved(other, i, s), y, t)));
    expect(distance(gained(sums.y, before.y), byY)).toBeLessThan(1e-9);
    expect(distance(gained(sums.params, before.params), byParams)).toBeLessThan(1e-9);
    expect(sums.t[0]! - 0.5).toBeCloseTo(
      slope((s) => loss(other, y, t + s)),
      9,
    );
  });
});

describe("a network as a function", () => {
  const net = mlp({ layers: [2, 3, 1], time: true, inputs: 1, dtype: "float64", seed: 3 });

  it("fills and returns what it is given", () => {
    const out = [0, 0];
    expect(net.evaluate(1, [1, 2, 3, 4, 5, 6], out)).toBe(out);
    expect(out).toEqual([...net(1, 2, 3, 1), ...net(4, 5, 6, 1)]);
  });

  it("reads its parameters at each call", () => {
    const own = mlp({ layers: [1, 1], dtype: "float64", params: [2, 1] });
    expect([...own(3)]).toEqual([7]);
    own.params[0] = -1;
    expect([...own(3)]).toEqual([-2]);
  });

  it.each([
    [() => net(1, 2, 3), /net\(…\) is \[1, 2, 3\]; allowed: 3 numbers and t/],
    [() => net([]), /3 numbers/],
    [() => net.evaluate(0, [1, 2]), /y is \[1, 2\]; allowed: rows of 3 numbers/],
    [() => net.evaluate(0, []), /y is \[\]/],
    [() => net.vjp(0, [1, 2, 3], [1], [1], { y: [0, 0, 0], params: [0], t: [0] }), /mlp option params is \[1\]/],
    [() => mlp({ layers: [1, 1], inputs: -1 }), /mlp option inputs is -1; allowed: an integer ≥ 0/],
    [() => mlp({ layers: [1, 1], inputs: 0.5 }), /mlp option inputs is 0.5/],
    [
      () => mlp({ layers: [1, 1], inputs: 1, params: [1, 2] }),
      /3 numbers, W₁, b₁, W₂, b₂, … for layers \[1, 1\], 1 inputs/,
    ],
    [
      () => solve(mlp({ layers: [2, 3, 1] }), { y0: [1, 2], ts: [0, 1] }),
      /layers is \[2, 3, 1\]; allowed: .* its first, 2/,
    ],
  ])("refuses what does not fit: %#", (work, message) => {
    const failure = failureOf(work);
    expect(failure.code).toBe("invalid");
    expect(failure.message).toMatch(message);
    expect(memoryUse().leased).toBe(0);
  });

  it("is a field all the same, whose options can be copied", () => {
    const field = mlp({ layers: [2, 4, 2], seed: 4, dtype: "float64" });
    const copy = mlp({ ...field });
    const options = { y0: [0.3, -0.2], ts: [0, 1], adjoint: backprop() };
    const [one, two] = [solve(field, options), solve(copy, options)];
    expect(one.ys).toEqual(two.ys);
    expect(copy.params).toBe(field.params);
  });

  it("serves inside a field of its own, with its gradient", () => {
    const inner = mlp({ layers: [2, 6, 2], dtype: "float64", seed: 5 });
    const outer = vectorField({
      f: (t, y, dy) => void inner.evaluate(t, y, dy),
      vjp: (...list) => inner.vjp(...list),
      params: inner.params,
    });
    const options = { y0: [0.3, -0.2], ts: [0, 1], adjoint: symplectic(), stepSize: 0.25 };
    const cotangent = [0, 0, 1, -2];
    const [one, two] = [solve(inner, options), solve(outer, options)];
    expect(distance(two.ys, one.ys)).toBeLessThan(1e-15);
    expect(distance(two.pullback(cotangent).params, one.pullback(cotangent).params)).toBeLessThan(1e-14);
  });
});
