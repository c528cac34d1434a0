// Threads: whatever they share, solutions and ∂L/∂y0 are those of one thread bit for bit, and all gradients are the same
// bits whoever computed which rows.
import { describe, expect, it } from "vitest";
import type { MlpOptions } from "../../ts/fields/mlp.ts";
import {
  type Adjoint,
  auto,
  backprop,
  checkpointed,
  continuous,
  dopri5,
  jvp,
  mlp,
  reverse,
  reversible,
  rk4,
  type SolveOptions,
  solve,
  symplectic,
  tsit5,
  widened,
} from "../../ts/index.ts";
import { chunksOf } from "../../ts/threads/chunks.ts";
import { threaded, threads } from "../../ts/threads/index.ts";
import { numbers } from "./networks.ts";
import { gradientOf, none, one, start, startPools, three } from "./threads-pools.ts";

startPools();

/** Largest difference relative to the largest number. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    size = Math.max(size, Math.abs(b[i]!));
  }
  return a.length === b.length ? difference / size : Number.NaN;
};

const EPSILON = { float32: 2 ** -23, float64: 2 ** -52 };

describe("a batch is cut into chunks", () => {
  it("that have all its rows, none of them few", () => {
    for (let batch = 1; batch < 3000; batch++) {
      const chunks = chunksOf(batch);
      if (!chunks) {
        expect(batch).toBeLessThan(72);
        continue;
      }
      const { count, rows, lastRows } = chunks;
      expect((count - 1) * rows + lastRows).toBe(batch);
      expect(count).toBeGreaterThan(1);
      expect(count).toBeLessThanOrEqual(16);
      expect(Math.min(rows, lastRows)).toBeGreaterThanOrEqual(12);
    }
  });
});

describe("threads compute what one thread does", () => {
  const networks: [string, MlpOptions][] = [
    ["float32", { layers: [2, 64, 64, 2] }],
    ["float64, odd widths", { layers: [3, 17, 5, 3], dtype: "float64" }],
    ["float32 with time", { layers: [3, 33, 3], time: true }],
    ["float64 with time, wide rows", { layers: [5, 130, 5], dtype: "float64", time: true }],
    ["an activation that keeps its argument", { layers: [2, 20, 20, 2], activation: "silu" }],
    ["one layer, so no tape", { layers: [4, 4], dtype: "float64" }],
  ];
  // Two chunks, a ragged last one, a last one longer than the others, many.
  const batches = [53, 97, 149, 389];

  it.each(networks)("%s", (_, options) => {
    const field = mlp({ seed: 5, ...options });
    for (const batch of batches) {
      expect(chunksOf(batch)).toBeDefined();
      const solving: SolveOptions = {
        y0: start(field, batch),
        ts: [0, 0.3, 0.5],
        solver: rk4,
        stepSize: 0.1,
        adjoint: backprop(),
      };
      const plain = gradientOf(field, solving);
      const [alone, shared, among] = [none, one, three].map((pool) => gradientOf(threaded(field, pool), solving));
      expect(shared).toEqual(alone);
      expect(among).toEqual(alone);
      expect(alone!.ys).toEqual(plain.ys);
      expect(alone!.y0).toEqual(plain.y0);
      // Sums over up to 389 rows and 20 VJPs in another order.
      expect(apart(alone!.params, plain.params)).toBeLessThan(64 * EPSILON[field.dtype]);
      expect(apart(alone!.ts, plain.ts)).toBeLessThan(256 * EPSILON[field.dtype]);
    }
  });

  const adjoints: [string, Adjoint, SolveOptions["solver"]][] = [
    ["backprop", backprop(), dopri5],
    ["symplectic", symplectic(), dopri5],
    ["checkpointed", checkpointed({ checkpoints: 2 }), tsit5],
    ["reverse", reverse(), reversible(tsit5)],
    ["continuous", continuous(), dopri5],
    ["continuous, quadrature", continuous({ quadrature: true }), dopri5],
    ["auto", auto({ budget: 2 ** 20 }), dopri5],
  ];

  it.each(adjoints)("for the adjoint %s, with adaptive steps", (_, adjoint, solver) => {
    for (const dtype of ["float32", "float64"] as const) {
      const field = mlp({ layers: [2, 32, 2], dtype, time: dtype === "float64", seed: 2 });
      const tolerances = dtype === "float64" ? { rtol: 1e-7, atol: 1e-9 } : { rtol: 1e-4, atol: 1e-6 };
      const options: SolveOptions = { y0: start(field, 101), ts: [0, 0.4, 1], solver: solver!, adjoint, ...tolerances };
      const plain = gradientOf(field, options);
      const [alone, shared, among] = [none, one, three].map((pool) => gradientOf(threaded(field, pool), options));
      expect(shared).toEqual(alone);
      expect(among).toEqual(alone);
      expect(alone!.ys).toEqual(plain.ys);
      expect(alone!.y0).toEqual(plain.y0);
      expect(apart(alone!.params, plain.params)).toBeLessThan(64 * EPSILON[dtype]);
      expect(apart(alone!.ts, plain.ts)).toBeLessThan(4096 * EPSILON[dtype]);
    }
  });

  it("for forward sensitivities", () => {
    const field = mlp({ layers: [2, 32, 2], seed: 2 });
    const options: SolveOptions = { y0: start(field, 101), ts: [0, 1], solver: dopri5 };
    const direction = { y0: numbers(202, 1), params: numbers(field.params.length, 2) };
    const [plain, shared] = [field, threaded(field, one)].map((network) => {
      const tangent = jvp(solve(network, options), direction);
      return tangent;
    });
    expect(shared).toEqual(plain);
  });

  it("with states widened to float64, where every VJP's sum is added in float64", () => {
    const field = mlp({ layers: [2, 32, 2], seed: 2 });
    const options: SolveOptions = {
      y0: start(field, 101),
      ts: [0, 1],
      solver: rk4,
      stepSize: 0.01,
      adjoint: symplectic(),
    };
    const exact = mlp({ layers: [2, 32, 2], dtype: "float64", params: field.params });
    const gradients = [widened(field), widened(threaded(field, three)), exact].map(
      (network) => solve(network, options).pullback(numbers(404, 3)).params,
    );
    const [plain, shared] = gradients.map((params) => apart(params, gradients[2]!));
    expect(shared).toBeLessThan(1.5 * plain!);
  });

  it("in a solve inside another's step, on one pool", () => {
    const field = mlp({ layers: [2, 16, 2], seed: 2 });
    const options: SolveOptions = {
      y0: start(field, 101),
      ts: [0, 1],
      solver: rk4,
      stepSize: 0.25,
      adjoint: backprop(),
    };
    const other = mlp({ layers: [3, 40, 3], dtype: "float64", seed: 4 });
    const inner = { ...options, y0: start(other, 150) };
    const expected = [gradientOf(threaded(field, none), options), gradientOf(threaded(other, none), inner)];
    const within: unknown[] = [];
    const network = threaded(other, three);
    const onStep = (): void => void within.push(gradientOf(network, inner));
    expect(gradientOf(threaded(field, three), { ...options, onStep })).toEqual(expected[0]);
    expect(within).toEqual([expected[1], expected[1], expected[1], expected[1]]);
  });

  it("after the parameters changed", () => {
    const field = mlp({ layers: [2, 16, 2], seed: 2 });
    const network = threaded(field, one);
    expect(network.params).toBe(field.params);
    const options: SolveOptions = { y0: start(field, 101), ts: [0, 1], solver: rk4, stepSize: 0.25 };
    const before = solve(network, options).ys;
    for (let i = 0; i < field.params.length; i++) field.params[i]! *= 0.9;
    expect(solve(network, options).ys).toEqual(solve(field, options).ys);
    expect(solve(network, options).ys).not.toEqual(before);
  });

  it("and workers do take part in it", async () => {
    const field = mlp({ layers: [2, 64, 64, 2], seed: 1 });
    const network = threaded(field, three);
    const options: SolveOptions = { y0: start(field, 512), ts: [0, 1], solver: rk4, stepSize: 0.1 };
    const { ys } = solve(field, options);
    const { byWorkers } = three.counts;
    // On a busy machine it may take a while until one of them gets a core.
    for (const end = performance.now() + 60_000; three.counts.byWorkers === byWorkers; ) {
      expect(performance.now()).toBeLessThan(end);
      expect(solve(network, options).ys).toEqual(ys);
    }
  });
});

describe("little work", () => {
  const options: SolveOptions = { y0: numbers(128, 1), ts: [0, 1], solver: dopri5, adjoint: backprop() };

  it("stays on one thread, with its very bits", async () => {
    const pool = await threads({ workers: 1 });
    const field = mlp({ layers: [2, 64, 64, 2], seed: 1 });
    expect(gradientOf(threaded(field, pool), options)).toEqual(gradientOf(field, options));
    expect(pool.counts.calls).toBe(0);
    solve(threaded(field, pool), { ...options, y0: numbers(2048, 1) });
    expect(pool.counts.calls).toBeGreaterThan(0);
    pool.dispose();
  });

  it("is what the option says", async () => {
    const pool = await threads({ workers: 1, threshold: 1e9 });
    solve(threaded(mlp({ layers: [2, 64, 64, 2] }), pool), { ...options, y0: numbers(2048, 1) });
    expect(pool.counts.calls).toBe(0);
    pool.dispose();
  });
});
