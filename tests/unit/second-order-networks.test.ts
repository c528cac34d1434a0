// Second derivatives of networks as bound fields give them: against complex steps through a VJP in complex arithmetic, and
// with inputs against differences of their own VJPs.
import { describe, expect, it } from "vitest";
import type { Dtype } from "../../ts/base/dtype.ts";
import type { Field, Pair } from "../../ts/fields/field.ts";
import { RECOMPUTE } from "../../ts/fields/field.ts";
import { twiceDifferentiable } from "../../ts/fields/mlp-second.ts";
import { mlp, vectorField, widened } from "../../ts/index.ts";
import { type HostVector, Scratch } from "../../ts/wasm/scratch.ts";
import { numbers } from "./networks.ts";
import { add, type Complex, distance, multiply, real, subtract, tanh } from "./reference.ts";

interface Point {
  readonly t: number;
  readonly x: readonly number[];
  /** Rows of tangents, cotangents, and how fast t moves with each. */
  readonly pairs: readonly { readonly u: readonly number[]; readonly v: readonly number[]; readonly time: number }[];
}

/** What the library gives: the gradient of Σ v · (J u + ∂f/∂t time). */
function second(field: Field, { t, x, pairs }: Point, slot = RECOMPUTE): { x: number[]; params: number[]; t: number } {
  const scratch = new Scratch();
  const { dtype } = field;
  const bound = field.bind(scratch, {
    length: x.length,
    params: field.params,
    slots: slot + 1,
    gradient: true,
    pairs: pairs.length,
  });
  const vector = (): HostVector => scratch.vector(x.length, dtype);
  const [at, out, bar] = [vector(), vector(), vector()];
  const vectors: Pair<HostVector>[] = pairs.map(({ time }) => ({ tangent: vector(), cotangent: vector(), time }));
  scratch.lease();
  try {
    bound.load();
    at.view.set(x);
    vectors.forEach(({ tangent, cotangent }, i) => {
      tangent.view.set(pairs[i]!.u);
      cotangent.view.set(pairs[i]!.v);
    });
    bound.paramsBar!.view.fill(0);
    // Evaluations at other times in between must not matter.
    if (slot !== RECOMPUTE) bound.evaluate(t, at, out, slot);
    bound.evaluate(t + 1, at, out, RECOMPUTE);
    const rate = bound.second!(t, at, vectors, bar, slot) as number;
    return { x: [...bar.view], params: [...bound.paramsBar!.view], t: rate };
  } finally {
    scratch.release();
  }
}

const ZERO = real(0);

/** The VJP of a tanh network with time for one row, in complex arithmetic: ∂/∂x, ∂/∂θ and ∂/∂t. */
function complexVjp(
  layers: readonly number[],
  theta: readonly number[],
  row: readonly Complex[],
  v: readonly number[],
) {
  const values = [[...row]];
  const weights: { at: number; inputs: number; outputs: number }[] = [];
  let at = 0;
  for (let l = 1; l < layers.length; l++) {
    const a = values.at(-1)!;
    const [inputs, outputs] = [a.length, layers[l]!];
    weights.push({ at, inputs, outputs });
    const z = Array.from({ length: outputs }, (_, j) =>
      a.reduce(
        (s, value, k) => add(s, multiply(real(theta[at + j * inputs + k]!), value)),
        real(theta[at + outputs * inputs + j]!),
      ),
    );
    at += outputs * (inputs + 1);
    values.push(l < layers.length - 1 ? z.map(tanh) : z);
  }
  const bars = Array.from({ length: at }, () => ZERO);
  let delta: Complex[] = v.map(real);
  for (let l = weights.length - 1; l >= 0; l--) {
    const { at: from, inputs, outputs } = weights[l]!;
    const a = values[l]!;
    const below = a.map(() => ZERO);
    for (let j = 0; j < outputs; j++) {
      bars[from + outputs * inputs + j] = delta[j]!;
      for (let k = 0; k < inputs; k++) {
        bars[from + j * inputs + k] = multiply(delta[j]!, a[k]!);
        below[k] = add(below[k]!, multiply(real(theta[from + j * inputs + k]!), delta[j]!));
      }
    }
    delta = l > 0 ? below.map((value, k) => multiply(value, subtract(real(1), multiply(a[k]!, a[k]!)))) : below;
  }
  return { row: delta, params: bars };
}

const LAYERS = [3, 7, 5, 3];
const THETA = numbers(7 * 5 + 5 * 8 + 3 * 6, 21);
const point = (rows: number, count: number): Point => ({
  t: 0.4,
  x: numbers(3 * rows, 22),
  pairs: Array.from({ length: count }, (_, i) => ({
    u: numbers(3 * rows, 23 + i),
    v: numbers(3 * rows, 40 + i),
    time: i === 1 ? 0 : 0.3 + i,
  })),
});

/** The same by complex steps along each tangent. */
function byComplexSteps({ t, x, pairs }: Point): { x: number[]; params: number[]; t: number } {
  const tiny = 1e-100;
  const sums = { x: x.map(() => 0), params: THETA.map(() => 0), t: 0 };
  for (const { u, v, time } of pairs) {
    for (let row = 0; row < x.length / 3; row++) {
      const part = (list: readonly number[]): readonly number[] => list.slice(3 * row, 3 * row + 3);
      const dot = [...part(u), time];
      const inputs = [...part(x), t].map((re, i) => ({ re, im: tiny * dot[i]! }));
      const { row: bar, params } = complexVjp(LAYERS, THETA, inputs, part(v));
      bar.slice(0, 3).forEach(({ im }, i) => (sums.x[3 * row + i]! += im / tiny));
      sums.t += bar[3]!.im / tiny;
      params.forEach(({ im }, i) => (sums.params[i]! += im / tiny));
    }
  }
  return sums;
}

const network = <D extends Dtype>(dtype: D): Field => mlp({ layers: LAYERS, time: true, params: THETA, dtype });

describe.each([
  [1, 1],
  [1, 6],
  [5, 2],
  [50, 3],
])("%i rows, %i pairs", (rows, count) => {
  it.each([RECOMPUTE, 0])("are the complex steps of the VJP, tape in slot %i", (slot) => {
    const exact = byComplexSteps(point(rows, count));
    const found = second(twiceDifferentiable(network("float64"))!, point(rows, count), slot);
    expect(distance(found.x, exact.x)).toBeLessThan(1e-14);
    expect(distance(found.params, exact.params)).toBeLessThan(1e-14);
    expect(found.t).toBeCloseTo(exact.t, 11);
    const single = second(twiceDifferentiable(network("float32"))!, point(rows, count), slot);
    expect(distance(single.x, exact.x)).toBeLessThan(1e-5);
    expect(distance(single.params, exact.params)).toBeLessThan(1e-5);
  });
});

it("inputs move with t", () => {
  // f = W₂ tanh(W₁ (x, u(t), t) + b₁) + b₂, against the same with u as a part of the row and of the tangent.
  const [x, u, v] = [[0.3, -0.8], [0.5, 0.2], numbers(2, 4)];
  const [t, time] = [0.7, 0.6];
  const params = numbers(4 * 5 + 2 * 5, 9);
  const inputs = (at: number, out: Float64Array): void => {
    out[0] = Math.sin(2 * at);
  };
  const driven = mlp({ layers: [2, 4, 2], inputs: 1, time: true, params, dtype: "float64" });
  const field = twiceDifferentiable(driven.inSolve!(inputs, [0, 2]))!;
  const found = second(field, { t, x, pairs: [{ u, v, time }] });
  const vjp = (s: number): { y: number[]; params: number[]; t: number[] } => {
    const sums = { y: [0, 0, 0], params: params.map(() => 0), t: [0] };
    // u moves as t does, along its slope at t.
    const value = Math.sin(2 * t) + s * time * 2 * Math.cos(2 * t);
    driven.vjp(t + s * time, [...x.map((own, i) => own + s * u[i]!), value], params, v, sums);
    return sums;
  };
  const h = 1e-4;
  const slope = (of: (s: number) => readonly number[]): number[] =>
    of(0).map((_, i) => (8 * (of(h)[i]! - of(-h)[i]!) - (of(2 * h)[i]! - of(-2 * h)[i]!)) / (12 * h));
  expect(
    distance(
      found.x,
      slope((s) => vjp(s).y.slice(0, 2)),
    ),
  ).toBeLessThan(1e-9);
  expect(
    distance(
      found.params,
      slope((s) => vjp(s).params),
    ),
  ).toBeLessThan(1e-9);
  const [byU] = slope((s) => vjp(s).y.slice(2));
  const [byT] = slope((s) => vjp(s).t);
  expect(found.t).toBeCloseTo(byT! + byU! * 2 * Math.cos(2 * t), 9);
});

it("nobody knows those of other fields", () => {
  expect(twiceDifferentiable(vectorField({ f: (_t, y) => y }))).toBeUndefined();
  expect(twiceDifferentiable(widened(mlp({ layers: [2, 2] })))).toBeUndefined();
});
