// One GPU buffer for all vectors of a solve: they are declared first, then the buffer is taken. A vector goes by its
// address, counted in numbers of four bytes from the block's start.
import { SolveError } from "../../base/errors.ts";
import type { Vector } from "../../vectors/arithmetic.ts";
import type { WebGpu } from "../device/gpu.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Numbers: 16 bytes, so that shaders may read vectors of four. */
const ALIGNMENT = 4;

/** A vector of numbers somewhere on the device. */
export interface Stretch extends Vector {
  readonly dtype: "float32";
  readonly buffer: GPUBuffer;
  /** In bytes. */
  readonly offset: number;
}

/** A vector in a block. */
export class BlockVector implements Stretch {
  readonly dtype = "float32";
  readonly length: number;
  readonly address: number;
  private readonly block: Block;

  constructor(block: Block, address: number, length: number) {
    this.block = block;
    this.address = address;
    this.length = length;
  }

  get buffer(): GPUBuffer {
    return this.block.buffer;
  }

  get offset(): number {
    return this.address * BYTES;
  }
}

export class Block {
  readonly gpu: WebGpu;
  /** Numbers declared so far. */
  private size = 0;
  private taken: GPUBuffer | undefined;

  constructor(gpu: WebGpu) {
    this.gpu = gpu;
  }

  /** Declares a vector; its contents are arbitrary at first. */
  vector(length: number): BlockVector {
    const vector = new BlockVector(this, this.size, length);
    this.size += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
    return vector;
  }

  /** `length` numbers of a vector, from `start` on. */
  part({ address }: BlockVector, start: number, length: number): BlockVector {
    return new BlockVector(this, address + start, length);
  }

  get bytes(): number {
    return this.size * BYTES;
  }

  /** The buffer, once taken. */
  get buffer(): GPUBuffer {
    if (!this.taken) throw new Error("a block was used before it was taken");
    return this.taken;
  }

  /** Takes the buffer, if it is not taken yet. Throws `out-of-memory` where the device has none of this size. */
  take(): void {
    const { gpu } = this;
    if (this.taken) return;
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
    const most = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    if (this.bytes > most) {
      throw new SolveError(
        "out-of-memory",
        `the states of this solve need a GPU buffer of ${this.bytes} bytes, and this device gives ${most} at most; ` +
          "try a smaller batch",
      );
    }
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    this.taken = gpu.pool.take(Math.max(ALIGNMENT * BYTES, this.bytes), STORAGE | COPY_SRC | COPY_DST);
  }

  /** Gives the buffer back; harmless when there is none. */
  release(): void {
    if (this.taken) this.gpu.pool.give(this.taken);
    this.taken = undefined;
  }

  /** Copies numbers in. Recorded work must not change places with it, so that is submitted first. */
  write({ address, length }: BlockVector, numbers: Float32Array): void {
    const { gpu } = this;
    gpu.commands.submit();
    gpu.counts.bytesUploaded += numbers.byteLength;
    gpu.device.queue.writeBuffer(this.buffer, address * BYTES, numbers as Float32Array<ArrayBuffer>, 0, length);
  }
}
