// WebAssembly memories and the leases of their parts. A memory never grows, because growing detaches every view. From
// the first detached buffer on, V8 compiles all JavaScript that touches typed arrays, on the whole page, with one more
// check an access: up to half as slow again. Where a block does not fit, another memory is made.
import { SolveError } from "../base/errors.ts";

/** A leased block: nobody else touches its bytes until `release`. */
export interface Block {
  readonly memory: WebAssembly.Memory;
  readonly address: number;
  readonly bytes: number;
  release(): void;
}

const PAGE = 65536;
/** The first page is the kernels' own: see binary.ts. */
export const FIRST_BLOCK: number = PAGE;
const LIMIT = 2 ** 32 - 2 * PAGE;
const ALIGNMENT = 64;
/** Pages of the smallest memory, and pages up to which sizes double, so that few memories follow each other. */
const [FEWEST_PAGES, FEW_PAGES] = [16, 1024];

/** Pages for a block, and the one that the kernels keep. */
function pagesFor(bytes: number): number {
  const pages = 1 + Math.ceil(bytes / PAGE);
  return pages > FEW_PAGES ? pages : Math.max(FEWEST_PAGES, 2 ** Math.ceil(Math.log2(pages)));
}

/** A memory and what is leased of it. */
class Arena {
  readonly memory: WebAssembly.Memory;
  /** Leased blocks by ascending address. */
  readonly blocks: { address: number; bytes: number }[] = [];

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  get size(): number {
    return this.memory.buffer.byteLength;
  }

  /** The first gap of `bytes`, or undefined. */
  take(bytes: number): Block | undefined {
    let address = FIRST_BLOCK;
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
    return { memory: this.memory, address, bytes, release };
  }
}

/** Shared by all solves of the process: a solve touches nothing of a memory but the block that it leased there. */
let arenas: Arena[] = [];

/** The memory that the next block is taken from, if it fits there; undefined where there is none yet. */
export const standby = (): WebAssembly.Memory | undefined => arenas[0]?.memory;

/** Keeps one idle memory (the largest) ready for the next solve and leaves the others to the garbage collector. */
function retire(): void {
  if (arenas.length === 1) return;
  const idle = arenas.filter((arena) => arena.blocks.length === 0).sort((a, b) => b.size - a.size);
  const surplus = new Set(idle.slice(1));
  if (surplus.size > 0) arenas = arenas.filter((arena) => !surplus.has(arena));
}

const outOfMemory = (bytes: number, cause: unknown): SolveError =>
  new SolveError(
    "out-of-memory",
    `the solve needs a block of ${bytes} bytes of WebAssembly memory, which cannot be had (${String(cause)}); ` +
      "try a smaller batch, or an adjoint that stores less",
    { cause },
  );

/** A memory with room for a block, in place of the idle ones, which have none. */
function added(bytes: number): Arena {
  if (typeof WebAssembly === "undefined") throw new SolveError("unsupported", "there is no WebAssembly here");
  if (bytes > LIMIT) throw outOfMemory(bytes, "a block stays below 4 GiB, what 32-bit addresses reach");
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pagesFor(bytes) });
  } catch (cause) {
    throw outOfMemory(bytes, cause);
  }
  const arena = new Arena(memory);
  arenas = [...arenas.filter(({ blocks }) => blocks.length > 0), arena];
  return arena;
}

/**
 * Leases `bytes` of WebAssembly memory, contents arbitrary. Throws `SolveError` "out-of-memory" when they cannot be had, and
 * "unsupported" where there is no WebAssembly.
 */
export function lease(bytes: number): Block {
  const rounded = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  for (const arena of arenas) {
    const block = arena.take(rounded);
    if (block) return block;
  }
  return added(rounded).take(rounded)!;
}

/** Bytes of all WebAssembly memories in the pool, and bytes leased now: for leak tests. */
export function memoryUse(): { total: number; leased: number } {
  let total = 0;
  let leased = 0;
  for (const arena of arenas) {
    total += arena.size;
    for (const block of arena.blocks) leased += block.bytes;
  }
  return { total, leased };
}
