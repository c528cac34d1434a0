// Reading and writing elements of arrays: those of one place, those of two rows of a batch side by side, and those that move
// with the rounds of loops, by pointers that go along.
import type { Dtype } from "../../base/dtype.ts";
import type { Along, Loop } from "../graph/loops.ts";
import { INDEX } from "../graph/loops.ts";
import { isOwn } from "../graph/terms.ts";
import { Code, GET, SET, TEE } from "./code.ts";
import { TYPE } from "./encoder.ts";

/** What a function is given: t, the addresses of these arrays, how many rows there are, and the address of its own arrays. */
export interface Signature {
  readonly arrays: readonly string[];
  /** Of each array the numbers in a row, where it has a row for each of the batch; 0: all rows share it. */
  readonly widths: readonly number[];
  readonly dtype: Dtype;
  /** Whether it may be given more than one row. */
  readonly batched: boolean;
  /** Whether it returns the sum of what is stored in `sum`. */
  readonly sums: boolean;
  /** Where each of the program's own arrays begins in their memory, whose address comes last; they are float64. */
  readonly own: ReadonlyMap<string, number>;
}

/** An element that may move with the rounds of loops. */
export interface Place {
  readonly array: string;
  readonly index: number;
  readonly along?: readonly Along[];
}

/** A loop whose rounds are being written. */
interface Running {
  readonly loop: Loop;
  readonly counter: number;
}

interface Pointer {
  readonly local: number;
  /** The element that it points to in the first rounds. */
  readonly base: number;
}

const keyOf = ({ array, along = [] }: Place): string =>
  `${array} ${along.map(({ loop, stride }) => `${loop.id}*${stride}`).join()}`;

/** Instructions that read and write, for numbers of 8 bytes and of 4: one of them, the same one twice, two neighbours. */
const DOUBLE = { load: [0x2b], twice: [0xfd, 0x0a], both: [0xfd, 0x00], first: [0xfd, 0x5d], second: [0xfd, 0x57] };
const SINGLE = { load: [0x2a], twice: [0xfd, 0x09], both: [0xfd, 0x5d], first: [0xfd, 0x5c], second: [0xfd, 0x56] };
const PROMOTE = [0xfd, 0x5f];
const DEMOTE = [0xfd, 0x5e];
/** Neighbours change places; those of even and odd places; the first and the second lanes of two pairs. */
const SWAP = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const EVEN = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const ODD = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31];

export abstract class Access extends Code {
  protected readonly signature: Signature;
  protected readonly running: Running[] = [];
  private readonly pointers: Map<string, Pointer>[] = [];
  /** The loop that two rounds of are computed side by side; none: two rows of a batch are, if any. */
  protected vector: Loop | undefined;

  constructor(signature: Signature) {
    super(signature.arrays.length + 3);
    this.signature = signature;
  }

  private bytesOf(array: string): number {
    return isOwn(array) || this.signature.dtype === "float64" ? 8 : 4;
  }

  private isSingle(array: string): boolean {
    return this.bytesOf(array) === 4;
  }

  private baseOf(array: string): number {
    return this.signature.own.get(array) ?? 0;
  }

  /** Numbers in a row of an array; 0: all rows share it. */
  protected widthOf(array: string): number {
    return this.signature.widths[this.signature.arrays.indexOf(array)] ?? 0;
  }

  private pushAddress(array: string): void {
    const { arrays } = this.signature;
    this.op(GET, isOwn(array) ? arrays.length + 2 : 1 + arrays.indexOf(array));
  }

  protected strideOf(along: readonly Along[] | undefined): number {
    return along?.find(({ loop }) => loop === this.vector)?.stride ?? 0;
  }

  /** Sets a pointer for each way through an array in the rounds of the innermost loop, at its current round. */
  protected pointAt(places: readonly Place[]): void {
    const least = new Map<string, [place: Place, element: number]>();
    for (const place of places) {
      if (!place.along?.length || place.array === INDEX) continue;
      const key = keyOf(place);
      // Where two rounds are read backwards, the second one's element comes first.
      const element = place.index + Math.min(0, this.strideOf(place.along));
      const known = least.get(key);
      if (!known || element < known[1]) least.set(key, [place, element]);
    }
    const pointers = new Map<string, Pointer>();
    for (const [key, [{ array, along }, element]] of least) {
      const local = this.local(TYPE.i32);
      const bytes = this.bytesOf(array);
      this.pushAddress(array);
      // An element may begin before its array; the sum does not.
      this.integer(bytes * (this.baseOf(array) + element));
      this.put([0x6a]);
      for (const { loop, stride } of along!) {
        this.op(GET, this.running.findLast((own) => own.loop === loop)!.counter);
        this.integer(bytes * stride);
        this.put([0x6c, 0x6a]);
      }
      this.op(SET, local);
      pointers.set(key, { local, base: element });
    }
    this.pointers.push(pointers);
  }

  /** Moves the pointers some rounds of the innermost loop on. */
  protected movePointers(loop: Loop, rounds: number): void {
    for (const [key, { local }] of this.pointers.at(-1)!) {
      const [array, ways] = key.split(" ");
      const own = ways!.split(",").find((way) => way.startsWith(`${loop.id}*`));
      if (own) this.advance(local, rounds * Number(own.split("*")[1]) * this.bytesOf(array!));
    }
  }

  protected dropPointers(): void {
    for (const { local } of this.pointers.pop()!.values()) this.release(local);
  }

  /** Pushes an address; returns how far from there the element is, in bytes. */
  private locate(place: Place): number {
    const { array, index } = place;
    const bytes = this.bytesOf(array);
    if (!place.along?.length) {
      this.pushAddress(array);
      return bytes * (this.baseOf(array) + index);
    }
    const pointer = this.pointers.findLast((own) => own.has(keyOf(place)))!.get(keyOf(place))!;
    this.op(GET, pointer.local);
    return bytes * (index - pointer.base);
  }

  /** An instruction that reads or writes, `offset` bytes from an address. */
  private at(codes: readonly number[], offset: number): void {
    this.put(codes);
    this.op(0, offset);
  }

  /** Reads an element, or two side by side. */
  protected load(place: Place): void {
    const { array } = place;
    if (array === "t") {
      this.op(GET, 0);
      if (this.lanes) this.splat();
      return;
    }
    if (array === INDEX) {
      this.loadCounter(place);
      return;
    }
    const single = this.isSingle(array);
    const bytes = this.bytesOf(array);
    const codes = single ? SINGLE : DOUBLE;
    const step = this.vector ? this.strideOf(place.along) : this.lanes ? this.widthOf(array) : 0;
    if (!this.lanes) {
      this.at(codes.load, this.locate(place));
      if (single) this.put([0xbb]);
      return;
    }
    const offset = this.locate(place);
    if (step === 0) this.at(codes.twice, offset);
    else if (step === 1) this.at(codes.both, offset);
    else if (step === -1) this.at(codes.both, offset - bytes);
    else {
      // The second lane is loaded into what holds the first.
      this.locate(place);
      this.at(codes.first, offset);
      this.at(codes.second, offset + step * bytes);
      this.put([1]);
    }
    if (single) this.put(PROMOTE);
    if (step !== -1) return;
    const local = this.local(TYPE.v128);
    this.op(TEE, local);
    this.op(GET, local);
    this.put([0xfd, 0x0d, ...SWAP]);
    this.release(local);
  }

  private loadCounter({ index, along = [] }: Place): void {
    this.integer(index);
    for (const { loop, stride } of along) {
      this.op(GET, this.running.findLast((own) => own.loop === loop)!.counter);
      this.integer(stride);
      this.put([0x6c, 0x6a]);
    }
    this.put([0xb7]);
    if (!this.lanes) return;
    this.splat();
    const step = this.strideOf(along);
    if (step === 0) return;
    this.pair(0, step);
    this.put([0xfd, 0xf0, 1]);
  }

  /** Reads the elements of two neighbours in arrays of pairs, in both rounds; sets one variable to each. */
  protected loadPairs(place: Place, even: number, odd: number): void {
    const offset = this.locate(place);
    const next = this.local(TYPE.v128);
    this.at(DOUBLE.both, offset);
    this.op(SET, even);
    this.locate(place);
    this.at(DOUBLE.both, offset + 16);
    this.op(SET, next);
    for (const [to, order] of [
      [odd, ODD],
      [even, EVEN],
    ] as const) {
      this.op(GET, even);
      this.op(GET, next);
      this.put([0xfd, 0x0d, ...order]);
      this.op(SET, to);
    }
    this.release(next);
  }

  /** Writes two rounds of two neighbours in arrays of pairs. */
  protected storePairs(place: Place, first: number, second: number): void {
    for (const [order, further] of [
      [EVEN, 0],
      [ODD, 16],
    ] as const) {
      const offset = this.locate(place);
      this.op(GET, first);
      this.op(GET, second);
      this.put([0xfd, 0x0d, ...order]);
      this.at([0xfd, 0x0b], offset + further);
    }
  }

  /** Whether pairs of an array can be read and written together. */
  protected hasPairs({ array, along }: Place): boolean {
    return this.vector !== undefined && this.strideOf(along) === 2 && !this.isSingle(array);
  }

  /** Writes what `value` pushes; in lanes, two numbers to the elements of two rounds or rows. */
  protected store(place: Place, value: () => void): void {
    const { array } = place;
    const single = this.isSingle(array);
    const bytes = this.bytesOf(array);
    if (!this.lanes) {
      const offset = this.locate(place);
      value();
      if (single) this.put([0xb6]);
      this.at([single ? 0x38 : 0x39], offset);
      return;
    }
    const step = this.vector ? this.strideOf(place.along) : this.widthOf(array);
    if (step === 1) {
      const offset = this.locate(place);
      value();
      if (single) this.put(DEMOTE);
      this.at(single ? [0xfd, 0x5b] : [0xfd, 0x0b], offset);
      if (single) this.put([0]);
      return;
    }
    const local = this.local(TYPE.v128);
    value();
    if (single) this.put(DEMOTE);
    this.op(SET, local);
    for (const lane of [0, 1]) {
      const offset = this.locate(place);
      this.op(GET, local);
      this.at([0xfd, single ? 0x5a : 0x5b], offset + lane * step * bytes);
      this.put([lane]);
    }
    this.release(local);
  }
}
