// jvp(): forward sensitivities equal complex-step derivatives of an independent implementation, central differences on the
// replayed grid, and, against the exact adjoints, ⟨cotangent, jvp(v)⟩ = ⟨pullback(cotangent), v⟩.
import { describe, expect, it } from "vitest";
import { ACTIVATIONS } from "../../ts/fields/mlp-layout.ts";
import {
  backprop,
  jvp,
  mlp,
  reversible,
  reversibleHeun,
  rk4,
  type Solution,
  type SolveEvent,
  solve,
  tsit5,
  type VectorField,
  vectorField,
  widened,
} from "../../ts/index.ts";
import { failureOf, rejectionOf } from "./errors.ts";
import { cotangentOf, dot, N, PARAMS, waysOf, Y0 } from "./exact-adjoints.ts";
import { complexNetwork, network, networkVjp, numbers } from "./networks.ts";
import { distance, integrateComplex, real } from "./reference.ts";
import { byName } from "./solver-list.ts";

/** The Jacobian–vector product of `network(n)`. */
const networkJvp =
  (n: number): NonNullable<Parameters<typeof vectorField>[0]["jvp"]> =>
  (t, y, theta, dot, dy) => {
    for (let i = 0; i < n; i++) {
      const [c, omega] = [theta[2 * n * n + i]!, theta[2 * n * n + n + i]!];
      const [cDot, omegaDot] = [dot.params[2 * n * n + i]!, dot.params[2 * n * n + n + i]!];
      let sum = cDot * (Math.sin(omega * t) + t * y[i]!) + c * t * (omegaDot * Math.cos(omega * t) + dot.y[i]!);
      for (let j = 0; j < n; j++) {
        const th = Math.tanh(y[j]!);
        sum += dot.params[i * n + j]! * th + theta[i * n + j]! * (1 - th * th) * dot.y[j]!;
        sum += dot.params[n * n + i * n + j]! * y[j]! + theta[n * n + i * n + j]! * dot.y[j]!;
      }
      dy[i] = sum;
    }
  };

const make = (params: readonly number[]): VectorField =>
  vectorField({ f: network(N), vjp: networkVjp(N), jvp: networkJvp(N), params });
const FIELD = make(PARAMS);
const TANGENT = { y0: numbers(N, 31), params: numbers(PARAMS.length, 32) };
const along = (from: readonly number[], by: readonly number[], s: number): number[] =>
  from.map((value, i) => value + s * by[i]!);

/** ⟨cotangent, jvp(v)⟩ − ⟨pullback(cotangent), v⟩, relative to the sum of the latter's terms' sizes. */
function dualityGap(solution: Solution, tangent: { y0: number[]; params: number[] }, cotangent: number[]): number {
  const gradient = solution.pullback(cotangent);
  const pulled = dot(gradient.y0, tangent.y0) + dot(gradient.params, tangent.params);
  const size = (a: ArrayLike<number>, b: number[]): number => dot(Array.from(a, Math.abs), b.map(Math.abs));
  const scale = size(gradient.y0, tangent.y0) + size(gradient.params, tangent.params);
  return Math.abs(dot(jvp(solution, tangent), cotangent) - pulled) / scale;
}

describe.each(byName)("%s", (_, solver) => {
  it.each(waysOf(solver))("is dual to pullback: %s", (_, options) => {
    const solution = solve(FIELD, { y0: Y0, ...options, adjoint: backprop() });
    expect(dualityGap(solution, TANGENT, cotangentOf(options))).toBeLessThan(1e-12);
  });

  it.each(waysOf(solver))("equals complex-step derivatives of an independent implementation: %s", (_, options) => {
    const solution = solve(FIELD, { y0: Y0, ...options });
    const step = 1e-100;
    const moved = (from: readonly number[], by: readonly number[]) => from.map((re, i) => ({ re, im: step * by[i]! }));
    const states = integrateComplex(complexNetwork(N), solver.tableau!, {
      grid: Array.from(solution.grid, real),
      ts: options.ts.map(real),
      y0: moved(Y0, TANGENT.y0),
      params: moved(PARAMS, TANGENT.params),
    });
    const expected = states.map(({ im }) => im / step);
    // Continuous extensions of high order have larger weights, vern9's up to ten thousand.
    expect(distance(jvp(solution, TANGENT), expected, 1)).toBeLessThan(solver.order > 5 ? 1e-11 : 1e-12);
  });

  it.each(waysOf(solver))("equals central differences on the replayed grid: %s", (_, options) => {
    const solution = solve(FIELD, { y0: Y0, ...options });
    const { ts, output } = options;
    const replayed = (s: number): Float64Array => {
      const replay = { ts, grid: solution.grid, solver, ...(output && { output }) };
      const field = make(along(PARAMS, TANGENT.params, s));
      return solve(field, { y0: along(Y0, TANGENT.y0, s), ...replay }).ys as Float64Array;
    };
    const [a, b, c, d] = [replayed(1e-3), replayed(-1e-3), replayed(2e-3), replayed(-2e-3)];
    const expected = a.map((_, i) => (8 * (a[i]! - b[i]!) - (c[i]! - d[i]!)) / 12e-3);
    expect(distance(jvp(solution, TANGENT), expected, 1)).toBeLessThan(1e-9);
  });
});

describe("reversible methods", () => {
  it.each([
    ["reversible(tsit5)", reversible(tsit5)],
    ["reversible(rk4)", reversible(rk4)],
    ["reversibleHeun", reversibleHeun],
  ])("%s is dual to pullback", (_, solver) => {
    for (const ts of [
      [0, 0.4, 1.1],
      [1, 0.3, -0.2],
    ]) {
      const options = { y0: Y0, ts, solver, stepSize: 0.1, adjoint: backprop() };
      expect(dualityGap(solve(FIELD, options), TANGENT, numbers(9, 5))).toBeLessThan(1e-12);
    }
  });
});

describe("the tangent", () => {
  const solution = solve(FIELD, { y0: Y0, ts: [0, 0.5, 2], rtol: 1e-4 });

  it("may have one part only, and is linear", () => {
    const both = jvp(solution, TANGENT);
    const y0 = jvp(solution, { y0: TANGENT.y0 });
    const params = jvp(solution, { params: Float32Array.from(TANGENT.params) });
    expect(
      distance(
        y0.map((value, i) => value + params[i]!),
        both,
        1,
      ),
    ).toBeLessThan(1e-6);
    expect(both).toBeInstanceOf(Float64Array);
    expect([...both.subarray(0, N)]).toEqual(TANGENT.y0);
    expect([...params.subarray(0, N)]).toEqual([0, 0, 0]);
    const twice = jvp(solution, { y0: TANGENT.y0.map((value) => 2 * value) });
    expect(twice).toEqual(y0.map((value) => 2 * value));
  });

  it("leaves the solution as it is and may be asked for again", () => {
    const ys = solution.ys.slice();
    expect(jvp(solution, TANGENT)).toEqual(jvp(solution, TANGENT));
    expect(solution.ys).toEqual(ys);
  });

  it("uses the parameters that the tape was made with", () => {
    const field = make(PARAMS);
    const taped = solve(field, { y0: Y0, ts: [0, 0.5, 2], adjoint: backprop() });
    const before = jvp(taped, TANGENT);
    field.params.fill(0);
    expect(jvp(taped, TANGENT)).toEqual(before);
  });

  it("is the matrix exponential's action for a linear field", () => {
    const f = (_t: number, y: Float64Array, dy: Float64Array): void => void dy.set([y[1]!, -y[0]!]);
    const turning = vectorField({ f, jvp: (t, _y, _params, dot, dy) => f(t, dot.y, dy) });
    const turned = solve(turning, { y0: [1, 0], ts: [0, 1], rtol: 1e-11, atol: 1e-12 });
    const tangent = jvp(turned, { y0: [0, 1] });
    expect(tangent[2]).toBeCloseTo(Math.sin(1), 10);
    expect(tangent[3]).toBeCloseTo(Math.cos(1), 10);
  });
});

describe("networks", () => {
  const LAYERS = [2, 9, 5, 2];
  const BATCH = 53; // more than one block of rows, and a tail
  const y0 = numbers(2 * BATCH, 1);
  const ts = [0, 0.3, 1];
  const options = { y0, ts, rtol: 1e-3, atol: 1e-3, adjoint: backprop() };
  const cotangent = numbers(ts.length * y0.length, 2);
  const tangentOf = ({ params }: { params: ArrayLike<number> }, seed = 3) => ({
    y0: numbers(y0.length, seed),
    params: numbers(params.length, seed + 1),
  });

  it.each(ACTIVATIONS)("%s: dual to pullback in both precisions, with and without time", (activation) => {
    for (const time of [false, true]) {
      for (const [dtype, tolerance] of [
        ["float64", 1e-12],
        ["float32", 1e-4],
      ] as const) {
        const field = mlp({ layers: LAYERS, activation, time, dtype, seed: 5 });
        const solution = solve(field, options);
        expect(dualityGap(solution, tangentOf(field), cotangent)).toBeLessThan(tolerance);
        expect(jvp(solution, tangentOf(field))).toBeInstanceOf(dtype === "float64" ? Float64Array : Float32Array);
      }
    }
  });

  it.each([[[3, 3]], [[6, 2, 6]], [[1, 4, 1]], [[5, 130, 5]]])("layers %s: central differences", (layers) => {
    const [rows, width] = [3, layers[0]!];
    const y0 = numbers(rows * width, 6);
    const field = mlp({ layers, time: true, dtype: "float64", seed: 2 });
    const solution = solve(field, { y0, ts, rtol: 1e-4, atol: 1e-4 });
    const tangent = { y0: numbers(y0.length, 8), params: numbers(field.params.length, 9) };
    const replayed = (s: number): Float64Array => {
      const params = along([...field.params], tangent.params, s);
      const moved = mlp({ layers, time: true, dtype: "float64", params });
      return solve(moved, { y0: along(y0, tangent.y0, s), ts, grid: solution.grid }).ys as Float64Array;
    };
    const h = 2e-4;
    const [a, b, c, d] = [replayed(h), replayed(-h), replayed(2 * h), replayed(-2 * h)];
    const expected = a.map((_, i) => (8 * (a[i]! - b[i]!) - (c[i]! - d[i]!)) / (12 * h));
    expect(distance(jvp(solution, tangent), expected, 1)).toBeLessThan(1e-9);
    const y0Only = jvp(solution, { y0: tangent.y0 });
    const paramsOnly = jvp(solution, { params: tangent.params });
    expect(
      distance(
        y0Only.map((value, i) => value + paramsOnly[i]!),
        expected,
        1,
      ),
    ).toBeLessThan(1e-9);
  });

  it("float32 agrees with float64", () => {
    const single = mlp({ layers: LAYERS, seed: 5 });
    const double = mlp({ layers: LAYERS, dtype: "float64", params: Float64Array.from(single.params) });
    const solution = solve(single, options);
    const exact = jvp(solve(double, { y0, ts, grid: solution.grid }), tangentOf(double));
    expect(distance(jvp(solution, tangentOf(single)), exact)).toBeLessThan(1e-5);
  });

  it("widened: float64 tangents of a float32 network", () => {
    const field = widened(mlp({ layers: LAYERS, seed: 5 }));
    const solution = solve(field, options);
    const tangent = tangentOf({ params: field.params! });
    expect(jvp(solution, tangent)).toBeInstanceOf(Float64Array);
    expect(dualityGap(solution, tangent, cotangent)).toBeLessThan(1e-5);
  });
});

describe("asynchronous fields", () => {
  it("give a promise of the same tangent", async () => {
    const ts = [0, 0.5, 2];
    const expected = jvp(solve(FIELD, { y0: Y0, ts }), TANGENT);
    const f = network(N);
    const push = networkJvp(N);
    const late = vectorField({
      f: async (...args) => f(...args),
      jvp: async (...args) => push(...args),
      params: PARAMS,
    });
    const solution = await solve(asynchronous(late), { y0: Y0, ts });
    expect(await jvp(solution, TANGENT)).toEqual(expected);
    const half = vectorField({ f, jvp: async (...args) => push(...args), params: PARAMS });
    expect(await jvp(solve(half, { y0: Y0, ts }), TANGENT)).toEqual(expected);
  });

  it("pass on what the jvp rejects with", async () => {
    const field = vectorField({
      f: async (_t, _y, dy) => void dy.fill(1),
      jvp: () => Promise.reject(new TypeError("mine")),
    });
    const solution = await solve(asynchronous(field), { y0: [1], ts: [0, 1] });
    await expect(jvp(solution, { y0: [1] })).rejects.toThrow("mine");
    const silent = vectorField({ f: async (_t, _y, dy) => void dy.fill(1), jvp: async () => {} });
    const other = await solve(asynchronous(silent), { y0: [1], ts: [0, 1] });
    expect((await rejectionOf(jvp(other, { y0: [1] }))).code).toBe("non-finite");
  });
});

/** Typed as the asynchronous field that it is. */
const asynchronous = (field: VectorField) => field as VectorField & { readonly asynchronous: true };

describe("a solve that ended early", () => {
  it("has tangents of what was reached", () => {
    const options = { y0: Y0, ts: [0, 0.5, 1, 2], rtol: 1e-6 };
    const whole = solve(FIELD, options);
    for (const maxSteps of [1, 3, whole.stats.steps - 1]) {
      const part = solve(FIELD, { ...options, maxSteps, onFailure: "return" });
      expect(part.status).toBe("max-steps");
      const expected = jvp(whole, TANGENT).slice(0, part.ys.length);
      expect(distance(jvp(part, TANGENT), expected, 1)).toBeLessThan(1e-12);
    }
  });

  const root: SolveEvent["root"] = (t, y) => y[0]! - 0.1 * y[1]! ** 2 - 0.5 + 0.05 * t;
  const oscillator = (params: readonly number[]): VectorField =>
    vectorField({
      params,
      f(t, y, dy, p) {
        dy[0] = y[1]!;
        dy[1] = -p[0]! * y[0]! + 0.1 * Math.sin(t);
      },
      vjp(t, y, p, c, bar) {
        bar.y[0]! -= c[1]! * p[0]!;
        bar.y[1]! += c[0]!;
        bar.params[0]! -= c[1]! * y[0]!;
        bar.t[0]! += c[1]! * 0.1 * Math.cos(t);
      },
      jvp(_t, y, p, dot, dy) {
        dy[0] = dot.y[1]!;
        dy[1] = -p[0]! * dot.y[0]! - dot.params[0]! * y[0]!;
      },
    });
  const stopping = (y0: number[], params: number[], tolerance: number) =>
    solve(oscillator(params), {
      y0,
      ts: [0, 0.2, 5],
      rtol: tolerance,
      atol: tolerance,
      adjoint: backprop(),
      events: [{ root, direction: -1, terminal: true }],
    });

  it("at a terminal event: dual to pullback, and equal to differences of tight solves", () => {
    const tangent = { y0: [0.3, -0.8], params: [0.5] };
    const solution = stopping([1, 0.2], [2], 1e-12);
    expect(solution.status).toBe("stopped");
    expect(dualityGap(solution, tangent, numbers(6, 4))).toBeLessThan(1e-12);
    const at = (s: number): Float64Array =>
      stopping(along([1, 0.2], tangent.y0, s), along([2], tangent.params, s), 1e-13).ys as Float64Array;
    const [a, b, c, d] = [at(1e-3), at(-1e-3), at(2e-3), at(-2e-3)];
    const expected = a.map((_, i) => (8 * (a[i]! - b[i]!) - (c[i]! - d[i]!)) / 12e-3);
    expect(distance(jvp(solution, tangent), expected)).toBeLessThan(1e-8);
  });

  it("at a terminal event needs no adjoint; one at the start does not move", () => {
    const events = [{ root, direction: -1 as const, terminal: true }];
    const options = { y0: [1, 0.2], ts: [0, 5], events };
    const tangents = [solve(oscillator([2]), options), solve(oscillator([2]), { ...options, adjoint: backprop() })].map(
      (solution) => jvp(solution, { y0: [1, 0] }),
    );
    expect(tangents[0]).toEqual(tangents[1]);
    const begun = solve(oscillator([2]), {
      y0: [0, 1],
      ts: [0, 5],
      events: [{ root: (_t, y) => y[0]!, terminal: true }],
    });
    expect([...jvp(begun, { y0: [3, 4] })]).toEqual([3, 4]);
  });

  it("events that only watch change nothing; effects are refused", () => {
    const options = { y0: [1, 0.2], ts: [0, 2, 5] };
    const field = oscillator([2]);
    const watched = solve(field, { ...options, events: [{ root }], adjoint: backprop() });
    expect(watched.events.length).toBeGreaterThan(1);
    expect(dualityGap(watched, { y0: [1, -1], params: [0.3] }, numbers(6, 4))).toBeLessThan(1e-12);
    const effected = solve(field, { ...options, events: [{ root, effect: (_t, y) => void y.fill(0) }] });
    const failure = failureOf(() => jvp(effected, { y0: [1, 0] }));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("events[0].effect");
    const never = solve(field, { ...options, events: [{ root: () => 1, effect() {} }] });
    expect(jvp(never, { y0: [1, 0] })).toEqual(jvp(solve(field, options), { y0: [1, 0] }));
  });
});

describe("bad input", () => {
  const solution = solve(FIELD, { y0: Y0, ts: [0, 1] });
  it.each([
    ["no solution", () => jvp({} as never, TANGENT), "jvp(solution)"],
    ["a promise of one", () => jvp(Promise.resolve(solution) as never, TANGENT), "awaited"],
    ["no tangent", () => jvp(solution, undefined as never), "tangent is undefined"],
    ["an empty tangent", () => jvp(solution, {}), "tangent is an object"],
    ["y0 of another length", () => jvp(solution, { y0: [1] }), "tangent.y0 is [1]; allowed: 3 numbers"],
    ["y0 that is no array", () => jvp(solution, { y0: 3 as never }), "tangent.y0 is 3"],
    ["params of another length", () => jvp(solution, { params: [1] }), "tangent.params is [1]; allowed: 24 numbers"],
    ["what is not finite", () => jvp(solution, { y0: [0, Number.NaN, 0] }), "tangent.y0[1] is NaN"],
    [
      "a field without jvp",
      () =>
        jvp(
          solve(() => [1], { y0: [1], ts: [0, 1] }),
          { y0: [1] },
        ),
      "vectorField({ f, jvp",
    ],
    ["a jvp that is no function", () => vectorField({ f: network(N), jvp: 1 as never }), "vectorField option jvp"],
  ])("%s", (_, run, message) => {
    const failure = failureOf(run);
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain(message);
  });

  it("a tangent that overflows, or is not filled, ends in non-finite", () => {
    const field = vectorField({
      f: (_t, y, dy) => void dy.set(y.map((value) => -value)),
      jvp: (_t, _y, _params, dot, dy) => void dy.set(dot.y.map((value) => value * 1e200)),
    });
    const growing = solve(field, { y0: [1], ts: [0, 1], stepSize: 0.1 });
    expect(failureOf(() => jvp(growing, { y0: [1] })).code).toBe("non-finite");
    const silent = solve(vectorField({ f: network(N), jvp() {}, params: PARAMS }), { y0: Y0, ts: [0, 1] });
    expect(failureOf(() => jvp(silent, { y0: [1, 2, 3] })).code).toBe("non-finite");
  });
});
