// A gradient by every adjoint: with tolerances on networks of several sizes, and with more and more fixed steps on a small one.
import { type Gradients, type Solution, solve } from "odegrad";
import type { Measurements } from "../measurement.ts";
import { contestant } from "../sampling.ts";
import { cotangentOf, METHODS, type Method, network, SIZES, type Size, start } from "./problems.ts";

export const TOLERANCES = { rtol: 1e-6, atol: 1e-8 };

/** A whole training step's work: the forward solve and the pullback; with as many fixed steps, if `steps` is given. */
export function gradient(
  field: ReturnType<typeof network>,
  { solver, adjoint }: Method,
  y0: Float64Array,
  steps?: number,
): { solution: Solution; gradients: Gradients } {
  const how = steps === undefined ? TOLERANCES : { stepSize: 1 / steps };
  const solution = solve(field, { y0, ts: [0, 1], solver, adjoint: adjoint(), ...how });
  return { solution, gradients: solution.pullback(cotangentOf(solution.ys)) as Gradients };
}

/** The largest takes as long as all others. */
export const sizesOf = (quick: boolean): readonly Size[] => (quick ? SIZES.slice(0, 3) : SIZES);

/** The problem of many fixed steps. */
export const GROWTH = { size: { width: 16, batch: 4 }, dtype: "float64" } as const;
export const GROWN: readonly Method[] = METHODS.filter(({ name }) => name !== "auto()" && !name.includes("full"));

export const measurements: Measurements = function* (quick) {
  for (const size of sizesOf(quick)) {
    const field = network(size, "float32");
    const y0 = start(size.batch);
    for (const method of METHODS) {
      const label = `width ${size.width}, batch ${size.batch}, ${method.name}`;
      yield { label, make: () => ({ contestant: contestant(label, () => gradient(field, method, y0)) }) };
    }
  }
  const field = network(GROWTH.size, GROWTH.dtype);
  const y0 = start(GROWTH.size.batch);
  for (const method of GROWN) {
    for (const steps of [10, 100, 1000]) {
      const label = `${steps} fixed steps, ${method.name}`;
      yield { label, make: () => ({ contestant: contestant(label, () => gradient(field, method, y0, steps)) }) };
    }
  }
};
