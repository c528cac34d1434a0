// Mass matrices: differential equations not solved for their derivatives, and differential-algebraic ones of index 1.
import { describe, expect, it } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import { diagonal, type Field, jvp, rodas5P, type SolveOptions, solve, symplectic, tsit5 } from "../../../ts/index.ts";

type F = (t: number, y: Float64Array, dy: Float64Array) => void;

/** Chemical Akzo Nobel: six substances, the last one in equilibrium. */
const akzo: F = (_t, y, dy) => {
  const [y1, y2, y3, y4, y5, y6] = [y[0]!, y[1]!, y[2]!, y[3]!, y[4]!, y[5]!];
  const r1 = 18.7 * y1 ** 4 * Math.sqrt(y2);
  const r2 = 0.58 * y3 * y4;
  const r3 = (0.58 / 34.4) * y1 * y5;
  const r4 = 0.09 * y1 * y4 ** 2;
  const r5 = 0.42 * y6 ** 2 * Math.sqrt(y2);
  const inflow = 3.3 * (0.9 / 737 - y2);
  dy[0] = -2 * r1 + r2 - r3 - r4;
  dy[1] = -0.5 * r1 - r4 - 0.5 * r5 + inflow;
  dy[2] = r1 - r2 + r3;
  dy[3] = -r2 + r3 - 2 * r4;
  dy[4] = r2 - r3 + r5;
  dy[5] = 115.83 * y1 * y4 - y6;
};
const AKZO_START = [0.444, 0.00123, 0, 0.007, 0, 115.83 * 0.444 * 0.007];
const AKZO_END = [
  1.1507949206592635e-1, 1.2038314716035631e-3, 1.611562887409162e-1, 3.6561564211938383e-4, 1.7080108852680641e-2,
  4.8735313102232216e-3,
];
const akzoOptions = { y0: AKZO_START, ts: [0, 180], solver: rodas5P, mass: diagonal([1, 1, 1, 1, 1, 0]) } as const;

/** Robertson's kinetics with the sum of its substances in place of the last equation. */
const robertson = () =>
  compiled(
    (_t, [a, b, c], dy, [k1, k2, k3]) => {
      dy[0] = k3! * b! * c! - k1! * a!;
      dy[1] = k1! * a! - k3! * b! * c! - k2! * b! * b!;
      dy[2] = a! + b! + c! - 1;
    },
    { params: [0.04, 3e7, 1e4] },
  );

describe("a singular mass matrix", () => {
  it("Chemical Akzo Nobel, to its reference", () => {
    const { ys } = solve(akzo, { ...akzoOptions, rtol: 1e-9, atol: 1e-12 });
    for (let i = 0; i < 6; i++) expect(Math.abs(ys[6 + i]! / AKZO_END[i]! - 1)).toBeLessThan(1e-8);
  });

  it("Robertson's kinetics as a DAE are those as an ODE", () => {
    const options = { y0: [1, 0, 0], ts: [0, 40, 1e5], solver: rodas5P, rtol: 1e-8, atol: 1e-13 } as const;
    const { ys } = solve(robertson(), { ...options, mass: diagonal([1, 1, 0]) });
    const reference = [0.7158270687194095, 9.185534764557764e-6, 0.2841637457458303];
    for (let i = 0; i < 3; i++) expect(Math.abs(ys[3 + i]! / reference[i]! - 1)).toBeLessThan(1e-6);
    const late = [1.7865921142099465e-2, 7.274751468436319e-8, 0.9821340061103859];
    for (let i = 0; i < 3; i++) expect(Math.abs(ys[6 + i]! / late[i]! - 1)).toBeLessThan(1e-6);
  });

  it("with a start that does not satisfy its equation is refused, or the start is solved for", () => {
    const y0 = [...AKZO_START.slice(0, 5), 0.3];
    const wrong = { ...akzoOptions, y0, rtol: 1e-9, atol: 1e-12 };
    expect(() => solve(akzo, wrong)).toThrow(
      expect.objectContaining({
        code: "inconsistent",
        t: 0,
        message: expect.stringMatching(/equation 5.*consistent: "solve"/s),
      }),
    );
    expect(solve(akzo, { ...wrong, onFailure: "return" }).status).toBe("inconsistent");
    const { ys } = solve(akzo, { ...wrong, consistent: "solve" });
    expect(Array.from(ys.subarray(0, 5))).toEqual(y0.slice(0, 5));
    expect(Math.abs(ys[5]! / AKZO_START[5]! - 1)).toBeLessThan(1e-14);
    for (let i = 0; i < 6; i++) expect(Math.abs(ys[6 + i]! / AKZO_END[i]! - 1)).toBeLessThan(1e-8);
  });

  it("whose equation has no solution near the start ends in inconsistent", () => {
    const f: F = (_t, y, dy) => {
      dy[0] = -y[0]!;
      dy[1] = y[1]! ** 2 + 1;
    };
    const options = { y0: [1, 1], ts: [0, 1], solver: rodas5P, mass: diagonal([1, 0]), consistent: "solve" } as const;
    expect(() => solve(f, options)).toThrow(expect.objectContaining({ code: "inconsistent" }));
  });

  it("is refused with an adjoint where it has to be solved for: derivatives would be by another start", () => {
    const field = compiled(
      (_t, [x, z], dy, { k }) => {
        dy[0] = -z!;
        dy[1] = z! - k * x!;
      },
      { params: { k: 2 } },
    );
    const options = { y0: [1, 0], ts: [0, 1], solver: rodas5P, mass: diagonal([1, 0]), consistent: "solve" } as const;
    expect(() => solve(field, { ...options, adjoint: symplectic() })).toThrow(
      /^consistent is "solve"; allowed: "check"/,
    );
    expect(() => jvp(solve(field, options), { y0: [1, 0] })).toThrow(/^consistent is "solve"; allowed: "check"/);
  });

  it("is looked at again after an event's effect", () => {
    const f: F = (_t, y, dy) => {
      dy[0] = -y[1]!;
      dy[1] = y[1]! - 2 * y[0]!;
    };
    const run = (rtol: number, effect: (t: number, y: Float64Array) => void) =>
      solve(f, {
        y0: [1, 2],
        ts: [0, 1],
        solver: rodas5P,
        mass: diagonal([1, 0]),
        rtol,
        atol: rtol / 1000,
        events: [{ root: (t) => t - 0.5, effect: effect as never }],
      });
    const inconsistent = expect.objectContaining({ code: "inconsistent" });
    expect(() => run(1e-6, (_t, y) => void y.set([y[0]! + 1]))).toThrow(inconsistent);
    for (const rtol of [1e-3, 1e-5, 1e-7, 1e-9, 1e-11]) {
      const { ys } = run(rtol, (_t, y) => {
        y[0]! += 1;
        y[1]! += 2;
      });
      expect(Math.abs(ys[2]! - Math.exp(-2) - Math.exp(-1))).toBeLessThan(30 * rtol);
      expect(run(rtol, () => {}).status).toBe("done");
    }
  });

  it("need not be diagonal: a combination of rows is an algebraic equation", () => {
    // y₁' = −y₁ + y₂ twice, once with y₁ + y₂ = 2 cos t added.
    const f: F = (t, y, dy) => {
      dy[0] = -y[0]! + y[1]!;
      dy[1] = 2 * (-y[0]! + y[1]!) + y[0]! + y[1]! - 2 * Math.cos(t);
    };
    const options = { y0: [1, 1], ts: [0, 2], solver: rodas5P, rtol: 1e-9, atol: 1e-11, mass: [1, 0, 2, 0] } as const;
    const { ys } = solve(f, options);
    const plain = solve((t, y, dy) => void dy.fill(2 * Math.cos(t) - 2 * y[0]!), {
      ...options,
      y0: [1],
      mass: undefined,
    });
    expect(Math.abs(ys[2]! - plain.ys[1]!)).toBeLessThan(1e-7);
    expect(Math.abs(ys[2]! + ys[3]! - 2 * Math.cos(2))).toBeLessThan(1e-9);
    expect(() => solve(f, { ...options, y0: [1, 1.1] })).toThrow(expect.objectContaining({ code: "inconsistent" }));
    expect(solve(f, { ...options, y0: [1, 1.1], consistent: "solve" }).ys[1]).toBeCloseTo(1, 12);
  });
});

it("a Jacobian is filled in at once: promises and arrays are refused", () => {
  const f: F = (t, y, dy) => void dy.fill(-1e4 * (y[0]! - Math.cos(t)));
  for (const jacobian of [async () => {}, () => [-1e4]])
    expect(() => solve(f, { y0: [1], ts: [0, 1], solver: rodas5P, jacobian: jacobian as never })).toThrow(
      /^what jacobian returned is .*; allowed: nothing/,
    );
});

describe("a regular mass matrix", () => {
  it("is divided by", () => {
    const f: F = (t, y, dy) => {
      dy[0] = -50 * y[0]! * y[1]! + Math.sin(t);
      dy[1] = y[0]! - y[1]!;
    };
    const options = { y0: [1, 0.5], ts: [0, 3], rtol: 1e-9, atol: 1e-11 } as const;
    const { ys } = solve(f, { ...options, solver: rodas5P, mass: [2, 1, 0, 4] });
    const solved: F = (t, y, dy) => {
      f(t, y, dy);
      dy[1]! /= 4;
      dy[0] = (dy[0]! - dy[1]!) / 2;
    };
    const explicit = solve(solved, { ...options, solver: tsit5 });
    for (let i = 2; i < 4; i++) expect(Math.abs(ys[i]! - explicit.ys[i]!)).toBeLessThan(1e-7);
  });
});

describe("gradients", () => {
  const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Array.prototype.reduce.call(a, (sum, value, i) => (sum as number) + (value as number) * b[i]!, 0) as number;

  function dotTest(field: Field, options: SolveOptions): number {
    const solution = solve(field, { ...options, adjoint: symplectic() });
    const w = Float64Array.from(solution.ys, (_, i) => Math.cos(i));
    const bars = solution.pullback(w);
    const dp = Float64Array.from(field.params!, (value, i) => value * Math.sin(1 + i));
    const dy = Float64Array.from(options.y0, (_, i) => Math.cos(2 + i));
    const differences = [
      [jvp(solution, { params: dp }), bars.params, dp],
      [jvp(solution, { y0: dy }), bars.y0, dy],
    ] as const;
    return Math.max(...differences.map(([forward, bar, d]) => Math.abs(inner(w, forward) / inner(bar, d) - 1)));
  }

  it("go through singular and full mass matrices", () => {
    const options = { y0: [1, 0, 0], ts: [0, 0.4, 40], solver: rodas5P, rtol: 1e-5, atol: 1e-9 } as const;
    expect(dotTest(robertson(), { ...options, mass: diagonal([1, 1, 0]) })).toBeLessThan(1e-11);
    const driven = compiled(
      (t, [x, v], dy, [mu, force]) => {
        dy[0] = v!;
        dy[1] = mu! * (1 - x! * x!) * v! - x! + force! * Math.sin(t * x!);
      },
      { params: [5, 0.3] },
    );
    expect(dotTest(driven, { ...options, y0: [2, 0], ts: [0, 2], mass: [1, 0.3, -0.2, 2] })).toBeLessThan(1e-11);
  });
});

describe("refused", () => {
  const options = { y0: [1, 0], ts: [0, 1], solver: rodas5P } as const;
  const f: F = (_t, y, dy) => {
    dy[0] = y[1]!;
    dy[1] = -y[0]!;
  };

  it("mass matrices of other sizes, numbers that are none, and explicit solvers", () => {
    expect(() => solve(f, { ...options, mass: [1, 2, 3] })).toThrow(/mass is \[1, 2, 3\]/);
    expect(() => solve(f, { ...options, mass: diagonal([1]) })).toThrow(/mass is an object/);
    expect(() => diagonal([Number.NaN])).toThrow(/diagonal\(entries\) is \[NaN\]/);
    expect(() => solve(f, { ...options, solver: tsit5, mass: diagonal([1, 0]) })).toThrow(/solver tsit5/);
    expect(() => solve(f, { ...options, consistent: "guess" as never })).toThrow(/consistent is "guess"/);
    expect(() => solve(f, { ...options, mass: [1, 1, 1, 1], consistent: "solve" })).toThrow(/columns of zeros/);
  });
});
