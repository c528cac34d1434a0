// Terms as WebAssembly instructions: a value that is used once waits on the stack, one that is used more often has a variable.
// Functions that WebAssembly has no instruction for are taken from JavaScript.
import type { Store } from "../graph/blocks.ts";
import type { Term } from "../graph/graph.ts";
import { Access } from "./access.ts";
import { CALL, GET, SET } from "./code.ts";
import { type Imported, TYPE } from "./encoder.ts";
import { LANES, SCALAR } from "./opcodes.ts";
import type { TermStep } from "./schedule.ts";

/** Operations whose values wait on the stack for each other, at most. */
const DEEPEST = 100;

/** The functions that WebAssembly has no instruction for, to be taken from JavaScript: they have its bits, too. */
const isImported = (name: string): boolean => !(name in SCALAR);

export abstract class Instructions extends Access {
  readonly imports: Imported[] = [];
  /** The variables of terms, by their numbers. */
  protected readonly homes: Map<number, number> = new Map();
  /** How often each term will still be used. */
  protected readonly left: Map<number, number> = new Map();
  private readonly depths = new Map<number, number>();
  /** Terms that loops around need in their next round, too. */
  protected readonly held: Set<number> = new Set();
  /** Terms that are read together with another one, and stores that are written together with the next one. */
  protected partners: Map<Term, TermStep> = new Map();
  protected pairs: Set<Store> = new Set();
  /** A store that waits for its neighbour, and the variable of its value. */
  private waiting: { readonly store: Store; readonly local: number } | undefined;
  /** What the function returns. */
  protected readonly sum: number = this.local(TYPE.f64);

  protected term({ term, uses, isHeld }: TermStep): void {
    const { id, list, operation } = term;
    // It has been read with its neighbour.
    if (this.homes.has(id)) return;
    this.left.set(id, uses);
    const deepest = list.map((part) => (this.homes.has(part.id) ? 0 : (this.depths.get(part.id) ?? 0)));
    const depth = 1 + Math.max(0, ...deepest);
    this.depths.set(id, depth);
    const partner = this.partners.get(term);
    if (partner) this.both(term, partner);
    else if (uses > 1 || isHeld || depth >= DEEPEST) {
      this.compute(term);
      this.op(SET, this.home(term, operation.isBoolean));
    }
  }

  private home({ id }: Term, isBoolean = false): number {
    const home = this.local(this.lanes ? TYPE.v128 : isBoolean ? TYPE.i32 : TYPE.f64);
    this.homes.set(id, home);
    return home;
  }

  /** Leaves a term on the stack. */
  protected value(term: Term): void {
    const home = this.homes.get(term.id);
    if (home === undefined) this.compute(term);
    else {
      this.op(GET, home);
      if (!this.held.has(term.id)) this.use(term.id);
    }
  }

  /** One use less; after the last one its variable is free. */
  protected use(id: number): void {
    const left = this.left.get(id)! - 1;
    this.left.set(id, left);
    if (left > 0) return;
    this.release(this.homes.get(id)!);
    this.homes.delete(id);
  }

  private compute(term: Term): void {
    const { operation, list, value } = term;
    const { name } = operation;
    if (name === "constant") this.constant(value);
    else if (name === "input") this.load(term);
    else {
      // A choice takes its condition last.
      const [first, ...others] = list;
      for (const part of name === "select" ? [...others, first!] : list) this.value(part);
      if (isImported(name)) this.call(term);
      else this.put((this.lanes ? LANES : SCALAR)[name]!);
    }
  }

  /** Calls a function of JavaScript, once for each lane. */
  private call({ operation }: Term): void {
    const { name, arity, apply } = operation;
    let index = this.imports.findIndex((known) => known.name === name);
    // Engines know Math's own functions by themselves.
    if (index < 0) index = this.imports.push({ name, arity, apply: Math[name as "sin"] ?? apply }) - 1;
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

  protected storeStep(store: Store): void {
    const { array, value, adds } = store;
    const write = (): void => (typeof value === "object" ? this.value(value) : this.constant(value));
    if (this.waiting) {
      const { store: first, local } = this.waiting;
      const second = this.local(TYPE.v128);
      write();
      this.op(SET, second);
      this.storePairs(first, local, second);
      this.release(local);
      this.release(second);
      this.waiting = undefined;
    } else if (this.pairs.has(store)) {
      const local = this.local(TYPE.v128);
      write();
      this.op(SET, local);
      this.waiting = { store, local };
    } else if (array === "sum" || (this.lanes && !this.vector && this.widthOf(array) === 0)) this.addAll(store, write);
    else
      this.store(store, () => {
        if (adds) this.load(store);
        write();
        if (adds) this.put((this.lanes ? LANES : SCALAR)["+"]!);
      });
  }

  /** Adds a number, or those of two rows, to one that all rows share. */
  private addAll(store: Store, write: () => void): void {
    const { lanes, sum } = this;
    write();
    if (lanes) this.horizontal();
    if (store.array === "sum") {
      this.op(GET, sum);
      this.put(SCALAR["+"]!);
      this.op(SET, sum);
      return;
    }
    const local = this.local(TYPE.f64);
    this.op(SET, local);
    this.lanes = false;
    this.store(store, () => {
      this.load(store);
      this.op(GET, local);
      this.put(SCALAR["+"]!);
    });
    this.lanes = lanes;
    this.release(local);
  }

  /** Reads a term and its neighbour. */
  private both(term: Term, { term: other, uses }: TermStep): void {
    this.left.set(other.id, uses);
    const [even, odd] = term.index < other.index ? [term, other] : [other, term];
    this.loadPairs(even, this.home(even), this.home(odd));
  }
}
