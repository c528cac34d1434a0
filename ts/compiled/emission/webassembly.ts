// A schedule as a WebAssembly function on the memory of a solve. It goes through the rows of a batch two at a time, side by
// side in f64x2, and computes a row that is left over, or the only one, by itself: each row has the same bits in both.
import type { Dtype } from "../../base/dtype.ts";
import type { Term } from "../graph/graph.ts";
import { Bytes, type Imported, moduleOf, TYPE } from "./encoder.ts";
import { LANES, SCALAR } from "./opcodes.ts";
import type { Schedule, Store } from "./schedule.ts";

/** What a function is given: t, the addresses of these arrays, and how many rows there are. */
export interface Signature {
  readonly arrays: readonly string[];
  /** Of each array the numbers in a row, where it has a row for each of the batch; 0: all rows share it. */
  readonly widths: readonly number[];
  readonly dtype: Dtype;
  /** Whether it may be given more than one row. */
  readonly batched: boolean;
  /** Whether it returns the sum of what is stored in `sum`. */
  readonly sums: boolean;
}

const [GET, SET, TEE, CALL, END] = [0x20, 0x21, 0x22, 0x10, 0x0b];
/** Operations whose values wait on the stack for each other, at most. */
const DEEPEST = 100;

/** The functions that WebAssembly has no instruction for, to be taken from JavaScript: they have its bits, too. */
const isImported = (name: string): boolean => !(name in SCALAR);

class Writer {
  readonly body: Bytes = new Bytes();
  /** Types of the local variables. */
  readonly locals: number[] = [];
  readonly imports: Imported[] = [];
  private readonly schedule: Schedule;
  private readonly signature: Signature;
  private readonly bytes: number;
  /** Whether two rows are computed side by side. */
  private lanes = false;
  /** The variables of terms, by their numbers, and those that are free again, by type. */
  private homes = new Map<number, number>();
  private readonly free = new Map<number, number[]>();
  private left: Uint32Array;
  private readonly sum: number;
  private readonly count: number;

  constructor(schedule: Schedule, signature: Signature) {
    this.schedule = schedule;
    this.signature = signature;
    this.left = schedule.uses;
    this.bytes = signature.dtype === "float32" ? 4 : 8;
    this.count = signature.arrays.length + 1;
    this.sum = this.local(TYPE.f64);
    for (const step of schedule.steps) if ("term" in step) this.import(step.term);
    if (signature.batched) this.loop(2);
    this.loop(1);
    if (signature.sums) this.op(GET, this.sum);
  }

  private import({ operation, array }: Term): void {
    const { name, arity, apply } = operation;
    if (array || !isImported(name) || this.imports.some((known) => known.name === name)) return;
    // Engines know Math's own functions by themselves.
    this.imports.push({ name, arity, apply: Math[name as "sin"] ?? apply });
  }

  /** An instruction with a number. */
  private op(code: number, value: number): void {
    this.body.byte(code);
    this.body.integer(value);
  }

  private put(codes: readonly number[]): void {
    this.body.append(codes);
  }

  /** A new variable, or one that has become free. */
  private local(type: number): number {
    return this.free.get(type)?.pop() ?? this.count + this.locals.push(type);
  }

  private release(local: number): void {
    const type = this.locals[local - this.count - 1]!;
    const free = this.free.get(type);
    if (free) free.push(local);
    else this.free.set(type, [local]);
  }

  /** Computes `width` rows at a time while so many are left. */
  private loop(width: number): void {
    const { widths, batched } = this.signature;
    this.lanes = width === 2;
    if (batched) {
      this.put([0x02, 0x40, 0x03, 0x40]);
      this.op(GET, this.count);
      this.op(0x41, width);
      this.put([0x49, 0x0d, 1]);
    }
    this.homes = new Map();
    this.left = this.schedule.uses.slice();
    const depths = new Map<number, number>();
    for (const step of this.schedule.steps) {
      if ("store" in step) this.store(step.store);
      else {
        const { id, list, operation } = step.term;
        const depth =
          1 + Math.max(0, ...list.map((part) => (this.homes.has(part.id) ? 0 : (depths.get(part.id) ?? 0))));
        depths.set(id, depth);
        if (this.left[id] === 1 && depth < DEEPEST) continue;
        this.compute(step.term);
        const home = this.local(this.lanes ? TYPE.v128 : operation.isBoolean ? TYPE.i32 : TYPE.f64);
        this.homes.set(id, home);
        this.op(SET, home);
      }
    }
    if (!batched) return;
    widths.forEach((own, i) => {
      if (own > 0) this.advance(i + 1, width * own * this.bytes);
    });
    this.advance(this.count, -width);
    this.put([0x0c, 0, END, END]);
  }

  private advance(local: number, by: number): void {
    this.op(GET, local);
    this.body.byte(0x41);
    this.body.integer(by, true);
    this.put([0x6a]);
    this.op(SET, local);
  }

  /** Leaves a term on the stack. */
  private value(term: Term): void {
    const home = this.homes.get(term.id);
    if (home === undefined) this.compute(term);
    else {
      this.op(GET, home);
      if (--this.left[term.id]! > 0) return;
      this.release(home);
      this.homes.delete(term.id);
    }
  }

  private compute({ operation, list, value, array, index }: Term): void {
    const { name } = operation;
    if (name === "constant") this.constant(value);
    else if (name === "input") this.load(array, index);
    else {
      // A choice takes its condition last.
      const [first, ...others] = list;
      for (const part of name === "select" ? [...others, first!] : list) this.value(part);
      if (isImported(name)) this.call(name, operation.arity);
      else this.put((this.lanes ? LANES : SCALAR)[name]!);
    }
  }

  private constant(value: number): void {
    if (this.lanes) {
      this.put([0xfd, 0x0c]);
      this.body.double(value);
    } else this.put([0x44]);
    this.body.double(value);
  }

  /** The address of an element and the rest of an instruction that reads or writes it, in the second row for `row` 1. */
  private element(index: number, array: string, row: number): number {
    return this.bytes * (index + row * this.widthOf(array));
  }

  /** Numbers in a row of an array; 0: all rows share it. */
  private widthOf(array: string): number {
    return this.signature.widths[this.signature.arrays.indexOf(array)]!;
  }

  private address(array: string): void {
    this.op(GET, this.signature.arrays.indexOf(array) + 1);
  }

  private load(array: string, index: number): void {
    const single = this.bytes === 4;
    if (array === "t") this.op(GET, 0);
    if (array === "t" && this.lanes) this.put([0xfd, 0x14]);
    if (array === "t") return;
    if (this.lanes && this.widthOf(array) > 0) {
      // The lane of the second row is loaded into what holds the first.
      this.address(array);
      this.address(array);
      this.put([0xfd, single ? 0x5c : 0x5d]);
      this.op(0, this.element(index, array, 0));
      this.put([0xfd, single ? 0x56 : 0x57]);
      this.op(0, this.element(index, array, 1));
      this.put(single ? [1, 0xfd, 0x5f] : [1]);
      return;
    }
    this.address(array);
    this.put([single ? 0x2a : 0x2b]);
    this.op(0, this.element(index, array, 0));
    if (single) this.put([0xbb]);
    if (this.lanes) this.put([0xfd, 0x14]);
  }

  /** Calls a function of JavaScript, once for each lane. */
  private call(name: string, arity: number): void {
    const index = this.imports.findIndex((known) => known.name === name);
    if (!this.lanes) {
      this.op(CALL, index);
      return;
    }
    const saved = Array.from({ length: arity }, () => this.local(TYPE.v128)).reverse();
    for (const local of saved) this.op(SET, local);
    for (const lane of [0, 1]) {
      for (const local of saved.toReversed()) {
        this.op(GET, local);
        this.put([0xfd, 0x21, lane]);
      }
      this.op(CALL, index);
      this.put(lane === 0 ? [0xfd, 0x14] : [0xfd, 0x22, 1]);
    }
    for (const local of saved) this.release(local);
  }

  private store({ array, index, value, adds }: Store): void {
    const single = this.bytes === 4;
    const write = (): void => (typeof value === "object" ? this.value(value) : this.constant(value));
    if (this.lanes && this.widthOf(array) > 0) {
      const local = this.local(TYPE.v128);
      if (adds) this.load(array, index);
      write();
      if (adds) this.put(LANES["+"]!);
      if (single) this.put([0xfd, 0x5e]);
      this.op(SET, local);
      for (const lane of [0, 1]) {
        this.address(array);
        this.op(GET, local);
        this.put([0xfd, single ? 0x5a : 0x5b]);
        this.op(0, this.element(index, array, lane));
        this.put([lane]);
      }
      this.release(local);
      return;
    }
    if (array === "sum") this.op(GET, this.sum);
    else this.address(array);
    if (adds && array !== "sum") this.loadOne(array, index);
    write();
    if (this.lanes) this.horizontal();
    if (adds) this.put([0xa0]);
    if (array === "sum") {
      this.op(SET, this.sum);
      return;
    }
    if (single) this.put([0xb6]);
    this.put([single ? 0x38 : 0x39]);
    this.op(0, this.element(index, array, 0));
  }

  /** One number that all rows share, as it is. */
  private loadOne(array: string, index: number): void {
    const { lanes } = this;
    this.lanes = false;
    this.load(array, index);
    this.lanes = lanes;
  }

  /** The sum of both lanes. */
  private horizontal(): void {
    const local = this.local(TYPE.v128);
    this.op(TEE, local);
    this.put([0xfd, 0x21, 0]);
    this.op(GET, local);
    this.put([0xfd, 0x21, 1, 0xa0]);
    this.release(local);
  }
}

/** The bytes of a module, and the functions of JavaScript that it imports. */
export function webassemblyOf(
  schedule: Schedule,
  signature: Signature,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly imports: readonly Imported[] } {
  const { body, locals, imports } = new Writer(schedule, signature);
  const parameters = [TYPE.f64, ...signature.arrays.map(() => TYPE.i32), TYPE.i32];
  const results = signature.sums ? [TYPE.f64] : [];
  return { bytes: moduleOf({ imports, parameters, results, locals, body }), imports };
}
