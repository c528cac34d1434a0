// A network with inputs in a solve: values that all rows share at t, with every adjoint, against closed forms and differences.
import { describe, expect, it } from "vitest";
import {
  type Adjoint,
  auto,
  backprop,
  checkDerivatives,
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
  widened,
} from "../../ts/index.ts";
import { threaded, threads } from "../../ts/threads/index.ts";
import { failureOf } from "./errors.ts";
import { numbers } from "./networks.ts";
import { distance } from "./reference.ts";

/** Inputs that jump at 0.6. */
const drive = (t: number, out: Float64Array): void => {
  out[0] = Math.sin(3 * t);
  out[1] = t < 0.6 ? Math.exp(t) : -1 - t;
};
const SHAPE = { layers: [2, 5, 2], inputs: 2, dtype: "float64" } as const;
const network = (params: ArrayLike<number>, time: boolean) => mlp({ ...SHAPE, time, params });
const countOf = (time: boolean): number => 5 * (5 + Number(time)) + 12;
const Y0 = numbers(6, 3);
const TS = [0, 0.35, 1];
const STEPS: Omit<SolveOptions, "y0" | "ts"> = { solver: dopri5, inputs: drive, stepTimes: [0.6] };

it("adds up to a closed form", () => {
  // y' = −y + 2 cos t: y = e^−t (y0 − 1) + cos t + sin t.
  const field = mlp({ layers: [1, 1], inputs: 1, params: [-1, 2, 0], dtype: "float64" });
  const inputs = (t: number, out: Float64Array): void => {
    out[0] = Math.cos(t);
  };
  const ts = [0, 1, 3];
  const { ys } = solve(field, { y0: [3, 0], ts, inputs, rtol: 1e-10, atol: 1e-12 });
  const expected = ts.flatMap((t) => [3, 0].map((y0) => Math.exp(-t) * (y0 - 1) + Math.cos(t) + Math.sin(t)));
  expect(distance(ys, expected)).toBeLessThan(1e-9);
});

it("takes the values as more inputs of a row would be", () => {
  const field = network(numbers(countOf(true), 8), true);
  const own = vectorField({
    f: (t, y, dy) => {
      const u = new Float64Array(2);
      drive(t, u);
      const rows = Array.from({ length: y.length / 2 }, (_, i) => [y[2 * i]!, y[2 * i + 1]!, ...u]).flat();
      field.evaluate(t, rows, dy);
    },
  });
  const options = { y0: Y0, ts: TS, solver: dopri5, stepTimes: [0.6] };
  expect(distance(solve(field, { ...options, inputs: drive }).ys, solve(own, options).ys)).toBeLessThan(1e-14);
});

const EXACT: [string, Adjoint, Partial<SolveOptions>][] = [
  ["backprop", backprop(), {}],
  ["checkpointed", checkpointed({ checkpoints: 2 }), {}],
  ["symplectic", symplectic(), {}],
  ["auto", auto({ budget: 2000 }), {}],
  ["reverse", reverse(), { solver: reversible(tsit5, { coupling: 0.999 }) }],
];

describe.each([false, true])("with time %s", (time) => {
  const params = numbers(countOf(time), 7);
  const cotangent = numbers(TS.length * Y0.length, 9);
  const loss = (ys: ArrayLike<number>): number => cotangent.reduce((sum, value, i) => sum + value * ys[i]!, 0);
  const slope = (f: (s: number) => number, h: number): number => {
    const central = (d: number): number => (f(d) - f(-d)) / (2 * d);
    return (4 * central(h) - central(2 * h)) / 3;
  };

  it.each(EXACT)("%s is exact", (_, adjoint, extra) => {
    const options = { y0: Y0, ts: TS, ...STEPS, ...extra, rtol: 1e-4 };
    const solution = solve(network(params, time), { ...options, adjoint });
    const gradient = solution.pullback(cotangent, { times: true });
    const replay = { ...options, grid: solution.grid };
    const [yDot, pDot] = [numbers(Y0.length, 12), numbers(params.length, 13)];
    const along = slope((s) => {
      const field = network(
        params.map((value, i) => value + s * pDot[i]!),
        time,
      );
      return loss(solve(field, { ...replay, y0: Y0.map((value, i) => value + s * yDot[i]!) }).ys);
    }, 1e-4);
    const sum = (a: ArrayLike<number>, b: readonly number[]): number =>
      b.reduce((total, value, i) => total + value * a[i]!, 0);
    expect(sum(gradient.y0, yDot) + sum(gradient.params, pDot)).toBeCloseTo(along, 8);
    // Of the end: only its last step changes.
    const byEnd = slope((s) => {
      const [ts, grid] = [[...TS.slice(0, -1), TS.at(-1)! + s], solution.grid.slice()];
      grid[grid.length - 1] = ts.at(-1)!;
      return loss(solve(network(params, time), { ...replay, ts, grid }).ys);
    }, 1e-4);
    expect(gradient.ts!.at(-1)).toBeCloseTo(byEnd, 7);
  });

  it("continuous() comes near, jvp is exact", () => {
    const options = { y0: Y0, ts: TS, ...STEPS, rtol: 1e-9, atol: 1e-11 };
    const exact = solve(network(params, time), { ...options, adjoint: symplectic() });
    const near = solve(network(params, time), { ...options, adjoint: continuous({ norm: "full" }) });
    const [one, two] = [exact.pullback(cotangent), near.pullback(cotangent)];
    expect(distance(two.y0, one.y0)).toBeLessThan(1e-6);
    expect(distance(two.params, one.params)).toBeLessThan(1e-6);
    const [yDot, pDot] = [numbers(Y0.length, 14), numbers(params.length, 15)];
    const pushed = loss(jvp(exact, { y0: yDot, params: pDot }));
    const pulled =
      [...one.y0].reduce((s, v, i) => s + v * yDot[i]!, 0) + [...one.params].reduce((s, v, i) => s + v * pDot[i]!, 0);
    expect(pushed).toBeCloseTo(pulled, 11);
  });
});

it("runs in float32, widened, and beside threads, which leave it to the caller's", async () => {
  const field = mlp({ ...SHAPE, dtype: "float32", seed: 2 });
  const y0 = numbers(2 * 200, 4);
  const options = { y0, ts: TS, ...STEPS, adjoint: symplectic() };
  const cotangent = numbers(TS.length * y0.length, 9);
  const single = solve(field, options);
  const wide = solve(widened(field), { ...options, rtol: 1e-5, atol: 1e-7 });
  expect(distance(wide.ys, single.ys)).toBeLessThan(1e-3);
  expect(distance(wide.pullback(cotangent).params, single.pullback(cotangent).params)).toBeLessThan(1e-2);
  const pool = await threads({ workers: 1, threshold: 0 });
  try {
    const shared = solve(threaded(field, pool), options);
    expect(shared.ys).toEqual(single.ys);
    expect(shared.pullback(cotangent).params).toEqual(single.pullback(cotangent).params);
  } finally {
    pool.dispose();
  }
});

describe("refusals", () => {
  const driven = mlp({ ...SHAPE });
  const options = { y0: [1, 2], ts: [0, 1] };
  it.each([
    [() => solve(driven, options), /inputs is undefined; allowed: a function \(t, out\) that fills 2 inputs/],
    [() => solve(driven, { ...options, inputs: [1, 2] as never }), /inputs is \[1, 2\]/],
    [
      () => solve(driven, { ...options, inputs: ((): number[] => [1, 2]) as never }),
      /what inputs returned is \[1, 2\]/,
    ],
    [() => solve(mlp({ layers: [2, 2] }), { ...options, inputs: drive }), /undefined for an mlp without inputs/],
    [() => solve((_, y) => y, { ...options, inputs: drive }), /undefined for a field that takes none/],
    [() => solve(widened(mlp({ layers: [2, 2], inputs: 1 })), options), /fills 1 inputs/],
    [() => checkDerivatives(driven, { t: 0, y: [1, 2] }), /inputs is undefined/],
  ])("%#", (work, message) => {
    const failure = failureOf(work);
    expect(failure.code).toBe("invalid");
    expect(failure.message).toMatch(message);
  });

  it("what inputs does not fill is not finite", () => {
    expect(failureOf(() => solve(driven, { ...options, inputs: () => {} })).code).toBe("non-finite");
  });
});
