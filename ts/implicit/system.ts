// The linear systems of a solve's steps: J and ∂f/∂t once for each start of a step, which a rejected step keeps, and one
// factorization for each size.
import { SolveError } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import { DenseSolver } from "../linear/dense.ts";
import type { LinearSolver } from "../linear/solver.ts";
import type { ImplicitStats, StageSystem, StepStart, StepSystem } from "../problem/implicit.ts";
import type { Vector } from "../vectors/arithmetic.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { JacobianSource } from "./jacobian.ts";

export class LinearSystems implements StepSystem {
  failed = false;
  readonly written: boolean;
  private readonly counts = { jacobians: 0, factorizations: 0, solves: 0, newtonFailures: 0 };
  private readonly solver: LinearSolver;
  private readonly source: JacobianSource;
  private readonly dfdt: HostVector;
  /** Copies of the state at the step's start and of the derivative there. */
  private readonly y: HostVector;
  private readonly k: HostVector;
  /** Stages of float32 states in float64. */
  private readonly wide: { readonly k: HostVector; readonly out: HostVector } | undefined;
  /** Where J is known, and the scale of the W that is factored; NaN: nowhere. */
  private t: number = Number.NaN;
  private scale: number = Number.NaN;
  /** J and ∂f/∂t together, for written steps, and whether they are those at t. */
  private readonly both: Float64Array;
  private copied = false;

  constructor(scratch: Scratch, like: HostVector, source: JacobianSource) {
    const { length, dtype } = like;
    this.source = source;
    this.solver = new DenseSolver(scratch, length);
    this.dfdt = scratch.vector(length, "float64");
    this.y = scratch.vector(length, dtype);
    this.k = scratch.vector(length, "float64");
    if (dtype === "float32") {
      this.wide = { k: scratch.vector(length, "float64"), out: scratch.vector(length, "float64") };
    }
    this.written = dtype === "float64";
    this.both = new Float64Array(length * (length + 1));
  }

  load(): void {
    this.solver.load();
    this.source.load?.();
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
    };
    const pending = source.evaluate({ t, h, y: this.y, k: this.k }, solver.jacobian, dfdt);
    return pending ? pending.then(done) : done();
  }

  solve({ k, gamma, slope, from }: StageSystem, out: Vector, start: StepStart, t: number, h: number): Awaitable<void> {
    const { solver, dfdt } = this;
    if (this.t !== t) {
      const pending = this.linearise(t, h, (start.out as HostVector).view, (start.k as HostVector).view);
      if (pending) return pending;
    }
    if (!this.factor(h * gamma)) return undefined;
    this.counts.solves++;
    const { wide } = this;
    if (wide === undefined) {
      solver.solveStage(out as HostVector, k as HostVector, from as HostVector | undefined, dfdt, gamma, h * slope);
    } else {
      wide.k.view.set((k as HostVector).view);
      wide.out.view.set((out as HostVector).view);
      solver.solveStage(wide.out, wide.k, from && wide.out, dfdt, gamma, h * slope);
      (out as HostVector).view.set(wide.out.view);
    }
    return undefined;
  }

  /** Has W with this scale ready; false, and `failed`, where it is singular. */
  private factor(scale: number): boolean {
    if (this.scale === scale) return true;
    this.counts.factorizations++;
    this.failed = !this.solver.factor(scale);
    this.scale = this.failed ? Number.NaN : scale;
    if (this.failed) this.counts.newtonFailures++;
    return !this.failed;
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

  countIn(stats: Partial<ImplicitStats> & { evaluations: number }): void {
    const differences = this.source.evaluations;
    stats.evaluations += differences;
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
