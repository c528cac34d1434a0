// What an implicit solver brings with it: its options checked, and the systems of its steps bound to a solve.
import type { FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { BoundField } from "../fields/field.ts";
import { type Band, BandedSolver } from "../linear/banded.ts";
import { DenseSolver } from "../linear/dense.ts";
import type { LinearSolver } from "../linear/solver.ts";
import type {
  EquationsProblem,
  ImplicitOptions,
  ImplicitSolver,
  StepEquations,
  TangentMaker,
} from "../problem/implicit.ts";
import { predictive } from "../problem/predictive.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import type { HostArithmetic } from "../vectors/arithmetic.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { Differences, GivenJacobian, type JacobianSource } from "./jacobian.ts";
import { Mass } from "./mass.ts";
import { ExactSecondOrder, GivenSecondOrder, SecondDifferences, type SecondOrder } from "./second-order.ts";
import { bandOf, blockOf, FieldJacobian, JvpJacobian } from "./sources.ts";
import { type Constraint, LinearSystems } from "./system.ts";
import { TransposedSystems } from "./transposed-systems.ts";

/** The error that element i may have where it is y. */
function tolerancesOf({ measure: { rtol, atol } }: EquationsProblem): (y: number, i: number) => number {
  const at = (tolerance: number | ArrayLike<number>, i: number): number =>
    typeof tolerance === "number" ? tolerance : tolerance[i]!;
  return (y, i) => at(atol, i) + at(rtol, i) * Math.abs(y);
}

class RosenbrockEquations implements StepEquations {
  readonly second: "exact" | "differences" | undefined;
  private readonly problem: EquationsProblem;
  private readonly options: ImplicitOptions;
  private readonly mass: Mass | undefined;

  constructor(options: ImplicitOptions, problem: EquationsProblem) {
    const { field } = problem;
    this.options = options;
    const { mass, consistent } = options;
    this.mass = mass === undefined ? undefined : Mass.of(mass, problem.length);
    if (consistent === "solve") this.mass?.checkSolvable();
    this.problem = problem;
    this.second = field.hasSecond || field.given?.second ? "exact" : field.differentiable ? options.second : undefined;
  }

  requireSecond(): void {
    if (this.options.consistent === "solve")
      throw invalid(
        "consistent",
        "solve",
        '"check" with an adjoint or jvp, whose derivatives would be by the start that was solved for: take it from a solve ' +
          "without them, as y0",
      );
    if (this.second) return;
    throw invalid(
      "second",
      this.options.second,
      '"differences", which are good to about 1e-9, for a field that does not give its second derivatives; compiled(f) ' +
        "without networks and vectorField({ f, vjp, second, … }) give them exactly",
    );
  }

  private like(scratch: Scratch): HostVector {
    return scratch.vector(this.problem.length, this.problem.field.dtype);
  }

  /** Where J comes from, and the width of its blocks; `field` evaluates f. */
  private source(
    scratch: Scratch,
    like: HostVector,
    field: BoundField<HostVector>,
    params: FloatArray | undefined,
  ): [source: JacobianSource, block: number, band?: Band | undefined] {
    const { problem, options } = this;
    const { field: unbound, length, argument } = problem;
    const band = unbound.given?.sparsity ?? options.sparsity;
    const differences = new Differences(scratch, field, like, tolerancesOf(problem), band);
    if (unbound.hasJacobian) {
      const own = unbound.bind(scratch, { length, params, slots: 0, gradient: false, jacobian: true });
      const block = own.sparsity?.size ?? length;
      const narrow = own.sparsity && block === length ? bandOf(own.sparsity) : undefined;
      return [new FieldJacobian(scratch, own, like, block, narrow), block, narrow];
    }
    const jacobian = unbound.given?.jacobian ?? options.jacobian;
    if (jacobian) return [new GivenJacobian(jacobian, argument, differences), length, band];
    if (!unbound.hasJvp || band) return [differences, length, band];
    const block = blockOf(unbound, length);
    const own = unbound.bind(scratch, { length, params, slots: 1, gradient: false, tangent: { params: undefined } });
    return [new JvpJacobian(scratch, own, like, block, differences), block];
  }

  /** Where J comes from, and the solver for it. */
  private parts(
    scratch: Scratch,
    field: BoundField<HostVector>,
    params: FloatArray | undefined,
  ): [Scratch, HostVector, LinearSolver, JacobianSource] {
    const { length } = this.problem;
    const like = this.like(scratch);
    const [source, block, band] = this.source(scratch, like, field, params);
    const { mass } = this;
    if (mass && !mass.isDiagonal && block !== length)
      throw invalid("mass", this.options.mass, "diagonal([…]) for a batch of rows that do not depend on each other");
    const solver = band
      ? new BandedSolver(scratch, length, band, this.diagonalMass())
      : new DenseSolver(scratch, block, length / block, mass?.blocks(block));
    return [scratch, like, solver, source];
  }

  /** The diagonal of the mass matrix, which banded systems take alone. */
  private diagonalMass(): Float64Array | undefined {
    const { mass } = this;
    if (mass && !mass.isDiagonal)
      throw invalid("mass", this.options.mass, "diagonal([…]) together with a banded Jacobian");
    return mass?.blocks(1);
  }

  private constraint(field: BoundField<HostVector>): Constraint | undefined {
    const { mass, problem, options } = this;
    if (!mass?.isSingular) return undefined;
    return { mass, consistent: options.consistent ?? "check", toleranceOf: tolerancesOf(problem), field };
  }

  bind(
    scratch: Scratch,
    _arithmetic: HostArithmetic,
    field: BoundField,
    params: FloatArray | undefined,
  ): LinearSystems {
    const own = field as BoundField<HostVector>;
    return new LinearSystems(...this.parts(scratch, own, params), this.constraint(own));
  }

  bindTransposed(
    scratch: Scratch,
    _arithmetic: HostArithmetic,
    field: BoundField,
    params: FloatArray | undefined,
    stages: number,
  ): TransposedSystems {
    const own = field as BoundField<HostVector>;
    return new TransposedSystems(...this.parts(scratch, own, params), this.secondOrder(scratch, own), stages);
  }

  private secondOrder(scratch: Scratch, field: BoundField<HostVector>): SecondOrder {
    const second = this.problem.field.given?.second;
    if (second) return new GivenSecondOrder(second, this.problem.argument as Float64Array, field);
    return this.second === "exact"
      ? new ExactSecondOrder(field)
      : new SecondDifferences(scratch, field, this.like(scratch));
  }

  along(make: TangentMaker, paramsDot: ArrayLike<number> | undefined): StepEquations {
    const bind: StepEquations["bind"] = (scratch, _arithmetic, tangent, params) => {
      const { field, length } = this.problem;
      const pairs = this.second === "exact" ? { pairs: 1 } : {};
      const own = field.bind(scratch, { length, params, slots: 0, gradient: true, ...pairs });
      const inner = new LinearSystems(...this.parts(scratch, own, params));
      const second = this.secondOrder(scratch, own);
      return new make(scratch, this.like(scratch), inner, tangent, own, second, paramsDot);
    };
    return {
      bind,
      second: this.second,
      requireSecond: () => this.requireSecond(),
      bindTransposed: (...request) => this.bindTransposed(...request),
      along: (...request) => this.along(...request),
    };
  }
}

function equationsOf(options: ImplicitOptions, problem: EquationsProblem): StepEquations {
  const { jacobian, second, consistent, sparsity } = options;
  if (sparsity !== undefined && !(typeof sparsity === "object" && sparsity !== null && "lower" in sparsity))
    throw invalid("sparsity", sparsity, "banded({ lower, upper })");
  if (jacobian !== undefined && typeof jacobian !== "function")
    throw invalid("jacobian", jacobian, "a function (t, y, params, J) => void that fills J");
  if (second !== undefined && second !== "differences") throw invalid("second", second, '"differences"');
  if (consistent !== undefined && consistent !== "check" && consistent !== "solve")
    throw invalid("consistent", consistent, '"check", "solve"');
  return new RosenbrockEquations(options, problem);
}

/** A solver with what solves the equations of its steps. */
export const implicitSolver = (solver: Solver): ImplicitSolver => ({
  ...solver,
  implicit: { controller: predictive(), equationsOf },
});
