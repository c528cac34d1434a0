// Parameters of a network as its kernels read them: packed in the leased block, with the descriptor that says where.
import type { Dtype, FloatArray } from "../base/dtype.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { NETWORKS } from "./mlp-kernels.ts";
import type { Layout } from "./mlp-layout.ts";

export class PackedParams {
  private readonly scratch: Scratch;
  private readonly layout: Layout;
  private readonly dtype: Dtype;
  private readonly theta: HostVector;
  private readonly packed: HostVector;
  private readonly work: HostVector;
  private readonly descriptor: HostVector;

  /** Declares the vectors for `length` parameters and `workLength` numbers of work. */
  constructor(scratch: Scratch, layout: Layout, dtype: Dtype, length: number, workLength: number) {
    this.scratch = scratch;
    this.layout = layout;
    this.dtype = dtype;
    this.theta = scratch.vector(length, dtype);
    this.packed = scratch.vector(layout.packedLength, dtype);
    this.work = scratch.vector(workLength, dtype);
    this.descriptor = scratch.vector(layout.descriptorWords / 2, "float64");
  }

  /** The values of shared inputs, t not counted, and whatever stands behind them; after `load`. */
  get values(): FloatArray {
    return this.packed.view.subarray(this.layout.values);
  }

  /** Packs `params`, after the lease; returns the descriptor's address. */
  load(params: ArrayLike<number>): number {
    const { memory } = this.scratch;
    const kernels = NETWORKS.on(memory);
    const { theta, packed, work, layout } = this;
    const { address } = this.descriptor;
    theta.view.set(params);
    const words = new Uint32Array(memory.buffer, address, layout.descriptorWords);
    layout.describe(words, { theta: theta.address, packed: packed.address, work: work.address });
    if (this.dtype === "float32") kernels.mlpPackF32(address);
    else kernels.mlpPackF64(address);
    return address;
  }
}
