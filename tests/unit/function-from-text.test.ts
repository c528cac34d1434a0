// A page's policy that forbids functions from text is asked once: each attempt would send a report of its own.
import { afterEach, expect, it, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

it("is tried once where it is forbidden, whatever is solved, with the same results", async () => {
  const { dopri5, rk4, solve, tsit5 } = await import("../../ts/index.ts");
  const decay = (_t: number, y: Float64Array, dy: Float64Array): void => {
    for (let i = 0; i < y.length; i++) dy[i] = -y[i]!;
  };
  const runs = (of: typeof solve): Float64Array[] =>
    [tsit5, dopri5, rk4].flatMap((solver) =>
      [[1], [1, 2], [1, 2, 3]].map((y0) => {
        const steps = solver === rk4 ? { stepSize: 0.1 } : {};
        return of(decay, { y0, ts: [0, 1], solver, ...steps }).ys;
      }),
    );
  const expected = runs(solve);
  vi.resetModules();
  let attempts = 0;
  const forbidden = function forbidden(): never {
    attempts++;
    throw new EvalError("the policy forbids it");
  };
  vi.stubGlobal("Function", forbidden);
  const fresh = await import("../../ts/index.ts");
  expect(runs(fresh.solve)).toEqual(expected);
  expect(attempts).toBe(1);
});
