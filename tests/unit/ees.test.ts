// EES(2,5) and EES(2,7): a step of −h undoes a step of h but for O(h⁶) and O(h⁸), and `reverse()` goes back along them.
import { backprop, ees25, ees27, midpoint, reverse, reversible, rk4, type Solver, solve, vectorField } from "odegrad";
import { describe, expect, it } from "vitest";
import { networkField, numbers, parameterCount } from "./networks.ts";
import { distance } from "./reference.ts";

const N = 3;
const field = networkField(N, numbers(parameterCount(N), 7));
const Y0 = [0.4, -0.7, 0.2];

const NAMED: [string, Solver, number][] = [
  ["ees25", ees25, 6],
  ["ees27", ees27, 8],
];

const damped = (damping: number) =>
  vectorField({
    f: (t, y, dy) => {
      dy[0] = y[1]!;
      dy[1] = Math.cos(t) - damping * y[1]! - y[0]!;
    },
    vjp: (t, _y, _p, v, bar) => {
      bar.y[0]! -= v[1]!;
      bar.y[1]! += v[0]! - damping * v[1]!;
      bar.t[0]! -= Math.sin(t) * v[1]!;
    },
  });

describe.each(NAMED)("%s", (_, solver, slope) => {
  it(`undoes a step to order ${slope}`, () => {
    const missed = (h: number): number => {
      const solution = solve(field, { y0: Y0, ts: [0, h], solver, stepSize: h, adjoint: reverse() });
      return solution.pullback(new Float64Array(2 * N)).stats.reconstructionError!;
    };
    const found = Math.log2(missed(0.8) / missed(0.4));
    expect(found).toBeGreaterThan(slope - 0.6);
    expect(found).toBeLessThan(slope + 1.5);
  });

  it.each(["fixed", "adaptive", "interpolated"])("reverse() gives the gradient of backprop(), %s steps", (kind) => {
    const ts = [0, 0.3, 0.35, 1.1, 2];
    const steps = kind === "fixed" ? { stepSize: 0.02 } : { rtol: 1e-5, atol: 1e-7, dense: kind === "interpolated" };
    const cotangent = numbers(ts.length * N, 4);
    const [reversed, stored] = [reverse(), backprop()].map((adjoint) =>
      solve(field, { y0: Y0, ts, solver, ...steps, adjoint }).pullback(cotangent, { times: true }),
    );
    expect(distance(reversed!.y0, stored!.y0)).toBeLessThan(1e-7);
    expect(distance(reversed!.params, stored!.params)).toBeLessThan(1e-7);
    expect(distance(reversed!.ts!, stored!.ts!)).toBeLessThan(1e-7);
    expect(reversed!.stats.reconstructionError).toBeLessThan(1e-7);
  });

  it("stays stable where a reversible pair does not", () => {
    const evaluations = solver === ees25 ? 3 : 4;
    const options = { y0: [1, 0], ts: [0, 30], stepSize: (30 * evaluations) / 600 };
    const exact = solve(damped(2), { ...options, solver: rk4, stepSize: 0.01 }).ys;
    const errorOf = ({ ys, status }: { ys: Float64Array; status: string }): number =>
      status === "done" ? Math.hypot(ys[2]! - exact[2]!, ys[3]! - exact[3]!) : Number.POSITIVE_INFINITY;
    const solution = solve(damped(2), { ...options, solver, adjoint: reverse({ segments: 10 }) });
    expect(errorOf(solution)).toBeLessThan(5e-3);
    expect(solution.pullback([0, 0, 1, 1]).stats.reconstructionError).toBeLessThan(1e-2);
    const pair = reversible(midpoint, { coupling: 0.999 });
    const returned = { ...options, solver: pair, stepSize: 0.2, onFailure: "return" } as const;
    expect(errorOf(solve(damped(2), returned))).toBe(Number.POSITIVE_INFINITY);
  });
});
