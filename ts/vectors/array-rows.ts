// Arrays that grow during a solve: what outlives it is copied out of the leased block into ordinary typed arrays.

import { bytesOf, type Dtype, type FloatArray, unfilled } from "../base/dtype.ts";
import type { HostRows, Viewed } from "./arithmetic.ts";

/** The first chunk has room for the rows of a short solve, if they are not wide. */
const FIRST_ROWS = 8;
const FIRST_CHUNK_BYTES = 1 << 16;
const LARGEST_CHUNK_BYTES = 1 << 24;
/** Below this many numbers a plain loop beats TypedArray.set. */
const FEW = 24;

interface Chunk {
  readonly first: number;
  readonly rows: number;
  numbers: FloatArray;
}

/** Rows of one width, appended one by one and never moved: growth copies nothing. */
export class ArrayRows implements HostRows {
  readonly width: number;
  length = 0;
  bytes = 0;
  protected readonly dtype: Dtype;
  private readonly limit: number;
  protected readonly chunks: Chunk[] = [];

  /** `limit`: the most rows there will be, so that no memory is taken for more. */
  constructor(width: number, dtype: Dtype, limit: number = Number.POSITIVE_INFINITY) {
    this.width = width;
    this.dtype = dtype;
    this.limit = limit;
  }

  get bytesWithNext(): number {
    return this.hasRoom ? this.bytes : this.bytes + this.nextChunkRows * this.rowBytes;
  }

  private get hasRoom(): boolean {
    const chunk = this.chunks[this.chunks.length - 1];
    return chunk !== undefined && this.length < chunk.first + chunk.rows;
  }

  private get rowBytes(): number {
    return Math.max(1, this.width * bytesOf(this.dtype));
  }

  /** Half as many again as there are: few chunks, and at most a third of the room unused. */
  private get nextChunkRows(): number {
    const first = Math.min(FIRST_ROWS * this.rowBytes, FIRST_CHUNK_BYTES);
    const target = Math.min(LARGEST_CHUNK_BYTES, Math.max(first, this.bytes / 2));
    return Math.min(Math.max(1, Math.floor(target / this.rowBytes)), this.limit - this.length);
  }

  /** The chunk with room for another row. */
  protected room(): Chunk {
    return this.hasRoom ? this.chunks[this.chunks.length - 1]! : this.addChunk();
  }

  /** Forgets all rows. */
  protected clear(): void {
    this.chunks.length = 0;
    this.length = 0;
    this.bytes = 0;
  }

  /** Numbers for a chunk, contents arbitrary. */
  protected allocate(length: number): FloatArray {
    return unfilled(this.dtype, length);
  }

  push({ view: row }: Viewed): void {
    const chunk = this.room();
    const at = (this.length++ - chunk.first) * this.width;
    const { numbers } = chunk;
    if (this.width > FEW) numbers.set(row, at);
    else for (let i = 0; i < this.width; i++) numbers[at + i] = row[i]!;
  }

  private addChunk(): Chunk {
    const rows = this.nextChunkRows;
    const chunk = { first: this.length, rows, numbers: this.allocate(rows * this.width) };
    this.chunks.push(chunk);
    this.bytes += chunk.numbers.byteLength;
    return chunk;
  }

  write(n: number, { view }: Viewed): void {
    const { numbers, at } = this.place(n);
    numbers.set(view, at);
  }

  row(n: number): Viewed {
    const { width, dtype } = this;
    const { numbers, at } = this.place(n);
    return { length: width, dtype, view: numbers.subarray(at, at + width) as FloatArray };
  }

  protected place(n: number): { numbers: FloatArray; at: number } {
    let last = this.chunks.length - 1;
    while (this.chunks[last]!.first > n) last--;
    const { first, numbers } = this.chunks[last]!;
    return { numbers, at: (n - first) * this.width };
  }

  read(n: number, { view: into }: Viewed): void {
    const { numbers, at } = this.place(n);
    if (this.width > FEW) into.set(numbers.subarray(at, at + this.width));
    else for (let i = 0; i < this.width; i++) into[i] = numbers[at + i]!;
  }
}
