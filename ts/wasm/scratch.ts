// A solve's scratch memory: everything is declared first, then one block of WebAssembly memory is leased for all of it
// and given back in one piece. The declared vectors receive their address and view at the lease.

import { bytesOf, type Dtype, type FloatArray } from "./dtype.ts";
import { type Block, type Kernels, lease } from "./memory.ts";

/** A vector in a leased block: the address for WebAssembly, the view for JavaScript. Both change at the lease only. */
export interface Vector {
  readonly length: number;
  readonly address: number;
  readonly view: FloatArray;
}

class Declared implements Vector {
  address = 0;
  // Unusable until the lease: an empty array makes an early read visible as undefined.
  view: FloatArray = new Float64Array(0);
  readonly length: number;
  readonly dtype: Dtype;
  readonly offset: number;
  constructor(length: number, dtype: Dtype, offset: number) {
    this.length = length;
    this.dtype = dtype;
    this.offset = offset;
  }
}

// 64 bytes: a cache line, and the block of the combination kernel.
const ALIGNMENT = 64;

export class Scratch {
  private readonly declared: Declared[] = [];
  private block: Block | undefined;
  private readonly endings: (() => void)[] = [];
  /** Bytes declared so far, which is what the lease takes. */
  bytes = 0;

  /** Declares a vector of `length` numbers. */
  vector(length: number, dtype: Dtype): Vector {
    const vector = new Declared(length, dtype, this.bytes);
    this.bytes += Math.ceil((length * bytesOf(dtype)) / ALIGNMENT) * ALIGNMENT;
    this.declared.push(vector);
    return vector;
  }

  /** Declares `parts` vectors of `length` numbers that lie side by side, and the whole of them as one vector. */
  rows(parts: number, length: number, dtype: Dtype): { whole: Vector; parts: Vector[] } {
    const start = this.bytes;
    const pitch = length * bytesOf(dtype);
    const whole = this.vector(parts * length, dtype);
    const rows: Declared[] = [];
    for (let i = 0; i < parts; i++) rows.push(new Declared(length, dtype, start + i * pitch));
    this.declared.push(...rows);
    return { whole, parts: rows };
  }

  /** Takes the block; the contents of every vector are arbitrary. Throws `out-of-memory` when it cannot be had. */
  lease(): void {
    const block = lease(this.bytes);
    this.block = block;
    const { buffer } = block.kernels.memory;
    for (const vector of this.declared) {
      vector.address = block.address + vector.offset;
      vector.view =
        vector.dtype === "float32"
          ? new Float32Array(buffer, vector.address, vector.length)
          : new Float64Array(buffer, vector.address, vector.length);
    }
  }

  /** The kernels of the instance that holds the block; only after `lease`. */
  get kernels(): Kernels {
    if (!this.block) throw new Error("scratch memory used before its lease");
    return this.block.kernels;
  }

  /** Whether the block is held now. */
  get leased(): boolean {
    return this.block !== undefined;
  }

  /** Calls `ending` when the block is given back: for what a field holds elsewhere, on a device. */
  onRelease(ending: () => void): void {
    this.endings.push(ending);
  }

  /** Gives the block back; harmless when there is none. */
  release(): void {
    this.block?.release();
    this.block = undefined;
    for (const ending of this.endings.splice(0)) ending();
  }
}
