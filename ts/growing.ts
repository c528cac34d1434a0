// Arrays that grow during a solve: what outlives it is copied out of the leased block into ordinary typed arrays.
import { bytesOf, type Dtype, type FloatArray, zeros } from "./wasm/dtype.ts";

const FIRST_CHUNK_BYTES = 1 << 12;
const LARGEST_CHUNK_BYTES = 1 << 24;
/** Below this many numbers a plain loop beats TypedArray.set. */
const FEW = 24;

/** Rows of one width, appended one by one and never moved: growth copies nothing. */
export class Rows {
  readonly width: number;
  length = 0;
  bytes = 0;
  private readonly dtype: Dtype;
  private readonly chunks: { first: number; rows: number; numbers: FloatArray }[] = [];

  constructor(width: number, dtype: Dtype) {
    this.width = width;
    this.dtype = dtype;
  }

  push(row: FloatArray): void {
    let chunk = this.chunks[this.chunks.length - 1];
    if (!chunk || this.length === chunk.first + chunk.rows) chunk = this.addChunk();
    const at = (this.length++ - chunk.first) * this.width;
    const { numbers } = chunk;
    if (this.width > FEW) numbers.set(row, at);
    else for (let i = 0; i < this.width; i++) numbers[at + i] = row[i]!;
  }

  private addChunk(): { first: number; rows: number; numbers: FloatArray } {
    const rowBytes = Math.max(1, this.width * bytesOf(this.dtype));
    const target = Math.min(LARGEST_CHUNK_BYTES, Math.max(FIRST_CHUNK_BYTES, this.bytes));
    const rows = Math.max(1, Math.floor(target / rowBytes));
    const chunk = { first: this.length, rows, numbers: zeros(this.dtype, rows * this.width) };
    this.chunks.push(chunk);
    this.bytes += chunk.numbers.byteLength;
    return chunk;
  }

  /** Copies row n into `into`. */
  read(n: number, into: FloatArray): void {
    let last = this.chunks.length - 1;
    while (this.chunks[last]!.first > n) last--;
    const { first, numbers } = this.chunks[last]!;
    const at = (n - first) * this.width;
    if (this.width > FEW) into.set(numbers.subarray(at, at + this.width));
    else for (let i = 0; i < this.width; i++) into[i] = numbers[at + i]!;
  }
}

/** Times, appended one by one. */
export class Times {
  private numbers = new Float64Array(64);
  length = 0;

  push(t: number): void {
    if (this.length === this.numbers.length) {
      const longer = new Float64Array(2 * this.length);
      longer.set(this.numbers);
      this.numbers = longer;
    }
    this.numbers[this.length++] = t;
  }

  /** A copy of what was pushed. */
  array(): Float64Array {
    return this.numbers.slice(0, this.length);
  }
}
