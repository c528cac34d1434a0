// Reading from the device: copies are recorded into mappable buffers as the work goes on, and one wait brings all of them.
// However a readback ends, its buffers go back to the pool and its error scopes are closed.

import type { SolveError } from "../../base/errors.ts";
import type { Scratch } from "../../wasm/scratch.ts";
import type { GpuContext } from "./context.ts";
import { tooLate } from "./exchange.ts";
import { ErrorScopes, lost } from "./gpu-errors.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;
const LEAST_BYTES = 256;

/** Numbers to be read, `offset` bytes from a buffer's start. */
export interface Source {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly length: number;
}

/** Takes numbers that have arrived; the array is valid during the call only. */
type Receive = (numbers: Float32Array<ArrayBuffer>) => void;

interface Parcel {
  readonly staging: GPUBuffer;
  readonly offset: number;
  readonly length: number;
  readonly receive: Receive;
}

const NOTHING = (): void => {};

/** What is on its way from the device to one solve. */
export class Readback {
  private readonly gpu: GpuContext;
  private parcels: Parcel[] = [];
  private stagings: GPUBuffer[] = [];
  /** Bytes used of the last staging buffer. */
  private used = 0;
  /** The first error of the work that was guarded since the last delivery. */
  private complaint: Promise<SolveError | undefined> = Promise.resolve(undefined);

  constructor(gpu: GpuContext) {
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

  /** Records a copy of numbers, if there are any, which `receive` is called with when they are delivered. */
  take({ buffer, offset, length }: Source, receive: Receive): void {
    const bytes = length * BYTES;
    if (bytes === 0) return;
    const last = this.stagings.at(-1);
    if (!last || this.used + bytes > last.size) {
      // Each twice as large as the one before, of sizes that come again.
      this.addStaging(Math.max(LEAST_BYTES, 2 * (last?.size ?? 0), 2 ** Math.ceil(Math.log2(bytes))));
    }
    const staging = this.stagings.at(-1)!;
    this.gpu.commands.copy(buffer, offset, staging, this.used, bytes);
    this.parcels.push({ staging, offset: this.used, length, receive });
    this.used += bytes;
  }

  /** Takes all sources in one staging buffer of their size; returns their numbers, which are there at the delivery. */
  takeAll(sources: readonly Source[]): readonly Float32Array[] {
    const bytes = sources.reduce((sum, { length }) => sum + length, 0) * BYTES;
    if (bytes > 0) this.addStaging(bytes);
    const parts = sources.map(() => new Float32Array(0));
    sources.forEach((source, i) => this.take(source, (numbers) => (parts[i] = numbers)));
    return parts;
  }

  private addStaging(bytes: number): void {
    this.stagings.push(this.gpu.pool.take(bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST));
    this.used = 0;
  }

  /** Submits all work and waits for what was taken; nothing to wait for where nothing was. */
  arrived(): Promise<void> | undefined {
    return this.parcels.length > 0 ? this.deliver(NOTHING, NOTHING) : undefined;
  }

  /** Records what is left to record, submits all work, hands out what was taken and returns what `finish` then returns. */
  async deliver<T>(record: () => void, finish: () => T): Promise<T> {
    const { gpu } = this;
    try {
      if (gpu.failure) throw gpu.failure;
      this.guard(() => {
        record();
        gpu.commands.submit();
      });
    } catch (error) {
      this.drop();
      throw error;
    }
    const { parcels, stagings, complaint } = this;
    this.parcels = [];
    this.stagings = [];
    this.complaint = Promise.resolve(undefined);
    gpu.counts.readbacks++;
    await mapAll(gpu, stagings, complaint);
    try {
      const ranges = new Map(stagings.map((staging) => [staging, staging.getMappedRange()]));
      for (const { staging, offset, length, receive } of parcels) {
        receive(new Float32Array(ranges.get(staging)!, offset, length));
        gpu.counts.bytesRead += length * BYTES;
      }
      return finish();
    } finally {
      for (const staging of stagings) {
        staging.unmap();
        gpu.pool.give(staging);
      }
    }
  }

  /** Gives up what is on its way. */
  drop(): void {
    for (const staging of this.stagings) this.gpu.pool.give(staging);
    this.stagings = [];
    this.parcels = [];
  }
}

/**
 * Calls `record` at once, submits what it records, and hands the numbers of the sources that it returns to `receive`, while
 * the block is still leased. The arrays are valid during the call only.
 */
export function readBack<T>(
  gpu: GpuContext,
  scratch: Scratch,
  record: () => readonly Source[],
  receive: (parts: readonly Float32Array[]) => T,
): Promise<T> {
  const readback = new Readback(gpu);
  let parts: readonly Float32Array[] = [];
  return readback.deliver(
    () => {
      parts = readback.takeAll(record());
    },
    () => {
      if (!scratch.leased) throw tooLate();
      return receive(parts);
    },
  );
}

/** Waits until buffers can be read; throws what the device refused, `complaint`, or why it is gone. */
async function mapAll(
  gpu: GpuContext,
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
