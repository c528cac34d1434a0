// Steps written out as JavaScript give the numbers of the kernels, to the bit, and stand back where text may not become code.
import { afterEach, describe, expect, it, vi } from "vitest";
import { rungeKutta, type SolveOptions, solve } from "../../ts/index.ts";
import { writtenStep } from "../../ts/written-step.ts";
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
