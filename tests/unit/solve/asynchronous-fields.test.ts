// Fields that answer later: the bits and the failures of those that answer at once.
import { describe, expect, it } from "vitest";
import { solve } from "../../../ts/index.ts";
import { rejectionOf } from "../errors.ts";
import { mixed, mixedOptions } from "../problems.ts";
import { byName } from "../solver-list.ts";

describe("asynchronous fields", () => {
  const later = async <T>(value: T): Promise<T> => {
    await Promise.resolve();
    return value;
  };
  const styles = {
    "fills, answers later": async (t: number, y: Float64Array, dy: Float64Array): Promise<void> => {
      await later(0);
      mixed(t, y, dy);
    },
    "fills at once, promises nothing": (t: number, y: Float64Array, dy: Float64Array): Promise<void> => {
      mixed(t, y, dy);
      return Promise.resolve();
    },
    "returns a promise of an array": (t: number, y: Float64Array): Promise<number[]> => {
      const dy = new Float64Array(y.length);
      mixed(t, y, dy);
      return later([...dy]);
    },
    "after a timer": (t: number, y: Float64Array): Promise<Float64Array> =>
      new Promise((resolve) => {
        setTimeout(() => {
          const dy = new Float64Array(y.length);
          mixed(t, y, dy);
          resolve(dy);
        }, 0);
      }),
  };

  describe.each(Object.entries(styles))("%s", (_, field) => {
    it.each(byName)("%s: the synchronous solution, to the bit", async (_, solver) => {
      const options = {
        ...mixedOptions(),
        ts: [0, 0.7, 2],
        solver,
        rtol: 1e-3,
        atol: 1e-4,
        ...(solver.adaptive ? {} : { stepSize: 0.2 }),
      };
      const expected = solve(mixed, options);
      const promise = solve(field, options);
      expect(promise).toBeInstanceOf(Promise);
      const solution = await promise;
      expect(solution.ys).toEqual(expected.ys);
      expect(solution.grid).toEqual(expected.grid);
      expect(solution.stats).toEqual(expected.stats);
    });
  });

  it("array-returning ones equal filling ones without a promise too", () => {
    const returning = (t: number, y: Float64Array): number[] => {
      const dy = new Float64Array(y.length);
      mixed(t, y, dy);
      return [...dy];
    };
    const solution = solve(returning, mixedOptions());
    expect(solution.ys).toEqual(solve(mixed, mixedOptions()).ys);
  });

  it("fail with the code of a synchronous solve, as a rejected promise", async () => {
    const failure = await rejectionOf(solve(async () => [Number.NaN], { y0: [1], ts: [0, 1] }));
    expect(failure.code).toBe("non-finite");
    const steps = await rejectionOf(solve(styles["fills, answers later"], { ...mixedOptions(), maxSteps: 2 }));
    expect(steps.code).toBe("max-steps");
  });
});
