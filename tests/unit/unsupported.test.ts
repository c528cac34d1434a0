// Where WebAssembly cannot run, every entry to it says so, with a code of its own, and leaves nothing behind.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

/** The library as a page first loads it: nothing is compiled yet. */
async function fresh() {
  vi.resetModules();
  const [core, train, memory] = await Promise.all([
    import("../../ts/index.ts"),
    import("../../ts/fitting/index.ts"),
    import("../../ts/wasm/memory.ts"),
  ]);
  const { mlp, solve, SolveError, vectorField } = core;
  const decay = vectorField({ f: (_t, y) => [-y[0]!] });
  const network = mlp({ layers: [1, 2, 1] });
  const entries = {
    "a solve": () => solve(decay, { y0: [1], ts: [0, 1] }),
    "a network's solve": () => solve(network, { y0: [1], ts: [0, 1] }),
    adam: () => train.adam().step(network.params, network.params),
  };
  const failureOf = (run: () => unknown): InstanceType<typeof SolveError> => {
    try {
      run();
    } catch (error) {
      if (error instanceof SolveError) return error;
      throw error;
    }
    throw new Error("nothing was thrown");
  };
  return { entries, failureOf, leased: () => memory.memoryUse().leased };
}

let library: Awaited<ReturnType<typeof fresh>>;
beforeEach(async () => {
  library = await fresh();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const refusal = new WebAssembly.CompileError("WebAssembly.Module(): violates the Content Security policy directive");
const { Module } = WebAssembly;

const obstacles: Record<string, { stub: () => void; message: RegExp; cause?: unknown }> = {
  "an engine without SIMD": {
    stub: () => vi.spyOn(WebAssembly, "validate").mockReturnValue(false),
    message: /no WebAssembly SIMD/,
  },
  "a page that forbids to compile": {
    stub: () =>
      vi.spyOn(WebAssembly, "Module").mockImplementation(function refused(): never {
        throw refusal;
      } as unknown as typeof Module),
    message: /violates the Content Security policy.* 'wasm-unsafe-eval'/,
    cause: refusal,
  },
  "an engine without WebAssembly": {
    stub: () => vi.stubGlobal("WebAssembly", undefined),
    message: /no WebAssembly/,
  },
};

describe.each(Object.entries(obstacles))("%s", (_, { stub, message, cause }) => {
  it.each(["a solve", "a network's solve", "adam"] as const)(
    "is unsupported to %s, which works once it can",
    (name) => {
      const run = library.entries[name];
      stub();
      const failure = library.failureOf(run);
      expect(failure.code).toBe("unsupported");
      expect(failure.message).toMatch(message);
      expect(failure.cause).toBe(cause);
      expect(library.leased()).toBe(0);
      vi.restoreAllMocks();
      vi.unstubAllGlobals();
      expect(run).not.toThrow();
    },
  );
});

it("an engine without shared WebAssembly memory is unsupported to threads", async () => {
  const { threads } = await import("../../ts/threads/index.ts");
  const { validate } = WebAssembly;
  // Modules that import a memory that is shared: limits with the flag 3.
  const shared = Buffer.from([...Buffer.from("\x06memory"), 2, 3]);
  vi.spyOn(WebAssembly, "validate").mockImplementation(
    (bytes) => !Buffer.from(bytes as Uint8Array).includes(shared) && validate.call(WebAssembly, bytes),
  );
  await expect(threads({ workers: 0 })).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringMatching(/no shared WebAssembly memory/),
  });
});
