// Steps as a WebAssembly function on the memory of a solve. Straight-line code goes through the rows of a batch two at a time,
// side by side in f64x2, and computes a row that is left over, or the only one, by itself; a loop of a block does so with its
// rounds. Numbers have the same bits in both. Functions that WebAssembly has no instruction for are taken from JavaScript.
import type { Store } from "../graph/blocks.ts";
import type { Term } from "../graph/graph.ts";
import { Access, type Place, type Signature } from "./access.ts";
import { CALL, GET, SET } from "./code.ts";
import { type Imported, moduleOf, TYPE } from "./encoder.ts";
import { LANES, SCALAR } from "./opcodes.ts";
import type { LoopStep, Step, TermStep } from "./schedule.ts";

/** Operations whose values wait on the stack for each other, at most. */
const DEEPEST = 100;

/** The functions that WebAssembly has no instruction for, to be taken from JavaScript: they have its bits, too. */
const isImported = (name: string): boolean => !(name in SCALAR);

const hasLoops = (steps: readonly Step[]): boolean => steps.some((step) => "loop" in step);

class Writer extends Access {
  readonly imports: Imported[] = [];
  /** The variables of terms, by their numbers. */
  private readonly homes = new Map<number, number>();
  /** How often each term will still be used. */
  private readonly left = new Map<number, number>();
  private readonly depths = new Map<number, number>();
  /** Terms that loops around need in their next round, too. */
  private readonly held = new Set<number>();
  /** Terms that are read together with another one, and stores that are written together with the next one. */
  private partners = new Map<Term, TermStep>();
  private pairs = new Set<Store>();
  /** A store that waits for its neighbour, and the variable of its value. */
  private waiting: { readonly store: Store; readonly local: number } | undefined;
  private readonly sum: number;
  private readonly count: number;

  constructor(steps: readonly Step[], signature: Signature) {
    super(signature);
    this.count = signature.arrays.length + 1;
    this.sum = this.local(TYPE.f64);
    if (signature.batched && !hasLoops(steps)) this.rows(steps, 2);
    this.rows(steps, 1);
    if (signature.sums) this.op(GET, this.sum);
  }

  /** Computes `width` rows at a time while so many are left. */
  private rows(steps: readonly Step[], width: number): void {
    const { widths, batched } = this.signature;
    this.lanes = width === 2;
    const row = (): void => {
      this.homes.clear();
      this.write(steps);
    };
    if (!batched) row();
    else
      this.whileAtLeast(this.count, width, () => {
        row();
        widths.forEach((own, i) => {
          this.advance(i + 1, width * own * (this.signature.dtype === "float32" ? 4 : 8));
        });
        this.advance(this.count, -width);
      });
    this.lanes = false;
  }

  private write(steps: readonly Step[]): void {
    for (const step of steps) {
      if ("store" in step) this.storeStep(step.store);
      else if ("loop" in step) this.loop(step);
      else this.term(step);
    }
  }

  private term({ term, uses, isHeld }: TermStep): void {
    const { id, list, operation } = term;
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
  private value(term: Term): void {
    const home = this.homes.get(term.id);
    if (home === undefined) this.compute(term);
    else {
      this.op(GET, home);
      if (!this.held.has(term.id)) this.use(term.id);
    }
  }

  /** One use less; after the last one its variable is free. */
  private use(id: number): void {
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

  private storeStep(store: Store): void {
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

  /** The rounds of a loop; those of blocks, and of sums in any order, two at a time. */
  private loop(step: LoopStep): void {
    const { loop, folds, outside } = step;
    const { homes, held, lanes } = this;
    const own = [...outside].filter(({ term }) => !held.has(term.id));
    for (const { term } of own) held.add(term.id);
    const isVector = !lanes && canBeLanes(step);
    const counter = this.local(TYPE.i32);
    this.running.push({ loop, counter });
    this.integer(0);
    this.op(SET, counter);
    for (const { term } of folds) this.begin(term, isVector);
    const some = isVector ? loop.count >> 1 : 0;
    if (some > 0) {
      this.vector = loop;
      this.lanes = true;
      const wide = this.widen([...outside]);
      this.rounds(step, counter, 2, some);
      for (const [id, narrow] of wide) {
        this.release(homes.get(id)!);
        homes.set(id, narrow);
      }
      this.vector = undefined;
      this.lanes = false;
    }
    if (isVector) for (const { term } of folds) this.narrow(term);
    const others = loop.count - 2 * some;
    if (others > 0) this.rounds(step, counter, 1, others);
    this.running.pop();
    this.release(counter);
    for (const { term, uses } of folds) {
      const [, carry] = term.list;
      held.delete(carry!.id);
      homes.set(term.id, homes.get(carry!.id)!);
      homes.delete(carry!.id);
      this.left.set(term.id, uses);
    }
    for (const { term } of own) {
      held.delete(term.id);
      this.use(term.id);
    }
  }

  /** Sets what a fold carries to what it begins with; in lanes, the second one to 0. */
  private begin({ list: [, carry, init] }: Term, isVector: boolean): void {
    this.value(init!);
    this.held.add(carry!.id);
    if (isVector) {
      const local = this.local(TYPE.f64);
      this.op(SET, local);
      this.pair(0, 0);
      this.op(GET, local);
      this.put([0xfd, 0x22, 0]);
      this.release(local);
    }
    const home = this.local(this.lanes || isVector ? TYPE.v128 : TYPE.f64);
    this.homes.set(carry!.id, home);
    this.op(SET, home);
  }

  /** Brings what two lanes have summed up together. */
  private narrow({ list: [, carry] }: Term): void {
    const home = this.homes.get(carry!.id)!;
    this.op(GET, home);
    this.horizontal();
    this.release(home);
    const sum = this.local(TYPE.f64);
    this.op(SET, sum);
    this.homes.set(carry!.id, sum);
  }

  /** Puts what a loop needs of the outside into both lanes; returns where it was. */
  private widen(outside: readonly TermStep[]): [id: number, home: number][] {
    return outside.map(({ term: { id, operation } }) => {
      const home = this.homes.get(id)!;
      this.op(GET, home);
      this.put(operation.isBoolean ? [0xad, 0xfd, 0x12, 0xfd, 0xc1, 1] : [0xfd, 0x14]);
      const wide = this.local(TYPE.v128);
      this.op(SET, wide);
      this.homes.set(id, wide);
      return [id, home];
    });
  }

  private rounds({ loop, folds, steps }: LoopStep, counter: number, width: number, rounds: number): void {
    const { pairs, partners } = this;
    this.pairs = new Set();
    this.partners = new Map();
    if (width === 2) this.pairUp(steps);
    this.pointAt(
      steps.flatMap((step): Place[] => ("store" in step ? [step.store] : "loop" in step ? [] : [step.term])),
    );
    const round = (): void => {
      this.write(steps);
      for (const { term } of folds) this.value(term.list[0]!);
      for (const { term } of folds.toReversed()) this.op(SET, this.homes.get(term.list[1]!.id)!);
      this.advance(counter, width);
      this.movePointers(loop, width);
    };
    if (rounds === 1) round();
    else this.until(counter, width * rounds, round);
    this.dropPointers();
    this.pairs = pairs;
    this.partners = partners;
  }

  /** Finds neighbours in arrays of pairs, which are read and written together. */
  private pairUp(steps: readonly Step[]): void {
    const terms = new Map<string, TermStep>();
    let before: Store | undefined;
    for (const step of steps) {
      const place = "store" in step ? step.store : "loop" in step ? undefined : step.term;
      if (!place || !this.hasPairs(place)) continue;
      if ("term" in step) terms.set(`${place.array} ${place.index}`, step);
      else if (before && before.array === place.array && before.index + 1 === place.index) {
        this.pairs.add(before);
        before = undefined;
      } else before = (step as { store: Store }).store;
    }
    for (const step of terms.values()) {
      const { array, index } = step.term;
      const next = terms.get(`${array} ${index + 1}`);
      if (!next || this.partners.has(step.term) || this.partners.has(next.term)) continue;
      this.partners.set(step.term, next);
      this.partners.set(next.term, step);
    }
  }

  /** Reads a term and its neighbour. */
  private both(term: Term, { term: other, uses }: TermStep): void {
    this.left.set(other.id, uses);
    const [even, odd] = term.index < other.index ? [term, other] : [other, term];
    this.loadPairs(even, this.home(even), this.home(odd));
  }
}

/** Whether two rounds of a loop may be computed side by side, and no loop in it would do so better. */
function canBeLanes({ loop, folds, steps }: LoopStep): boolean {
  const inner = steps.filter((step) => "loop" in step);
  if (loop.count < 2) return false;
  if (folds.length === 0) return inner.every((step) => step.folds.length > 0);
  return folds.every(({ term }) => term.value === 1) && !inner.some(canBeLanes);
}

/** The bytes of a module, and the functions of JavaScript that it imports. */
export function webassemblyOf(
  steps: readonly Step[],
  signature: Signature,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly imports: readonly Imported[] } {
  const { body, locals, imports } = new Writer(steps, signature);
  const parameters = [TYPE.f64, ...signature.arrays.map(() => TYPE.i32), TYPE.i32, TYPE.i32];
  const results = signature.sums ? [TYPE.f64] : [];
  return { bytes: moduleOf({ imports, parameters, results, locals, body }), imports };
}
