// Threads: whatever they share, solutions and ∂L/∂y0 are those of one thread bit for bit, and all gradients are the same
// bits whoever computed which rows.
import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Mlp, MlpOptions } from "../../ts/fields/mlp.ts";
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
  vern9,
  widened,
} from "../../ts/index.ts";
import { chunksOf } from "../../ts/threads/chunks.ts";
import { type Threads, threaded, threads } from "../../ts/threads/index.ts";
import { MOST_PAGES } from "../../ts/threads/shared-module.ts";
import { memoryUse } from "../../ts/wasm/memory.ts";
import { failureOf, rejectionOf } from "./errors.ts";
import { numbers } from "./networks.ts";

/** Every worker that Node starts. */
const started: Worker[] = [];
const listen = (worker: Worker): number => started.push(worker);
let none: Threads;
let one: Threads;
let three: Threads;

beforeAll(async () => {
  process.on("worker", listen);
  none = await threads({ workers: 0, threshold: 0 });
  one = await threads({ workers: 1, threshold: 0 });
  three = await threads({ workers: 3, threshold: 0 });
});

afterAll(() => {
  process.off("worker", listen);
  for (const pool of [none, one, three]) pool.dispose();
});

afterEach(async () => {
  expect(memoryUse().leased).toBe(0);
  for (const pool of [none, one, three]) await settled(pool);
});

/**
 * All its memory comes back: what the latest recording has when another begins, the rest, where a worker may still touch it,
 * as soon as that worker has had a core.
 */
const settled = (pool: Threads): Promise<void> => {
  pool.recording(1, "float32");
  return expect.poll(() => pool.memory.leased, { timeout: 60_000 }).toBe(0);
};

const start = (field: Mlp, batch: number): number[] => numbers(batch * field.dim, 7);

/** Largest difference relative to the largest number. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    size = Math.max(size, Math.abs(b[i]!));
  }
  return a.length === b.length ? difference / size : Number.NaN;
};

/** For arrays that are too long for `toEqual`. */
const identical = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (value, i) => Object.is(value, b[i]));

const EPSILON = { float32: 2 ** -23, float64: 2 ** -52 };

function gradientOf(field: Mlp, options: SolveOptions) {
  const solution = solve(field, options);
  const cotangent = numbers(solution.ys.length, 11);
  const { y0, params, ts } = solution.pullback(cotangent, { times: true });
  return { ys: solution.ys, y0, params, ts: ts! };
}

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

describe("peak bytes", () => {
  it("count the shared memory", () => {
    const field = mlp({ layers: [2, 32, 2], seed: 2 });
    const options: SolveOptions = { y0: start(field, 101), ts: [0, 1], solver: dopri5, adjoint: symplectic() };
    const [plain, shared] = [field, threaded(field, one)].map(
      (network) => solve(network, options).pullback(numbers(404, 3)).stats.peakBytes,
    );
    expect(shared!.tape).toBe(plain!.tape);
    expect(shared!.total).toBeGreaterThan(plain!.total);
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

describe("workers that are gone", () => {
  const field = mlp({ layers: [2, 48, 2], time: true, seed: 3 });
  const options: SolveOptions = { y0: start(field, 200), ts: [0, 1], solver: rk4, stepSize: 0.05, adjoint: backprop() };
  const exited = (worker: Worker): Promise<unknown> =>
    new Promise((resolve) => (worker.threadId === -1 ? resolve(0) : worker.once("exit", resolve)));

  it("because the pool was disposed of, even between a solve and its pullback, change no bit", async () => {
    const expected = gradientOf(threaded(field, none), options);
    const before = started.length;
    const pool = await threads({ workers: 2, threshold: 0 });
    expect(pool.workers).toBe(2);
    const workers = started.slice(before);
    expect(workers.length).toBe(2);
    const network = threaded(field, pool);
    const solution = solve(network, options);
    pool[Symbol.dispose]();
    expect(pool.workers).toBe(0);
    const { y0, params } = solution.pullback(numbers(solution.ys.length, 11), { times: true });
    expect({ y0, params }).toEqual({ y0: expected.y0, params: expected.params });
    expect(gradientOf(network, options)).toEqual(expected);
    pool.dispose();
    await Promise.all(workers.map(exited));
  });

  it("because they died, change no bit", async () => {
    const expected = gradientOf(threaded(field, none), options);
    const before = started.length;
    const pool = await threads({ workers: 2, threshold: 0 });
    const [first, second] = started.slice(before) as [Worker, Worker];
    const network = threaded(field, pool);
    // While the loop below solves, the first worker is ended in the middle of whatever it does.
    const end = exited(first);
    void first.terminate();
    for (let i = 0; i < 20; i++) expect(gradientOf(network, options)).toEqual(expected);
    await end;
    await new Promise((resolve) => setTimeout(resolve));
    expect(pool.workers).toBe(1);
    expect(gradientOf(network, options)).toEqual(expected);
    await second.terminate();
    expect(pool.workers).toBe(0);
    const { calls } = pool.counts;
    expect(gradientOf(network, options)).toEqual(expected);
    expect(pool.counts.calls).toBe(calls);
    await settled(pool);
    pool.dispose();
  });

  it("follow a pool that nobody holds any more", async () => {
    const { gc } = globalThis as { gc?: () => void };
    if (!gc) throw new Error("this test needs globalThis.gc: run with --expose-gc");
    const before = started.length;
    await (async () => {
      const pool = await threads({ workers: 1, threshold: 0 });
      solve(threaded(field, pool), options);
    })();
    const worker = started[before]!;
    const end = performance.now() + 60_000;
    while (worker.threadId !== -1) {
      expect(performance.now()).toBeLessThan(end);
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
});

describe("tapes in shared memory", () => {
  const field = mlp({ layers: [2, 32, 2], seed: 2 });
  const options: SolveOptions = { y0: start(field, 300), ts: [0, 1], solver: dopri5, adjoint: backprop() };
  const cotangent = numbers(1200, 11);
  const exact = ({ y0, params }: { y0: unknown; params: unknown }) => ({ y0, params });
  const others = { ...options, y0: numbers(600, 3) };

  it("make room for the next recording's, and are pulled back all the same", () => {
    const [first, second] = [options, others].map((given) => solve(threaded(field, none), given).pullback(cotangent));
    const network = threaded(field, one);
    const solutions = [options, others].map((given) => solve(network, given));
    expect(solutions.map((solution) => exact(solution.pullback(cotangent)))).toEqual([first!, second!].map(exact));
    // The second's are still there.
    const { stats } = solutions[1]!.pullback(cotangent);
    expect(stats.evaluations).toBe(0);
    solve(network, options);
    const again = solutions.map((solution) => solution.pullback(cotangent));
    expect(again.map(exact)).toEqual([first!, second!].map(exact));
    // The first's, which were moved before they were pulled back, have stayed; the second's were given up.
    expect(again.map(({ stats }) => stats.evaluations)).toEqual([0, second!.stats.vjps]);
  });

  describe("where memory is short", () => {
    let expected: ReturnType<typeof exact>;
    let pool: Threads;
    let network: Mlp;
    beforeEach(async () => {
      pool = await threads({ workers: 0, threshold: 0 });
      network = threaded(field, pool);
      expected = exact(solve(threaded(field, none), options).pullback(cotangent));
    });
    afterEach(() => pool.dispose());
    /** The most that can be leased, for sure: not the kernels' own page, and a page for gaps between blocks. */
    const MOST = 65536 * (MOST_PAGES - 2);
    /** Takes all of the memory but so many bytes. */
    const leave = (room: number) => pool.memory.lease(MOST - room - pool.memory.leased);

    it("go to ordinary arrays", () => {
      const room = 2 ** 19;
      leave(room);
      const solution = solve(network, options);
      expect(solution.stats.peakBytes.tape).toBeGreaterThan(room);
      const { leased } = pool.memory;
      expect(exact(solution.pullback(cotangent))).toEqual(expected);
      // It was the filler alone.
      expect(pool.memory.leased).toBe(leased);
      expect(leased).toBeLessThan(MOST - room + 1);
    });

    it("make room for their own pullback, and for other solves", () => {
      const solution = solve(network, options);
      const { leased } = pool.memory;
      const tight = leave(2 ** 15);
      expect(exact(solution.pullback(cotangent))).toEqual(expected);
      expect(pool.memory.leased).toBeLessThan(2 ** 31 - 2 ** 15 - leased + 2 ** 18);
      tight.release(() => false);
      const second = solve(network, options);
      leave(2 ** 15);
      expect(solve(network, { ...options, adjoint: symplectic() }).ys).toEqual(second.ys);
      expect(exact(second.pullback(cotangent))).toEqual(expected);
    });
  });

  it("are given up where a budget ends", () => {
    const adjoint = auto({ budget: 2 ** 19 });
    const solution = solve(threaded(field, none), { ...options, adjoint });
    expect(none.memory.leased).toBe(0);
    expect(solution.stats.peakBytes.tape).toBeGreaterThan(2 ** 18);
    const { y0, stats } = solution.pullback(cotangent);
    expect(stats.adjoint).toBe("symplectic");
    expect(y0).toEqual(solve(field, { ...options, adjoint }).pullback(cotangent).y0);
  });

  it("leave in the middle of their recording for those of a solve within it", () => {
    const network = threaded(field, one);
    const plain = [options, others].map((given) => exact(solve(threaded(field, none), given).pullback(cotangent)));
    const within: unknown[] = [];
    const onStep = (): void => {
      if (within.length < 3) within.push(exact(solve(network, others).pullback(cotangent)));
    };
    const solution = solve(network, { ...options, onStep });
    expect(exact(solution.pullback(cotangent))).toEqual(plain[0]);
    expect(within).toEqual([plain[1], plain[1], plain[1]]);
  });

  it("of a solve that fails are not kept", () => {
    expect(failureOf(() => solve(threaded(field, none), { ...options, maxSteps: 2 })).code).toBe("max-steps");
    expect(none.memory.leased).toBe(0);
  });
});

describe("shared memory", () => {
  it("does not grow over hundreds of solves, and keeps the tapes of one of them at most", async () => {
    const network = threaded(mlp({ layers: [2, 64, 64, 2], seed: 1 }), three);
    const options: SolveOptions = { y0: numbers(400, 1), ts: [0, 1], solver: rk4, stepSize: 0.5, adjoint: backprop() };
    const { stats } = solve(network, options);
    const { bytes } = three.memory;
    for (let i = 0; i < 300; i++) gradientOf(network, options);
    expect(three.memory.bytes).toBe(bytes);
    await expect.poll(() => three.memory.leased, { timeout: 60_000 }).toBeLessThanOrEqual(stats.peakBytes.tape);
    solve(network, options).dispose();
    await expect.poll(() => three.memory.leased, { timeout: 60_000 }).toBe(0);
  });

  it("grows for a large batch, and the workers see it", () => {
    const field = mlp({ layers: [8, 64, 64, 8], seed: 1 });
    const options: SolveOptions = {
      y0: start(field, 4000),
      ts: [0, 1],
      solver: rk4,
      stepSize: 0.25,
      adjoint: backprop(),
    };
    const { bytes } = three.memory;
    const { byWorkers } = three.counts;
    const expected = solve(field, options).ys;
    for (const end = performance.now() + 60_000; three.counts.byWorkers === byWorkers; ) {
      expect(performance.now()).toBeLessThan(end);
      expect(identical(solve(threaded(field, three), options).ys, expected)).toBe(true);
    }
    expect(three.memory.bytes).toBeGreaterThan(bytes);
  });

  it("that cannot be had is a SolveError, after which all goes on", () => {
    const field = mlp({ layers: [2, 900, 2], seed: 1 });
    const options: SolveOptions = {
      y0: new Float32Array(1_200_000),
      ts: [0, 1],
      solver: vern9,
      stepSize: 1,
      adjoint: backprop(),
    };
    expect(failureOf(() => solve(threaded(field, one), options)).code).toBe("out-of-memory");
    const small: SolveOptions = { y0: start(field, 101), ts: [0, 1], solver: rk4, stepSize: 0.5 };
    expect(solve(threaded(field, one), small).ys).toEqual(solve(field, small).ys);
  });
});

describe("refused are", () => {
  it.each([
    [{ workers: -1 }, "threads option workers is -1; allowed: an integer from 0 to 15"],
    [{ workers: 1.5 }, "threads option workers is 1.5; allowed: an integer from 0 to 15"],
    [{ workers: 16 }, "threads option workers is 16; allowed: an integer from 0 to 15"],
    [{ threshold: -1 }, "threads option threshold is -1; allowed: a number of microseconds ≥ 0"],
    [{ threshold: Number.NaN }, "threads option threshold is NaN; allowed: a number of microseconds ≥ 0"],
    [{ thread: 2 }, "threads option thread is 2; allowed: workers, threshold"],
    [null, "threads options is null; allowed: an object"],
  ])("the options %o", async (options, message) => {
    const failure = await rejectionOf(threads(options as never));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toBe(message);
  });

  it("engines and pages without shared memory, naming the headers", async () => {
    const there = globalThis.SharedArrayBuffer;
    try {
      Object.assign(globalThis, { SharedArrayBuffer: undefined });
      const failure = await rejectionOf(threads());
      expect(failure.code).toBe("invalid");
      expect(failure.message).toContain("Cross-Origin-Opener-Policy: same-origin");
      expect(failure.message).toContain("Cross-Origin-Embedder-Policy: require-corp");
    } finally {
      Object.assign(globalThis, { SharedArrayBuffer: there });
    }
  });

  it("fields that are no mlp, and pools that are none", () => {
    const field = mlp({ layers: [2, 2] });
    for (const wrong of [undefined, null, {}, () => {}, widened(field), threaded(field, one)]) {
      const failure = failureOf(() => threaded(wrong as never, one));
      expect(failure.code).toBe("invalid");
      expect(failure.message).toContain("a field made with mlp({ … })");
    }
    for (const wrong of [undefined, {}, threads()]) {
      const failure = failureOf(() => threaded(field, wrong as never));
      expect(failure.code).toBe("invalid");
      expect(failure.message).toContain("a pool made with await threads()");
    }
  });
});
