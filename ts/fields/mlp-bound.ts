// A network bound to one leased block: one call of a kernel evaluates it, and one its vector–Jacobian product, for all rows.
import { bytesOf, type Dtype, type FloatArray } from "../base/dtype.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { type BindRequest, type BoundField, RECOMPUTE } from "./field.ts";
import { NETWORKS, type NetworkKernels } from "./mlp-kernels.ts";
import { type Activation, kernelLayout, type Layout, type Shape } from "./mlp-layout.ts";
import { PackedParams } from "./mlp-packed.ts";

/** What is bound. */
export interface Network extends Shape {
  readonly activation: Activation;
  readonly dtype: Dtype;
  readonly params: FloatArray;
}

const NONE = 0;

export class BoundMlp implements BoundField<HostVector> {
  readonly tapeLength: number;
  readonly tape: HostVector | undefined;
  readonly paramsBar: HostVector | undefined;
  readonly network: Network;
  readonly layout: Layout;
  readonly scratch: Scratch;
  private readonly params: FloatArray;
  protected readonly packed: PackedParams;
  /** θ̇, where tangents are wanted and it is not zero. */
  private readonly paramsDot: ArrayLike<number> | undefined;
  protected readonly packedDot: PackedParams | undefined;
  /** The tape of a VJP that evaluates anew. */
  private readonly spare: HostVector | undefined;
  // Everything the hot path needs, as plain numbers and functions, from `load`.
  /** The address of the network's descriptor, and of ∂L/∂θ, null where none is asked for. */
  descriptor: number = NONE;
  /** The address of the descriptor of θ̇, null where it is 0. */
  dot: number = NONE;
  private tapes = NONE;
  private readonly tapeBytes: number;
  private spareAt = NONE;
  paramsBarAt: number = NONE;
  kernels!: NetworkKernels;
  private forward!: NetworkKernels["mlpForwardF32"];
  private backward!: NetworkKernels["mlpBackwardF32"];
  private push!: NetworkKernels["mlpJvpF32"];

  constructor(scratch: Scratch, { length, params, slots, gradient, tangent }: BindRequest, network: Network) {
    const { dtype, activation } = network;
    const batch = length / network.layers[0]!;
    const layout = kernelLayout(network, activation, dtype, batch, gradient);
    const vector = (n: number): HostVector => scratch.vector(n, dtype);
    this.scratch = scratch;
    this.network = network;
    this.layout = layout;
    this.params = params ?? network.params;
    this.tapeLength = layout.tapeLength;
    this.tape = slots * layout.tapeLength > 0 ? vector(slots * layout.tapeLength) : undefined;
    this.tapeBytes = layout.tapeLength * bytesOf(dtype);
    const count = this.params.length;
    this.packed = new PackedParams(scratch, layout, dtype, count, layout.workLength);
    this.paramsDot = tangent?.params;
    if (this.paramsDot) {
      const forwardOnly = kernelLayout(network, activation, dtype, batch, false);
      this.packedDot = new PackedParams(scratch, forwardOnly, dtype, count, layout.blockLength);
    }
    if (!gradient) return;
    this.paramsBar = vector(this.params.length);
    if (layout.tapeLength > 0) this.spare = vector(layout.tapeLength);
  }

  load(): void {
    const kernels = NETWORKS.on(this.scratch.memory);
    this.kernels = kernels;
    const single = this.network.dtype === "float32";
    this.forward = single ? kernels.mlpForwardF32 : kernels.mlpForwardF64;
    this.backward = single ? kernels.mlpBackwardF32 : kernels.mlpBackwardF64;
    this.push = single ? kernels.mlpJvpF32 : kernels.mlpJvpF64;
    this.tapes = this.tape?.address ?? NONE;
    this.spareAt = this.spare?.address ?? NONE;
    this.paramsBarAt = this.paramsBar?.address ?? NONE;
    this.descriptor = this.packed.load(this.params);
    this.dot = this.packedDot?.load(this.paramsDot!) ?? NONE;
  }

  /** Called before every pass; `rates`: whether it needs the derivatives of shared inputs by t. */
  prepare(_t: number, _rates = false): void {}

  /** ∂f/∂t · cotangent as far as it goes through shared inputs, from what a pass has left there. */
  alongTime(_t: number): number {
    return 0;
  }

  evaluate(t: number, x: HostVector, dx: HostVector, slot: number): void {
    this.prepare(t);
    this.forward(this.descriptor, t, x.address, dx.address, this.slotAt(slot));
  }

  vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector, slot: number): number {
    this.prepare(t);
    const tape = this.tapeOf(t, x, slot);
    const { descriptor, paramsBarAt } = this;
    const rate = this.backward(descriptor, t, x.address, cotangent.address, xBar.address, paramsBarAt, tape);
    return rate + this.alongTime(t);
  }

  /** The address of the tape at (t, x), made anew for RECOMPUTE. */
  tapeOf(t: number, x: HostVector, slot: number): number {
    if (slot !== RECOMPUTE) return this.slotAt(slot);
    // A null output: only the tape is wanted. A network of one layer has none.
    if (this.spareAt !== NONE) this.forward(this.descriptor, t, x.address, NONE, this.spareAt);
    return this.spareAt;
  }

  jvp(t: number, x: HostVector, xDot: HostVector, out: HostVector, slot: number): void {
    this.prepare(t);
    this.push(this.descriptor, this.dot, t, x.address, xDot.address, out.address, this.slotAt(slot));
  }

  private slotAt(slot: number): number {
    return slot < 0 || this.tapes === NONE ? NONE : this.tapes + slot * this.tapeBytes;
  }
}
