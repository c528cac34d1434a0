// pullback(): what it returns, takes and refuses, that calls do not touch each other, and fields that answer later.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backprop, dopri5, rk4, solve, vectorField } from "../../ts/index.ts";
import { failureOf, rejectionOf } from "./errors.ts";
import { N, PARAMS, Y0 } from "./exact-adjoints.ts";
import { network, networkField, networkVjp, numbers } from "./networks.ts";
import { decay } from "./problems.ts";
import { distance } from "./reference.ts";

describe("pullback", () => {
  const ts = [0, 0.5, 1.5];
  const options = { y0: Y0, ts, solver: dopri5, rtol: 1e-5, atol: 1e-7, adjoint: backprop() };
  const cotangent = numbers(ts.length * N, 17);
  const solved = () => solve(networkField(N, PARAMS), options);

  it("returns arrays of the state's, the parameters' and the times' length; times only on demand", () => {
    const solution = solved();
    const gradient = solution.pullback(cotangent);
    expect(gradient.y0).toBeInstanceOf(Float64Array);
    expect(gradient.y0).toHaveLength(N);
    expect(gradient.params).toBeInstanceOf(Float64Array);
    expect(gradient.params).toHaveLength(PARAMS.length);
    expect(gradient.ts).toBeUndefined();
    const withTimes = solution.pullback(cotangent, { times: true });
    expect(withTimes.ts).toBeInstanceOf(Float64Array);
    expect(withTimes.ts).toHaveLength(3);
    expect(withTimes.y0).toEqual(gradient.y0);
    expect(withTimes.params).toEqual(gradient.params);
  });

  it("is linear in the cotangent", () => {
    const solution = solved();
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.double({ min: -3, max: 3, noNaN: true }), (seedU, seedV, alpha) => {
        const [u, v] = [numbers(9, seedU), numbers(9, seedV)];
        const [gu, gv] = [solution.pullback(u, { times: true }), solution.pullback(v, { times: true })];
        const sum = solution.pullback(
          u.map((value, i) => value + alpha * v[i]!),
          { times: true },
        );
        const combined = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
          Array.from(a, (value, i) => value + alpha * b[i]!);
        expect(distance(sum.y0, combined(gu.y0, gv.y0))).toBeLessThan(1e-11);
        expect(distance(sum.params, combined(gu.params, gv.params))).toBeLessThan(1e-11);
        expect(distance(sum.ts!, combined(gu.ts!, gv.ts!))).toBeLessThan(1e-11);
      }),
      { numRuns: 30 },
    );
  });

  it("of the start's row alone is that row", () => {
    const row = [1, -2, 3];
    const gradient = solved().pullback([...row, 0, 0, 0, 0, 0, 0], { times: true });
    expect([...gradient.y0]).toEqual(row);
    expect(gradient.params.every((value) => value === 0)).toBe(true);
    expect(gradient.ts!.every((value) => value === 0)).toBe(true);
  });

  it("gives identical bits when called again, other solves in between", () => {
    const solution = solved();
    const first = solution.pullback(cotangent, { times: true });
    const kept = structuredClone(first);
    for (const length of [1, 3, 500]) solve(decay, { y0: new Float64Array(length).fill(1), ts: [0, 1] });
    solution.pullback(cotangent.map((value) => -value));
    const second = solution.pullback(cotangent, { times: true });
    expect(first).toEqual(kept);
    expect(second).toEqual(first);
    expect(second.y0.buffer).not.toBe(first.y0.buffer);
  });

  it("takes any array of numbers, and does not keep or change it", () => {
    const solution = solved();
    const typed = Float64Array.from(cotangent);
    const gradient = solution.pullback(typed);
    expect([...typed]).toEqual(cotangent);
    expect(solution.pullback(cotangent)).toEqual(gradient);
    const single = Float32Array.from(cotangent);
    expect(solution.pullback(single)).toEqual(solution.pullback([...single]));
  });

  it("is not changed by parameters that an optimiser moves in between", () => {
    const field = networkField(N, PARAMS);
    const solution = solve(field, options);
    const before = solution.pullback(cotangent);
    field.params.forEach((value, i) => {
      field.params[i] = value * 3 + 1;
    });
    expect(solution.pullback(cotangent)).toEqual(before);
    field.params.fill(Number.NaN);
    expect(solution.pullback(cotangent)).toEqual(before);
    field.params.set(PARAMS.map((value) => value / 2));
    const moved = solve(field, options).pullback(cotangent);
    expect(distance(moved.params, before.params)).toBeGreaterThan(1e-3);
  });

  it("gives parameters no gradient where the field has none", () => {
    const field = vectorField({
      f: decay,
      vjp: (_t, _y, _params, v, bar) => void v.forEach((value, i) => (bar.y[i]! -= value)),
    });
    const gradient = solve(field, { y0: [2], ts: [0, 1], adjoint: backprop(), rtol: 1e-9 }).pullback([0, 1]);
    expect(gradient.params).toHaveLength(0);
    expect(gradient.y0[0]).toBeCloseTo(Math.exp(-1), 8);
  });

  it("reports its bytes: what the tape keeps, and everything", () => {
    const solution = solved();
    const { peakBytes } = solution.pullback(cotangent).stats;
    const steps = solution.stats.accepted;
    expect(peakBytes.checkpoints).toBeGreaterThanOrEqual(steps * N * 8);
    expect(peakBytes.stages).toBeGreaterThanOrEqual(steps * 7 * N * 8);
    expect(peakBytes.total).toBeGreaterThan(peakBytes.checkpoints + peakBytes.stages);
    expect(solution.stats.peakBytes.stages).toBeGreaterThanOrEqual(steps * 7 * N * 8);
  });

  it("works on what onFailure: return could reach", () => {
    const field = networkField(N, PARAMS);
    const partial = solve(field, { ...options, ts: [0, 0.5, 1e3], maxSteps: 30, onFailure: "return", output: "land" });
    expect(partial.status).toBe("max-steps");
    expect([...partial.ts]).toEqual([0, 0.5]);
    const whole = solve(field, {
      ...options,
      ts: [0, 0.5],
      grid: partial.grid.slice(0, partial.grid.indexOf(0.5) + 1),
    });
    const rows = cotangent.slice(0, 6);
    const gradient = partial.pullback(rows, { times: true });
    expect(distance(gradient.y0, whole.pullback(rows).y0)).toBeLessThan(1e-14);
    expect(distance(gradient.params, whole.pullback(rows).params)).toBeLessThan(1e-14);
    expect(distance(gradient.ts!, whole.pullback(rows, { times: true }).ts!)).toBeLessThan(1e-14);
  });

  it("refuses cotangents of another shape or that are not numbers", () => {
    const solution = solved();
    for (const [bad, ...words] of [
      [[1, 2], "cotangent", "[1, 2]", "9 numbers"],
      [new Float64Array(6), "cotangent", "9 numbers"],
      [undefined, "cotangent", "undefined", "9 numbers"],
      [[...numbers(8, 1), Number.NaN], "cotangent[8]", "NaN", "finite"],
      [[Number.POSITIVE_INFINITY, ...numbers(8, 1)], "cotangent[0]", "Infinity", "finite"],
    ] as unknown as [never, ...string[]][]) {
      const failure = failureOf(() => solution.pullback(bad));
      expect(failure.code).toBe("invalid");
      for (const word of words) expect(failure.message).toContain(word);
    }
  });

  it("without an adjoint says what to pass", () => {
    const failure = failureOf(() =>
      solve(networkField(N, PARAMS), { ...options, adjoint: undefined as never }).pullback(cotangent),
    );
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("adjoint");
    expect(failure.message).toContain("backprop()");
    expect(failure.message).toContain("solve");
  });
});

describe("asynchronous fields", () => {
  const delayed =
    <A extends unknown[]>(run: (...args: A) => void) =>
    async (...args: A): Promise<void> => {
      await Promise.resolve();
      run(...args);
    };
  const [f, vjp] = [network(N), networkVjp(N)];
  const make = (later: "f" | "vjp" | "both") =>
    vectorField({
      params: PARAMS,
      f: later === "vjp" ? f : delayed(f),
      vjp: later === "f" ? vjp : delayed(vjp),
    }) as unknown as import("../../ts/index.ts").AsyncField;

  it.each(["f", "both"] as const)("%s answering later: the synchronous gradient, to the bit", async (later) => {
    const options = { y0: Y0, ts: [0, 0.5, 1.5], solver: rk4, stepSize: 0.1, adjoint: backprop() };
    const cotangent = numbers(9, 17);
    const expected = solve(networkField(N, PARAMS), options).pullback(cotangent, { times: true });
    const solution = await solve(make(later), options);
    const pulled = solution.pullback(cotangent, { times: true });
    if (later === "both") expect(pulled).toBeInstanceOf(Promise);
    const gradient = await pulled;
    expect(gradient).toEqual(expected);
    expect(await solution.pullback(cotangent, { times: true })).toEqual(expected);
  });

  it("a pullback can be aborted while a VJP is awaited", async () => {
    const controller = new AbortController();
    const field = vectorField({ f, vjp: () => new Promise<void>(() => {}), params: PARAMS });
    const solution = solve(field, { y0: Y0, ts: [0, 1], adjoint: backprop(), signal: controller.signal });
    const pulled = solution.pullback(numbers(6, 1)) as unknown as Promise<unknown>;
    setTimeout(() => controller.abort(), 5);
    expect((await rejectionOf(pulled)).code).toBe("aborted");
  });
});
