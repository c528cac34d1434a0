// The exchange with tfjs's WebGPU backend: views of WebAssembly memory go straight into GPU buffers that tensors alias,
// and results come straight from the mapped range of a pooled readback buffer into the block. One readback a call.
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Scratch } from "../../wasm/scratch.ts";
import type { GpuContext } from "./context.ts";
import { assertBackend, type Exchange, type Input, results } from "./exchange.ts";
import { readBack, type Source } from "./readback.ts";
import { bufferOf } from "./tfjs.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** A tensor on a buffer of ours. */
export class GpuInput implements Input {
  readonly tensor: Tensor;
  readonly buffer: GPUBuffer;
  private readonly gpu: GpuContext;

  constructor(gpu: GpuContext, shape: readonly number[]) {
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
  private readonly gpu: GpuContext;
  private readonly scratch: Scratch;
  private readonly inputs: GpuInput[] = [];

  constructor(gpu: GpuContext, scratch: Scratch) {
    this.gpu = gpu;
    this.scratch = scratch;
  }

  input(shape: readonly number[]): Input {
    const input = new GpuInput(this.gpu, shape);
    this.inputs.push(input);
    return input;
  }

  compute<T>(f: () => readonly Tensor[], receive: (parts: readonly Float32Array[]) => T): Promise<T> {
    const { gpu, scratch } = this;
    const { tf, backend } = gpu;
    let outputs: Tensor[] = [];
    const record = (): Source[] => {
      assertBackend(tf, "webgpu");
      outputs = results(tf, f);
      return outputs.map((output) => ({ buffer: bufferOf(backend, output), offset: 0, length: output.size }));
    };
    try {
      return readBack(gpu, scratch, record, receive);
    } finally {
      tf.dispose(outputs);
    }
  }

  close(): void {
    for (const input of this.inputs.splice(0)) input.close();
  }
}
