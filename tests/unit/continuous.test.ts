// The continuous adjoint converges to the exact gradient as tolerances tighten, in every norm, with less work in the
// seminorm; its quadrature has the solver's order.
import { describe, expect, it } from "vitest";
import {
  backprop,
  type ContinuousOptions,
  continuous,
  dopri5,
  mlp,
  rk4,
  type Solver,
  solve,
  tsit5,
  vectorField,
} from "../../ts/index.ts";
import { failureOf } from "./errors.ts";
import { network, networkVjp, numbers, parameterCount } from "./networks.ts";

const n = 3;
const field = vectorField({ f: network(n), vjp: networkVjp(n), params: numbers(parameterCount(n), 5) });
const y0 = numbers(n, 6);
const ts = [0, 0.4, 1.1, 1.5];
const cotangent = numbers(n * ts.length, 7);

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}

const exact = solve(field, { y0, ts, rtol: 1e-12, atol: 1e-13, adjoint: backprop() }).pullback(cotangent, {
  times: true,
});

function errors(options: ContinuousOptions, tolerance: number, order = ts) {
  const solution = solve(field, { y0, ts: order, rtol: tolerance, atol: tolerance, adjoint: continuous(options) });
  const gradients = solution.pullback(cotangent, { times: true });
  return {
    worst: Math.max(
      distance(gradients.y0, exact.y0),
      distance(gradients.params, exact.params),
      distance(gradients.ts!, exact.ts!),
    ),
    stats: gradients.stats,
  };
}

describe("continuous", () => {
  const choices: [string, ContinuousOptions][] = [
    ["full", { norm: "full" }],
    ["seminorm", { norm: "seminorm" }],
    ["seminorm-strict", { norm: "seminorm-strict" }],
    ["quadrature", { quadrature: true }],
    ["another solver", { solver: dopri5 }],
    ["tolerances of its own", { rtol: 1e-9, atol: 1e-9 }],
  ];
  it.each(choices)("%s: approaches the exact gradient of y0, θ and ts", (_name, options) => {
    expect(errors(options, 1e-5).worst).toBeLessThan(1e-3);
    expect(errors(options, 1e-9).worst).toBeLessThan(1e-6);
  });

  it("the seminorm takes no more evaluations than the full norm, and one VJP each", () => {
    for (const tolerance of [1e-4, 1e-6, 1e-8]) {
      const full = errors({ norm: "full" }, tolerance).stats;
      const seminorm = errors({ norm: "seminorm" }, tolerance).stats;
      expect(seminorm.evaluations).toBeLessThanOrEqual(full.evaluations);
      expect(seminorm.vjps).toBe(seminorm.evaluations);
    }
  });

  it("works backwards in time, with fixed steps, and with asynchronous fields alike", async () => {
    const turned = ts.map((t) => -t);
    const options = { y0, ts: turned, rtol: 1e-10, atol: 1e-10 };
    const back = solve(field, { ...options, adjoint: continuous() }).pullback(cotangent, { times: true });
    const backExact = solve(field, { ...options, adjoint: backprop() }).pullback(cotangent, { times: true });
    expect(distance(back.params, backExact.params)).toBeLessThan(1e-7);
    expect(distance(back.ts!, backExact.ts!)).toBeLessThan(1e-7);
    const fixed = solve(field, { y0, ts, solver: rk4, stepSize: 0.01, adjoint: continuous() }).pullback(cotangent, {
      times: true,
    });
    expect(distance(fixed.params, exact.params)).toBeLessThan(1e-6);

    const later = vectorField({
      params: field.params,
      f: async (t, y, dy, p) => {
        await null;
        network(n)(t, y, dy, p);
      },
      vjp: async (...args) => {
        await null;
        networkVjp(n)(...args);
      },
    });
    const solution = await (solve(later, { y0, ts, adjoint: continuous() }) as unknown as Promise<
      ReturnType<typeof solve>
    >);
    const gradients = await solution.pullback(cotangent, { times: true });
    const now = solve(field, { y0, ts, adjoint: continuous() }).pullback(cotangent, { times: true });
    expect(gradients.y0).toEqual(now.y0);
    expect(gradients.params).toEqual(now.params);
    expect(gradients.stats.evaluations).toBe(now.stats.evaluations);
  });

  it.each<[string, Solver]>([
    ["rk4", rk4],
    ["tsit5", tsit5],
  ])("the quadrature of a_θ with %s has the solver's order", (_name, solver) => {
    const error = (steps: number): number => {
      const options = { y0, ts: [0, 1.5], solver, stepSize: 1.5 / steps };
      const weights = cotangent.slice(0, 2 * n);
      const reference = solve(field, { y0, ts: [0, 1.5], rtol: 1e-13, atol: 1e-14, adjoint: backprop() }).pullback(
        weights,
      );
      return distance(
        solve(field, { ...options, adjoint: continuous({ quadrature: true }) }).pullback(weights).params,
        reference.params,
      );
    };
    expect(Math.log2(error(12) / error(24))).toBeGreaterThan(solver.order - 0.3);
  });

  it("memory does not depend on the number of steps", () => {
    const bytes = [100, 1000, 10_000].map((steps) => {
      const solution = solve(field, { y0, ts: [0, 1], solver: rk4, stepSize: 1 / steps, adjoint: continuous() });
      const { stats } = solution.pullback(cotangent.slice(0, 2 * n));
      return [stats.peakBytes.total, solution.stats.peakBytes.total];
    });
    expect(bytes[1]).toEqual(bytes[0]);
    expect(bytes[2]).toEqual(bytes[0]);
  });

  it("trains float32 networks of every tensor layout", () => {
    const net = mlp({ layers: [2, 7, 5, 2], time: true, seed: 3 });
    expect(net.params.length).toBe(net.tensors!.reduce((sum, length) => sum + length, 0));
    const run = (adjoint = backprop()) =>
      solve(net, { y0: [1, 0, 0, 1], ts: [0, 1], adjoint }).pullback([0, 0, 0, 0, 1, 1, 1, 1]);
    for (const norm of ["full", "seminorm"] as const) {
      expect(distance(run(continuous({ norm })).params, run().params)).toBeLessThan(2e-3);
    }
  });

  it("bad options are refused by name", () => {
    const refused = (options: object): string => failureOf(() => continuous(options)).message;
    expect(refused({ norm: "half" })).toContain('continuous option norm is "half"');
    expect(refused({ rtol: -1 })).toContain("continuous option rtol is -1");
    expect(refused({ tolerance: 1 })).toContain("continuous option tolerance");
    expect(refused({ solver: "dopri5" })).toContain("continuous option solver");
    expect(refused({ quadrature: true, norm: "full" })).toContain("continuous option norm");
  });
});
