// What is refused, where, and what to write instead; and the self-check, which stops what no reader can see.
// biome-ignore-all lint/suspicious/noAssignInExpressions: equations as people write them
import { describe, expect, it } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import { SolveError, solve } from "../../../ts/index.ts";
import { failureOf } from "../errors.ts";
import type { Entry } from "./corpus-entry.ts";

const outside = 3;
let changing = 1;

const messageOf = (f: unknown, options: object = { dim: 2 }): string => {
  const error = failureOf(() => compiled(f as never, options as never));
  expect(error).toBeInstanceOf(SolveError);
  expect(error.code).toBe("invalid");
  return error.message;
};

describe("what is not understood is refused with its place and a remedy", () => {
  it("names from outside", () => {
    const message = messageOf((_t: number, y: Float64Array, dy: Float64Array) => {
      dy[0] = y[0]!;
      dy[1] = outside * y[1]!;
    });
    expect(message).toContain("outside is not known here");
    expect(message).toMatch(/line 3, column \d+ of f: outside \* y\[1\]/);
    expect(message).toContain("compiled(f, { uses: () => ({ outside }) })");
  });

  it("names from outside in a function that was handed in, by its name", () => {
    const helper = (x: number): number => outside * x;
    const message = messageOf((_t: number, y: Float64Array, dy: Float64Array) => void dy.fill(helper(y[0]!)), {
      dim: 1,
      uses: () => ({ helper }),
    });
    expect(message).toContain("line 1, column 8 of helper");
  });

  it.each<[string, Entry["f"], RegExp]>([
    ["an index by the state", (_t, y, dy) => void dy.fill(y[Math.floor(y[0])]), /an index depends on the state/],
    [
      "an end of a loop by the state",
      (_t, y, dy) => {
        for (let i = 0; i < y[0]; i++) dy.fill(i);
      },
      /the end of this loop depends on the state/,
    ],
    [
      "a length by the state",
      (_t, y, dy) => dy.fill(new Array(y[0]).length),
      /the length of an array depends on the state/,
    ],
    [
      "arrays of different lengths",
      (_t, y, dy) => {
        const a = y[0] > 0 ? [1] : [1, 2];
        dy.fill(a.length);
        for (const x of a) dy[0] += x;
      },
      /length of an array depends/,
    ],
    ["randomness", (_t, _y, dy) => void dy.fill(Math.random()), /Math\.random cannot be compiled.*by the option uses/],
    ["the clock", (_t, _y, dy) => void dy.fill(Date.now()), /Date is not known here/],
    ["an element that is not set", (_t, y, dy) => void (dy[0] = y[0]), /dy\[1\] is not set, of a state of 2/],
    [
      "an element set under a condition",
      (_t, y, dy) => {
        dy[0] = 1;
        if (y[0] > 0) dy[1] = 2;
      },
      /dy\[1\] is set under a condition only/,
    ],
    [
      "an element read before it is set",
      (_t, _y, dy) => void (dy[0] += 1),
      /dy is read before it is set.*dy\.fill\(0\)/,
    ],
    ["more than there is room for", (_t, _y, dy) => void dy.set([1, 2, 3]), /more is set than there is room for/],
    [
      "a change of the state",
      (_t, y, dy) => {
        y[0] = 1;
        dy.fill(0);
      },
      /the state y is changed/,
    ],
    [
      "a change of a parameter",
      (_t, _y, dy, p) => {
        p[0] = 1;
        dy.fill(0);
      },
      /a parameter is changed/,
    ],
    [
      "a change outside",
      (_t, _y, dy) => {
        changing = 2;
        dy.fill(changing);
      },
      /changing, a variable from outside, is changed/,
    ],
    ["an index beyond the end", (_t, y, dy) => void dy.fill(y[2]), /undefined is used as a number/],
    ["an element beyond the end", (_t, _y, dy) => void (dy[2] = 1), /element 2 is set of an array of 2/],
    ["an array as a number", (_t, y, dy) => void dy.fill(+y), /an array is used as a number/],
    ["a wrong number of values", (_t, y) => [y[0]], /1 numbers are returned for a state of 2/],
    [
      "errors",
      (_t, _y, _dy) => {
        throw new Error("no");
      },
      /an error is thrown/,
    ],
    [
      "a recursion by the state",
      (_t, y, dy) => {
        const g = (x: number): number => (x > 1 ? g(x / 2) : x);
        dy.fill(g(y[0]));
      },
      /functions call each other without end/,
    ],
    [
      "a loop without end",
      (_t, _y, dy) => {
        for (;;) dy[0] = 1;
      },
      /this is too much to compile/,
    ],
    ["bits of the state", (_t, y, dy) => void dy.fill(y[0] | 0), /"\|" cannot be compiled here.*Math\.trunc/],
    [
      "methods that are not known",
      (_t, y, dy) => void dy.fill(y.toSorted()[0]),
      /\.toSorted of an array cannot be compiled/,
    ],
    ["a regular expression", (_t, y, dy) => void dy.fill(/1/.test("1") ? y[0] : 0), /cannot be (read|compiled)/],
    [
      "this",
      function (this: unknown, _t, _y, dy) {
        dy.fill(this ? 1 : 0);
      },
      /"this" cannot be compiled/,
    ],
    [
      "try",
      (_t, _y, dy) => {
        try {
          dy.fill(0);
        } finally {
          dy[0] = 1;
        }
      },
      /"try" cannot be compiled/,
    ],
    ["a BigInt", (_t, _y, dy) => void dy.fill(Number(1n)), /this is a BigInt/],
  ])("%s", (_, f, reason) => {
    const message = messageOf(f, { dim: 2, params: [1] });
    expect(message).toMatch(reason);
    expect(message).toMatch(/line \d+, column \d+ of f/);
  });

  it("asynchronous, bound, native functions and classes", () => {
    expect(messageOf(async () => {})).toContain('"async" cannot be compiled');
    expect(messageOf(function* generator() {})).toContain("line 1");
    expect(messageOf(((_t: number) => {}).bind(undefined))).toContain("it is native or bound");
    expect(messageOf(Math.sin)).toContain("it is native or bound");
    expect(messageOf(class {})).toContain('"class" cannot be compiled');
  });

  it("the code that counts coverage", () => {
    const f = new Function("cov_1", "return (t, y, dy) => { cov_1().s[0]++; dy[0] = y[0]; dy[1] = 1; }")(() => ({
      s: [0],
    }));
    expect(messageOf(f)).toContain("cov_1 is not known here");
  });

  it("at solve where dim is not given, before the first step; what cannot be read at once", () => {
    const field = compiled((_t, y, dy) => void (dy[0] = y[0]!));
    const error = failureOf(() => solve(field, { y0: [1, 2], ts: [0, 1] }));
    expect(error.message).toContain("dy[1] is not set, of a state of 2");
    expect(messageOf((_t: number, y: Float64Array) => y.map((x) => this ?? x), {})).toContain('"this"');
  });
});

describe("options are checked", () => {
  const f = (_t: number, y: Float64Array, dy: Float64Array): void => void (dy[0] = -y[0]!);
  it.each<[string, unknown, unknown, string]>([
    ["f", 3, {}, "compiled(f) is 3; allowed: a function (t, y, dy, params) => void, or compiled.js`…`"],
    ["options", f, null, "compiled(f, options) is null"],
    [
      "unknown ones",
      f,
      { dimension: 3 },
      "compiled option dimension is 3; allowed: the options params, uses, dim, dtype",
    ],
    ["dim", f, { dim: 1.5 }, "compiled option dim is 1.5; allowed: a positive integer"],
    ["dtype", f, { dtype: "float16" }, 'compiled option dtype is "float16"; allowed: "float64" or "float32"'],
    ["params", f, { params: 3 }, "compiled option params is 3; allowed: an array of numbers, or an object"],
    [
      "one parameter",
      f,
      { params: { a: "1" } },
      'compiled option params.a is "1"; allowed: a number or an array of numbers',
    ],
    ["one number", f, { params: [1, "2"] }, 'compiled option params[1] is "2"; allowed: a number'],
    ["uses", f, { uses: { a: 1 } }, "compiled option uses is an object with keys a; allowed: a function () => ({"],
    [
      "uses that does not show its names",
      f,
      { uses: () => Object.fromEntries([["a", 1]]) },
      "compiled option uses is function uses",
    ],
    ["uses with spreads", f, { uses: () => ({ ...{ a: 1 } }) }, 'without [computed] names and "..."'],
  ])("%s", (_, given, options, message) => {
    expect(messageOf(given, options as object)).toContain(message);
  });

  it("named and text", () => {
    const field = compiled(f, { params: { a: 1, b: [2, 3] } });
    expect(failureOf(() => field.named([1])).message).toContain("named(array) is [1]; allowed: 3 numbers");
    expect(failureOf(() => field.text("js")).message).toContain(
      "compiled option dim is undefined; allowed: the length",
    );
    const misspelt = { y0: [1], ts: [0, 1], params: { a: 1, b: [2, 3], c: 4 } };
    expect(failureOf(() => solve(field, misspelt)).message).toContain(
      "params.c is 4; allowed: 3 numbers, or an object of a, b",
    );
    expect(failureOf(() => field.text("fortran" as "js")).message).toContain('text(target) is "fortran"');
  });
});

describe("the self-check stops", () => {
  const solveIt = (f: Entry["f"], uses?: () => object): SolveError =>
    failureOf(() => solve(compiled(f, { dim: 1, ...(uses && { uses }) }), { y0: [2], ts: [0, 1] }));

  it("a constant that has changed since it was read", () => {
    const table = [1, 2];
    const field = compiled((_t, y, dy) => void (dy[0] = table[0]! * y[0]!), { dim: 1, uses: () => ({ table }) });
    solve(field, { y0: [2], ts: [0, 1] });
    table[0] = 5;
    const error = failureOf(() => solve(field, { y0: [2], ts: [0, 1] }));
    expect(error.code).toBe("invalid");
    expect(error.message).toContain("dy[0] at t = 0, y = [2], is 2; allowed: 10, which f itself gives");
  });

  it("a value that is not what the text says", () => {
    const rate = 1;
    const uses = (): object => ({ rate });
    const error = solveIt(
      (_t, y, dy) => void (dy[0] = rate * y[0]),
      Object.assign(() => ({ rate: 2 }), { toString: () => String(uses) }) as never,
    );
    expect(error.message).toContain("which f itself gives");
  });

  it("a difference on a way that the first state does not take", () => {
    const limit = { at: 0, slope: 1 };
    const field = compiled((_t, y, dy) => void (dy[0] = y[0]! > limit.at ? 1 : limit.slope), {
      dim: 1,
      uses: () => ({ limit }),
    });
    limit.slope = 2;
    expect(failureOf(() => solve(field, { y0: [1], ts: [0, 1] })).message).toContain("which f itself gives");
  });

  it("nothing where f gives NaN, too", () => {
    const field = compiled((_t, y, dy) => void (dy[0] = Math.sqrt(y[0]!)), { dim: 1 });
    expect(failureOf(() => solve(field, { y0: [-1], ts: [0, 1] })).code).toBe("non-finite");
  });
});
