// The memory that all threads compute in: one WebAssembly memory, shared, and the main thread's instances of the kernels
// on it. Unlike the solver's own memory it may grow at any time, because views of a shared buffer stay valid.
import { SolveError } from "../base/errors.ts";
import { NETWORKS, type NetworkKernels } from "../fields/mlp-kernels.ts";
import { VECTORS_F64 } from "../vectors/kernels.ts";
import { VECTORS_F32 } from "../vectors/kernels-f32.ts";
import { FIRST_BLOCK } from "../wasm/memory.ts";
import { MOST_PAGES, sharedBinary } from "./shared-module.ts";

const SHARED_NETWORKS = /* @__PURE__ */ sharedBinary(NETWORKS);
const SHARED_F32 = /* @__PURE__ */ sharedBinary(VECTORS_F32);
const SHARED_F64 = /* @__PURE__ */ sharedBinary(VECTORS_F64);

const PAGE = 65536;
const ALIGNMENT = 64;
/** Growing is rare if it is generous. */
const GROWTH_PAGES = 64;

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** A part of the memory that belongs to one job. */
export interface SharedBlock {
  readonly address: number;
  /** Gives it back; it is used again once `busy` says that no worker touches it any more. */
  release(busy: () => boolean): void;
}

export class SharedMemory {
  /** What the workers compute with. */
  readonly module: WebAssembly.Module = SHARED_NETWORKS.module;
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({
    initial: GROWTH_PAGES,
    maximum: MOST_PAGES,
    shared: true,
  });
  /** The main thread's. */
  readonly networks: NetworkKernels = NETWORKS.on(this.memory, this.module);
  private readonly scratchBytes = aligned(this.networks.SCRATCH_BYTES.value as number);
  /** The first byte behind the kernels' own and the workers' scratch. */
  private readonly base: number;
  /** Leased blocks by ascending address, with the blocks that a worker may still touch. */
  private blocks: { address: number; bytes: number; busy: (() => boolean) | undefined }[] = [];

  constructor(workers: number) {
    this.base = this.scratchOf(workers);
    // The arithmetic of vectors in this memory finds these kernels.
    VECTORS_F32.on(this.memory, SHARED_F32.module);
    VECTORS_F64.on(this.memory, SHARED_F64.module);
  }

  /** Where a worker's kernels have their scratch. */
  scratchOf(worker: number): number {
    return FIRST_BLOCK + worker * this.scratchBytes;
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Bytes that are not free, for leak tests. */
  get leased(): number {
    this.sweep();
    return this.blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  private sweep(): void {
    this.blocks = this.blocks.filter(({ busy }) => busy === undefined || busy());
  }

  /** The first gap of `bytes`, contents arbitrary. Throws `out-of-memory` where there is none and the memory cannot grow. */
  lease(bytes: number): SharedBlock {
    this.sweep();
    const rounded = Math.max(ALIGNMENT, aligned(bytes));
    let address = this.base;
    let at = 0;
    for (; at < this.blocks.length; at++) {
      const next = this.blocks[at]!;
      if (next.address - address >= rounded) break;
      address = next.address + next.bytes;
    }
    this.reach(address + rounded);
    const block = { address, bytes: rounded, busy: undefined as (() => boolean) | undefined };
    this.blocks.splice(at, 0, block);
    return {
      address,
      release: (busy) => {
        block.busy = busy;
        this.sweep();
      },
    };
  }

  private reach(end: number): void {
    const missing = Math.ceil((end - this.bytes) / PAGE);
    if (missing <= 0) return;
    const room = MOST_PAGES - this.bytes / PAGE;
    try {
      this.memory.grow(missing <= room ? Math.min(room, Math.max(missing, GROWTH_PAGES)) : missing);
    } catch (cause) {
      throw new SolveError(
        "out-of-memory",
        `threads need ${end} bytes of shared WebAssembly memory, which cannot be had (${String(cause)}); ` +
          "try a smaller batch, or an adjoint that stores less",
        { cause },
      );
    }
  }
}
