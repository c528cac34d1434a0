// WebAssembly instances and the leases of their memory. A memory never grows: growing detaches every view, and the first
// buffer that is ever detached makes V8 compile all JavaScript that touches typed arrays with one more check an access, fields
// and everything else on the page: up to half as slow again. Where a block does not fit, another instance is made.
import { SolveError } from "../base/errors.ts";
import type { FieldKernels } from "../fields/mlp-kernels.ts";
import { instantiate } from "./instantiate.ts";

/** The exports of assembly/index.ts that the solver calls. Every `usize` is an address in `memory`. */
export interface SolverKernels {
  readonly memory: WebAssembly.Memory;
  readonly HEAP_BASE: WebAssembly.Global;
  combineF32(out: number, base: number, terms: number, count: number, h: number, n: number): void;
  combineF64(out: number, base: number, terms: number, count: number, h: number, n: number): void;
  scaledNormF32(measure: number, terms: number, count: number, h: number, ya: number, yb: number): number;
  scaledNormF64(measure: number, terms: number, count: number, h: number, ya: number, yb: number): number;
  judgeF32(
    controller: number,
    measure: number,
    terms: number,
    count: number,
    h: number,
    ya: number,
    yb: number,
  ): number;
  judgeF64(
    controller: number,
    measure: number,
    terms: number,
    count: number,
    h: number,
    ya: number,
    yb: number,
  ): number;
  judgeSquare(controller: number, square: number): number;
  control(controller: number, r: number): number;
  dotF32(a: number, b: number, n: number): number;
  dotF64(a: number, b: number, n: number): number;
  allFiniteF32(x: number, n: number): number;
  allFiniteF64(x: number, n: number): number;
  initialGuess(d0: number, d1: number): number;
  initialStep(h0: number, d1: number, d2: number, p: number): number;
}

export type Kernels = SolverKernels & FieldKernels;

/** A leased block: nobody else touches its bytes until `release`. */
export interface Block {
  readonly kernels: Kernels;
  readonly address: number;
  readonly bytes: number;
  release(): void;
}

const PAGE = 65536;
const LIMIT = 2 ** 32 - 2 * PAGE;
const ALIGNMENT = 64;
/** Pages of the smallest memory, and those up to which sizes are powers of two, so that few follow each other. */
const [FEWEST_PAGES, FEW_PAGES] = [16, 1024];

/** Pages for a block, and one for what the kernels themselves keep. */
function pagesFor(bytes: number): number {
  const pages = 1 + Math.ceil(bytes / PAGE);
  return pages > FEW_PAGES ? pages : Math.max(FEWEST_PAGES, 2 ** Math.ceil(Math.log2(pages)));
}

class Instance {
  readonly kernels: Kernels;
  private readonly base: number;
  /** Leased blocks by ascending address. */
  readonly blocks: { address: number; bytes: number }[] = [];

  constructor(pages: number) {
    this.kernels = instantiate(pages);
    this.base = Math.ceil((this.kernels.HEAP_BASE.value as number) / ALIGNMENT) * ALIGNMENT;
  }

  get size(): number {
    return this.kernels.memory.buffer.byteLength;
  }

  /** The first gap of `bytes`, or undefined. */
  take(bytes: number): Block | undefined {
    let address = this.base;
    let at = 0;
    for (; at < this.blocks.length; at++) {
      const next = this.blocks[at]!;
      if (next.address - address >= bytes) break;
      address = next.address + next.bytes;
    }
    if (this.size - address < bytes) return undefined;
    const block = { address, bytes };
    this.blocks.splice(at, 0, block);
    const release = (): void => {
      const index = this.blocks.indexOf(block);
      if (index >= 0) this.blocks.splice(index, 1);
      retire();
    };
    return { kernels: this.kernels, address, bytes, release };
  }
}

/** Shared by all solves of the process: a solve touches nothing of an instance but the block that it leased there. */
let instances: Instance[] = [];

/** The kernels of the instance that the next block is taken from, if it fits there; undefined where there is none yet. */
export const standby = (): Kernels | undefined => instances[0]?.kernels;

/** Keeps one idle instance (the largest) ready for the next solve and leaves the others to the garbage collector. */
function retire(): void {
  if (instances.length === 1) return;
  const idle = instances.filter((instance) => instance.blocks.length === 0).sort((a, b) => b.size - a.size);
  const surplus = new Set(idle.slice(1));
  if (surplus.size > 0) instances = instances.filter((instance) => !surplus.has(instance));
}

/** An instance with room for a block, in place of those that are idle and have none. */
function added(bytes: number): Instance {
  const instance = new Instance(pagesFor(bytes));
  instances = [...instances.filter(({ blocks }) => blocks.length > 0), instance];
  return instance;
}

/** Leases `bytes` of WebAssembly memory, contents arbitrary. Throws `out-of-memory` when they cannot be had. */
export function lease(bytes: number): Block {
  const rounded = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  try {
    if (rounded > LIMIT) throw new RangeError("a block stays below 4 GiB, what 32-bit addresses reach");
    for (const instance of instances) {
      const block = instance.take(rounded);
      if (block) return block;
    }
    return added(rounded).take(rounded)!;
  } catch (cause) {
    retire();
    throw new SolveError(
      "out-of-memory",
      `the solve needs a block of ${rounded} bytes of WebAssembly memory, which cannot be had (${String(cause)}); ` +
        "try a smaller batch, or an adjoint that stores less",
      { cause },
    );
  }
}

/** Bytes of all WebAssembly memories in the pool, and bytes leased now: for leak tests. */
export function memoryUse(): { total: number; leased: number } {
  let total = 0;
  let leased = 0;
  for (const instance of instances) {
    total += instance.size;
    for (const block of instance.blocks) leased += block.bytes;
  }
  return { total, leased };
}
