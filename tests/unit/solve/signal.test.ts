// signal: a solve ends before its start, between steps or while it waits for a field, and returns what it reached.
import { describe, expect, it } from "vitest";
import { type StepReport, solve } from "../../../ts/index.ts";
import { failureOf, rejectionOf } from "../errors.ts";
import { lorenz } from "../problems.ts";

describe("abort", () => {
  const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  const slow = async (t: number, y: Float64Array, dy: Float64Array): Promise<void> => {
    await wait();
    lorenz(t, y, dy);
  };
  const options = { y0: [1, 1, 1], ts: [0, 1000], maxSteps: 1e9 };

  it("before the start ends a solve at once, with the signal's reason as cause", async () => {
    const reason = new Error("no longer wanted");
    const signal = AbortSignal.abort(reason);
    const failure = failureOf(() => solve(lorenz, { ...options, signal }));
    expect(failure.code).toBe("aborted");
    expect(failure.cause).toBe(reason);
    expect(failure.message).toContain("no longer wanted");
    expect((await rejectionOf(solve(slow, { ...options, signal }))).code).toBe("aborted");
  });

  it("from onStep or the field ends a synchronous solve after the step", () => {
    const controller = new AbortController();
    let steps = 0;
    const onStep = (): void => {
      if (++steps === 3) controller.abort();
    };
    const failure = failureOf(() => solve(lorenz, { ...options, signal: controller.signal, onStep }));
    expect(failure.code).toBe("aborted");
    expect(failure.t).toBeGreaterThan(0);
    expect(steps).toBe(3);
  });

  it("during an asynchronous solve ends it, even while a field never answers", async () => {
    const controller = new AbortController();
    const solving = solve(slow, { ...options, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    expect((await rejectionOf(solving)).code).toBe("aborted");

    const other = new AbortController();
    const hanging = solve(() => new Promise<void>(() => {}), { ...options, signal: other.signal });
    setTimeout(() => other.abort("enough"), 5);
    const failure = await rejectionOf(hanging);
    expect(failure.code).toBe("aborted");
    expect(failure.cause).toBe("enough");
  });

  it("returns what was reached with onFailure: return", () => {
    const controller = new AbortController();
    const onStep = ({ t }: StepReport): void => {
      if (t >= 0.2) controller.abort();
    };
    const ts = [0, 0.1, 0.2, 1000];
    const solution = solve(lorenz, {
      ...options,
      ts,
      output: "land",
      onStep,
      onFailure: "return",
      signal: controller.signal,
    });
    expect(solution.status).toBe("aborted");
    expect([...solution.ts]).toEqual([0, 0.1, 0.2]);
  });

  it("returns what was reached by an asynchronous solve, too", async () => {
    const shared = { ...options, ts: [0, 1e-9, 1000], onFailure: "return" as const };
    const before = await solve(slow, { ...shared, signal: AbortSignal.abort() });
    expect(before.status).toBe("aborted");
    expect([...before.ts]).toEqual([0]);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    const during = await solve(slow, { ...shared, signal: controller.signal });
    expect(during.status).toBe("aborted");
    expect(during.error?.code).toBe("aborted");
  });

  it("after the end changes nothing", async () => {
    const controller = new AbortController();
    const solution = await solve(slow, { y0: [1, 1, 1], ts: [0, 0.01], signal: controller.signal });
    controller.abort();
    expect(solution.status).toBe("done");
  });
});
