// Every solver's order, that of its embedded solution and that of its continuous extension, measured on a problem with a known
// solution.
import { describe, expect, it } from "vitest";
import { rungeKutta, type Solver, solve } from "../../ts/index.ts";
import { adaptiveByName, byName, embeddedWeights } from "./solver-list.ts";

// Nonlinear, coupled and non-autonomous, solved by (exp(sin t²), exp(5 sin t²), sin t² + 1, cos t²).
const field = (t: number, y: Float64Array, dy: Float64Array): void => {
  dy[0] = 2 * t * y[1]! ** 0.2 * y[3]!;
  dy[1] = 10 * t * Math.exp(5 * (y[2]! - 1)) * y[3]!;
  dy[2] = 2 * t * y[3]!;
  dy[3] = -2 * t * Math.log(y[0]!);
};
const exact = (t: number): number[] => {
  const s = Math.sin(t * t);
  return [Math.exp(s), Math.exp(5 * s), s + 1, Math.cos(t * t)];
};

/** Many, so that no component of the leading error term is 0 by chance. */
const STARTS = Array.from({ length: 12 }, (_, i) => 0.3 + 0.06 * i);
const [LARGEST, RATIO] = [0.11, 0.75];

/** The fractions of a step at which its errors are looked at, and the relative error below which rounding shows in them. */
interface Places {
  readonly fractions: readonly number[];
  readonly resolved: number;
}
const AT_END: Places = { fractions: [1], resolved: 1e-14 };
// The extension of vern9 multiplies roundings by weights of up to ten thousand.
const INSIDE: Places = { fractions: [0.25, 0.5, 0.75], resolved: 2e-13 };

/** The relative errors of one step of size h from exact states. */
const localErrors = (solver: Solver, h: number, { fractions }: Places): number[] =>
  STARTS.flatMap((t) => {
    const solution = solve(field, { y0: exact(t), ts: [t, t + h], solver, stepSize: Math.abs(h), dense: true });
    const { ts } = solution;
    return fractions.flatMap((fraction) => {
      const at = fraction === 1 ? ts[1]! : t + fraction * (ts[1]! - t);
      const y = solution.at(at);
      return exact(at).map((value, i) => (y[i]! - value) / value);
    });
  });

/** The order from the fall of an error of size(h) between the two smallest steps where it is more than rounding. */
function orderOf(size: (h: number) => number, resolved: number): number {
  let order = Number.NaN;
  let last = size(LARGEST);
  for (let n = 1; n <= 12; n++) {
    const next = size(LARGEST * RATIO ** n);
    if (next < resolved) break;
    order = Math.log(next / last) / Math.log(RATIO) - 1;
    last = next;
  }
  return order;
}

/**
 * The order p from the local error C hᵖ⁺¹ + D hᵖ⁺² + …. Steps forward and backward in time together tell its even powers of h
 * from the odd ones: one of the two parts begins with C and is free of D, without which the high orders would run into
 * rounding before C prevails. The other begins with D, so it shows p + 1.
 */
function measuredOrder(solver: Solver, places: Places): number {
  const part = (sign: number) => (h: number) => {
    const backward = localErrors(solver, -h, places);
    const errors = localErrors(solver, h, places).map((error, i) => error + sign * backward[i]!);
    return Math.hypot(...errors) / Math.sqrt(errors.length);
  };
  return Math.min(orderOf(part(1), places.resolved), orderOf(part(-1), places.resolved));
}

function expectOrder(solver: Solver, order: number, places: Places): void {
  expect(Math.abs(measuredOrder(solver, places) - order)).toBeLessThan(0.2);
}

describe("measured order of convergence", () => {
  it.each(byName)("%s", (_, solver) => expectOrder(solver, solver.order, AT_END));

  it.each(adaptiveByName)("%s: embedded solution", (_, { tableau }) => {
    const { name, a, c, embeddedOrder } = tableau!;
    const embedded = rungeKutta({ name, order: embeddedOrder!, a, c, b: embeddedWeights(tableau!) });
    expectOrder(embedded, embeddedOrder!, AT_END);
  });

  it.each(byName)("%s: continuous extension", (_, solver) => {
    // It rests on the state at the step's end, so it is of no higher order than the method.
    expectOrder(solver, Math.min(solver.order, solver.scheme.dense!.order), INSIDE);
  });
});
