// What implicit solvers bring with them. The loop and the adjoints know these contracts only; everything behind them comes with
// the solver value, so bundles without an implicit solver have none of it.
import type { FloatArray } from "../base/dtype.ts";
import type { SolveError } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import type { BoundField, Field } from "../fields/field.ts";
import type { GivenDerivatives, JacobianFunction } from "../fields/given-derivatives.ts";
import type { Band } from "../linear/banded.ts";
import type { Diagonal } from "../linear/diagonal.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import type { HostArithmetic, Measure, Vector } from "../vectors/arithmetic.ts";
import type { Scratch } from "../wasm/scratch.ts";
import type { Controller } from "./controller.ts";

/** Options of `solve` for implicit solvers. */
export interface ImplicitOptions {
  /** ∂f/∂y of a bare function; fields may have their own. Without either a field's `jvp` is used, else differences. */
  readonly jacobian?: JacobianFunction | undefined;
  /** Where ∂f/∂y may differ from 0: `banded({ lower, upper })`. Fields that know it need not be told. Anywhere by default. */
  readonly sparsity?: Band | undefined;
  /**
   * "differences": gradients and `jvp` may take differences of VJPs for second derivatives that the field does not give, good
   * to about 1e-9. Without it such a field is refused.
   */
  readonly second?: "differences" | undefined;
  /**
   * The mass matrix M of M dy/dt = f: `diagonal([…])`, or all its entries, row-major. Where it is singular the problem is
   * differential-algebraic, which must be of index 1. The identity by default.
   */
  readonly mass?: Diagonal | ArrayLike<number> | undefined;
  /**
   * What is done with a start that does not satisfy the algebraic equations of a singular mass matrix: "check" (the default)
   * ends the solve in "inconsistent"; "solve" takes the nearest values by Newton's method of those numbers of the state whose
   * derivatives do not occur.
   */
  readonly consistent?: "check" | "solve" | undefined;
}

/** What a solve with an implicit solver counts besides. */
export interface ImplicitStats {
  /** Jacobians evaluated or differenced. */
  jacobians: number;
  /** Matrices factored. */
  factorizations: number;
  /** Linear systems solved. */
  solves: number;
  /** Steps given up because their equations could not be solved. */
  newtonFailures: number;
  /** Evaluations spent on differences, ∂f/∂t included; `evaluations` has them too. */
  differences: number;
}

/** Counts of a solve or a gradient, to which an implicit solver adds its own. */
export interface ImplicitCounts extends Partial<ImplicitStats> {
  evaluations: number;
  vjps?: number;
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
  /** Called once after the lease; at the start of a solve with its time and state, which may be changed there. */
  load(t?: number, y0?: FloatArray): void;
  /** The next step starts from a state that was not seen before, whatever its time. */
  forget(): void;
  /** An event has changed the state: the algebraic equations are checked at the next step's start. */
  recheck(): void;
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
  countIn(stats: ImplicitCounts): void;
  /** What a solve that cannot go on from t ends with. */
  failure(t: number, h: number): SolveError;
}

/** A system that was solved, for its adjoint: w = gamma (M − h gamma J)⁻ᵀ v̄ with v the solution. */
export interface SolvedStage {
  readonly tangent: Vector;
  readonly slope: number;
  readonly cotangent: Vector;
}

/** Where ∂L/∂h of the step in work is summed. */
export interface StartMotion {
  dh: number;
}

/** The systems of a step with their adjoints. */
export interface TransposedSystem extends StepSystem {
  /**
   * solved ← gamma (M − h gamma J)⁻ᵀ bar, product ← Mᵀ solved. What is returned has to be waited for; then it must be called
   * again.
   */
  solveTransposed(
    stage: StageSystem,
    bar: Vector,
    solved: Vector,
    product: Vector,
    start: StepStart,
    t: number,
    h: number,
  ): Awaitable<void>;
  /**
   * Of s = h Σ w·(J v + slope ∂f/∂t) over the stages, all at the step's start: xBar ← ∇ₓ s, and ∇_θ s goes where the field's
   * VJPs add; returns ∂s/∂t. Adds s/h to ∂L/∂h where `motion` is there.
   */
  pullStart(
    stages: readonly SolvedStage[],
    start: StepStart,
    t: number,
    h: number,
    xBar: Vector,
    motion: StartMotion | undefined,
  ): Awaitable<number>;
}

/** Makes the systems of a linearisation. */
// biome-ignore lint/suspicious/noExplicitAny: its arguments are known where it is called
export type TangentMaker = new (...parts: any[]) => StepSystem;

/** What the steps of a solve have to solve, known before anything is bound. */
export interface StepEquations {
  /** Where second derivatives come from, which gradients need; undefined: nowhere. */
  readonly second: "exact" | "differences" | undefined;
  /** Throws `SolveError` "invalid" where second derivatives are missing. */
  requireSecond(): void;
  /** Before the lease; `params`: those to compute with. */
  bind(scratch: Scratch, arithmetic: HostArithmetic, field: BoundField, params: FloatArray | undefined): StepSystem;
  /** With adjoints; `field` has VJPs, and `second` for as many pairs as a step has systems, where these are exact. */
  bindTransposed(
    scratch: Scratch,
    arithmetic: HostArithmetic,
    field: BoundField,
    params: FloatArray | undefined,
    stages: number,
  ): TransposedSystem;
  /**
   * The equations of the field's linearisation along a direction (fields/tangent.ts). `make`: TangentSystems of implicit/, which
   * forward sensitivities bring, so that solves do not.
   */
  along(make: TangentMaker, paramsDot: ArrayLike<number> | undefined): StepEquations;
}

/** A problem as far as equations need to know it. */
export interface EquationsProblem {
  /** `given`: what the user of `vectorField` has written. */
  readonly field: Field & { readonly given?: GivenDerivatives };
  readonly length: number;
  /** What a bare function gets as its fourth argument. */
  readonly argument: unknown;
  readonly measure: Measure;
}

/** A solver whose steps solve equations. */
export interface ImplicitSolver extends Solver {
  /** @internal What its steps solve. */
  readonly implicit: {
    readonly controller: Controller;
    /** Checks the options. Throws `SolveError` "invalid". */
    readonly equationsOf: (options: ImplicitOptions, problem: EquationsProblem) => StepEquations;
  };
}

/** What a solver brings with it, if it is implicit. */
export const implicitPart = (solver: Solver): ImplicitSolver["implicit"] | undefined =>
  (solver as Partial<ImplicitSolver>).implicit;
