// The exchange with tfjs's WebGPU backend: views of WebAssembly memory go straight into GPU buffers that tensors alias,
// and results come straight from the mapped range of a pooled readback buffer into the block. One readback a call.
import type { Tensor } from "@tensorflow/tfjs-core";
import type { SolveError } from "../../base/errors.ts";
import type { Scratch } from "../../wasm/scratch.ts";
import { assertBackend, type Exchange, type Input, results, tooLate } from "./exchange.ts";
import type { WebGpu } from "./gpu.ts";
import { ErrorScopes } from "./gpu-errors.ts";
import { mapAll } from "./readback.ts";
import { bufferOf, recordCopy } from "./tfjs.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** A tensor on a buffer of ours. */
export class GpuInput implements Input {
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

  close(): void {
    this.tensor.dispose();
    this.gpu.pool.give(this.buffer);
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
    let complaint: Promise<SolveError | undefined>;
    try {
      readback = this.record(f);
    } finally {
      complaint = scopes.end();
    }
    const { staging, sizes } = readback;
    await mapAll(gpu, [staging], complaint);
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
    for (const input of this.inputs.splice(0)) input.close();
  }
}
