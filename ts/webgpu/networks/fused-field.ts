// The fused network as a field whose solve steps in WebAssembly memory: states go up and results come down, one readback an
// evaluation; the parameters' gradient is summed on the GPU and read by `flush`.

import type { Awaitable } from "../../base/waiting.ts";
import { type BindRequest, type BoundField, RECOMPUTE } from "../../fields/field.ts";
import type { Activation } from "../../fields/mlp.ts";
import type { Shape } from "../../fields/mlp-layout.ts";
import type { Scratch, Vector } from "../../wasm/scratch.ts";
import { tooLate } from "../device/exchange.ts";
import type { WebGpu } from "../device/gpu.ts";
import { ErrorScopes } from "../device/gpu-errors.ts";
import { mapAll } from "../device/readback.ts";
import { Block, type BlockVector } from "../vectors/block.ts";
import { FusedMlp } from "./fused-mlp.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;
const NO_SLOT = -1;
const NOTHING = (): void => {};

export class BoundFusedMlp implements BoundField {
  // Tapes would have to travel; a VJP evaluates anew on the GPU instead.
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: Vector | undefined;
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

  evaluate(t: number, x: Vector, dx: Vector): Awaitable<void> {
    const { network, x: at, out } = this;
    const record = (): void => {
      this.upload(at, x);
      network.evaluate(t, at, out, NO_SLOT);
    };
    return this.compute(record, [out], ([value]) => dx.view.set(value!));
  }

  vjp(t: number, x: Vector, cotangent: Vector, xBar: Vector): Awaitable<number> {
    const { network, x: at, out } = this;
    const record = (): void => {
      this.upload(at, x);
      this.upload(this.cotangent, cotangent);
      network.vjp(t, at, this.cotangent, out, RECOMPUTE);
    };
    return this.compute(record, [out, network.tau!], ([bar, tau]) => {
      xBar.view.set(bar!);
      return tau![0]!;
    });
  }

  flush(): Awaitable<void> {
    const { network, block, zeros } = this;
    const { view } = this.paramsBar!;
    const reading = this.compute(NOTHING, [network.paramsBar!], ([sums]) => {
      for (let i = 0; i < sums!.length; i++) view[i]! += sums![i]!;
    });
    if (!this.gpu.failure) block.write(network.paramsBar!, zeros!);
    return reading;
  }

  private upload(to: BlockVector, { view }: Vector): void {
    this.block.write(to, view as Float32Array);
  }

  /** Records work, submits it and hands these vectors' numbers to `receive`, valid during the call only. */
  private async compute<T>(
    record: () => void,
    vectors: readonly BlockVector[],
    receive: (parts: readonly Float32Array[]) => T,
  ): Promise<T> {
    const { gpu, block, scratch } = this;
    if (gpu.failure) throw gpu.failure;
    const bytes = vectors.reduce((sum, { length }) => sum + length, 0) * BYTES;
    const staging = gpu.pool.take(bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    const scopes = new ErrorScopes(gpu.device);
    record();
    let at = 0;
    for (const { address, length } of vectors) {
      gpu.commands.copy(block.buffer, address * BYTES, staging, at, length * BYTES);
      at += length * BYTES;
    }
    gpu.commands.submit();
    const complaint = scopes.end();
    gpu.counts.readbacks++;
    gpu.counts.bytesRead += bytes;
    await mapAll(gpu, [staging], complaint);
    try {
      if (!scratch.leased) throw tooLate();
      const range = staging.getMappedRange();
      let offset = 0;
      const parts = vectors.map(({ length }) => {
        const part = new Float32Array(range, offset, length);
        offset += length * BYTES;
        return part;
      });
      return receive(parts);
    } finally {
      staging.unmap();
      gpu.pool.give(staging);
    }
  }
}
