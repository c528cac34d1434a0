// Rows of tapes in the pool's shared memory: threads leave tapes there and find them there, and nothing is copied. A pool
// keeps those of the latest recording there, so that they take no more than the largest one does. They make room for the
// next: to ordinary arrays while a pullback is to come, and for ever after one, since a second one may evaluate anew.
import { SolveError } from "../errors.ts";
import type { TapeRows } from "../fields/field.ts";
import { ArrayRows } from "../growing.ts";
import { bytesOf, type Dtype, type FloatArray } from "../wasm/dtype.ts";
import type { SharedBlock, SharedMemory } from "./shared-memory.ts";

/** No worker touches them but in a call, and a call waits for whoever writes. */
const idle = (): boolean => false;

export class SharedRows extends ArrayRows implements TapeRows {
  inPlace = true;
  lost = false;
  private readonly memory: SharedMemory;
  private readonly blocks: SharedBlock[] = [];
  private spent = false;

  constructor(width: number, dtype: Dtype, memory: SharedMemory) {
    super(width, dtype);
    this.memory = memory;
  }

  /** Where row n is, while they are in place. */
  address(n: number): number {
    const { numbers, at } = this.place(n);
    return numbers.byteOffset + at * bytesOf(this.dtype);
  }

  extend(): boolean {
    this.makeRoom();
    if (this.inPlace) this.length++;
    return this.inPlace;
  }

  spend(): void {
    this.spent = true;
  }

  /** Makes room in the shared memory. */
  leave(): void {
    if (!this.inPlace) return;
    this.inPlace = false;
    this.lost = this.spent;
    if (this.lost) this.clear();
    else for (const chunk of this.chunks) chunk.numbers = chunk.numbers.slice() as FloatArray;
    for (const block of this.blocks) block.release(idle);
  }

  protected override allocate(length: number): FloatArray {
    if (!this.inPlace) return super.allocate(length);
    const { dtype, memory, blocks } = this;
    try {
      const block = memory.lease(length * bytesOf(dtype));
      blocks.push(block);
      const { buffer } = memory.memory;
      const type = dtype === "float32" ? Float32Array : Float64Array;
      return new type(buffer, block.address, length) as FloatArray;
    } catch (error) {
      if (!(error instanceof SolveError)) throw error;
      // Ordinary arrays may still have room.
      this.leave();
      return super.allocate(length);
    }
  }
}
