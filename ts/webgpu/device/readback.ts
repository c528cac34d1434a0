// Reading from the device: copies are recorded into mappable buffers as the work goes on, and one wait brings all of them.

import type { FloatArray } from "../../base/dtype.ts";
import type { SolveError } from "../../base/errors.ts";
import type { WebGpu } from "./gpu.ts";
import { ErrorScopes, lost } from "./gpu-errors.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;
const LEAST_BYTES = 256;

/** Waits until buffers can be read; throws what the device refused, `complaint`, or why it is gone. */
export async function mapAll(
  gpu: WebGpu,
  stagings: readonly GPUBuffer[],
  complaint: Promise<SolveError | undefined>,
): Promise<void> {
  const mappings = stagings.map((staging) =>
    staging.mapAsync(GPUMapMode.READ).catch((reason: unknown) => ({ reason })),
  );
  const error = await complaint;
  const unmapped = (await Promise.all(mappings)).find(Boolean);
  if (!error && !unmapped) return;
  for (const staging of stagings) gpu.pool.discard(staging);
  // A complaint explains a failed mapping; without one the device is gone.
  if (!error) gpu.end(lost(unmapped!.reason));
  throw gpu.failure ?? error;
}

interface Parcel {
  readonly into: FloatArray;
  readonly at: number;
  readonly length: number;
  readonly staging: GPUBuffer;
  readonly offset: number;
}

/** What is on its way from the device to arrays of one solve. */
export class Readback {
  private readonly gpu: WebGpu;
  private parcels: Parcel[] = [];
  private stagings: GPUBuffer[] = [];
  /** Bytes used of the last staging buffer. */
  private used = 0;
  /** The first error of the work that was guarded since the last delivery. */
  private complaint: Promise<SolveError | undefined> = Promise.resolve(undefined);

  constructor(gpu: WebGpu) {
    this.gpu = gpu;
  }

  /** Does what the device may refuse; if it does, the next delivery fails. */
  guard<T>(work: () => T): T {
    const scopes = new ErrorScopes(this.gpu.device);
    const before = this.complaint;
    try {
      return work();
    } finally {
      const complaint = scopes.end();
      this.complaint = before.then((error) => error ?? complaint);
    }
  }

  /** Records a copy of `length` numbers, `offset` bytes from a buffer's start, to `into[at …]`. */
  take(from: GPUBuffer, offset: number, into: FloatArray, at: number, length: number): void {
    const { commands, pool } = this.gpu;
    const bytes = length * BYTES;
    if (bytes === 0) return;
    let staging = this.stagings.at(-1);
    if (!staging || this.used + bytes > staging.size) {
      // Each twice as large as the one before, of sizes that come again.
      const size = Math.max(LEAST_BYTES, 2 * (staging?.size ?? 0), 2 ** Math.ceil(Math.log2(bytes)));
      staging = pool.take(size, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
      this.stagings.push(staging);
      this.used = 0;
    }
    commands.copy(from, offset, staging, this.used, bytes);
    this.parcels.push({ into, at, length, staging, offset: this.used });
    this.used += bytes;
  }

  /** Submits all work and waits for what was taken; nothing to wait for where nothing was. */
  arrived(): Promise<void> | undefined {
    return this.parcels.length > 0 ? this.deliver() : undefined;
  }

  private async deliver(): Promise<void> {
    const { gpu, parcels, stagings } = this;
    if (gpu.failure) throw gpu.failure;
    this.parcels = [];
    this.stagings = [];
    this.guard(() => gpu.commands.submit());
    const { complaint } = this;
    this.complaint = Promise.resolve(undefined);
    gpu.counts.readbacks++;
    await mapAll(gpu, stagings, complaint);
    const ranges = new Map(stagings.map((staging) => [staging, staging.getMappedRange()]));
    for (const { into, at, length, staging, offset } of parcels) {
      into.set(new Float32Array(ranges.get(staging)!, offset, length), at);
      gpu.counts.bytesRead += length * BYTES;
    }
    for (const staging of stagings) {
      staging.unmap();
      gpu.pool.give(staging);
    }
  }

  /** Gives up what is on its way. */
  drop(): void {
    for (const staging of this.stagings) this.gpu.pool.give(staging);
    this.stagings = [];
    this.parcels = [];
  }
}
