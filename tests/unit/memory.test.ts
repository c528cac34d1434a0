// WebAssembly memory is scratch: whatever happens to a solve, its block comes back, no block ever moves, and nothing grows
// over thousands of solves.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { NETWORKS } from "../../ts/fields/mlp-kernels.ts";
import { backprop, mlp, rk4, rungeKutta, type SolveError, solve, tsit5, vectorField } from "../../ts/index.ts";
import { OPTIMISERS } from "../../ts/optimisers/kernels.ts";
import { VECTORS_F64 } from "../../ts/vectors/kernels.ts";
import { VECTORS_F32 } from "../../ts/vectors/kernels-f32.ts";
import { type Block, lease, memoryUse } from "../../ts/wasm/memory.ts";
import { failureOf, rejectionOf } from "./errors.ts";
import { network, networkField, networkVjp, numbers, parameterCount } from "./networks.ts";
import { mixed, mixedOptions } from "./problems.ts";

// Whatever a test does, no block may stay leased.
afterEach(() => expect(memoryUse().leased).toBe(0));

const later = (t: number, y: Float64Array, dy: Float64Array): Promise<void> =>
  new Promise((resolve) => {
    const answer = (): void => {
      mixed(t, y, dy);
      resolve();
    };
    // Neither always soon nor always late.
    if (Math.sin(1000 * t + y.length) > 0.9) setTimeout(answer, 0);
    else queueMicrotask(answer);
  });

describe("blocks", () => {
  it("do not overlap, do not move and keep their bytes, however leases and releases interleave", () => {
    const actions = fc.array(
      fc.record({
        bytes: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 400_000 })),
        release: fc.nat(),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(actions, fc.double({ min: 0.2, max: 0.8, noNaN: true }), (list, share) => {
        const held: { block: Block; buffer: ArrayBuffer; view: Uint8Array; mark: number }[] = [];
        const check = (): void => {
          for (const { block, buffer, view, mark } of held) {
            expect(block.memory.buffer).toBe(buffer);
            expect(view.length).toBe(block.bytes);
            expect(view.every((byte) => byte === mark)).toBe(true);
          }
        };
        try {
          list.forEach(({ bytes, release }, i) => {
            if (held.length > 0 && (release % 1000) / 1000 < share) {
              held.splice(release % held.length, 1)[0]!.block.release();
            } else {
              const block = lease(bytes);
              expect(block.bytes).toBeGreaterThanOrEqual(bytes);
              expect(block.address % 64).toBe(0);
              const { buffer } = block.memory;
              const view = new Uint8Array(buffer, block.address, block.bytes);
              const mark = (i % 255) + 1;
              held.push({ block, buffer, view: view.fill(mark), mark });
            }
          });
          check();
          expect(memoryUse().leased).toBe(held.reduce((sum, { block }) => sum + block.bytes, 0));
        } finally {
          for (const { block } of held) block.release();
        }
        expect(memoryUse().leased).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it("stay clear of what the kernels themselves keep in memory", () => {
    const block = lease(64);
    for (const binary of [VECTORS_F64, VECTORS_F32, NETWORKS, OPTIMISERS])
      expect(block.address).toBeGreaterThanOrEqual(binary.on(block.memory).STATIC_END.value as number);
    block.release();
  });

  it("may be released twice", () => {
    const [first, second] = [lease(1000), lease(1000)];
    first.release();
    first.release();
    expect(memoryUse().leased).toBe(second.bytes);
    second.release();
  });

  it("of a large size do not move a small one that is held, nor leave its memory behind for good", () => {
    const small = lease(1000);
    const { buffer } = small.memory;
    const large = lease(50e6);
    expect(large.memory).not.toBe(small.memory);
    expect(small.memory.buffer).toBe(buffer);
    expect(memoryUse().total).toBeGreaterThan(50e6);
    large.release();
    small.release();
    // One idle memory stays for the next solve.
    const kept = lease(40e6);
    expect(kept.memory).toBe(large.memory);
    kept.release();
  });

  it("of growing sizes detach no buffer: V8 would compile all code on typed arrays with checks for it from then on", () => {
    const buffers: ArrayBuffer[] = [];
    for (let bytes = 1000; bytes <= 1e8; bytes *= 10) {
      const block = lease(bytes);
      buffers.push(block.memory.buffer as ArrayBuffer);
      block.release();
    }
    expect(new Set(buffers).size).toBeGreaterThan(1);
    for (const { byteLength } of buffers) expect(byteLength).toBeGreaterThan(0);
  });

  it("that no memory holds are refused, and the next one is not", () => {
    for (const bytes of [2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      const failure = failureOf(() => lease(bytes));
      expect(failure.code).toBe("out-of-memory");
      expect(failure.message).toMatch(/bytes.*smaller batch/);
      expect(memoryUse().leased).toBe(0);
    }
    lease(100).release();
  });
});

describe("solves that interleave", () => {
  it("each give what they give alone, whatever their sizes", async () => {
    const sizes = [3, 500, 1, 40_000, 70, 3, 9000, 2];
    const options = (length: number) => ({ ...mixedOptions(length), ts: [0, 0.5, 1], solver: rk4, stepSize: 0.25 });
    const alone = sizes.map((length) => solve(mixed, options(length)).ys);
    const started = sizes.map((length) => solve(later, options(length)));
    expect(memoryUse().leased).toBeGreaterThan(40_000 * 8);
    // More come while those run.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const synchronous = solve(mixed, options(500)).ys;
    const together = await Promise.all(started);
    together.forEach(({ ys }, i) => expect(ys).toEqual(alone[i]));
    expect(synchronous).toEqual(alone[1]);
  });

  it("adaptively, with gradients, each give what they give alone", async () => {
    const make = (n: number) => {
      const [f, vjp] = [network(n), networkVjp(n)];
      const params = numbers(parameterCount(n), n).map((value) => value / n);
      return vectorField({
        params,
        f: async (t, y, dy, theta) => {
          await null;
          f(t, y, dy, theta);
        },
        vjp: async (t, y, theta, cotangent, bar) => {
          await null;
          vjp(t, y, theta, cotangent, bar);
        },
      });
    };
    const options = (n: number) => ({ y0: numbers(n, n), ts: [0, 0.3, 1], adjoint: backprop(), rtol: 1e-4 });
    const sizes = [2, 7, 3, 12];
    const alone = sizes.map((n) => {
      const field = networkField(n, make(n).params);
      return solve(field, options(n)).pullback(numbers(3 * n, 4), { times: true });
    });
    const together = await Promise.all(
      sizes.map(async (n) => {
        const solution = await solve(make(n) as never as import("../../ts/index.ts").AsyncField, options(n));
        return solution.pullback(numbers(3 * n, 4), { times: true });
      }),
    );
    expect(together).toEqual(alone);
  });

  it("may nest: a field that solves and pulls back by itself", () => {
    const inner = (t: number): number => {
      const field = networkField(2, numbers(parameterCount(2), 1));
      return solve(field, { y0: [1, t], ts: [0, 0.5], adjoint: backprop() }).pullback([0, 0, 1, 1]).y0[0]!;
    };
    const table = new Map<number, number>();
    const nested = (t: number, y: Float64Array, dy: Float64Array): void => {
      const value = inner(t);
      table.set(t, value);
      for (let i = 0; i < y.length; i++) dy[i] = value - y[i]!;
    };
    const options = { y0: [1, 2, 3], ts: [0, 1], solver: rk4, stepSize: 0.25 };
    const { ys } = solve(nested, options);
    const plain = (t: number, y: Float64Array, dy: Float64Array): void => {
      for (let i = 0; i < y.length; i++) dy[i] = table.get(t)! - y[i]!;
    };
    expect(ys).toEqual(solve(plain, options).ys);
  });

  it("an answer that comes after an abort does not reach the block's next owner", async () => {
    const answers: (() => void)[] = [];
    const asked = (_t: number, y: Float64Array, dy: Float64Array): Promise<void> =>
      new Promise((resolve) => {
        answers.push(() => {
          dy.fill(1e6 + y[0]!);
          resolve();
        });
      });
    const controller = new AbortController();
    const options = { ...mixedOptions(), solver: rk4, stepSize: 0.05 };
    const alone = solve(mixed, options).ys;
    const aborted = solve(asked, { ...options, signal: controller.signal });
    controller.abort();
    expect((await rejectionOf(aborted)).code).toBe("aborted");
    expect(memoryUse().leased).toBe(0);
    // The next solve has the same shape, so the same block: its first stage stands where the late answer would go.
    let calls = 0;
    const interrupted = async (t: number, y: Float64Array, dy: Float64Array): Promise<void> => {
      if (++calls === 2) {
        for (const answer of answers) answer();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      mixed(t, y, dy);
    };
    const next = solve(interrupted, options);
    expect((await next).ys).toEqual(alone);
  });
});

describe("pullbacks that are aborted", () => {
  it("do not reach the block's next owner with a late VJP", async () => {
    const [f, vjp] = [network(2), networkVjp(2)];
    const params = numbers(parameterCount(2), 3);
    const options = { y0: [0.3, -0.2], ts: [0, 1], solver: rk4, stepSize: 0.25, adjoint: backprop() };
    const cotangent = [0, 0, 1, 2];
    const expected = solve(networkField(2, params), options).pullback(cotangent);
    const answers: (() => void)[] = [];
    const hanging = vectorField({
      f,
      params,
      vjp: (_t, _y, _params, _cotangent, bar) =>
        new Promise<void>((resolve) => {
          answers.push(() => {
            bar.params.fill(1e6);
            bar.y.fill(1e6);
            resolve();
          });
        }),
    });
    const controller = new AbortController();
    const pulled = solve(hanging, { ...options, signal: controller.signal }).pullback(cotangent);
    controller.abort();
    expect((await rejectionOf(pulled as unknown as Promise<unknown>)).code).toBe("aborted");
    expect(memoryUse().leased).toBe(0);
    let calls = 0;
    const interrupted = vectorField({
      f,
      params,
      vjp: async (t, y, theta, v, bar) => {
        if (++calls === 3) {
          for (const answer of answers) answer();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        vjp(t, y, theta, v, bar);
      },
    });
    const gradient = await (solve(interrupted, options).pullback(cotangent) as unknown as Promise<typeof expected>);
    expect(gradient.params).toEqual(expected.params);
    expect(gradient.y0).toEqual(expected.y0);
  });
});

describe("a failure of the user's function gives the block back, wherever it happens", () => {
  const mine = new Error("mine");
  const [f, vjp] = [network(2), networkVjp(2)];
  const options = { y0: [0.3, -0.2], ts: [0, 0.5, 1], adjoint: backprop(), rtol: 1e-3 };
  const params = numbers(parameterCount(2), 3);
  /** A function that throws at its nth call. */
  const failing = <A extends unknown[]>(run: (...args: A) => void, n: number): ((...args: A) => void) => {
    let calls = 0;
    return (...args) => {
      if (++calls === n) throw mine;
      run(...args);
    };
  };
  const asynchronous =
    <A extends unknown[]>(run: (...args: A) => void): ((...args: A) => Promise<void>) =>
    async (...args) => {
      await null;
      run(...args);
    };
  const CALLS = Array.from({ length: 25 }, (_, i) => i + 1);

  it("in the field", () => {
    for (const n of CALLS) {
      expect(() => solve(vectorField({ f: failing(f, n), vjp, params }), options)).toThrow(mine);
      expect(memoryUse().leased).toBe(0);
    }
  });

  it("in the field, later", async () => {
    for (const n of CALLS) {
      const field = vectorField({ f: asynchronous(failing(f, n)), vjp, params });
      await expect(solve(field as never as import("../../ts/index.ts").AsyncField, options)).rejects.toBe(mine);
      expect(memoryUse().leased).toBe(0);
    }
  });

  it("in the VJP", () => {
    for (const n of CALLS.slice(0, 12)) {
      const solution = solve(vectorField({ f, vjp: failing(vjp, n), params }), options);
      expect(() => solution.pullback(numbers(6, 1))).toThrow(mine);
      expect(memoryUse().leased).toBe(0);
    }
  });

  it("in the VJP, later", async () => {
    for (const n of CALLS.slice(0, 12)) {
      const solution = solve(vectorField({ f, vjp: asynchronous(failing(vjp, n)), params }), options);
      await expect(solution.pullback(numbers(6, 1)) as unknown as Promise<unknown>).rejects.toBe(mine);
      expect(memoryUse().leased).toBe(0);
    }
  });

  it("in onStep", () => {
    for (const n of [1, 2, 3]) {
      expect(() =>
        solve(vectorField({ f, params }), { ...options, adjoint: undefined as never, onStep: failing(() => {}, n) }),
      ).toThrow(mine);
    }
  });

  it("and so do all failures of the numbers", async () => {
    const codes: (() => SolveError)[] = [
      () => failureOf(() => solve(() => [Number.NaN], { y0: [1], ts: [0, 1] })),
      () => failureOf(() => solve((_t, y) => [y[0]! ** 2], { y0: [1], ts: [0, 2] })),
      () => failureOf(() => solve(mixed, { ...mixedOptions(), maxSteps: 2 })),
      () => failureOf(() => solve(() => [1, 2, 3, 4], { y0: [1], ts: [0, 1] })),
    ];
    for (const fail of codes) {
      fail();
      expect(memoryUse().leased).toBe(0);
    }
  });

  it("and so does a solve that needs more than there is", () => {
    const stages = 3000;
    const many = Array.from({ length: stages }, (_, i) => i);
    const solver = rungeKutta({
      name: "wide",
      order: 1,
      a: many.map(() => []),
      b: many.map(() => 1 / stages),
      c: many.map(() => 0),
    });
    const failure = failureOf(() => solve(mixed, { y0: new Float32Array(200_000), ts: [0, 1], solver, stepSize: 1 }));
    expect(failure.code).toBe("out-of-memory");
    expect(memoryUse().leased).toBe(0);
    expect(solve(mixed, mixedOptions()).status).toBe("done");
  });
});

describe("2,000 solves with their pullbacks", () => {
  const settle = (): { heap: number; arrays: number; rss: number } => {
    const { gc } = globalThis as { gc?: () => void };
    if (!gc) throw new Error("this test needs globalThis.gc: run with --expose-gc");
    for (let i = 0; i < 4; i++) gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    // arrayBuffers are a part of external.
    return { heap: heapUsed, arrays: external, rss };
  };
  const MEGABYTE = 1 << 20;

  const rounds: Record<string, () => void> = {
    "a JavaScript field": () => {
      const field = networkField(2, numbers(parameterCount(2), 3));
      const solution = solve(field, { y0: [0.3, -0.2], ts: [0, 0.5, 1], solver: tsit5, adjoint: backprop() });
      solution.pullback([0, 0, 1, 1, 1, 1], { times: true });
    },
    "a network in WebAssembly": () => {
      const field = mlp({ layers: [2, 16, 2], seed: 1 });
      const solution = solve(field, { y0: [0.3, -0.2, 0.1, 0.5], ts: [0, 0.5, 1], solver: tsit5, adjoint: backprop() });
      solution.pullback([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    },
  };

  it.each(Object.entries(rounds))("%s: leave WebAssembly memory as it was, and the process within 8 MB", (_, round) => {
    const repeat = (): void => {
      for (let i = 0; i < 2000; i++) round();
    };
    // The engine's compilers and its heap settle first.
    repeat();
    const total = memoryUse().total;
    // The process also grows when the engine compiles or moves pages, now and then; a leak grows in every window.
    const growth = { held: Number.POSITIVE_INFINITY, rss: Number.POSITIVE_INFINITY };
    for (let window = 0; window < 5 && Math.max(growth.held, growth.rss) >= 8 * MEGABYTE; window++) {
      const before = settle();
      repeat();
      const after = settle();
      growth.held = Math.min(growth.held, after.heap + after.arrays - before.heap - before.arrays);
      growth.rss = Math.min(growth.rss, after.rss - before.rss);
    }
    expect(memoryUse().total).toBe(total);
    expect(growth.held).toBeLessThan(8 * MEGABYTE);
    expect(growth.rss).toBeLessThan(8 * MEGABYTE);
  });
});
