// What an implicit solver brings with it: its options checked, and the systems of its steps bound to a solve.
import { invalid } from "../base/errors.ts";
import type { BoundField } from "../fields/field.ts";
import type { EquationsProblem, ImplicitOptions, ImplicitSolver, StepEquations } from "../problem/implicit.ts";
import { predictive } from "../problem/predictive.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import type { HostVector } from "../wasm/scratch.ts";
import { Differences, GivenJacobian } from "./jacobian.ts";
import { LinearSystems } from "./system.ts";

/** The error that element i may have where it is y. */
function tolerancesOf({ measure: { rtol, atol } }: EquationsProblem): (y: number, i: number) => number {
  const at = (tolerance: number | ArrayLike<number>, i: number): number =>
    typeof tolerance === "number" ? tolerance : tolerance[i]!;
  return (y, i) => at(atol, i) + at(rtol, i) * Math.abs(y);
}

function equationsOf({ jacobian }: ImplicitOptions, problem: EquationsProblem): StepEquations {
  if (jacobian !== undefined && typeof jacobian !== "function")
    throw invalid("jacobian", jacobian, "a function (t, y, params, J) => void that fills J");
  const toleranceOf = tolerancesOf(problem);
  return {
    bind(scratch, arithmetic, bound) {
      const like = arithmetic.vector() as HostVector;
      const differences = new Differences(scratch, bound as BoundField<HostVector>, like, toleranceOf);
      const source = jacobian ? new GivenJacobian(jacobian, problem.argument, differences) : differences;
      return new LinearSystems(scratch, like, source);
    },
  };
}

/** A solver with what solves the equations of its steps. */
export const implicitSolver = (solver: Solver): ImplicitSolver => ({
  ...solver,
  implicit: { controller: predictive(), equationsOf },
});
