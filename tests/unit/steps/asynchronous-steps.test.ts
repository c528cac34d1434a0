// steps() on fields that answer with promises.
import { afterEach, describe, expect, it } from "vitest";
import { type AsyncFieldFunction, solve, steps, vern7 } from "../../../ts/index.ts";
import { memoryUse } from "../../../ts/wasm/memory.ts";
import { failureOf, rejectionOf } from "../errors.ts";
import { lorenz } from "../problems.ts";

afterEach(() => expect(memoryUse().leased).toBe(0));

const later: AsyncFieldFunction = async (t, y, dy) => {
  await undefined;
  lorenz(t, y, dy);
};
const options = { y0: [1, 1, 1], ts: [0, 0.5] };

describe("steps of an asynchronous field", () => {
  it("are those of the synchronous one, by for await", async () => {
    const expected = [...steps(lorenz, options)].map(({ t }) => t);
    const states: number[] = [];
    for (const { y } of steps(lorenz, options)) states.push(...y);
    const iterator = steps(later, options);
    const [times, got]: [number[], number[]] = [[], []];
    for await (const { t, y } of iterator) {
      times.push(t);
      got.push(...y);
    }
    expect(times).toEqual(expected);
    expect(got).toEqual(states);
    expect(iterator.status).toBe("done");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("have states inside, awaited where the extension evaluates the field", async () => {
    const dense = solve(lorenz, { ...options, solver: vern7, dense: true });
    let n = 0;
    for await (const { t, h, at } of steps(later, { ...options, solver: vern7 })) {
      const inside = t - h / 3;
      const state = await at(inside);
      dense
        .at(inside)
        .forEach((value, i) => expect(Math.abs(state[i]! - value)).toBeLessThan(1e-13 * (1 + Math.abs(value))));
      expect(t).toBe(dense.grid[++n]);
    }
  });

  it("come one after the other, however they are asked for", async () => {
    const iterator = steps(later, options);
    const [first, second, third] = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    const expected = [...steps(lorenz, options)].map(({ t }) => t);
    expect([first, second, third].map(({ value }) => value!.t)).toEqual(expected.slice(0, 3));
    await iterator.return();
  });

  it("give the memory back where the loop is left, also while a step is awaited", async () => {
    for await (const { t } of steps(later, { ...options, ts: [0, Number.POSITIVE_INFINITY] })) if (t > 0.1) break;
    expect(memoryUse().leased).toBe(0);
    const iterator = steps(later, options);
    const pending = iterator.next();
    expect(await iterator.return()).toEqual({ done: true, value: undefined });
    expect(memoryUse().leased).toBe(0);
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(iterator.status).toBe("left");
  });

  it("end in an abort while one is awaited", async () => {
    const controller = new AbortController();
    const never: AsyncFieldFunction = () => new Promise(() => {});
    const iterator = steps(never, { ...options, signal: controller.signal });
    const pending = iterator.next();
    controller.abort(new Error("enough"));
    expect((await rejectionOf(pending)).code).toBe("aborted");
    expect(iterator.status).toBe("aborted");
  });

  it("end in what the field rejects with", async () => {
    const mine = new TypeError("mine");
    const iterator = steps(async () => Promise.reject(mine), options);
    await expect(iterator.next()).rejects.toBe(mine);
    expect(iterator.status).toBe("left");
  });

  it("are refused by for without await", () => {
    const { code, message } = failureOf(() => [...(steps(later, options) as unknown as Iterable<unknown>)]);
    expect(code).toBe("invalid");
    expect(message).toContain("for await");
  });

  it("may be awaited for a synchronous field, too", async () => {
    let n = 0;
    for await (const _ of steps(lorenz, options) as unknown as AsyncIterable<unknown>) n++;
    expect(n).toBe(solve(lorenz, options).stats.accepted);
  });
});
