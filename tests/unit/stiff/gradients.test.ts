// Gradients through rodas5P: pullbacks against forward derivatives of the same steps (the dot test), against differences of
// replayed grids, and where second derivatives come from.
import { describe, expect, it } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import {
  backprop,
  checkpointed,
  continuous,
  type Field,
  jvp,
  mlp,
  reverse,
  rodas5P,
  type SolveOptions,
  solve,
  symplectic,
  vectorField,
} from "../../../ts/index.ts";

/** Robertson's kinetics, its three rates as parameters. */
const robertson = () =>
  compiled(
    (_t, [a, b, c], dy, [k1, k2, k3]) => {
      dy[0] = k3! * b! * c! - k1! * a!;
      dy[1] = k1! * a! - k3! * b! * c! - k2! * b! * b!;
      dy[2] = k2! * b! * b!;
    },
    { params: [0.04, 3e7, 1e4] },
  );
/** An oscillator that is driven, depends on t and has all second derivatives. */
const driven = () =>
  compiled(
    (t, [x, v], dy, [mu, force]) => {
      dy[0] = v!;
      dy[1] = mu! * (1 - x! * x!) * v! - x! + force! * Math.sin(t * x!);
    },
    { params: [20, 0.3] },
  );

const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const sizes = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! * b[i]!);
  return sum;
};
const weights = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.cos(1 + 2 * i));

/** The largest relative difference of ⟨w, J d⟩ and ⟨Jᵀ w, d⟩ over directions d in y0 and in the parameters. */
function dotTest(field: Field, options: SolveOptions): number {
  const solution = solve(field, options);
  const w = weights(solution.ys.length);
  const { y0, params } = solution.pullback(w);
  let worst = 0;
  const compare = (forward: ArrayLike<number>, bar: ArrayLike<number>, d: Float64Array): void => {
    worst = Math.max(worst, Math.abs(inner(w, forward) - inner(bar, d)) / sizes(w, forward));
  };
  const d0 = Float64Array.from(weights(y0.length), (value, i) => value * (Math.abs(options.y0[i]!) || 1e-3));
  compare(jvp(solution, { y0: d0 }), y0, d0);
  const dp = Float64Array.from(weights(params.length), (value, i) => value * field.params![i]!);
  if (params.length > 0) compare(jvp(solution, { params: dp }), params, dp);
  return worst;
}

const adjoints = [
  ["symplectic", symplectic()],
  ["backprop", backprop()],
  ["checkpointed", checkpointed({ checkpoints: 3 })],
] as const;

describe.each(adjoints)("the dot test with %s", (_, adjoint) => {
  const kinetics = { y0: [1, 0, 0], ts: [0, 0.4, 40, 4e3], rtol: 1e-5, atol: 1e-9, solver: rodas5P, adjoint } as const;
  const oscillation = { y0: [2, 0], ts: [0, 3, 12], rtol: 1e-5, atol: 1e-7, solver: rodas5P, adjoint } as const;

  it.each([
    ["Robertson's kinetics", () => robertson(), kinetics],
    ["a field that depends on t", () => driven(), oscillation],
    ["outputs inside steps", () => driven(), { ...oscillation, ts: [0, 1, 2.5, 4, 7, 9, 12], output: "interpolate" }],
    ["backwards in time", () => driven(), { ...oscillation, ts: [1, 0.6, 0.2] }],
    ["given steps", () => driven(), { ...oscillation, ts: [0, 1], stepSize: 0.05 }],
    [
      "a terminal event",
      () => driven(),
      { ...oscillation, events: [{ root: (_t: number, y: ArrayLike<number>) => y[0]! - 1.8, terminal: true }] },
    ],
  ] as [string, () => Field, SolveOptions][])("%s", (__, field, options) => {
    expect(dotTest(field(), options)).toBeLessThan(1e-12);
  });
});

describe("gradients", () => {
  const options = { y0: [2, 0], ts: [0, 3, 12], rtol: 1e-5, atol: 1e-7, solver: rodas5P } as const;

  it("are those of the replayed grid, by differences", () => {
    const field = driven();
    const solution = solve(field, { ...options, adjoint: symplectic() });
    const w = weights(solution.ys.length);
    const { params, y0 } = solution.pullback(w);
    const at = (y: number[], p: number[]): number =>
      inner(solve(field, { ...options, y0: y, params: p, grid: solution.grid }).ys, w);
    const width = 1e-6;
    for (let i = 0; i < 2; i++) {
      const p = [20, 0.3];
      const moved = (by: number): number[] => p.map((value, j) => (i === j ? value + by : value));
      const difference = (at([2, 0], moved(width)) - at([2, 0], moved(-width))) / (2 * width);
      expect(Math.abs(params[i]! - difference) / Math.abs(difference)).toBeLessThan(1e-6);
      const start = (by: number): number[] => [2, 0].map((value, j) => (i === j ? value + by : value));
      const slope = (at(start(width), p) - at(start(-width), p)) / (2 * width);
      expect(Math.abs(y0[i]! - slope) / Math.abs(slope)).toBeLessThan(1e-6);
    }
  });

  it("of the times are those of the steps' ends", () => {
    const field = driven();
    const grid = [0.5, 0.52, 0.55, 0.6];
    const take = (times: number[]) =>
      solve(field, { y0: [1.5, 0.2], ts: [times[0]!, times[3]!], grid: times, solver: rodas5P, adjoint: symplectic() });
    const w = [0, 0, 0.7, -0.4];
    const { ts } = take(grid).pullback(w, { times: true });
    const width = 1e-6;
    for (const [place, row] of [
      [0, 0],
      [3, 1],
    ] as const) {
      const moved = (by: number): number => inner(take(grid.map((t, i) => (i === place ? t + by : t))).ys, w);
      const difference = (moved(width) - moved(-width)) / (2 * width);
      expect(Math.abs(ts![row]! - difference) / Math.abs(difference)).toBeLessThan(1e-7);
    }
  });

  it("of an event's time by the parameters, with the stop's own cotangent", () => {
    const field = driven();
    const events = [{ root: (_t: number, y: ArrayLike<number>) => y[0]! - 1.8, terminal: true as const }];
    const tight = { ...options, rtol: 1e-10, atol: 1e-12, events };
    const stop = (p: number[]): number => solve(field, { ...tight, params: p }).ts.at(-1)!;
    const solution = solve(field, { ...tight, adjoint: symplectic() });
    const { params } = solution.pullback(new Float64Array(solution.ys.length), { stopTime: 1 });
    const difference = (stop([20 + 1e-4, 0.3]) - stop([20 - 1e-4, 0.3])) / 2e-4;
    expect(Math.abs(params[0]! - difference) / Math.abs(difference)).toBeLessThan(1e-5);
  });

  it("keep one state a step and one step's stages", () => {
    const { stats } = solve(robertson(), {
      y0: [1, 0, 0],
      ts: [0, 1e5],
      rtol: 1e-6,
      atol: 1e-12,
      solver: rodas5P,
      adjoint: symplectic(),
    });
    expect(stats.peakBytes.checkpoints).toBeLessThanOrEqual(2 * 3 * 8 * (stats.accepted + 1));
    expect(stats.peakBytes.tape).toBe(0);
  });
});

describe("second derivatives", () => {
  const options = { y0: [2, 0], ts: [0, 3], rtol: 1e-6, atol: 1e-8, solver: rodas5P, adjoint: symplectic() } as const;
  const w = [0, 0, 1, -0.5];
  const exact = solve(driven(), options).pullback(w);

  const f = (t: number, y: ArrayLike<number>, dy: Float64Array, p: ArrayLike<number>): void => {
    dy[0] = y[1]!;
    dy[1] = p[0]! * (1 - y[0]! ** 2) * y[1]! - y[0]! + p[1]! * Math.sin(t * y[0]!);
  };
  const vjp: Parameters<typeof vectorField>[0]["vjp"] = (t, [x, v], [mu, force], [c0, c1], bar) => {
    const cos = force! * Math.cos(t * x!);
    bar.y[0]! += c1! * (-2 * mu! * x! * v! - 1 + cos * t);
    bar.y[1]! += c0! + c1! * mu! * (1 - x! * x!);
    bar.params[0]! += c1! * (1 - x! * x!) * v!;
    bar.params[1]! += c1! * Math.sin(t * x!);
    bar.t[0]! += c1! * cos * x!;
  };
  const made = (more: object) => vectorField({ f, vjp, params: [20, 0.3], ...more });

  it("that nobody gives are refused, with what to do", () => {
    expect(() => solve(made({}), options)).toThrow(
      expect.objectContaining({
        code: "invalid",
        message: expect.stringMatching(/second is undefined.*"differences"/),
      }),
    );
    expect(() => solve(mlp({ layers: [2, 4, 2] }), options)).toThrow(/second is undefined/);
    expect(() => solve(driven(), { ...options, second: "exact" as never })).toThrow(/second is "exact"/);
  });

  it("by differences are good to about 1e-8, and said to be", () => {
    const gradient = solve(made({}), { ...options, second: "differences" }).pullback(w);
    expect(gradient.stats.second).toBe("differences");
    expect(exact.stats.second).toBe("exact");
    for (let i = 0; i < 2; i++) {
      expect(Math.abs(gradient.params[i]! / exact.params[i]! - 1)).toBeLessThan(1e-5);
      expect(Math.abs(gradient.y0[i]! / exact.y0[i]! - 1)).toBeLessThan(1e-5);
    }
    // Two VJPs for each of eight systems and two in t, beside one for each stage.
    expect(gradient.stats.vjps).toBe(exact.stats.vjps + 18 * gradient.stats.accepted);
  });

  it("and Jacobians that vectorField is given are those of the compiled field", () => {
    const field = made({
      jacobian: (t: number, [x, v]: number[], [mu, force]: number[], J: Float64Array, dfdt: Float64Array) => {
        J.set([0, 1, -2 * mu! * x! * v! - 1 + force! * t * Math.cos(t * x!), mu! * (1 - x! * x!)]);
        dfdt.set([0, force! * x! * Math.cos(t * x!)]);
      },
      second: (
        t: number,
        [x, v]: number[],
        [mu, force]: number[],
        along: { y: Float64Array; t: number },
        [, c]: number[],
        bar: { y: Float64Array; params: Float64Array; t: Float64Array },
      ) => {
        // s = c (∂f₁/∂x a + ∂f₁/∂v b + ∂f₁/∂t d)
        const [a, b] = along.y as unknown as [number, number];
        const d = along.t;
        const [sin, cos] = [Math.sin(t * x!), Math.cos(t * x!)];
        bar.y[0]! +=
          c! * ((-2 * mu! * v! - force! * t * t * sin) * a - 2 * mu! * x! * b + force! * (cos - t * x! * sin) * d);
        bar.y[1]! += c! * -2 * mu! * x! * a;
        bar.params[0]! += c! * (-2 * x! * v! * a + (1 - x! * x!) * b);
        bar.params[1]! += c! * (t * cos * a + x! * cos * d);
        bar.t[0]! += c! * (force! * (cos - t * x! * sin) * a - force! * x! * x! * sin * d);
      },
    });
    const solution = solve(field, options);
    expect(solution.stats.differences).toBe(0);
    const gradient = solution.pullback(w);
    for (let i = 0; i < 2; i++) {
      expect(Math.abs(gradient.params[i]! / exact.params[i]! - 1)).toBeLessThan(1e-9);
      expect(Math.abs(gradient.y0[i]! / exact.y0[i]! - 1)).toBeLessThan(1e-9);
    }
  });
});

describe("adjoints that implicit steps cannot have", () => {
  const options = { y0: [2, 0], ts: [0, 1], solver: rodas5P } as const;

  it("are refused with a reason", () => {
    expect(() => solve(driven(), { ...options, adjoint: reverse() })).toThrow(/no way back through implicit steps/);
    expect(() => solve(driven(), { ...options, adjoint: continuous() })).toThrow(/symplectic\(\)/);
    expect(() => continuous({ solver: rodas5P })).toThrow(/explicit/);
  });
});
