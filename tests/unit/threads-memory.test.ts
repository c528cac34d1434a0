// The memory that threads share: how it is counted, whose tapes stay in it, when it grows, and what happens where it is
// short.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Mlp } from "../../ts/fields/mlp.ts";
import { auto, backprop, dopri5, mlp, rk4, type SolveOptions, solve, symplectic, vern9 } from "../../ts/index.ts";
import { type Threads, threaded, threads } from "../../ts/threads/index.ts";
import { MOST_PAGES } from "../../ts/threads/shared-module.ts";
import { failureOf } from "./errors.ts";
import { numbers } from "./networks.ts";
import { gradientOf, none, one, start, startPools, three } from "./threads-pools.ts";

startPools();

/** For arrays that are too long for `toEqual`. */
const identical = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (value, i) => Object.is(value, b[i]));

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
