// Solutions and gradients of small networks against fixtures: the ODE's own (`exact`, a fine fixed-step solve, error below
// 1e-11) and torchdiffeq 0.2.5's on the same steps.
import { describe, expect, it } from "vitest";
import { backprop, solve } from "../../ts/index.ts";
import { distance, type Fixture, fieldOf, fixtures, parametersOf, SOLVERS } from "./fixtures.ts";

const FIXED = new Set(["euler", "midpoint"]);
const EXPECTED_FIXTURES = 12;

function solved(fixture: Fixture) {
  const { problem, method, rtol, atol, step_size } = fixture;
  const steps = step_size === null ? { rtol, atol } : { stepSize: step_size };
  const solution = solve(fieldOf(fixture), {
    y0: problem.y0.flat(),
    ts: problem.t,
    solver: SOLVERS[method]!,
    adjoint: backprop(),
    output: "land",
    ...steps,
  });
  const cotangent = fixture.loss_weights.flat(2);
  return { solution, cotangent, gradient: solution.pullback(cotangent, { times: true }) };
}

it("every fixture is there, and every one has a solver", () => {
  expect(fixtures).toHaveLength(EXPECTED_FIXTURES);
  expect(fixtures.filter(([, { method }]) => !(method in SOLVERS))).toEqual([]);
});

describe.each(fixtures)("%s", (_, fixture) => {
  const { problem, method, rtol, exact, forward } = fixture;
  const { solution, gradient, cotangent } = solved(fixture);

  it("the fixture's field is the network", () => {
    // torch's first row is y0, its loss the sum of weights times states.
    expect(solution.ys.slice(0, problem.y0.flat().length)).toEqual(Float64Array.from(problem.y0.flat()));
    const loss = forward.y.flat(2).reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
    expect(Math.abs(loss - fixture.backprop.loss)).toBeLessThan(1e-12 * Math.max(1, Math.abs(loss)));
  });

  if (FIXED.has(method)) {
    it("agrees with torchdiffeq's solution on the same steps", () => {
      expect(distance(solution.ys, forward.y.flat(2))).toBeLessThan(1e-11);
    });

    it("agrees with torchdiffeq's gradient through the same steps", () => {
      expect(distance(gradient.y0, fixture.backprop.gy0.flat())).toBeLessThan(1e-11);
      expect(distance(gradient.params, fixture.backprop.gtheta)).toBeLessThan(1e-11);
    });
  } else {
    it("the solution is within 20 rtol of the exact one", () => {
      expect(distance(solution.ys, exact.y.flat(2))).toBeLessThan(20 * rtol);
    });

    it("the gradient is within 200 rtol of the exact one, for y0, θ and t each", () => {
      expect(distance(gradient.y0, exact.gy0.flat())).toBeLessThan(200 * rtol);
      expect(distance(gradient.params, exact.gtheta)).toBeLessThan(200 * rtol);
      expect(distance(gradient.ts!, exact.gt)).toBeLessThan(200 * rtol);
    });
  }

  it("the gradient agrees with central differences on the replayed grid", () => {
    const { grid } = solution;
    const loss = (
      y0: readonly number[],
      params: readonly number[],
      ts: readonly number[],
      times: ArrayLike<number>,
    ): number => {
      const { ys } = solve(fieldOf(fixture, [...params]), {
        y0,
        ts,
        solver: SOLVERS[method]!,
        grid: times,
        output: "land",
      });
      return Array.from(ys).reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
    };
    // Richardson's extrapolation of central differences: its error is of fourth order in the step.
    const derivative = (at: (h: number) => number): number => {
      const central = (h: number): number => (at(h) - at(-h)) / (2 * h);
      return (4 * central(1e-3) - central(2e-3)) / 3;
    };
    const nudged = (values: readonly number[], i: number, h: number): number[] =>
      values.map((value, j) => (j === i ? value + h : value));
    const { t } = problem;
    const y0 = problem.y0.flat();
    const params = parametersOf(problem);
    expect(
      distance(
        gradient.y0,
        y0.map((_, i) => derivative((h) => loss(nudged(y0, i, h), params, t, grid))),
      ),
    ).toBeLessThan(1e-8);
    // A step of the parameters at a time, each in a random direction among eight: all of them, in few solves.
    const directions = Array.from({ length: 8 }, (_, d) => params.map((_, i) => Math.sin((i + 1) * (d + 1) * 12.9898)));
    const along = (direction: readonly number[]): number =>
      derivative((h) =>
        loss(
          y0,
          params.map((value, i) => value + (h / 8) * direction[i]!),
          t,
          grid,
        ),
      ) * 8;
    const projected = directions.map((direction) =>
      direction.reduce((sum, value, i) => sum + value * gradient.params[i]!, 0),
    );
    expect(distance(projected, directions.map(along))).toBeLessThan(1e-8);
    // A time moves the grid point that lies on it, and no other. Steps are as short as 1e-4, the differences shorter.
    const moved = (k: number, h: number): number => {
      const ts = nudged(t, k, h);
      return loss(
        y0,
        params,
        ts,
        Array.from(grid, (time) => (time === t[k] ? ts[k]! : time)),
      );
    };
    const shortest = Math.min(
      ...Array.from(grid)
        .slice(1)
        .map((time, n) => Math.abs(time - grid[n]!)),
    );
    const scale = Math.min(1, shortest / 4e-3);
    const times = t.map((_, k) => derivative((h) => moved(k, h * scale)) / scale);
    expect(distance(gradient.ts!, times)).toBeLessThan(1e-8);
  });
});
