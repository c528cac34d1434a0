// Banded matrices: the layout that users and kernels share, and their systems.
import { invalid } from "../base/errors.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { LINEAR, type LinearKernels } from "./kernels.ts";
import type { LinearSolver } from "./solver.ts";

/** A band: entry (i, j) of a matrix stands at upper + i − j + j (lower + upper + 1). */
export interface Band {
  /** Diagonals below the main one that may differ from 0. */
  readonly lower: number;
  /** Diagonals above the main one that may differ from 0. */
  readonly upper: number;
}

/**
 * A Jacobian with entries on `lower` diagonals below the main one and `upper` above it, for the option `sparsity`, as
 * discretised equations of one space dimension have. The option `jacobian` fills entry (i, j) at
 * `J[upper + i - j + j * (lower + upper + 1)]`. Throws `SolveError` "invalid" for what are no counts.
 */
export function banded({ lower, upper }: Band): Band {
  for (const [name, value] of Object.entries({ lower, upper }))
    if (!(Number.isInteger(value) && value >= 0)) throw invalid(`banded option ${name}`, value, "an integer ≥ 0");
  return { lower, upper };
}

const NONE = 0;

/** Banded systems of n numbers. Declare it before the lease. */
export class BandedSolver implements LinearSolver {
  readonly plain = false;
  readonly jacobian: HostVector;
  private readonly scratch: Scratch;
  private readonly n: number;
  private readonly band: Band;
  private readonly lu: HostVector;
  /** i32 numbers, which a float32 vector has room for. */
  private readonly pivots: HostVector;
  private readonly given: Float64Array | undefined;
  private readonly mass: HostVector | undefined;
  private readonly product: HostVector;
  private kernels!: LinearKernels;

  /** `mass`: the diagonal of M; the identity without it. */
  constructor(scratch: Scratch, n: number, band: Band, mass?: Float64Array) {
    const { lower, upper } = band;
    this.scratch = scratch;
    this.n = n;
    this.band = band;
    this.given = mass;
    this.jacobian = scratch.vector(n * (lower + upper + 1), "float64");
    this.lu = scratch.vector(n * (2 * lower + upper + 1), "float64");
    this.pivots = scratch.vector(n, "float32");
    this.mass = mass && scratch.vector(n, "float64");
    this.product = scratch.vector(mass ? n : 0, "float64");
  }

  entries(): ArrayLike<number> {
    const { n } = this;
    const { lower, upper } = this.band;
    const all = new Float64Array(n * n);
    for (let j = 0; j < n; j++) {
      for (let i = Math.max(0, j - upper); i <= Math.min(n - 1, j + lower); i++)
        all[i * n + j] = this.jacobian.view[upper + i - j + j * (lower + upper + 1)]!;
    }
    return all;
  }

  load(): void {
    this.kernels = LINEAR.on(this.scratch.memory);
    if (this.given) this.mass!.view.set(this.given);
  }

  factor(scale: number): boolean {
    const { lu, jacobian, mass, pivots, n } = this;
    const { lower, upper } = this.band;
    const massed = mass?.address ?? NONE;
    return this.kernels.factorBand(lu.address, jacobian.address, massed, pivots.address, n, lower, upper, scale) === 1;
  }

  solveStage(
    x: HostVector,
    k: HostVector,
    from: HostVector | undefined,
    ft: HostVector | undefined,
    gamma: number,
    slope: number,
  ): void {
    const { lu, pivots, n, band, kernels } = this;
    let sum = from;
    if (from !== undefined && this.mass !== undefined) {
      this.multiplyByMass(this.product, from);
      sum = this.product;
    }
    const [start, time] = [sum === undefined ? NONE : sum.address, ft === undefined ? NONE : ft.address];
    kernels.rightSide(x.address, k.address, start, time, gamma, slope, n);
    kernels.solveBand(lu.address, pivots.address, x.address, n, band.lower, band.upper);
  }

  solveTransposed(x: HostVector): void {
    const { lu, pivots, n, band } = this;
    this.kernels.solveBandTransposed(lu.address, pivots.address, x.address, n, band.lower, band.upper);
  }

  multiplyByMass(out: HostVector, x: HostVector): void {
    const { mass } = this;
    if (mass === undefined) out.view.set(x.view);
    else for (let i = 0; i < x.length; i++) out.view[i] = mass.view[i]! * x.view[i]!;
  }

  multiply(out: HostVector, x: HostVector): void {
    const { jacobian, n, band } = this;
    this.kernels.multiplyBand(out.address, jacobian.address, x.address, n, band.lower, band.upper);
  }
}
