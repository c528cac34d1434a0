// A solve's scratch memory: everything is declared first, then one block of WebAssembly memory is leased for all of it
// and given back in one piece. The declared vectors receive their address and view at the lease.
//
// Declaring is most of the work of a small solve, so what only depends on the solver and the state's length is kept when
// a solve ends (`Scratch.reuse`) for the next one that is alike. It comes first in the block; where the next block is at
// the same place, its addresses and views still hold.

import { bytesOf, type Dtype, type FloatArray, viewOn } from "../base/dtype.ts";
import { type Block, type Kernels, lease, standby } from "./memory.ts";

/** A vector in a leased block: the address for WebAssembly, the view for JavaScript. Both change at the lease only. */
export interface HostVector {
  readonly length: number;
  readonly dtype: Dtype;
  readonly address: number;
  readonly view: FloatArray;
}

/** `length` numbers of a vector, from `start` on, as a vector; only after the lease. */
export function partOf({ dtype, address, view }: HostVector, start: number, length: number): HostVector {
  const part = view.subarray(start, start + length) as FloatArray;
  return { length, dtype, address: address + start * bytesOf(dtype), view: part };
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
  private place: { kernels: Kernels; buffer: ArrayBuffer; address: number } | undefined;
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
  put(kernels: Kernels, address: number): void {
    const { buffer } = kernels.memory;
    if (this.place?.buffer === buffer && this.place.address === address) return;
    this.place = { kernels, buffer, address };
    for (const vector of this.declared) {
      vector.address = address + vector.offset;
      vector.view = viewOn(vector.dtype, buffer, vector.address, vector.length);
    }
  }

  /** The kernels of the instance that the vectors are in; only once they are placed. */
  get kernels(): Kernels {
    if (!this.place) throw new Error("scratch memory used before its lease");
    return this.place.kernels;
  }
}

/** Vectors that solves alike have in common, and what was made of them: `subject` and `kind` say what they serve. */
interface Common {
  readonly subject: object;
  readonly kind: string;
  readonly layout: Layout;
  readonly made: unknown;
}

/** What is at no solve's disposal now, latest first, by the instance whose memory its views are in: it goes with it. */
const unused = new WeakMap<Kernels, Common[]>();
const MOST_UNUSED = 16;

export class Scratch {
  private common: Common | undefined;
  private readonly own: Layout = new Layout();
  private block: Block | undefined;
  private readonly endings: (() => void)[] = [];
  private elsewhere = 0;

  /**
   * What `make` makes on a layout of its own, or has made for an earlier solve with the same `subject` and `kind`, which
   * must say all that it depends on. Once, before anything else is declared; nobody else has it until `release`.
   */
  reuse<T>(subject: object, kind: string, make: (layout: Layout) => T): T {
    const kernels = standby();
    const list = kernels && unused.get(kernels);
    const at = list?.findIndex((common) => common.subject === subject && common.kind === kind) ?? -1;
    if (at >= 0) {
      this.common = list!.splice(at, 1)[0]!;
    } else {
      const layout = new Layout();
      this.common = { subject, kind, layout, made: make(layout) };
    }
    return this.common.made as T;
  }

  /** Declares a vector of `length` numbers. */
  vector(length: number, dtype: Dtype): HostVector {
    return this.own.vector(length, dtype);
  }

  /** See `Layout.rows`. */
  rows(parts: number, length: number, dtype: Dtype): { whole: HostVector; parts: HostVector[] } {
    return this.own.rows(parts, length, dtype);
  }

  /** Bytes declared so far, which is what the lease takes. */
  get bytes(): number {
    return (this.common?.layout.bytes ?? 0) + this.own.bytes;
  }

  /** Takes the block; the contents of every vector are arbitrary. Throws `out-of-memory` when it cannot be had. */
  lease(): void {
    const block = lease(this.bytes);
    this.block = block;
    const { kernels, address } = block;
    this.common?.layout.put(kernels, address);
    this.own.put(kernels, address + (this.common?.layout.bytes ?? 0));
  }

  /** The kernels of the instance that holds the block; only after `lease`. */
  get kernels(): Kernels {
    return this.own.kernels;
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
    return this.bytes + this.elsewhere;
  }

  /** Gives the block back; harmless when there is none. */
  release(): void {
    const { block, common } = this;
    this.block = undefined;
    this.common = undefined;
    if (block && common) {
      const list = unused.get(block.kernels) ?? [];
      unused.set(block.kernels, list);
      if (list.unshift(common) > MOST_UNUSED) list.pop();
    }
    block?.release();
    for (const ending of this.endings.splice(0)) ending();
  }
}
