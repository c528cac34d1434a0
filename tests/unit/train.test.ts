// odegrad/train: Adam against the paper's formulas in plain float64, and everything that it refuses.
import { describe, expect, it } from "vitest";
import { SolveError } from "../../ts/base/errors.ts";
import { type AdamOptions, adam } from "../../ts/fitting/index.ts";
import { memoryUse } from "../../ts/wasm/memory.ts";

/** Kingma & Ba 2015, Algorithm 1, with the decay of Loshchilov & Hutter 2019: one number at a time. */
function referenceAdam(options: Required<AdamOptions> & { learningRate: number }) {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = options as Record<string, number>;
  const m = new Map<number, number>();
  const v = new Map<number, number>();
  let t = 0;
  return (theta: Float64Array, gradient: ArrayLike<number>) => {
    t++;
    theta.forEach((value, i) => {
      m.set(i, beta1 * (m.get(i) ?? 0) + (1 - beta1) * gradient[i]);
      v.set(i, beta2 * (v.get(i) ?? 0) + (1 - beta2) * gradient[i] ** 2);
      const mean = (m.get(i) as number) / (1 - beta1 ** t);
      const square = (v.get(i) as number) / (1 - beta2 ** t);
      theta[i] = value - learningRate * weightDecay * value - (learningRate * mean) / (Math.sqrt(square) + epsilon);
    });
  };
}

const wave = (length: number, step: number) =>
  Float64Array.from({ length }, (_, i) => Math.sin(1 + 3 * i + 0.7 * step) * 10 ** ((i % 5) - 2));

const CASES = [
  { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  { learningRate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 },
  { learningRate: 0.01, beta1: 0, beta2: 0, epsilon: 1e-8, weightDecay: 0 },
];

describe("adam", () => {
  for (const [FloatArray, tolerance] of [
    [Float32Array, 2e-5],
    [Float64Array, 1e-13],
  ] as const) {
    it(`equals the paper's formulas in ${FloatArray.name}, for odd lengths too`, () => {
      for (const options of CASES) {
        for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 1001]) {
          const params = new FloatArray(Array.from({ length }, (_, i) => Math.cos(i)));
          const expected = Float64Array.from(params);
          const optimiser = adam(options);
          const reference = referenceAdam(options);
          for (let step = 0; step < 20; step++) {
            const gradient = FloatArray.from(wave(length, step));
            optimiser.step(params, gradient);
            reference(expected, gradient);
          }
          expect(optimiser.steps).toBe(20);
          for (let i = 0; i < length; i++) {
            expect(Math.abs(params[i] - expected[i]), `length ${length}, ${i}`).toBeLessThan(tolerance * 2);
          }
        }
      }
    });
  }

  it("takes gradients of either precision and plain arrays, and writes nothing beside the parameters", () => {
    const buffer = new Float32Array(9).fill(7);
    const params = buffer.subarray(1, 8);
    for (const gradient of [new Float64Array(7).fill(1), new Float32Array(7).fill(1), [1, 1, 1, 1, 1, 1, 1]]) {
      adam({ learningRate: 0.5 }).step(params, gradient);
    }
    for (const value of params) expect(value).toBeCloseTo(5.5, 5);
    expect([buffer[0], buffer[8]]).toEqual([7, 7]);
  });

  it("has the paper's defaults and a learning rate that may change", () => {
    const [params, expected] = [Float64Array.of(1, -2, 3), Float64Array.of(1, -2, 3)];
    const optimiser = adam();
    const reference = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    const step = referenceAdam(reference);
    optimiser.step(params, [1, 2, 3]);
    step(expected, [1, 2, 3]);
    for (let i = 0; i < 3; i++) expect(params[i]).toBeCloseTo(expected[i], 14);
    const before = params.slice();
    optimiser.learningRate = 0;
    optimiser.step(params, [1, 2, 3]);
    expect(params).toEqual(before);
    expect(optimiser.learningRate).toBe(0);
  });

  it("finds the minimum of a quadratic", () => {
    const params = new Float32Array(33);
    const optimiser = adam({ learningRate: 0.1 });
    for (let step = 0; step < 400; step++) {
      optimiser.learningRate = 0.1 * (1 - step / 400);
      optimiser.step(
        params,
        params.map((value, i) => (i + 1) * (value - i / 8)),
      );
    }
    params.forEach((value, i) => expect(value).toBeCloseTo(i / 8, 2));
  });

  it("changes nothing where the gradient or its square is not finite", () => {
    for (const [bad, cause] of [
      [Number.NaN, /gradient\[4\] is NaN/],
      [Number.NEGATIVE_INFINITY, /gradient\[4\] is -Infinity/],
      [1e30, /overflows its precision/],
    ] as const) {
      const params = Float32Array.from({ length: 7 }, (_, i) => i);
      const before = params.slice();
      const optimiser = adam();
      const gradient = [1, 1, 1, 1, bad, 1, 1];
      expect(() => optimiser.step(params, gradient)).toThrow(cause);
      expect(() => optimiser.step(params, gradient)).toThrow(expect.objectContaining({ code: "non-finite" }));
      expect(params).toEqual(before);
      expect(optimiser.steps).toBe(0);
      // The moments are untouched, too: the next step is a first step.
      optimiser.step(params, new Float32Array(7).fill(1));
      for (let i = 0; i < 7; i++) expect(params[i]).toBeCloseTo(i - 1e-3, 6);
    }
    expect(memoryUse().leased).toBe(0);
  });

  it("refuses bad input, by name", () => {
    const bad: [AdamOptions, RegExp][] = [
      [{ learningRate: -1 }, /^learningRate is -1/],
      [{ learningRate: Number.NaN }, /^learningRate is NaN/],
      [{ learningRate: "0.1" as never }, /^learningRate is "0\.1"/],
      [{ beta1: 1 }, /^beta1 is 1/],
      [{ beta2: -0.1 }, /^beta2 is -0\.1/],
      [{ epsilon: -1 }, /^epsilon is -1/],
      [{ weightDecay: Number.POSITIVE_INFINITY }, /^weightDecay is Infinity/],
    ];
    for (const [options, message] of bad) expect(() => adam(options)).toThrow(message);
    const optimiser = adam();
    expect(() => {
      optimiser.learningRate = -1;
    }).toThrow(SolveError);
    expect(() => optimiser.step([1, 2] as never, [1, 2])).toThrow(/^params .*Float32Array/);
    expect(() => optimiser.step(new Float32Array(2), [1])).toThrow(/^gradient .*2 numbers/);
    expect(() => optimiser.step(new Float32Array(2), undefined as never)).toThrow(/^gradient is undefined/);
    optimiser.step(new Float32Array(2), [1, 2]);
    expect(() => optimiser.step(new Float64Array(2), [1, 2])).toThrow(/^params .*2 numbers of float32/);
    expect(() => optimiser.step(new Float32Array(3), [1, 2, 3])).toThrow(/^params .*one optimiser for each/);
  });
});
