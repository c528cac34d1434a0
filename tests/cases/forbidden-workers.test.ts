// A page whose policy forbids workers, as threads() meets it.
import { afterEach, expect, it, vi } from "vitest";
import { start } from "../../ts/threads/start.ts";

afterEach(() => vi.unstubAllGlobals());

/** The message of a start in a browser with this Worker. */
async function messageWith(Worker: unknown): Promise<string> {
  vi.stubGlobal("Worker", Worker);
  vi.stubGlobal("process", undefined);
  // What tells Node from browsers is asked before the first wait.
  const started = start({} as never);
  vi.unstubAllGlobals();
  return started.then(
    () => "started",
    (error: Error) => error.message,
  );
}

it("III.A7: an error event without a message is no reason, and the policy's words are named", async () => {
  class Refused extends EventTarget {
    postMessage(): void {
      queueMicrotask(() => this.dispatchEvent(new Event("error")));
    }
    terminate(): void {}
  }
  const message = await messageWith(Refused);
  expect(message).toContain("cannot start (no reason given)");
  expect(message).toContain("worker-src blob:");
});

it("III.A7: Trusted Types are named rightly", async () => {
  const message = await messageWith(function refused() {
    throw new TypeError("This document requires 'TrustedScriptURL' assignment.");
  });
  expect(message).toMatch(/requires 'TrustedScriptURL' assignment.*require-trusted-types-for 'script'/);
});
