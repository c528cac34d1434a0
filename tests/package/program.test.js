// The program in Jest, which runs modules in a realm of their own.
import { expect, test } from "@jest/globals";
import { SolveError, solve } from "odegrad";

test("solves", () => {
  const { ys } = solve((_t, y, dy) => dy.set(y), { y0: Float64Array.of(1), ts: [0, 1], rtol: 1e-9, atol: 1e-12 });
  expect(ys[1]).toBeCloseTo(Math.E, 7);
});

test("refuses", () => {
  expect(() => solve((_t, y) => y, { y0: [1], ts: [0] })).toThrow(SolveError);
});
