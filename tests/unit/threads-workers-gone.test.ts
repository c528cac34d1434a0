// Workers that end, by whatever cause and at whatever time: no bit changes, and none outlives its pool.
import type { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { backprop, mlp, rk4, type SolveOptions, solve } from "../../ts/index.ts";
import { threaded, threads } from "../../ts/threads/index.ts";
import { numbers } from "./networks.ts";
import { gradientOf, none, settled, start, started, startPools } from "./threads-pools.ts";

startPools();

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
