// The continuous adjoint (optimise-then-discretise): the adjoint equations are solved backwards in time beside the state,
// from output to output, in memory that does not depend on the number of steps. The gradient is approximate, within the
// tolerances. By default only the state and its adjoint vote on the step size (Kidger et al. 2021, seminorms), since a_θ
// and a_t feed nothing back.

import { checkOptions, invalid } from "../base/errors.ts";
import type { Paper } from "../base/papers.ts";
import { type Controller, pid } from "../problem/controller.ts";
import { implicitPart } from "../problem/implicit.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import type { Adjoint, Tape } from "./adjoint.ts";
import { type BackwardNorm, NORMS } from "./augmented-measure.ts";
import { solveBackwards } from "./backward-solve.ts";
import { lossOf } from "./loss.ts";

const FULL_NORM: readonly Paper[] = ["chen2018"];
const SEMINORM: readonly Paper[] = [...FULL_NORM, "kidger2021seminorms"];

/** Options of `continuous`. */
export interface ContinuousOptions {
  /**
   * What the error norm of the backward solve sees: "seminorm" (default) state, adjoint and time term; "full" each
   * parameter tensor too; "seminorm-strict" state and adjoint only.
   */
  readonly norm?: BackwardNorm | undefined;
  /** Relative tolerance of the backward solve; the forward solve's by default. */
  readonly rtol?: number | undefined;
  /** Absolute tolerance of the backward solve; the forward solve's by default. */
  readonly atol?: number | undefined;
  /** The method of the backward solve; the forward solve's by default. */
  readonly solver?: Solver | undefined;
  /** Step control of the backward solve; the forward solve's by default. */
  readonly controller?: Controller | undefined;
  /**
   * Integrate a_θ not as part of the state but by the solver's own weights on the accepted steps: rejected steps then cost
   * nothing in it, and stages combine no parameters. Needs a seminorm. false by default.
   */
  readonly quadrature?: boolean | undefined;
}

/**
 * The gradient by the adjoint equations, solved backwards beside the state (Chen et al. 2018) under a seminorm (Kidger et al.
 * 2021): approximate, within the tolerances, in memory that does not grow with the steps. Poor where the solution is damped:
 * going back then amplifies errors. Throws `SolveError` "invalid" for bad options.
 */
export function continuous(options: ContinuousOptions = {}): Adjoint {
  checkOptions("continuous", options, ["norm", "rtol", "atol", "solver", "controller", "quadrature"]);
  const { norm = "seminorm", rtol, atol, solver, controller, quadrature = false } = options;
  if (!NORMS.includes(norm)) throw invalid("continuous option norm", norm, NORMS.join(", "));
  if (quadrature && norm === "full")
    throw invalid("continuous option norm", norm, "a seminorm where quadrature is true");
  if (typeof quadrature !== "boolean") throw invalid("continuous option quadrature", quadrature, "true or false");
  for (const [name, value] of Object.entries({ rtol, atol })) {
    if (value !== undefined && !(value >= 0 && Number.isFinite(value))) {
      throw invalid(`continuous option ${name}`, value, "a finite number ≥ 0");
    }
  }
  if (
    solver !== undefined &&
    !(typeof solver === "object" && solver !== null && "scheme" in solver && !implicitPart(solver))
  ) {
    throw invalid("continuous option solver", solver?.name ?? solver, "an explicit solver value such as dopri5");
  }
  if (controller !== undefined) pid(controller);
  return {
    name: "continuous",
    lossOf,
    papers: [...(norm === "full" ? FULL_NORM : SEMINORM), ...(solver?.papers ?? [])],
    integrates: solver === undefined,
    slots: () => 0,
    tape: (): Tape => ({
      keepsTapes: false,
      bytes: { checkpoints: 0, stages: 0, tape: 0 },
      accept() {},
      pullback: (trajectory, loss) => solveBackwards(trajectory, loss, { ...options, norm, quadrature }),
    }),
  };
}
