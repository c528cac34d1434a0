// Steps written out as JavaScript give the numbers of the kernels, to the bit, and stand back where text may not become code.
import { afterEach, describe, expect, it, vi } from "vitest";
import { rungeKutta, type SolveOptions, solve } from "../../ts/index.ts";
import { writtenStep } from "../../ts/program/written-step.ts";
import { failureOf } from "./errors.ts";
import { mixed } from "./problems.ts";
import { byName } from "./solver-list.ts";

/** The same field, returning its result: such a field is stepped by the kernels. */
const returning = (t: number, y: Float64Array): Float64Array => {
  const dy = new Float64Array(y.length);
  mixed(t, y, dy);
  return dy;
};

describe.each(byName)("%s", (_name, solver) => {
  it.each([1, 2, 3, 4, 5])("states of %d numbers: the kernels' bits, counts and grid", (length) => {
    const y0 = Array.from({ length }, (_, i) => Math.cos(i));
    const shared: SolveOptions = { y0, ts: [0.1, 0.7, 3], solver, dense: true };
    const ways: Partial<SolveOptions>[] = [
      { stepSize: 0.11 },
      ...(solver.adaptive ? [{ rtol: 1e-5 }, { ts: [3, 0.1] }] : []),
    ];
    for (const way of ways) {
      const [filled, returned] = [solve(mixed, { ...shared, ...way }), solve(returning, { ...shared, ...way })];
      expect(filled.ys).toEqual(returned.ys);
      expect(filled.grid).toEqual(returned.grid);
      expect(filled.stats.evaluations).toBe(returned.stats.evaluations);
      expect(filled.at(1.234)).toEqual(returned.at(1.234));
    }
    expect(writtenStep(solver.scheme, length) !== undefined).toBe(length <= 4);
  });

  // Steps that nobody looks at are taken in a loop of their own.
  it.each([1, 2, 3, 4])("given steps of %d numbers in a loop: the kernels' bits, counts and grid", (length) => {
    const y0 = Array.from({ length }, (_, i) => Math.cos(i));
    const grid = Float64Array.from({ length: 24 }, (_, i) => 0.1 + (i / 23) ** 2);
    const ways: Pick<SolveOptions, "ts" | "stepSize" | "grid">[] = [
      // Every number of steps from one to eight before a stop.
      ...[1, 2, 3, 4, 5, 6, 7, 8].map((steps) => ({ ts: [0, 1], stepSize: 1 / steps })),
      { ts: [0.1, 0.7, 0.72, 3], stepSize: 0.11 },
      { ts: [3, 0.1], stepSize: 0.13 },
      { ts: [0.1, 1.1], grid },
      { ts: [0.1, grid[9]!, 1.1], grid },
    ];
    for (const way of ways) {
      const [filled, returned] = [mixed, returning].map((field) =>
        solve(field, { y0, solver, ...way, output: "land" }),
      );
      expect(filled!.ys).toEqual(returned!.ys);
      expect(filled!.grid).toEqual(returned!.grid);
      expect(filled!.stats.steps).toBe(returned!.stats.steps);
      expect(filled!.stats.accepted).toBe(returned!.stats.accepted);
      expect(filled!.stats.evaluations).toBe(returned!.stats.evaluations);
      expect(filled!.stats.firstStep).toBe(returned!.stats.firstStep);
    }
  });

  const adaptive = solver.adaptive ? it : () => {};

  adaptive("steps under control in a loop: the kernels' bits, counts, rejections and grid", () => {
    for (const length of [1, 2, 3, 4]) {
      const y0 = Array.from({ length }, (_, i) => 2 * Math.cos(i));
      const ways: SolveOptions[] = [
        { y0, ts: [0, 5], rtol: 1e-3, atol: 1e-6, firstStep: 1 },
        { y0, ts: [3, -2], rtol: 1e-7 },
        { y0, ts: [0, 0.3, 0.31, 5], output: "land", rtol: 1e-5 },
        { y0, ts: [0, 5], maxStep: 0.21 },
        { y0, ts: [1e6, 1e6 + 3], rtol: 1e-4, atol: 1e-3 },
        { y0, ts: [0, 5], rtol: 1e-5, minStep: 0.05, onFailure: "return" },
        { y0, ts: [0, 9], rtol: 1e-9, maxSteps: 31, onFailure: "return" },
        { y0, ts: [0, 9], rtol: 1e-9, maxSteps: 32, onFailure: "return" },
      ];
      for (const way of ways) {
        const [a, b] = [solve(mixed, { ...way, solver }), solve(returning, { ...way, solver })];
        expect(a.ys).toEqual(b.ys);
        expect(a.grid).toEqual(b.grid);
        expect(a.rejections).toEqual(b.rejections);
        expect({ ...a.stats, peakBytes: undefined }).toEqual({ ...b.stats, peakBytes: undefined });
        expect(a.status).toBe(b.status);
        expect(a.error?.message).toBe(b.error?.message);
      }
    }
  });

  adaptive("a singularity and a stiff problem end a loop as they end its steps", () => {
    const fields: [(t: number, y: Float64Array, dy: Float64Array) => void, number[]][] = [
      [(_t, y, dy) => dy.set([y[0]! ** 2]), [1]],
      [(t, y, dy) => dy.set([Math.sqrt(1.5 - t) * y[0]!]), [1]],
      [
        (_t, [p, q], dy) => {
          dy[0] = q!;
          dy[1] = 1000 * (1 - p! * p!) * q! - p!;
        },
        [2, 0],
      ],
    ];
    for (const [fill, y0] of fields) {
      const answer = (t: number, y: Float64Array): Float64Array => {
        const dy = new Float64Array(y.length);
        fill(t, y, dy);
        return dy;
      };
      const options: SolveOptions = { y0, ts: [0, 2], solver, maxSteps: 500, onFailure: "return" };
      const [a, b] = [solve(fill, options), solve(answer, options)];
      expect(a.error).toBeDefined();
      expect(a.status).toBe(b.status);
      expect(a.error!.message).toBe(b.error!.message);
      expect(a.grid).toEqual(b.grid);
      expect(a.rejections).toEqual(b.rejections);
      expect({ ...a.stats, peakBytes: undefined }).toEqual({ ...b.stats, peakBytes: undefined });
    }
  });

  it("a loop ends as its steps would: where the numbers or the steps run out", () => {
    const blowsUp = (_t: number, y: Float64Array, dy: Float64Array): void => {
      for (let i = 0; i < y.length; i++) dy[i] = y[i]! ** 2 * 1e3;
    };
    const returned = (t: number, y: Float64Array): Float64Array => {
      const dy = new Float64Array(y.length);
      blowsUp(t, y, dy);
      return dy;
    };
    for (const stepSize of [0.01, 0.009, 0.02]) {
      for (const more of [{}, { maxSteps: 3 }, { maxSteps: 4 }]) {
        const options: SolveOptions = { y0: [1, 0.5], ts: [0, 1], solver, stepSize, onFailure: "return", ...more };
        const [a, b] = [solve(blowsUp, options), solve(returned, options)];
        expect(a.status).toBe(b.status);
        expect(["non-finite", "max-steps"]).toContain(a.status);
        expect(a.error!.message).toBe(b.error!.message);
        expect(a.error!.t).toBe(b.error!.t);
        expect(a.grid).toEqual(b.grid);
        expect(a.stats.steps).toBe(b.stats.steps);
        expect(a.stats.accepted).toBe(b.stats.accepted);
      }
    }
  });
});

describe("a page that forbids code from text", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is served by the kernels, with the same numbers", () => {
    const tableau = byName.find(([name]) => name === "dopri5")![1].tableau!;
    const options = { y0: [1, 0, 2], ts: [0, 5] };
    const allowed = solve(mixed, { ...options, solver: rungeKutta({ ...tableau }) });
    vi.stubGlobal("Function", () => {
      throw new EvalError("unsafe-eval is not allowed");
    });
    const solver = rungeKutta({ ...tableau });
    expect(solve(mixed, { ...options, solver }).ys).toEqual(allowed.ys);
    expect(writtenStep(solver.scheme, 3)).toBeUndefined();
  });
});

it("a function that fills and later returns numbers is heard, anything else refused", () => {
  const later = (what: ArrayLike<number>) => {
    let calls = 0;
    return (t: number, y: Float64Array, dy: Float64Array): ArrayLike<number> | undefined => {
      if (++calls > 3) return what;
      mixed(t, y, dy);
      return undefined;
    };
  };
  const options = { y0: [1, 0], ts: [0, 1] };
  expect(solve(later([0, 0]), options).status).toBe("done");
  expect(failureOf(() => solve(later([1, 2, 3]), options)).code).toBe("invalid");
});
