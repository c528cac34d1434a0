// What solve(), pid() and vectorField() refuse, and how their messages say so.
import { describe, expect, it } from "vitest";
import { backprop, dopri5, pid, rk4, type SolveOptions, solve, vectorField } from "../../../ts/index.ts";
import { failureOf } from "../errors.ts";
import { decay } from "../problems.ts";

describe("bad input is refused before the first step, with the option, the value and what is allowed", () => {
  const good = { y0: [1, 2], ts: [0, 1] };
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  // Options, then what the message must contain: the option, the value, a word of what is allowed.
  const cases: [Record<string, unknown>, ...string[]][] = [
    [{ y0: undefined }, "y0", "undefined", "array"],
    [{ y0: 3 }, "y0", "3", "array"],
    [{ y0: "12" }, "y0", '"12"', "array"],
    [{ y0: [] }, "y0", "[]", "at least 1"],
    [{ y0: [1, nan] }, "y0[1]", "NaN", "finite"],
    [{ y0: [infinity, 1] }, "y0[0]", "Infinity", "finite"],
    [{ y0: ["a", 1] }, "y0[0]", '"a"', "finite"],
    [{ y0: [null, 1] }, "y0[0]", "null", "finite"],
    [{ y0: [1, true] }, "y0[1]", "true", "finite"],
    [{ y0: ["1", 2] }, "y0[0]", '"1"', "finite"],
    [{ y0: [[1], [3]] }, "y0[0]", "[1]", "flat array"],
    [{ y0: [1n] }, "y0[0]", "1n", "finite"],
    [{ y0: new BigInt64Array(2) }, "y0[0]", "0n", "finite"],
    [{ y0: [new Date(0)] }, "y0[0]", "finite"],
    [{ y0: new DataView(new ArrayBuffer(8)) }, "y0", "array"],
    [{ ts: undefined }, "ts", "undefined", "array"],
    [{ ts: 1 }, "ts", "1", "array"],
    [{ ts: [0] }, "ts", "[0]", "at least 2"],
    [{ ts: [] }, "ts", "[]", "at least 2"],
    [{ ts: [0, nan] }, "ts[1]", "NaN", "finite"],
    [{ ts: [0, infinity] }, "ts[1]", "Infinity", "finite"],
    [{ ts: [0, 1, 1] }, "ts[2]", "1", "above ts[1] = 1"],
    [{ ts: [0, 1, 0.5] }, "ts[2]", "0.5", "above ts[1] = 1"],
    [{ ts: [0, -1, -0.5] }, "ts[2]", "-0.5", "below ts[1] = -1"],
    [{ ts: [2, 2] }, "ts[1]", "2", "different from ts[0] = 2"],
    [{ solver: "dopri5" }, "solver", '"dopri5"', "imported"],
    [{ solver: null }, "solver", "null", "solver value"],
    [{ solver: () => dopri5 }, "solver", "function", "solver value"],
    [{ solver: rk4 }, "stepSize", "undefined", "rk4", "no error estimate"],
    [{ rtol: -1e-6 }, "rtol", "-0.000001", "≥ 0"],
    [{ rtol: nan }, "rtol", "NaN", "≥ 0"],
    [{ rtol: infinity }, "rtol", "Infinity", "≥ 0"],
    [{ rtol: "1e-3" }, "rtol", '"1e-3"', "≥ 0"],
    [{ rtol: null }, "rtol", "null", "≥ 0"],
    [{ rtol: [1e-3] }, "rtol", "[0.001]", "length 2"],
    [{ rtol: [1e-3, 1e-3, 1e-3] }, "rtol", "length 2"],
    [{ rtol: [1e-3, -1e-3] }, "rtol[1]", "-0.001", "≥ 0"],
    [{ rtol: [1e-3, nan] }, "rtol[1]", "NaN", "finite"],
    [{ atol: -1 }, "atol", "-1", "≥ 0"],
    [{ atol: [0, -2] }, "atol[1]", "-2", "≥ 0"],
    [{ atol: [1, 2, 3] }, "atol", "[1, 2, 3]", "length 2"],
    [{ rtol: 0, atol: 0 }, "rtol", "atol", "0", "above 0"],
    [{ rtol: [0, 1e-3], atol: [0, 1e-3] }, "rtol", "atol", "above 0"],
    [{ rtol: 0, atol: [1e-3, 0] }, "rtol", "atol", "above 0"],
    [{ stepSize: 0 }, "stepSize", "0", "above 0"],
    [{ stepSize: -0.1 }, "stepSize", "-0.1", "above 0"],
    [{ stepSize: nan }, "stepSize", "NaN", "above 0"],
    [{ stepSize: infinity }, "stepSize", "Infinity", "finite"],
    [{ stepSize: "0.1" }, "stepSize", '"0.1"', "number"],
    [{ stepSize: 0.1, grid: [0, 1] }, "stepSize", "0.1", "grid"],
    [{ grid: 5 }, "grid", "5", "array"],
    [{ grid: [0] }, "grid", "[0]", "at least 2"],
    [{ grid: [0, 0.5] }, "grid", "[0, 0.5]", "last output time 1"],
    [{ grid: [0.1, 1] }, "grid", "[0.1, 1]", "ts[0] = 0"],
    [{ grid: [0, 2] }, "grid", "[0, 2]", "last output time 1"],
    [{ grid: [0, 0.5, 0.5, 1] }, "grid[2]", "0.5", "above grid[1] = 0.5"],
    [{ grid: [0, nan, 1] }, "grid[1]", "NaN", "finite"],
    [{ grid: [1, 0] }, "grid", "[1, 0]", "ts[0] = 0"],
    [{ ts: [0, 0.4, 1], grid: [0, 0.5, 1], output: "land" }, "grid", "[0, 0.5, 1]", "0.4"],
    [{ controller: "pid" }, "controller", '"pid"'],
    [{ controller: {} }, "controller", "pid"],
    [{ stepSize: 0.1, controller: "pid" }, "controller", '"pid"'],
    [{ stepSize: 0.1, firstStep: "1" }, "firstStep", '"1"', "above 0"],
    [{ grid: [0, 1], maxStep: -1 }, "maxStep", "-1", "above 0"],
    [{ grid: [0, 1], minStep: nan }, "minStep", "NaN", "from 0"],
    [{ controller: { ...pid(), p: nan } }, "p", "NaN", "finite"],
    [{ firstStep: 0 }, "firstStep", "0", "above 0"],
    [{ firstStep: -1 }, "firstStep", "-1", "above 0"],
    [{ firstStep: infinity }, "firstStep", "Infinity", "finite"],
    [{ firstStep: nan }, "firstStep", "NaN", "above 0"],
    [{ minStep: -1 }, "minStep", "-1", "from 0"],
    [{ minStep: nan }, "minStep", "NaN", "from 0"],
    [{ minStep: "0" }, "minStep", '"0"', "number"],
    [{ minStep: 2, maxStep: 1 }, "minStep", "2", "maxStep = 1"],
    [{ maxStep: 0 }, "maxStep", "0", "above 0"],
    [{ maxStep: -1 }, "maxStep", "-1", "above 0"],
    [{ maxStep: nan }, "maxStep", "NaN", "above 0"],
    [{ maxSteps: 0 }, "maxSteps", "0", "≥ 1"],
    [{ maxSteps: -5 }, "maxSteps", "-5", "≥ 1"],
    [{ maxSteps: null }, "maxSteps", "null", "≥ 1"],
    [{ maxSteps: nan }, "maxSteps", "NaN", "≥ 1"],
    [{ maxSteps: "100" }, "maxSteps", '"100"', "number"],
    [{ norm: "l2" }, "norm", '"l2"', '"rms"', '"max"'],
    [{ norm: 2 }, "norm", "2", '"rms"'],
    [{ norm: [] }, "norm", "[]", "length 2"],
    [{ norm: [{ length: 1, weight: 1 }] }, "norm", "[1]", "length 2"],
    [{ norm: [{ length: 1.5, weight: 1 }] }, "norm[0].length", "1.5", "positive integer"],
    [
      {
        norm: [
          { length: 0, weight: 1 },
          { length: 2, weight: 1 },
        ],
      },
      "norm[0].length",
      "0",
      "positive integer",
    ],
    [{ norm: [{ length: 2, weight: -1 }] }, "norm[0].weight", "-1", "≥ 0"],
    [{ norm: [{ length: 2, weight: nan }] }, "norm[0].weight", "NaN", "≥ 0"],
    [{ norm: [{ length: 2 }] }, "norm[0].weight", "undefined", "≥ 0"],
    [{ norm: [{ length: 2, weight: 0 }] }, "norm", "[0]", "above 0"],
    [{ norm: [null] }, "norm[0]", "null"],
    [{ output: "sometimes" }, "output", '"sometimes"', '"land"'],
    [{ adjoint: backprop }, "adjoint", "function backprop", "backprop()", "called"],
    [{ adjoint: "backprop" }, "adjoint", '"backprop"', "backprop()"],
    [{ adjoint: backprop() }, "adjoint", "backprop", "vjp", "compiled(f) of odegrad/compiled", "vectorField"],
    [{ adjoint: null }, "adjoint", "null", "backprop()"],
    [{ onFailure: "ignore" }, "onFailure", '"ignore"', '"throw"', '"return"'],
    [{ onStep: 5 }, "onStep", "5", "function"],
    [{ signal: {} }, "signal", "AbortSignal"],
    [{ signal: new AbortController() }, "signal", "AbortSignal"],
    [{ signal: null }, "signal", "null", "AbortSignal"],
    [{ rTol: 1e-3 }, "rTol", "0.001", "rtol"],
    [{ method: "dopri5" }, "method", '"dopri5"', "solver"],
  ];

  it.each(
    cases.map(
      ([options, ...words]) =>
        [
          JSON.stringify(options, (_, v) =>
            typeof v === "bigint" || (typeof v === "number" && !Number.isFinite(v))
              ? String(v)
              : typeof v === "function"
                ? "a function"
                : v,
          ),
          options,
          words,
        ] as const,
    ),
  )("%s", (_, options, words) => {
    let calls = 0;
    const field = (t: number, y: Float64Array, dy: Float64Array): void => {
      calls++;
      decay(t, y, dy);
    };
    const failure = failureOf(() => solve(field, { ...good, ...options } as unknown as SolveOptions));
    expect(failure.code).toBe("invalid");
    expect(failure.name).toBe("SolveError");
    for (const word of words) expect(failure.message).toContain(word);
    expect(calls).toBe(0);
  });

  it.each([undefined, null, 3, "field", {}, []])("a field that is %j", (field) => {
    const failure = failureOf(() => solve(field as never, good));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toMatch(/^field is .*allowed: a function/);
  });

  it.each([undefined, null, 3])("options that are %j", (options) => {
    const failure = failureOf(() => solve(decay, options as never));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toMatch(/^options is .*allowed: one object, \{ y0, ts, /);
  });

  it("y0 that is not made of the field's rows", () => {
    const field = vectorField({ f: decay, dim: 3 });
    const failure = failureOf(() => solve(field, { y0: [1, 2, 3, 4], ts: [0, 1] }));
    expect(failure.code).toBe("invalid");
    for (const word of ["y0", "[1, 2, 3, 4]", "width 3", "multiple", "4"]) expect(failure.message).toContain(word);
    const tolerance = failureOf(() => solve(field, { y0: [1, 2, 3, 4, 5, 6], ts: [0, 1], rtol: [1, 2] }));
    expect(tolerance.message).toMatch(/rtol .*length 6 or a row's length 3/);
  });

  it.each([
    ["params is [1]", { f: decay }, [1]],
    ["params is [1, 2, 3]", { f: decay, params: [1, 2] }, [1, 2, 3]],
    ["params[1] is NaN", { f: decay, params: [1, 2] }, [1, Number.NaN]],
    ["params is an object with keys k", { f: decay, params: [1] }, { k: 1 }],
    ["params is 7", { f: decay, params: [1] }, 7],
  ])("params that are not those of the field: %s", (text, field, params) => {
    const failure = failureOf(() => solve(vectorField(field), { ...good, params }));
    expect(failure.code).toBe("invalid");
    expect(failure.message.startsWith(text)).toBe(true);
  });

  it.each([
    [{ safety: 0 }, "safety", "0"],
    [{ safety: 1.5 }, "safety", "1.5"],
    [{ minFactor: 1 }, "minFactor", "1"],
    [{ minFactor: 0 }, "minFactor", "0"],
    [{ maxFactor: 1 }, "maxFactor", "1"],
    [{ p: "1" }, "p", '"1"'],
    [{ i: Number.NaN }, "i", "NaN"],
    [{ d: Number.POSITIVE_INFINITY }, "d", "Infinity"],
    [{ q: 1 }, "q", "maxFactor"],
  ])("pid(%j)", (options, ...words) => {
    const failure = failureOf(() => pid(options as never));
    expect(failure.code).toBe("invalid");
    for (const word of words) expect(failure.message).toContain(word);
  });

  it.each([
    [{}, "f", "undefined"],
    [{ f: 1 }, "f", "1"],
    [{ f: decay, vjp: 2 }, "vjp", "2"],
    [{ f: decay, dim: 0 }, "dim", "0"],
    [{ f: decay, dim: 1.5 }, "dim", "1.5"],
    [{ f: decay, params: 7 }, "params", "7"],
  ])("vectorField(%j)", (options, ...words) => {
    const failure = failureOf(() => vectorField(options as never));
    expect(failure.code).toBe("invalid");
    for (const word of words) expect(failure.message).toContain(word);
  });

  it("options left undefined mean their defaults", () => {
    const names =
      "solver rtol atol stepSize grid controller firstStep minStep maxStep maxSteps norm output adjoint params signal onStep onFailure";
    const undefineds = Object.fromEntries(names.split(" ").map((name) => [name, undefined]));
    expect(solve(decay, { ...good, ...undefineds } as SolveOptions).ys).toEqual(solve(decay, good).ys);
  });
});
