// What threads() and threaded() refuse, and how their messages say so.
import { describe, expect, it } from "vitest";
import { mlp, widened } from "../../ts/index.ts";
import { threaded, threads } from "../../ts/threads/index.ts";
import { failureOf, rejectionOf } from "./errors.ts";
import { one, startPools } from "./threads-pools.ts";

startPools();

describe("refused are", () => {
  it.each([
    [{ workers: -1 }, "threads option workers is -1; allowed: an integer from 0 to 15"],
    [{ workers: 1.5 }, "threads option workers is 1.5; allowed: an integer from 0 to 15"],
    [{ workers: 16 }, "threads option workers is 16; allowed: an integer from 0 to 15"],
    [{ threshold: -1 }, "threads option threshold is -1; allowed: a number of microseconds ≥ 0"],
    [{ threshold: Number.NaN }, "threads option threshold is NaN; allowed: a number of microseconds ≥ 0"],
    [{ thread: 2 }, "threads option thread is 2; allowed: workers, threshold"],
    [null, "threads options is null; allowed: one object, { workers, threshold }"],
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
