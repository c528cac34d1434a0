// Rows that outlive a solve in GPU buffers of their own: tapes and kept states of solves on the device.

import { invalid } from "../../base/errors.ts";
import type { Rows } from "../../vectors/arithmetic.ts";
import type { WebGpu } from "../device/gpu.ts";
import type { Stretch } from "./block.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;
const FIRST_ROWS = 8;
const LARGEST_CHUNK_BYTES = 1 << 26;

interface Chunk {
  readonly first: number;
  readonly rows: number;
  readonly buffer: GPUBuffer;
}

export class GpuRows implements Rows {
  length = 0;
  bytes = 0;
  private readonly gpu: WebGpu;
  private readonly width: number;
  private readonly rowBytes: number;
  private readonly limit: number;
  private readonly chunks: Chunk[] = [];
  private disposed = false;

  constructor(gpu: WebGpu, width: number, limit: number = Number.POSITIVE_INFINITY) {
    this.gpu = gpu;
    this.width = width;
    this.rowBytes = width * BYTES;
    this.limit = limit;
  }

  get bytesWithNext(): number {
    const chunk = this.chunks.at(-1);
    const hasRoom = chunk !== undefined && this.length < chunk.first + chunk.rows;
    return hasRoom ? this.bytes : this.bytes + this.nextChunkRows * this.rowBytes;
  }

  /** As many again as there are, so that few buffers hold many rows. */
  private get nextChunkRows(): number {
    const most = Math.max(1, Math.floor(LARGEST_CHUNK_BYTES / Math.max(1, this.rowBytes)));
    return Math.min(Math.max(FIRST_ROWS, this.length), most, this.limit - this.length);
  }

  push(row: Stretch): void {
    const last = this.chunks.at(-1);
    if (!last || this.length === last.first + last.rows) {
      const rows = this.nextChunkRows;
      const { COPY_SRC, COPY_DST } = GPUBufferUsage;
      const buffer = this.gpu.pool.take(Math.max(BYTES, rows * this.rowBytes), COPY_SRC | COPY_DST);
      this.chunks.push({ first: this.length, rows, buffer });
      this.bytes += rows * this.rowBytes;
    }
    this.length++;
    this.write(this.length - 1, row);
  }

  write(n: number, row: Stretch): void {
    this.copy(row, this.row(n));
  }

  read(n: number, into: Stretch): void {
    this.copy(this.row(n), into);
  }

  private copy(from: Stretch, to: Stretch): void {
    if (this.rowBytes > 0) this.gpu.commands.copy(from.buffer, from.offset, to.buffer, to.offset, this.rowBytes);
  }

  row(n: number): Stretch {
    if (this.disposed) throw invalid("solution", "one that was disposed of", "a solution before its dispose()");
    let last = this.chunks.length - 1;
    while (this.chunks[last]!.first > n) last--;
    const { first, buffer } = this.chunks[last]!;
    return { dtype: "float32", length: this.width, buffer, offset: (n - first) * this.rowBytes };
  }

  dispose(): void {
    this.disposed = true;
    for (const { buffer } of this.chunks.splice(0)) this.gpu.pool.give(buffer);
  }
}
