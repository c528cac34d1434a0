// Dense matrices, or blocks along the diagonal, by the kernels of LU factors.
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { LINEAR, type LinearKernels } from "./kernels.ts";
import type { LinearSolver } from "./solver.ts";

const NONE = 0;

/** Systems of `blocks` blocks of n × n numbers, row-major one after the other. Declare it before the lease. */
export class DenseSolver implements LinearSolver {
  readonly jacobian: HostVector;
  readonly dense: boolean;
  private readonly scratch: Scratch;
  private readonly n: number;
  private readonly blocks: number;
  private readonly lu: HostVector;
  /** i32 numbers, which a float32 vector has room for. */
  private readonly pivots: HostVector;
  private kernels!: LinearKernels;

  constructor(scratch: Scratch, n: number, blocks = 1) {
    this.scratch = scratch;
    this.n = n;
    this.blocks = blocks;
    this.dense = blocks === 1;
    this.jacobian = scratch.vector(blocks * n * n, "float64");
    this.lu = scratch.vector(blocks * n * n, "float64");
    this.pivots = scratch.vector(blocks * n, "float32");
  }

  load(): void {
    this.kernels = LINEAR.on(this.scratch.memory);
  }

  factor(scale: number): boolean {
    const { lu, jacobian, pivots, n, blocks } = this;
    return this.kernels.factor(lu.address, jacobian.address, NONE, pivots.address, n, blocks, scale) === 1;
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
    const [start, time] = [from === undefined ? NONE : from.address, ft === undefined ? NONE : ft.address];
    // biome-ignore format: the order of its parameters
    this.kernels.solveStage(lu.address, pivots.address, x.address, k.address, start, time, gamma, slope, n, blocks);
  }

  solveTransposed(x: HostVector): void {
    const { lu, pivots, n, blocks } = this;
    this.kernels.solveTransposed(lu.address, pivots.address, x.address, n, blocks);
  }

  multiply(out: HostVector, x: HostVector): void {
    this.kernels.multiply(out.address, this.jacobian.address, x.address, this.n, this.blocks, NONE);
  }
}
