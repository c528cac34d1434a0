// Steps as a WebAssembly function on the memory of a solve. Straight-line code goes through the rows of a batch two at a time,
// side by side in f64x2, and computes a row that is left over, or the only one, by itself; a loop of a block does so with its
// rounds. Numbers have the same bits in both.
import type { Store } from "../graph/blocks.ts";
import type { Term } from "../graph/graph.ts";
import type { Place, Signature } from "./access.ts";
import { GET, SET } from "./code.ts";
import { type Imported, moduleOf, TYPE } from "./encoder.ts";
import { Instructions } from "./instructions.ts";
import { type LoopStep, ownArraysIn, type Step, type TermStep } from "./schedule.ts";

/** Whether rows can be computed side by side: there is one of each of the program's own arrays, and loops use lanes themselves. */
const isStraight = (steps: readonly Step[]): boolean =>
  !steps.some((step) => "loop" in step) && ownArraysIn(steps).size === 0;

class Writer extends Instructions {
  private readonly count: number;

  constructor(steps: readonly Step[], signature: Signature) {
    super(signature);
    this.count = signature.arrays.length + 1;
    if (signature.batched && isStraight(steps)) this.rows(steps, 2);
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

  /** The rounds of a loop; those of blocks, and of sums in any order, two at a time. */
  private loop(step: LoopStep): void {
    const { loop, folds, outside } = step;
    const { homes, held, lanes } = this;
    const isVector = !lanes && canBeLanes(step);
    for (const { term } of folds) this.begin(term, isVector);
    const own = [...outside].filter(({ term }) => !held.has(term.id));
    for (const { term } of [...own, ...folds.map(({ term: { list } }) => ({ term: list[1]! }))]) held.add(term.id);
    const counter = this.local(TYPE.i32);
    this.running.push({ loop, counter });
    this.integer(0);
    this.op(SET, counter);
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
}

/** Whether two rounds of a loop may be computed side by side, and no loop in it would do so better. */
function canBeLanes({ loop, folds, steps, isBlock }: LoopStep): boolean {
  const inner = steps.filter((step) => "loop" in step);
  if (loop.count < 2 || !folds.every(({ term }) => term.value === 1)) return false;
  return isBlock ? !inner.some((step) => step.isBlock) : !inner.some(canBeLanes);
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
