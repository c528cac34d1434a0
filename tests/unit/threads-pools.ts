// What tests of threads share: pools that start and end with a file's tests, and a solve with its gradient.
import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Mlp } from "../../ts/fields/mlp.ts";
import { type SolveOptions, solve } from "../../ts/index.ts";
import { type Threads, threads } from "../../ts/threads/index.ts";
import { memoryUse } from "../../ts/wasm/memory.ts";
import { numbers } from "./networks.ts";

/** Every worker that Node starts. */
export const started: Worker[] = [];
const listen = (worker: Worker): number => started.push(worker);
export let none: Threads;
export let one: Threads;
export let three: Threads;

/** Has a file's tests run between the pools' start and their end, and sees after each test that no memory stays leased. */
export function startPools(): void {
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
}

/**
 * All its memory comes back: what the latest recording has when another begins, the rest, where a worker may still touch it,
 * as soon as that worker has had a core.
 */
export const settled = (pool: Threads): Promise<void> => {
  pool.recording(1, "float32");
  return expect.poll(() => pool.memory.leased, { timeout: 60_000 }).toBe(0);
};

export const start = (field: Mlp, batch: number): number[] => numbers(batch * field.dim, 7);

export function gradientOf(field: Mlp, options: SolveOptions) {
  const solution = solve(field, options);
  const cotangent = numbers(solution.ys.length, 11);
  const { y0, params, ts } = solution.pullback(cotangent, { times: true });
  return { ys: solution.ys, y0, params, ts: ts! };
}
