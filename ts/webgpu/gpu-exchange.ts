// The exchange with tfjs's WebGPU backend: views of WebAssembly memory go straight into GPU buffers that tensors alias,
// and results come straight from the mapped range of a pooled readback buffer into the block. One readback a call.
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Scratch } from "../wasm/scratch.ts";
import { assertBackend, type Exchange, type Input, results, tooLate } from "./exchange.ts";
import type { WebGpu } from "./gpu.ts";
import { ErrorScopes, lost } from "./gpu-errors.ts";
import { bufferOf, recordCopy } from "./tfjs.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;

class GpuInput implements Input {
  readonly tensor: Tensor;
  readonly buffer: GPUBuffer;
  private readonly gpu: WebGpu;

  constructor(gpu: WebGpu, shape: readonly number[]) {
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    const size = shape.reduce((product, width) => product * width, 1);
    this.gpu = gpu;
    this.buffer = gpu.pool.take(Math.max(1, size) * BYTES, STORAGE | COPY_SRC | COPY_DST);
    this.tensor = gpu.tf.keep(gpu.tf.tensor({ buffer: this.buffer, zeroCopy: true }, [...shape], "float32"));
  }

  write(numbers: Float32Array): void {
    this.gpu.counts.bytesUploaded += numbers.byteLength;
    this.gpu.device.queue.writeBuffer(this.buffer, 0, numbers as Float32Array<ArrayBuffer>);
  }
}

export class GpuExchange implements Exchange {
  private readonly gpu: WebGpu;
  private readonly scratch: Scratch;
  private readonly inputs: GpuInput[] = [];

  constructor(gpu: WebGpu, scratch: Scratch) {
    this.gpu = gpu;
    this.scratch = scratch;
  }

  input(shape: readonly number[]): Input {
    const input = new GpuInput(this.gpu, shape);
    this.inputs.push(input);
    return input;
  }

  async compute<T>(f: () => readonly Tensor[], receive: (parts: readonly Float32Array[]) => T): Promise<T> {
    const { gpu } = this;
    if (gpu.failure) throw gpu.failure;
    assertBackend(gpu.tf, "webgpu");
    const scopes = new ErrorScopes(gpu.device);
    let readback: { staging: GPUBuffer; sizes: number[] };
    let complaint: Promise<unknown>;
    try {
      readback = this.record(f);
    } finally {
      complaint = scopes.end();
    }
    const { staging, sizes } = readback;
    const mapping = staging.mapAsync(GPUMapMode.READ).catch((reason: unknown) => ({ reason }));
    const error = await complaint;
    const unmapped = await mapping;
    if (error || unmapped) {
      gpu.pool.discard(staging);
      // A complaint explains a failed mapping; without one the device is gone.
      if (!error) gpu.end(lost(unmapped!.reason));
      throw gpu.failure ?? error;
    }
    try {
      if (!this.scratch.leased) throw tooLate();
      const range = staging.getMappedRange();
      let offset = 0;
      const parts = sizes.map((size) => {
        const part = new Float32Array(range, offset, size);
        offset += size * BYTES;
        return part;
      });
      return receive(parts);
    } finally {
      staging.unmap();
      gpu.pool.give(staging);
    }
  }

  /** Records f and the copies of its results into one readback buffer, and submits all of it. */
  private record(f: () => readonly Tensor[]): { staging: GPUBuffer; sizes: number[] } {
    const { tf, backend, pool, counts } = this.gpu;
    const outputs = results(tf, f);
    try {
      const sizes = outputs.map(({ size }) => size);
      const bytes = sizes.reduce((sum, size) => sum + size, 0) * BYTES;
      const staging = pool.take(bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
      let offset = 0;
      for (const output of outputs) {
        recordCopy(backend, bufferOf(backend, output), staging, offset, output.size * BYTES);
        offset += output.size * BYTES;
      }
      backend.submitQueue();
      counts.readbacks++;
      counts.bytesRead += bytes;
      return { staging, sizes };
    } finally {
      tf.dispose(outputs);
    }
  }

  close(): void {
    for (const { tensor, buffer } of this.inputs) {
      tensor.dispose();
      this.gpu.pool.give(buffer);
    }
    this.inputs.length = 0;
  }
}
