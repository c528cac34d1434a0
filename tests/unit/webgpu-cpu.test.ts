// Tensor fields on tfjs's cpu and wasm backends: the same code as on the GPU, but for the way that numbers travel. What needs a GPU
// is tested in tests/runtimes.
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import {
  backprop,
  checkpointed,
  continuous,
  mlp as coreMlp,
  dopri5,
  reverse,
  reversible,
  rk4,
  solve,
  symplectic,
  vectorField,
  widened,
} from "odegrad";
import { mlp, type TensorDevice, tfjs, tfjsField } from "odegrad/webgpu";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

let now: TensorDevice<true>;
let later: TensorDevice<false>;
let tensors = 0;

beforeAll(async () => {
  await tf.setBackend("cpu");
  now = tfjs(tf, { synchronous: true });
  later = tfjs(tf);
});

// No test may leave a tensor behind.
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let gap = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    gap += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(gap / size);
};

const layers = [2, 8, 5, 2];
const problem = { y0: [1, -0.5, 0.3, 0.8, -1, 0.2], ts: [0, 0.4, 1], solver: dopri5, rtol: 1e-3, atol: 1e-5 };
const cotangent = Float32Array.from({ length: 18 }, (_, i) => Math.cos(i));

const adjoints = {
  backprop: { adjoint: backprop() },
  checkpointed: { adjoint: checkpointed({ checkpoints: 2 }) },
  symplectic: { adjoint: symplectic() },
  continuous: { adjoint: continuous() },
  "continuous with quadrature": { adjoint: continuous({ quadrature: true }) },
  reverse: { adjoint: reverse(), solver: reversible(dopri5) },
};

// tfjs's wasm backend has errors of its own, so that what holds on "cpu" need not hold here.
test("mlp on tfjs's wasm backend is the core's", async () => {
  await tf.setBackend("wasm");
  try {
    const device = tfjs(tf, { synchronous: true });
    for (const activation of ["identity", "tanh", "relu", "softplus", "sigmoid", "silu", "elu", "gelu"] as const) {
      const network = { layers, activation, time: true, seed: 4 };
      const options = { ...problem, solver: rk4, stepSize: 0.2, adjoint: backprop() };
      const [got, wanted] = [mlp({ ...network, device }), coreMlp(network)].map((field) =>
        solve(field, options).pullback(cotangent),
      );
      expect(distance(got!.y0, wanted!.y0)).toBeLessThan(1e-5);
      expect(distance(got!.params, wanted!.params)).toBeLessThan(1e-5);
    }
  } finally {
    await tf.setBackend("cpu");
  }
});

describe("mlp", () => {
  for (const activation of ["identity", "tanh", "relu", "softplus", "sigmoid", "silu", "elu", "gelu"] as const) {
    for (const time of [false, true]) {
      test(`${activation}${time ? " with time" : ""} is the core's`, () => {
        const core = coreMlp({ layers, activation, time, seed: 4 });
        const field = mlp({ layers, activation, time, seed: 4, device: now });
        expect(field.params).toEqual(core.params);
        expect(field.tensors).toEqual(core.tensors);
        const options = { ...problem, solver: rk4, stepSize: 0.2, adjoint: backprop() };
        const [a, b] = [solve(field, options), solve(core, options)];
        expect(distance(a.ys, b.ys)).toBeLessThan(1e-5);
        const [ga, gb] = [a, b].map((solution) => solution.pullback(cotangent, { times: true }));
        expect(distance(ga!.y0, gb!.y0)).toBeLessThan(1e-5);
        expect(distance(ga!.params, gb!.params)).toBeLessThan(1e-5);
        expect(distance(ga!.ts!, gb!.ts!)).toBeLessThan(1e-4);
      });
    }
  }

  for (const [name, given] of Object.entries(adjoints)) {
    test(`${name} gives the core's gradient, at once and later`, async () => {
      const options = { ...problem, ...given };
      const core = solve(coreMlp({ layers, seed: 1 }), options);
      const replayed = "solver" in given ? options : { ...options, grid: core.grid };
      const expected = solve(coreMlp({ layers, seed: 1 }), replayed).pullback(cotangent);
      const atOnce = solve(mlp({ layers, seed: 1, device: now }), replayed).pullback(cotangent);
      const promised = await (await solve(mlp({ layers, seed: 1, device: later }), replayed)).pullback(cotangent);
      for (const { y0, params } of [atOnce, promised]) {
        expect(distance(y0, expected.y0)).toBeLessThan(1e-4);
        expect(distance(params, expected.params)).toBeLessThan(1e-4);
      }
      expect(promised.stats.vjps).toBe(atOnce.stats.vjps);
    });
  }

  test("a pullback may be repeated, and an optimiser's step in between changes nothing", () => {
    const field = mlp({ layers, seed: 1, device: now });
    const solution = solve(field, { ...problem, adjoint: backprop() });
    const { params } = solution.pullback(cotangent);
    field.params.fill(0);
    expect(solution.pullback(cotangent).params).toEqual(params);
  });

  test("may be widened to float64 states", async () => {
    const options = { ...problem, solver: rk4, stepSize: 0.2, adjoint: backprop() };
    const expected = solve(coreMlp({ layers, seed: 1 }), options).pullback(cotangent).params;
    for (const device of [now, later]) {
      const solution = await solve(widened(mlp({ layers, seed: 1, device })), options);
      expect(distance((await solution.pullback(cotangent)).params, expected)).toBeLessThan(1e-5);
    }
  });

  test("refuses shaders of its own where there is no GPU, and kernels that do not exist", () => {
    for (const kernels of ["fused", "fast"] as const) {
      expect(() => mlp({ layers: [2, 2], device: now, kernels: kernels as "fused" })).toThrow(
        `mlp option kernels is "${kernels}"; allowed: "tfjs" here`,
      );
    }
  });

  test("refuses float64, and a device that is none", () => {
    const wide = { layers, dtype: "float64", device: now } as unknown as Parameters<typeof mlp>[0];
    expect(() => mlp(wide)).toThrow(/dtype is "float64"; allowed: "float32"/);
    expect(() => mlp({ layers, inputs: 1, device: now })).toThrow(/inputs is 1; allowed: 0 on a GPU/);
    expect(() => mlp({ layers: [2, 3], device: now })).toThrow(
      /layers is \[2, 3\]; allowed: on a GPU, the last width as/,
    );
    expect(() => mlp({ layers })).toThrow(/device is undefined; allowed: what await webgpu\(\)/);
  });
});

describe("tfjsField", () => {
  // dy/dt = (y A + sin t) ⊙ b
  const f = (t: tf.Tensor, y: tf.Tensor, a: tf.Tensor, b: tf.Tensor) =>
    tf.mul(tf.add(tf.matMul(y as tf.Tensor2D, a as tf.Tensor2D), tf.sin(t)), b);
  const weights = [
    { shape: [2, 2], values: [-0.3, 0.7, -0.9, 0.1] },
    { shape: [2], values: [1.2, 0.8] },
  ];
  const vjp = (t: tf.Tensor, y: tf.Tensor, [a, b]: readonly tf.Tensor[], cotangent: tf.Tensor) => {
    const bar = tf.mul(cotangent, b!);
    return {
      y: tf.matMul(bar as tf.Tensor2D, a as tf.Tensor2D, false, true),
      weights: [
        tf.matMul(y as tf.Tensor2D, bar as tf.Tensor2D, true, false),
        tf.sum(tf.mul(cotangent, tf.add(tf.matMul(y as tf.Tensor2D, a as tf.Tensor2D), tf.sin(t))), 0),
      ],
      t: tf.mul(tf.sum(bar), tf.cos(t)),
    };
  };
  const [A, B] = [weights[0]!.values, weights[1]!.values];
  const plain = vectorField({
    params: [...A, ...B],
    f(t, y, dy, p) {
      for (let i = 0; i < y.length; i += 2) {
        for (let j = 0; j < 2; j++) dy[i + j] = (y[i]! * p[j]! + y[i + 1]! * p[2 + j]! + Math.sin(t)) * p[4 + j]!;
      }
    },
    vjp(t, y, p, cotangent, out) {
      for (let i = 0; i < y.length; i += 2) {
        for (let j = 0; j < 2; j++) {
          const bar = cotangent[i + j]! * p[4 + j]!;
          out.y[i]! += bar * p[j]!;
          out.y[i + 1]! += bar * p[2 + j]!;
          out.params[j]! += bar * y[i]!;
          out.params[2 + j]! += bar * y[i + 1]!;
          out.params[4 + j]! += cotangent[i + j]! * (y[i]! * p[j]! + y[i + 1]! * p[2 + j]! + Math.sin(t));
          out.t[0]! += bar * Math.cos(t);
        }
      }
    },
  });

  for (const [name, given] of Object.entries({ "tfjs's own VJP": {}, "a VJP by hand": { vjp } })) {
    test(`${name} agrees with a field in plain JavaScript`, () => {
      const field = tfjsField(f, { shape: [2], weights, device: now, ...given });
      const options = { ...problem, solver: rk4, stepSize: 0.1, adjoint: backprop() };
      const [a, b] = [solve(field, options), solve(plain, options)];
      expect(distance(a.ys, b.ys)).toBeLessThan(1e-6);
      const [ga, gb] = [a, b].map((solution) => solution.pullback(cotangent, { times: true }));
      expect(distance(ga!.y0, gb!.y0)).toBeLessThan(1e-5);
      expect(distance(ga!.params, gb!.params)).toBeLessThan(1e-5);
      expect(distance(ga!.ts!, gb!.ts!)).toBeLessThan(1e-4);
    });
  }

  test("a function that uses neither y nor its weights has zero gradients", () => {
    const field = tfjsField((_t, y) => tf.zerosLike(y), { shape: [2], weights, device: now });
    const { y0, params } = solve(field, { ...problem, solver: rk4, stepSize: 0.5, adjoint: backprop() }).pullback(
      cotangent,
    );
    expect([...params]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(
      distance(
        y0,
        Float32Array.from({ length: 6 }, (_, i) => cotangent[i]! + cotangent[i + 6]! + cotangent[i + 12]!),
      ),
    ).toBeLessThan(1e-6);
  });

  test("a function may return what it was given", () => {
    const field = tfjsField((_t, y) => y, { shape: [2], device: now });
    const { ys } = solve(field, { y0: [1, 2], ts: [0, 1], solver: rk4, stepSize: 0.1 });
    expect(distance(ys, [1, 2, Math.E, 2 * Math.E])).toBeLessThan(1e-5);
  });

  test("weights may be tensors", () => {
    const given = weights.map(({ shape, values }) => tf.tensor(values, shape));
    expect([...tfjsField(f, { shape: [2], weights: given, device: now }).params]).toEqual([
      ...Float32Array.of(...A, ...B),
    ]);
    tf.dispose(given);
  });

  test("bad options are refused, a bad result ends the solve", async () => {
    expect(() => tfjsField(f, { shape: [0], device: now })).toThrow(/shape is \[0\]/);
    expect(() => tfjsField(f, { shape: [2], weights: [{ shape: [3], values: [1] }], device: now })).toThrow(
      /weights\[0\].values/,
    );
    const wrong = tfjsField(() => tf.zeros([3]), { shape: [2], device: later });
    await expect(solve(wrong, problem)).rejects.toMatchObject({ code: "invalid" });
    const failing = tfjsField(
      (_t, y) => {
        tf.square(y);
        throw new Error("mine");
      },
      { shape: [2], device: later },
    );
    await expect(solve(failing, problem)).rejects.toThrow("mine");
  });

  test("an aborted solve leaves nothing behind", async () => {
    const controller = new AbortController();
    const field = mlp({ layers, device: later });
    const onStep = () => controller.abort(new Error("enough"));
    const solution = solve(field, { ...problem, adjoint: symplectic(), signal: controller.signal, onStep });
    await expect(solution).rejects.toMatchObject({ code: "aborted" });
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

describe("tfjsField.fromLayers", () => {
  test("takes a model, trains its weights and stores them", async () => {
    await tf.ready();
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ units: 6, activation: "tanh", inputShape: [2] }),
        tf.layers.dense({ units: 2, useBias: false }),
      ],
    });
    const field = await tfjsField.fromLayers(model, { device: now });
    expect(field.params.length).toBe(2 * 6 + 6 + 6 * 2);
    const options = { ...problem, solver: rk4, stepSize: 0.25, adjoint: backprop() };
    const { params } = solve(field, options).pullback(cotangent);

    // The core's layout is [out, in], tfjs's [in, out].
    const core = coreMlp({ layers: [2, 6, 2] });
    const transpose = (at: number, rows: number, columns: number, from: Float32Array) =>
      Array.from({ length: rows * columns }, (_, i) => from[at + (i % rows) * columns + Math.floor(i / rows)]!);
    const toCore = (p: Float32Array) => [
      ...transpose(0, 2, 6, p),
      ...p.subarray(12, 18),
      ...transpose(18, 6, 2, p),
      0,
      0,
    ];
    core.params.set(toCore(field.params));
    const expected = solve(core, options).pullback(cotangent);
    const got = toCore(params as Float32Array);
    expect(distance(got.slice(0, -2), expected.params.subarray(0, -2))).toBeLessThan(1e-5);

    for (let i = 0; i < params.length; i++) field.params[i]! -= 0.01 * params[i]!;
    field.store();
    const stored = await Promise.all(model.getWeights().map((weight) => weight.data()));
    expect(stored.flatMap((numbers) => [...numbers])).toEqual([...field.params]);
    model.dispose();
  });
});

test("a function with a gradient inside is refused for adjoints, since tfjs would differentiate it wrongly", () => {
  const potential = (y: tf.Tensor, w: tf.Tensor): tf.Scalar =>
    tf.sum(tf.tanh(tf.matMul(y as tf.Tensor2D, w as tf.Tensor2D)));
  const field = tfjsField((_t, y, w) => tf.grad((x: tf.Tensor) => potential(x, w!))(y), {
    shape: [2],
    weights: [{ shape: [2, 2], values: [0.3, -0.2, 0.5, 0.1] }],
    device: now,
  });
  const options = { y0: [0.4, -0.7], ts: [0, 1], solver: rk4, stepSize: 0.5 };
  expect(solve(field, options).ys.every(Number.isFinite)).toBe(true);
  const solution = solve(field, { ...options, adjoint: symplectic() });
  expect(() => solution.pullback([0, 0, 1, 1])).toThrow(expect.objectContaining({ code: "invalid" }));
  expect(() => solution.pullback([0, 0, 1, 1])).toThrow(/tf\.grad inside/);
});
