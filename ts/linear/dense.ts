// Dense matrices, or blocks along the diagonal, by the kernels of LU factors.
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { LINEAR, type LinearKernels } from "./kernels.ts";
import type { LinearSolver } from "./solver.ts";

const NONE = 0;

/** Systems of `blocks` blocks of n × n numbers, row-major one after the other. Declare it before the lease. */
export class DenseSolver implements LinearSolver {
  readonly jacobian: HostVector;
  readonly plain: boolean;
  private readonly scratch: Scratch;
  private readonly n: number;
  private readonly blocks: number;
  private readonly lu: HostVector;
  /** i32 numbers, which a float32 vector has room for. */
  private readonly pivots: HostVector;
  /** M, and M times a vector. */
  private readonly mass: HostVector | undefined;
  private readonly product: HostVector | undefined;
  private readonly given: Float64Array | undefined;
  private kernels!: LinearKernels;

  /** `mass`: M, as J is laid out; the identity without it. */
  constructor(scratch: Scratch, n: number, blocks: number, mass?: Float64Array) {
    this.scratch = scratch;
    this.n = n;
    this.blocks = blocks;
    this.plain = blocks === 1 && mass === undefined;
    this.jacobian = scratch.vector(blocks * n * n, "float64");
    this.lu = scratch.vector(blocks * n * n, "float64");
    this.pivots = scratch.vector(blocks * n, "float32");
    this.given = mass;
    this.mass = mass && scratch.vector(mass.length, "float64");
    this.product = mass && scratch.vector(blocks * n, "float64");
  }

  entries(): ArrayLike<number> {
    const { n, blocks } = this;
    const { view: J } = this.jacobian;
    if (blocks === 1) return J;
    const length = n * blocks;
    const all = new Float64Array(length * length);
    for (let i = 0; i < length; i++) {
      const first = i - (i % n);
      for (let j = 0; j < n; j++) all[i * length + first + j] = J[i * n + j]!;
    }
    return all;
  }

  load(): void {
    this.kernels = LINEAR.on(this.scratch.memory);
    if (this.given) this.mass!.view.set(this.given);
  }

  factor(scale: number): boolean {
    const { lu, jacobian, mass, pivots, n, blocks } = this;
    return (
      this.kernels.factor(lu.address, jacobian.address, mass?.address ?? NONE, pivots.address, n, blocks, scale) === 1
    );
  }

  solveStage(
    x: HostVector,
    k: HostVector,
    from: HostVector | undefined,
    ft: HostVector | undefined,
    gamma: number,
    slope: number,
  ): void {
    const { lu, pivots, n, blocks } = this;
    const { mass, product } = this;
    if (from !== undefined && mass !== undefined)
      this.kernels.multiply(product!.address, mass.address, from.address, n, blocks, NONE);
    const sum = mass === undefined ? from : product;
    const [start, time] = [from === undefined ? NONE : sum!.address, ft === undefined ? NONE : ft.address];
    // biome-ignore format: the order of its parameters
    this.kernels.solveStage(lu.address, pivots.address, x.address, k.address, start, time, gamma, slope, n, blocks);
  }

  solveTransposed(x: HostVector): void {
    const { lu, pivots, n, blocks } = this;
    this.kernels.solveTransposed(lu.address, pivots.address, x.address, n, blocks);
  }

  multiplyByMass(out: HostVector, x: HostVector): void {
    const { mass, n, blocks } = this;
    if (mass === undefined) out.view.set(x.view);
    else this.kernels.multiply(out.address, mass.address, x.address, n, blocks, 1);
  }

  multiply(out: HostVector, x: HostVector): void {
    this.kernels.multiply(out.address, this.jacobian.address, x.address, this.n, this.blocks, NONE);
  }
}
