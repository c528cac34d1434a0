// A solve's scratch memory: everything is declared first, then one block of WebAssembly memory is leased for all of it
// and given back in one piece. The declared vectors receive their address and view at the lease.
//
// Declaring is most of the work of a small solve. So vectors that depend on the solver and the state's length only are kept
// for the next solve that is alike (`Scratch.reuse`). They come first in the block: in a block at the same place their
// addresses and views still hold.

import { bytesOf, type Dtype, type FloatArray, viewOn } from "../base/dtype.ts";
import { type Block, lease, standby } from "./memory.ts";

/** A vector in a leased block: the address for WebAssembly, the view for JavaScript. Both change at the lease only. */
export interface HostVector {
  readonly length: number;
  readonly dtype: Dtype;
  readonly address: number;
  readonly view: FloatArray;
}

class Declared implements HostVector {
  address = 0;
  // Unusable until the lease: an empty array makes an early read visible as undefined.
  view: FloatArray = NOTHING;
  readonly length: number;
  readonly dtype: Dtype;
  readonly offset: number;
  constructor(length: number, dtype: Dtype, offset: number) {
    this.length = length;
    this.dtype = dtype;
    this.offset = offset;
  }
}

const NOTHING = new Float64Array(0);

// 64 bytes: a cache line, and the block of the combination kernel.
const ALIGNMENT = 64;

/** Vectors that are placed in memory together. */
export class Layout {
  private readonly declared: Declared[] = [];
  private place: { memory: WebAssembly.Memory; buffer: ArrayBuffer; address: number } | undefined;
  /** Bytes declared so far. */
  bytes = 0;

  /** Declares a vector of `length` numbers. */
  vector(length: number, dtype: Dtype): HostVector {
    const vector = new Declared(length, dtype, this.bytes);
    this.bytes += Math.ceil((length * bytesOf(dtype)) / ALIGNMENT) * ALIGNMENT;
    this.declared.push(vector);
    return vector;
  }

  /** Declares `parts` vectors of `length` numbers that lie side by side, and the whole of them as one vector. */
  rows(parts: number, length: number, dtype: Dtype): { whole: HostVector; parts: HostVector[] } {
    const start = this.bytes;
    const pitch = length * bytesOf(dtype);
    const whole = this.vector(parts * length, dtype);
    const rows: Declared[] = [];
    for (let i = 0; i < parts; i++) rows.push(new Declared(length, dtype, start + i * pitch));
    this.declared.push(...rows);
    return { whole, parts: rows };
  }

  /** Gives every vector its place from `address` on; they all receive new views, unless they are there already. */
  put(memory: WebAssembly.Memory, address: number): void {
    const { buffer } = memory;
    if (this.place?.buffer === buffer && this.place.address === address) return;
    this.place = { memory, buffer, address };
    for (const vector of this.declared) {
      vector.address = address + vector.offset;
      vector.view = viewOn(vector.dtype, buffer, vector.address, vector.length);
    }
  }

  /** The memory that the vectors are in; only once they are placed. */
  get memory(): WebAssembly.Memory {
    if (!this.place) throw new Error("scratch memory used before its lease");
    return this.place.memory;
  }
}

/** What similar solves share: what `make` made of `key`, and its vectors. */
interface Common {
  readonly make: unknown;
  readonly key: object;
  readonly layout: Layout;
  readonly made: unknown;
}

/** Whether b has each value of a, under its name. */
function has(b: object, a: object): boolean {
  for (const name in a) if (a[name as keyof object] !== b[name as keyof object]) return false;
  return true;
}

/**
 * Layouts that no solve has now, the latest first, by the memory of their views, with which they are collected. A solve takes
 * a layout off the list before it uses it. By its key it is the same as a new one, so no solve can tell.
 */
const unused = new WeakMap<WebAssembly.Memory, Common[]>();
const MOST_UNUSED = 16;

/** What a solve declares of its own, behind what similar solves share. */
export class Scratch extends Layout {
  private common: Common | undefined;
  private block: Block | undefined;
  private readonly endings: (() => void)[] = [];
  private elsewhere = 0;

  /**
   * What `make` makes of `key` on a layout of its own: now, or for an earlier solve with the same `make` and the same values,
   * compared by `===`. A function that closes over values of one solve is another function in the next: it is never found
   * again, which costs the reuse and breaks nothing. To be called once, before all other declarations. Nobody else has the
   * result until `release`.
   */
  reuse<K extends object, T>(make: (layout: Layout, key: K) => T, key: K): T {
    const memory = standby();
    const list = memory && unused.get(memory);
    const at = list?.findIndex((common) => common.make === make && has(key, common.key) && has(common.key, key)) ?? -1;
    if (at >= 0) {
      this.common = list!.splice(at, 1)[0]!;
    } else {
      const layout = new Layout();
      this.common = { make, key, layout, made: make(layout, key) };
    }
    return this.common.made as T;
  }

  /** Takes the block; the contents of every vector are arbitrary. Throws as `lease` of memory.ts. */
  lease(): void {
    const block = lease(this.shared + this.bytes);
    this.block = block;
    const { memory, address } = block;
    this.common?.layout.put(memory, address);
    this.put(memory, address + this.shared);
  }

  /** Bytes in front of its own. */
  private get shared(): number {
    return this.common?.layout.bytes ?? 0;
  }

  /** Whether the block is held now. */
  get leased(): boolean {
    return this.block !== undefined;
  }

  /**
   * Calls `ending` when the block is given back: for what a field holds elsewhere, on a device or shared by threads.
   * `bytes` of it are counted.
   */
  onRelease(ending: () => void, bytes = 0): void {
    this.endings.push(ending);
    this.elsewhere += bytes;
  }

  /** Bytes of the block and of what is held elsewhere. */
  get held(): number {
    return this.shared + this.bytes + this.elsewhere;
  }

  /** Gives the block back; harmless when there is none. */
  release(): void {
    const { block, common } = this;
    this.block = undefined;
    this.common = undefined;
    if (block && common) {
      const list = unused.get(block.memory) ?? [];
      unused.set(block.memory, list);
      if (list.unshift(common) > MOST_UNUSED) list.pop();
    }
    block?.release();
    for (const ending of this.endings.splice(0)) ending();
  }
}
