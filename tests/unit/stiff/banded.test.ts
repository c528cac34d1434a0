// Banded Jacobians: the same solutions as dense ones, from differences, from the user's entries, and of compiled fields, which
// know their bands.
import { describe, expect, it } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import { banded, diagonal, jvp, rodas5P, solve, symplectic, vectorField } from "../../../ts/index.ts";

const N = 24;
const y0 = Array.from({ length: N }, (_, i) => Math.sin((3 * (i + 1)) / N));
/** Diffusion, a reaction and a drift to one side, one unknown a place. */
const f = (t: number, u: Float64Array, du: Float64Array): void => {
  for (let i = 0; i < N; i++) {
    const [left, right] = [i > 0 ? u[i - 1]! : 0, i < N - 1 ? u[i + 1]! : Math.cos(t)];
    du[i] = 200 * (left - 2 * u[i]! + right) - 40 * u[i]! * (u[i]! - left) - u[i]! ** 3;
  }
};
const J = (_t: number, u: Float64Array, _p: unknown, J: Float64Array): void => {
  for (let j = 0; j < N; j++) {
    const left = j > 0 ? u[j - 1]! : 0;
    if (j > 0) J[3 * j] = 200;
    J[3 * j + 1] = -400 - 80 * u[j]! + 40 * left - 3 * u[j]! ** 2;
    if (j < N - 1) J[3 * j + 2] = 200 + 40 * u[j + 1]!;
  }
};
const equation = () =>
  compiled(
    (t, u, du, [spread, drift]) => {
      for (let i = 0; i < 24; i++) {
        const left = i > 0 ? u[i - 1]! : 0;
        const right = i < 23 ? u[i + 1]! : Math.cos(t);
        du[i] = spread! * (left - 2 * u[i]! + right) - drift! * u[i]! * (u[i]! - left) - u[i]! ** 3;
      }
    },
    { params: [200, 40], dim: 24 },
  );
const options = { y0, ts: [0, 0.5], solver: rodas5P, rtol: 1e-7, atol: 1e-9 } as const;
const far = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

describe("a band of three diagonals", () => {
  const dense = solve(f, options);
  const sparsity = banded({ lower: 1, upper: 1 });

  it("takes three differences for a Jacobian, and one for ∂f/∂t", () => {
    const { ys, stats } = solve(f, { ...options, sparsity });
    expect(far(ys, dense.ys)).toBeLessThan(1e-9);
    expect(stats.differences).toBe(4 * stats.jacobians!);
    expect(dense.stats.differences).toBe((N + 1) * dense.stats.jacobians!);
  });

  it("may be filled by the user, of a bare function and of vectorField", () => {
    const given = solve(f, { ...options, sparsity, jacobian: J });
    expect(given.stats.differences).toBe(given.stats.jacobians);
    expect(far(given.ys, dense.ys)).toBeLessThan(1e-9);
    const field = vectorField({ f, jacobian: J, sparsity });
    expect(far(solve(field, options).ys, given.ys)).toBe(0);
  });

  it("is found in compiled fields, whose gradients go through it exactly", () => {
    const field = equation();
    const solution = solve(field, { ...options, adjoint: symplectic() });
    expect(solution.stats.differences).toBe(0);
    expect(far(solution.ys, dense.ys)).toBeLessThan(1e-9);
    const w = Float64Array.from(solution.ys, (_, i) => Math.cos(i));
    const d = [3, -2];
    const { params } = solution.pullback(w);
    const forward = jvp(solution, { params: d });
    const expected = Array.from(forward, (value, i) => value * w[i]!).reduce((sum, value) => sum + value, 0);
    expect(Math.abs((params[0]! * d[0]! + params[1]! * d[1]!) / expected - 1)).toBeLessThan(1e-12);
  });

  it("goes with a diagonal mass matrix, algebraic equations included", () => {
    const entries = y0.map((_, i) => (i === 5 ? 0 : 1 + (i % 3)));
    const mass = diagonal(entries);
    const both = [
      { mass, consistent: "solve" as const },
      { mass, consistent: "solve" as const, sparsity },
    ];
    const [all, band] = both.map((more) => solve(f, { ...options, ...more }));
    expect(far(all!.ys, band!.ys)).toBeLessThan(1e-8);
    expect(() => solve(f, { ...options, sparsity, mass: Array.from({ length: N * N }, () => 1) })).toThrow(/banded/);
  });
});

it("what is no band is refused", () => {
  expect(() => banded({ lower: -1, upper: 1 })).toThrow(/banded option lower is -1/);
  expect(() => solve(f, { ...options, sparsity: "auto" as never })).toThrow(/sparsity is "auto"/);
});
