// What implicit solvers bring with them. The loop and the adjoints know these contracts only; everything behind them comes with
// the solver value, so bundles without an implicit solver have none of it.
import type { SolveError } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import type { BoundField, Field } from "../fields/field.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import type { HostArithmetic, Measure, Vector } from "../vectors/arithmetic.ts";
import type { Scratch } from "../wasm/scratch.ts";
import type { Controller } from "./controller.ts";

/**
 * Fills `J`, all zero before, with ∂f/∂y in the order that `sparsity` gives it: dense and row-major without one. It may fill
 * `dfdt` with ∂f/∂t, which is differenced otherwise; NaN there means "not filled".
 */
// biome-ignore lint/suspicious/noExplicitAny: parameters are whatever the user passes
export type JacobianFunction<P = any> = (
  t: number,
  y: Float64Array,
  params: P,
  J: Float64Array,
  dfdt: Float64Array,
) => void;

/** Options of `solve` for implicit solvers. */
export interface ImplicitOptions {
  /** ∂f/∂y; without it the field's own Jacobian or `jvp` is used, else differences. */
  readonly jacobian?: JacobianFunction | undefined;
}

/** What a solve with an implicit solver counts besides. */
export interface ImplicitStats {
  jacobians: number;
  factorizations: number;
  /** Linear systems solved. */
  solves: number;
  /** Steps given up because their equations could not be solved. */
  newtonFailures: number;
  /** Evaluations spent on differences, ∂f/∂t included; `evaluations` has them too. */
  differences: number;
}

/** A linear system of a step with its vectors; see `Solve` in solvers/scheme.ts. `from` is `out` where it has terms. */
export interface StageSystem {
  readonly k: Vector;
  readonly gamma: number;
  readonly slope: number;
  readonly from: Vector | undefined;
}

/** The start of a step, where its linear systems belong to: the state and the first derivative there. */
export interface StepStart {
  readonly out: Vector;
  readonly k: Vector | undefined;
}

/** The linear systems of a solve's steps, bound to its vectors. */
export interface StepSystem {
  /** Whether the last system that was to be solved could not be. */
  readonly failed: boolean;
  /** Whether `linearised` answers, so that steps may be written out. */
  readonly written: boolean;
  /** Called once after the lease. */
  load(): void;
  /** The next step starts from a state that was not seen before, whatever its time. */
  forget(): void;
  /** Solves for `out`, in a step from t over h. What is returned has to be waited for; then it must be called again. */
  solve(stage: StageSystem, out: Vector, start: StepStart, t: number, h: number): Awaitable<void>;
  /**
   * For steps written out as text: J, row-major, then ∂f/∂t, at the state y with f = k, for a step from t over h that solves
   * `solves` systems. `fresh`: the state is new.
   */
  linearised(
    t: number,
    h: number,
    y: Float64Array,
    k: Float64Array,
    fresh: boolean,
    solves: number,
  ): Float64Array | undefined;
  /** Adds the counts so far to those of the solve, whose evaluations are without differences. */
  countIn(stats: Partial<ImplicitStats> & { evaluations: number }): void;
  /** What a solve that cannot go on from t ends with. */
  failure(t: number, h: number): SolveError;
}

/** What the steps of a solve have to solve, known before anything is bound. */
export interface StepEquations {
  /** Before the lease. */
  bind(scratch: Scratch, arithmetic: HostArithmetic, field: BoundField): StepSystem;
}

/** A problem as far as equations need to know it. */
export interface EquationsProblem {
  readonly field: Field;
  readonly length: number;
  /** What a bare function gets as its fourth argument. */
  readonly argument: unknown;
  readonly measure: Measure;
}

/** A solver whose steps solve equations. */
export interface ImplicitSolver extends Solver {
  readonly implicit: {
    readonly controller: Controller;
    /** Checks the options. Throws `SolveError` "invalid". */
    readonly equationsOf: (options: ImplicitOptions, problem: EquationsProblem) => StepEquations;
  };
}

/** What a solver brings with it, if it is implicit. */
export const implicitPart = (solver: Solver): ImplicitSolver["implicit"] | undefined =>
  (solver as Partial<ImplicitSolver>).implicit;
