// Rows of tapes in the pool's shared memory. Threads write tapes there and read them there; nothing is copied. A pool keeps
// the rows of the latest recording. They make room for the next recording, and for whatever else needs memory. Before the
// first pullback they move to ordinary arrays. After it they are given up: another pullback evaluates anew.

import { bytesOf, type Dtype, type FloatArray, viewOn } from "../base/dtype.ts";
import { SolveError } from "../base/errors.ts";
import type { TapeRows } from "../fields/field.ts";
import { ArrayRows } from "../vectors/array-rows.ts";
import type { SharedBlock, SharedMemory } from "./shared-memory.ts";

/** No worker writes to them but in a call, and a call waits for whoever does. */
const idle = (): boolean => false;

export class SharedRows extends ArrayRows implements TapeRows {
  inPlace = true;
  lost = false;
  private readonly memory: SharedMemory;
  private readonly left: () => void;
  private readonly blocks: SharedBlock[] = [];
  private spent = false;

  /** `left`: called when the rows leave the shared memory. */
  constructor(width: number, dtype: Dtype, memory: SharedMemory, left: () => void) {
    super(width, dtype);
    this.memory = memory;
    this.left = left;
  }

  /** Where row n is, while they are in place. */
  address(n: number): number {
    const { numbers, at } = this.place(n);
    return numbers.byteOffset + at * bytesOf(this.dtype);
  }

  extend(): boolean {
    this.room();
    if (this.inPlace) this.length++;
    return this.inPlace;
  }

  spend(): void {
    this.spent = true;
  }

  drop(): void {
    this.spend();
    this.leave();
  }

  /** Makes room in the shared memory. */
  leave(): void {
    if (!this.inPlace) return;
    const copies = this.spent ? undefined : this.copies();
    this.inPlace = false;
    this.left();
    if (copies) this.chunks.forEach((chunk, i) => (chunk.numbers = copies[i]!));
    else this.clear();
    this.lost = !copies;
    for (const block of this.blocks.splice(0)) block.release(idle);
  }

  private copies(): FloatArray[] | undefined {
    try {
      return this.chunks.map(({ numbers }) => numbers.slice() as FloatArray);
    } catch {
      // No memory for the arrays: the rows are given up. The solve that asks for room must not fail because of them.
      return undefined;
    }
  }

  protected override allocate(length: number): FloatArray {
    if (!this.inPlace) return super.allocate(length);
    const { dtype, memory, blocks } = this;
    try {
      const block = memory.lease(length * bytesOf(dtype));
      blocks.push(block);
      return viewOn(dtype, memory.memory.buffer, block.address, length);
    } catch (error) {
      if (!(error instanceof SolveError)) throw error;
      // Ordinary arrays may still have room.
      this.leave();
      return super.allocate(length);
    }
  }
}
