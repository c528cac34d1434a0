// The fused network of a solve whose vectors are in WebAssembly memory: states go up and results come down, one readback an
// evaluation; the parameters' gradient is summed on the GPU and read by `flush`.

import type { Awaitable } from "../../base/waiting.ts";
import { type BindRequest, type BoundField, RECOMPUTE } from "../../fields/field.ts";
import type { Activation } from "../../fields/mlp.ts";
import type { Shape } from "../../fields/mlp-layout.ts";
import type { HostVector, Scratch } from "../../wasm/scratch.ts";
import type { WebGpu } from "../device/gpu.ts";
import { readBack } from "../device/readback.ts";
import { Block, type BlockVector } from "../vectors/block.ts";
import { FusedMlp } from "./fused-mlp.ts";

const NO_SLOT = -1;

export class HostFusedMlp implements BoundField<HostVector> {
  // Tapes would have to travel; a VJP evaluates anew on the GPU instead.
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: HostVector | undefined;
  private readonly gpu: WebGpu;
  private readonly scratch: Scratch;
  private readonly params: Float32Array;
  private readonly block: Block;
  private readonly network: FusedMlp;
  private readonly x: BlockVector;
  private readonly cotangent: BlockVector;
  private readonly out: BlockVector;
  private readonly zeros: Float32Array | undefined;

  constructor(
    gpu: WebGpu,
    scratch: Scratch,
    { length, params, gradient }: BindRequest,
    shape: Shape,
    activation: Activation,
  ) {
    this.gpu = gpu;
    this.scratch = scratch;
    this.params = params as Float32Array;
    const block = new Block(gpu);
    this.block = block;
    this.network = new FusedMlp(block, shape, activation, length / shape.layers[0]!, { slots: 0, gradient });
    this.x = block.vector(length);
    this.cotangent = block.vector(gradient ? length : 0);
    this.out = block.vector(length);
    if (!gradient) return;
    this.paramsBar = scratch.vector(this.params.length, "float32");
    this.zeros = new Float32Array(this.params.length);
  }

  load(): void {
    const { gpu, block, network, scratch, zeros } = this;
    // On a lost device the first evaluation fails, as a promise.
    if (gpu.failure) return;
    scratch.onRelease(() => block.release());
    block.take();
    network.load(this.params);
    if (zeros) block.write(network.paramsBar!, zeros);
  }

  evaluate(t: number, x: HostVector, dx: HostVector): Awaitable<void> {
    const { network, x: at, out } = this;
    const record = (): BlockVector[] => {
      this.upload(at, x);
      network.evaluate(t, at, out, NO_SLOT);
      return [out];
    };
    return readBack(this.gpu, this.scratch, record, ([value]) => dx.view.set(value!));
  }

  vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector): Awaitable<number> {
    const { network, x: at, out } = this;
    const record = (): BlockVector[] => {
      this.upload(at, x);
      this.upload(this.cotangent, cotangent);
      network.vjp(t, at, this.cotangent, out, RECOMPUTE);
      return [out, network.tau!];
    };
    return readBack(this.gpu, this.scratch, record, ([bar, tau]) => {
      xBar.view.set(bar!);
      return tau![0]!;
    });
  }

  flush(): Awaitable<void> {
    const { gpu, scratch, block, zeros } = this;
    const { view } = this.paramsBar!;
    const kept = this.network.paramsBar!;
    const reading = readBack(
      gpu,
      scratch,
      () => [kept],
      ([sums]) => {
        for (let i = 0; i < sums!.length; i++) view[i]! += sums![i]!;
      },
    );
    if (!gpu.failure) block.write(kept, zeros!);
    return reading;
  }

  private upload(to: BlockVector, { view }: HostVector): void {
    this.block.write(to, view as Float32Array);
  }
}
