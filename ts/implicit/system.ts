// The linear systems of a solve's steps: J and ∂f/∂t once for each start of a step, which a rejected step keeps, and one
// factorization for each size.
import type { FloatArray } from "../base/dtype.ts";
import { invalid, SolveError } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import { type BoundField, RECOMPUTE } from "../fields/field.ts";
import type { LinearSolver } from "../linear/solver.ts";
import type { ImplicitCounts, StageSystem, StepStart, StepSystem } from "../problem/implicit.ts";
import type { Vector } from "../vectors/arithmetic.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { JacobianSource } from "./jacobian.ts";
import type { Mass } from "./mass.ts";

/** A singular mass matrix, whose algebraic equations the start has to satisfy. */
export interface Constraint {
  readonly mass: Mass;
  readonly consistent: "check" | "solve";
  readonly toleranceOf: (y: number, i: number) => number;
  readonly field: BoundField<HostVector>;
}

export class LinearSystems implements StepSystem {
  failed = false;
  readonly written: boolean;
  protected readonly counts = { jacobians: 0, factorizations: 0, solves: 0, newtonFailures: 0 };
  protected readonly solver: LinearSolver;
  private readonly source: JacobianSource;
  private readonly dfdt: HostVector;
  /** Copies of the state at the step's start and of the derivative there. */
  private readonly y: HostVector;
  private readonly k: HostVector;
  /** Stages of float32 states in float64. */
  protected readonly wide: { readonly k: HostVector; readonly out: HostVector } | undefined;
  /** J times a vector, in float64. */
  protected readonly product: HostVector;
  /** Where J is known, and the scale of the W that is factored; NaN: nowhere. */
  private t: number = Number.NaN;
  private scale: number = Number.NaN;
  /** J and ∂f/∂t together, for written steps, and whether they are those at t. */
  private readonly both: Float64Array;
  private copied = false;
  private readonly constraint: Constraint | undefined;
  /** Whether the start of the solve is still to be checked. */
  private unchecked = false;
  private readonly start: HostVector | undefined;

  /** `constraint`: has the start of a solve checked or solved for. */
  constructor(
    scratch: Scratch,
    like: HostVector,
    solver: LinearSolver,
    source: JacobianSource,
    constraint?: Constraint,
  ) {
    const { length, dtype } = like;
    this.constraint = constraint;
    this.start = constraint && scratch.vector(length, dtype);
    const vector = (): HostVector => scratch.vector(length, "float64");
    this.source = source;
    this.solver = solver;
    this.dfdt = vector();
    this.y = scratch.vector(length, dtype);
    this.k = vector();
    this.product = vector();
    if (dtype === "float32") this.wide = { k: vector(), out: vector() };
    this.written = dtype === "float64" && solver.plain;
    this.both = new Float64Array(this.written && length <= MOST_WRITTEN ? length * (length + 1) : 0);
  }

  load(t?: number, y0?: FloatArray): void {
    this.solver.load();
    // Sources that know a pattern fill no others.
    this.solver.jacobian.view.fill(0);
    this.source.load?.();
    const { constraint } = this;
    if (!constraint || y0 === undefined) return;
    if (constraint.consistent === "solve") this.solveStart(constraint, t!, y0);
    this.unchecked = true;
  }

  recheck(): void {
    this.unchecked = this.constraint !== undefined;
  }

  private tolerances({ toleranceOf }: Constraint): number[] {
    return Array.from(this.y.view, toleranceOf);
  }

  private solveStart(constraint: Constraint, t: number, y0: FloatArray): void {
    const linearise = (): { f: ArrayLike<number>; J: ArrayLike<number> } => {
      const { y, start } = this;
      y.view.set(y0);
      const evaluated = constraint.field.evaluate(t, y, start!, RECOMPUTE);
      // A step that is next to nothing: ∂f/∂t is not needed.
      const known = evaluated ?? this.linearise(t, Number.MIN_VALUE, y0, start!.view);
      if (known) throw invalid("consistent", "solve", '"check" for an asynchronous field');
      return { f: start!.view, J: this.solver.entries() };
    };
    constraint.mass.solveStart(t, y0, () => this.tolerances(constraint), linearise);
    this.forget();
  }

  forget(): void {
    this.t = Number.NaN;
  }

  /** J and ∂f/∂t at the step's start, unless they are known. */
  private linearise(t: number, h: number, y: ArrayLike<number>, k: ArrayLike<number>): Awaitable<void> {
    const { source, solver, dfdt } = this;
    this.y.view.set(y);
    this.k.view.set(k);
    this.counts.jacobians++;
    this.scale = Number.NaN;
    this.copied = false;
    const done = (): void => {
      this.t = t;
      if (this.unchecked) this.checkStart(t);
    };
    const pending = source.evaluate({ t, h, y: this.y, k: this.k }, solver.jacobian, dfdt);
    return pending ? pending.then(done) : done();
  }

  private checkStart(t: number): void {
    this.unchecked = false;
    const { mass } = this.constraint!;
    mass.check(t, this.k.view, this.solver.entries(), this.tolerances(this.constraint!));
  }

  /** Has W ready for a step from t over h; what is returned has to be waited for. */
  protected prepare(gamma: number, start: StepStart, t: number, h: number): Awaitable<void> {
    if (this.t !== t) {
      const pending = this.linearise(t, h, (start.out as HostVector).view, (start.k as HostVector).view);
      if (pending) return pending;
    }
    const scale = h * gamma;
    if (this.scale === scale) return undefined;
    this.counts.factorizations++;
    this.failed = !this.solver.factor(scale);
    this.scale = this.failed ? Number.NaN : scale;
    if (this.failed) this.counts.newtonFailures++;
    return undefined;
  }

  solve({ k, gamma, slope, from }: StageSystem, out: Vector, start: StepStart, t: number, h: number): Awaitable<void> {
    const pending = this.prepare(gamma, start, t, h);
    if (pending || this.failed) return pending;
    this.apply(out as HostVector, k as HostVector, from as HostVector | undefined, gamma, this.dfdt, h * slope);
    return undefined;
  }

  /** out ← gamma W⁻¹ (k + M·from + slope·ft), with the W that is ready; `from` is out or nothing. */
  apply(out: HostVector, k: HostVector, from: HostVector | undefined, gamma: number, ft?: HostVector, slope = 0): void {
    const { solver, wide } = this;
    this.counts.solves++;
    if (wide === undefined) {
      solver.solveStage(out, k, from, ft, gamma, slope);
      return;
    }
    wide.k.view.set(k.view);
    wide.out.view.set(out.view);
    solver.solveStage(wide.out, wide.k, from && wide.out, ft, gamma, slope);
    out.view.set(wide.out.view);
  }

  /** product ← J v + slope ∂f/∂t */
  protected multiply(v: HostVector, slope: number): Float64Array {
    const { wide, product, dfdt, solver } = this;
    if (wide) wide.k.view.set(v.view);
    solver.multiply(product, wide?.k ?? v);
    for (let i = 0; i < product.length; i++) product.view[i]! += slope * dfdt.view[i]!;
    return product.view as Float64Array;
  }

  /** into += factor (J v + slope ∂f/∂t) */
  addProduct(into: HostVector, factor: number, v: HostVector, slope: number): void {
    const product = this.multiply(v, slope);
    for (let i = 0; i < product.length; i++) into.view[i]! += factor * product[i]!;
  }

  linearised(
    t: number,
    h: number,
    y: Float64Array,
    k: Float64Array,
    fresh: boolean,
    solves: number,
  ): Float64Array | undefined {
    if (fresh || this.t !== t) {
      // Whoever answers later does not write steps.
      if (this.linearise(t, h, y, k)) return undefined;
    }
    if (!this.copied) this.copy();
    this.failed = false;
    this.counts.factorizations++;
    this.counts.solves += solves;
    return this.both;
  }

  /** Copies J and ∂f/∂t, few numbers. */
  private copy(): void {
    const { both, solver, dfdt } = this;
    const { view: J, length } = solver.jacobian;
    for (let i = 0; i < length; i++) both[i] = J[i]!;
    for (let i = 0; i < dfdt.length; i++) both[length + i] = dfdt.view[i]!;
    this.copied = true;
  }

  countIn(stats: ImplicitCounts): void {
    const { evaluations, differences } = this.source;
    stats.evaluations += evaluations;
    Object.assign(stats, this.counts, { differences });
  }

  failure(t: number, h: number): SolveError {
    return new SolveError(
      "newton",
      `at t = ${t}, step ${h}: the matrix M − h γ J of the step is singular, or J = ∂f/∂y is not finite. Check the field's ` +
        "derivatives there, the option jacobian if there is one, and, with a mass matrix, that the problem has index 1; or, " +
        "with fixed steps, try another size",
      { t, h },
    );
  }
}

/** The longest state that steps are written out for. */
const MOST_WRITTEN = 4;
