// JavaScript functions as fields: how they may answer, what they are given, and what happens when they do it wrong.
import { describe, expect, it } from "vitest";
import { backprop, heun, rk4, solve, tsit5, vectorField } from "../../ts/index.ts";
import { failureOf, rejectionOf } from "./errors.ts";
import { decay, mixed, mixedOptions } from "./problems.ts";

const expected = solve(mixed, mixedOptions()).ys;
const filled = (t: number, y: Float64Array): Float64Array => {
  const dy = new Float64Array(y.length);
  mixed(t, y, dy);
  return dy;
};

describe("a field may answer by", () => {
  it("filling dy", () => {
    expect(solve(vectorField({ f: mixed }), mixedOptions()).ys).toEqual(expected);
  });

  it.each([
    ["a Float64Array", filled],
    ["an array", (t: number, y: Float64Array) => [...filled(t, y)]],
    ["any ArrayLike", (t: number, y: Float64Array) => ({ ...filled(t, y), length: y.length })],
  ])("returning %s", (_, field) => {
    expect(solve(field, mixedOptions()).ys).toEqual(expected);
  });

  it("returning dy, the array it was given, filled", () => {
    const field = (t: number, y: Float64Array, dy: Float64Array): Float64Array => {
      mixed(t, y, dy);
      return dy;
    };
    expect(solve(field, mixedOptions()).ys).toEqual(expected);
  });

  it("returning the same array every time", () => {
    const own = new Float64Array(3);
    const field = (t: number, y: Float64Array): Float64Array => {
      mixed(t, y, own);
      return own;
    };
    expect(solve(field, mixedOptions()).ys).toEqual(expected);
  });

  it("returning y, which then is the derivative", () => {
    const { ys } = solve((_t, y) => y, { y0: [1, 2], ts: [0, 1], rtol: 1e-9, atol: 1e-9 });
    expect(ys[2]).toBeCloseTo(Math.E, 7);
    expect(ys[3]).toBeCloseTo(2 * Math.E, 7);
  });

  it("promising either", async () => {
    const fills = async (t: number, y: Float64Array, dy: Float64Array): Promise<void> => mixed(t, y, dy);
    const returns = async (t: number, y: Float64Array): Promise<Float64Array> => filled(t, y);
    expect((await solve(fills, mixedOptions())).ys).toEqual(expected);
    expect((await solve(returns, mixedOptions())).ys).toEqual(expected);
  });

  it("changing from one answer to another on the way", () => {
    let calls = 0;
    const field = (t: number, y: Float64Array, dy: Float64Array): undefined | Float64Array => {
      if (calls++ % 2 === 0) mixed(t, y, dy);
      else return filled(t, y);
      return undefined;
    };
    expect(solve(field, mixedOptions()).ys).toEqual(expected);
    calls = 1;
    expect(solve(field, mixedOptions()).ys).toEqual(expected);
  });
});

describe("a field is given", () => {
  it("the time, the state, room for the derivative and its parameters", () => {
    const params = { rate: 3 };
    const seen: unknown[][] = [];
    solve(
      (t, y, dy, theta) => {
        seen.push([t, y.constructor, y.length, dy.constructor, dy.length, theta]);
        dy.fill(0);
      },
      { y0: [1, 2, 3, 4], ts: [5, 6], solver: rk4, stepSize: 1, params },
    );
    expect(seen.map(([t]) => t)).toEqual([5, 5.5, 5.5, 6]);
    for (const [, ...rest] of seen) expect(rest).toEqual([Float64Array, 4, Float64Array, 4, params]);
    expect(seen[0]![5]).toBe(params);
  });

  it("nothing as its parameters where there are none", () => {
    let seen: unknown = "nothing yet";
    solve(
      (_t, _y, dy, theta) => {
        [seen, dy[0]] = [theta, 0];
      },
      { y0: [1], ts: [0, 1] },
    );
    expect(seen).toBeUndefined();
  });

  it("the parameters of vectorField as a Float64Array, the user's own where it is one", () => {
    const params = Float64Array.of(2);
    const field = vectorField({
      f: (_t, y, dy, theta) => {
        dy[0] = -theta[0]! * y[0]!;
      },
      params,
    });
    expect(field.params).toBe(params);
    const at = (): number => solve(field, { y0: [1], ts: [0, 1], rtol: 1e-9 }).ys[1]!;
    expect(at()).toBeCloseTo(Math.exp(-2), 7);
    params[0] = 1;
    expect(at()).toBeCloseTo(Math.exp(-1), 7);
    const copied = vectorField({ f: decay, params: [1, 2] });
    expect(copied.params).toEqual(Float64Array.of(1, 2));
    expect(vectorField({ f: decay }).params).toEqual(new Float64Array(0));
  });

  it("the whole state at once, whatever the batch", () => {
    const lengths = new Set<number>();
    const f = (t: number, y: Float64Array, dy: Float64Array): void => {
      lengths.add(y.length);
      decay(t, y, dy);
    };
    const { ys } = solve(vectorField({ f, dim: 2 }), { y0: [1, 2, 3, 4, 5, 6], ts: [0, 1] });
    expect([...lengths]).toEqual([6]);
    ys.slice(6).forEach((value, i) => expect(value).toBeCloseTo((i + 1) * Math.exp(-1), 5));
  });
});

describe("a field that does it wrong", () => {
  const options = { y0: [1, 2], ts: [3, 4] };

  it("by filling nothing is told that dy is not a number, before a step", () => {
    let calls = 0;
    const failure = failureOf(() => solve(() => void calls++, options));
    expect(failure.code).toBe("non-finite");
    expect(failure.t).toBe(3);
    expect(failure.message).toContain("component 0 is NaN");
    expect(failure.message).toMatch(/fill all of dy/);
    expect(calls).toBeLessThanOrEqual(2);
    for (const more of [
      { solver: rk4, stepSize: 0.1 },
      { firstStep: 0.1, solver: heun },
    ]) {
      expect(failureOf(() => solve(() => {}, { ...options, ...more })).code).toBe("non-finite");
    }
  });

  it("by filling a part of dy is told which component is missing", () => {
    const failure = failureOf(() =>
      solve((_t, _y, dy) => {
        dy[0] = 1;
      }, options),
    );
    expect(failure.code).toBe("non-finite");
    expect(failure.message).toContain("component 1 is NaN");
  });

  it("by filling nothing but a promise", async () => {
    const failure = await rejectionOf(solve(async () => {}, options));
    expect(failure.code).toBe("non-finite");
    expect(failure.message).toContain("component 0 is NaN");
  });

  it.each([
    ["too few numbers", [1]],
    ["too many numbers", [1, 2, 3]],
    ["none", []],
  ])("by returning %s", async (_, value) => {
    const failure = failureOf(() => solve(() => value, options));
    expect(failure.code).toBe("invalid");
    for (const word of ["returned", `[${value.join(", ")}]`, "2 numbers"]) expect(failure.message).toContain(word);
    expect((await rejectionOf(solve(async () => value, options))).code).toBe("invalid");
  });

  it.each([[3], ["derivative"], [true], [{}]])("by returning %j", async (value) => {
    const failure = failureOf(() => solve((() => value) as never, options));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("2 numbers");
  });

  it("by returning what is not numbers", () => {
    for (const value of ["a", "1", null, true, undefined, 1n, [1]]) {
      const failure = failureOf(() => solve((() => [1, value]) as never, { ...options, y0: [1, 1] }));
      expect(failure.code).toBe("invalid");
      expect(failure.message).toContain("what the field returned is [1, ");
    }
  });

  it("by throwing: its error passes through as it is", async () => {
    const mine = new TypeError("mine");
    const thrower = (t: number, y: Float64Array, dy: Float64Array): void => {
      if (t > 3.5) throw mine;
      decay(t, y, dy);
    };
    const caught = (run: () => unknown): unknown => {
      try {
        run();
      } catch (error) {
        return error;
      }
      return "nothing was thrown";
    };
    expect(caught(() => solve(thrower, options))).toBe(mine);
    expect(caught(() => solve(thrower, { ...options, onFailure: "return" }))).toBe(mine);
    await expect(solve(async (t, y, dy) => thrower(t, y, dy), options)).rejects.toBe(mine);
    const onStep = (): never => {
      throw mine;
    };
    expect(caught(() => solve(decay, { ...options, onStep }))).toBe(mine);
  });
});

describe("a VJP", () => {
  const options = { y0: [1, 2], ts: [0, 1], solver: tsit5, adjoint: backprop(), rtol: 1e-8, atol: 1e-8 };

  it("is given zeroed outputs of the right lengths, and adds to them", () => {
    const lengths: number[][] = [];
    const field = vectorField({
      params: [3, 4, 5],
      f: decay,
      vjp: (_t, y, params, cotangent, bar) => {
        lengths.push([y.length, params.length, cotangent.length, bar.y.length, bar.params.length, bar.t.length]);
        expect([...bar.y, bar.t[0]]).toEqual([0, 0, 0]);
        cotangent.forEach((v, i) => (bar.y[i]! -= v));
        bar.params[1]! += 1;
      },
    });
    const { y0, params, stats } = solve(field, options).pullback([0, 0, 1, 1], { times: true });
    expect(new Set(lengths.map(String))).toEqual(new Set(["2,3,2,2,3,1"]));
    expect(y0[0]).toBeCloseTo(Math.exp(-1), 7);
    expect([...params]).toEqual([0, stats.vjps, 0]);
  });

  it("that leaves outputs alone has derivatives 0", () => {
    const field = vectorField({ f: (_t, _y, dy) => void dy.fill(1), vjp: () => {}, params: [1] });
    const { y0, params, ts } = solve(field, options).pullback([0, 0, 1, 2], { times: true });
    expect([...y0]).toEqual([1, 2]);
    expect([...params]).toEqual([0]);
    expect(ts![1]).toBeCloseTo(3, 12);
    expect(ts![0]).toBeCloseTo(-3, 12);
  });
});
