// Reversible solvers of every kind, and what their cases share.
import {
  bosh3,
  dop853,
  dopri5,
  fehlberg45,
  reversible,
  reversibleHeun,
  rk4,
  type SolveOptions,
  type Solver,
  tsit5,
  vern7,
} from "../../ts/index.ts";

export const PAIRS: Readonly<Record<string, Solver>> = {
  "reversible(tsit5)": reversible(tsit5),
  "reversible(dopri5), 0.95": reversible(dopri5, { coupling: 0.95 }),
  "reversible(bosh3), 0.8": reversible(bosh3, { coupling: 0.8 }),
  "reversible(fehlberg45)": reversible(fehlberg45),
  "reversible(vern7)": reversible(vern7),
  "reversible(dop853)": reversible(dop853),
  "reversible(rk4)": reversible(rk4),
  reversibleHeun,
};

/** The largest difference, relative to what is large. */
export const apart = (found: ArrayLike<number>, expected: ArrayLike<number>): number =>
  Math.max(...Array.from(expected, (value, i) => Math.abs(found[i]! - value) / Math.max(1, Math.abs(value))));

/** Tolerances, or steps where a method estimates no error or is of low order. */
export const stepsOf = (solver: Solver, stepSize: number): Partial<SolveOptions> =>
  solver.adaptive && solver.order > 2 ? { solver, rtol: 1e-9, atol: 1e-11 } : { solver, stepSize };
