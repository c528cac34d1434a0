// The option `params`: it stands in for field.params, which it leaves alone.
import * as tf from "@tensorflow/tfjs";
import {
  backprop,
  checkDerivatives,
  type Field,
  type FieldFunction,
  jvp,
  mlp,
  type Solution,
  solve,
  steps,
  symplectic,
  vectorField,
  widened,
} from "odegrad";
import { compiled } from "odegrad/compiled";
import { tfjs, tfjsField } from "odegrad/webgpu";
import { beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "./errors.ts";

beforeAll(() => tf.setBackend("cpu"));

const decay = vectorField({
  f: (_t, y, dy, p) => {
    dy[0] = -p[0]! * y[0]! + p[1]!;
  },
  vjp: (_t, y, p, v, out) => {
    out.y[0]! -= p[0]! * v[0]!;
    out.params[0]! -= y[0]! * v[0]!;
    out.params[1]! += v[0]!;
  },
  jvp: (_t, y, p, d, dy) => {
    dy[0] = -p[0]! * d.y[0]! - d.params[0]! * y[0]! + d.params[1]!;
  },
  params: [1, 0.5],
});
const flat = compiled(
  (_t, y, dy, p) => {
    dy[0] = -p[0]! * y[0]! + p[1]!;
  },
  { params: [1, 0.5] },
);
const named = compiled(
  (_t, y, dy, { k, b }) => {
    dy[0] = -k * y[0]! + b[0]!;
  },
  { params: { k: 1, b: [0.5] } },
);
const network = mlp({ layers: [1, 4, 1], seed: 2, dtype: "float64" });
const single = mlp({ layers: [1, 4, 1], seed: 2 });

/** A field, what stands in for its parameters, and the same as one flat array. */
const CASES: Record<string, [Field, unknown, ArrayLike<number>]> = {
  vectorField: [decay, [2, -0.25], [2, -0.25]],
  "a compiled field": [flat, [2, -0.25], [2, -0.25]],
  "a compiled field by names": [named, { b: [-0.25], k: 2 }, [2, -0.25]],
  "a compiled field with names, flat": [named, new Float32Array([2, -0.25]), [2, -0.25]],
  mlp: [network, Array.from(network.params, (p) => 0.5 * p), Array.from(network.params, (p) => 0.5 * p)],
  "mlp in float32": [single, Array.from(single.params, (p) => 0.5 * p), Array.from(single.params, (p) => 0.5 * p)],
  "a widened field": [
    widened(single),
    Array.from(single.params, (p) => 0.5 * p),
    Array.from(single.params, (p) => 0.5 * p),
  ],
};

const base = { y0: [0.8], ts: [0, 0.5, 1] };
const cotangent = [0.5, 1, -2];

/** What `run` gives while the field's own parameters are others. */
function withOwn<T>(field: Field, params: ArrayLike<number>, run: () => T): T {
  const kept = field.params!.slice();
  field.params!.set(params);
  try {
    return run();
  } finally {
    field.params!.set(kept);
  }
}

describe("params", () => {
  it.each(Object.entries(CASES))("stand in for those of %s", (_, [field, params, numbers]) => {
    const before = field.params!.slice();
    const options = { ...base, adjoint: backprop() };
    const of = (solution: Solution) => ({
      ys: solution.ys,
      gradient: (({ y0, params }) => ({ y0, params }))(solution.pullback(cotangent)),
      tangent: jvp(solution, { params: numbers }),
    });
    const expected = withOwn(field, numbers, () => of(solve(field, options)));
    const got = of(solve(field, { ...options, params }));
    expect(got).toEqual(expected);
    expect(field.params).toEqual(before);
    // They are not the field's own.
    expect(solve(field, base).ys).not.toEqual(got.ys);
    const last: number[] = [];
    for (const { y } of steps(field, { ...base, ts: [0, 1], params })) last[0] = y[0]!;
    const whole = withOwn(field, numbers, () => solve(field, { ...base, ts: [0, 1] }));
    expect(last).toEqual([whole.ys[1]]);
  });

  it("may be changed after the solve, also where it keeps no tape", () => {
    const params = Float64Array.of(2, -0.25);
    const solution = solve(decay, { ...base, params });
    const expected = jvp(solution, { y0: [1] });
    params.fill(9);
    expect(jvp(solution, { y0: [1] })).toEqual(expected);
    expect(expected[2]).toBeCloseTo(Math.exp(-2), 5);
  });

  it("by name have gradients in the order of field.params", () => {
    const solution = solve(named, { ...base, params: { k: 2, b: [-0.25] }, adjoint: symplectic() });
    const { params } = solution.pullback([0, 0, 1]);
    // y(1) = e^−k (y0 − b/k) + b/k
    const [k, b, y0, e] = [2, -0.25, 0.8, Math.exp(-2)];
    expect(params[0]).toBeCloseTo(-e * (y0 - b / k) + (e * b) / k ** 2 - b / k ** 2, 5);
    expect(params[1]).toBeCloseTo((1 - e) / k, 5);
    expect(named.named(params)).toEqual({ k: params[0], b: Float64Array.of(params[1]!) });
    const tangent = jvp(solution, { params: { k: 1, b: [0] } });
    expect(tangent[2]).toBeCloseTo(params[0]!, 10);
  });

  it("are handed to effects", () => {
    const seen: unknown[] = [];
    const effect = (_t: number, _y: unknown, p: ArrayLike<number>): void => void seen.push([...Array.from(p)]);
    solve(decay, { ...base, params: [2, 0], events: [{ root: (t) => t - 0.3, effect }] });
    expect(seen).toEqual([[2, 0]]);
  });

  it("may be anything for a bare function", () => {
    const f: FieldFunction<{ rate: number }> = (_t, y, dy, { rate }) => {
      dy[0] = -rate * y[0]!;
    };
    expect(solve(f, { ...base, params: { rate: 3 } }).ys[2]).toBeCloseTo(0.8 * Math.exp(-3), 5);
  });

  it("stand in for the weights of a tfjs field", () => {
    const field = tfjsField((_t, y, w) => tf.mul(y, w!), {
      shape: [1],
      weights: [{ shape: [1], values: [1] }],
      device: tfjs(tf, { synchronous: true }),
    });
    const solution = solve(field, { ...base, params: [-2], rtol: 1e-5, atol: 1e-6 });
    expect(solution.ys[2]).toBeCloseTo(0.8 * Math.exp(-2), 4);
    expect([...field.params]).toEqual([1]);
  });

  it("are what checkDerivatives checks at, by name, too", () => {
    expect(checkDerivatives(named, { t: 0, y: [1], params: { k: 2, b: [1] } })).toHaveProperty("vjp");
  });

  it.each([
    [{ k: 2 }, "params.b is undefined"],
    [{ k: "2", b: [1] }, "params.k"],
    [{ k: 2, b: [1, 2] }, "params.b is [1, 2]"],
    [[1, 2, 3], "params is [1, 2, 3]"],
  ])("%j do not suit a field with names", (params, text) => {
    const failure = failureOf(() => solve(named, { ...base, params }));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain(text);
  });
});
