// The tapes of a solve's evaluations, in rows that outlive it. Each is copied out on its own, right after its evaluation while
// caches still have it, or, by a field of several threads, while the others begin with the next; and back in likewise.
import type { Holder, Rows } from "../arithmetic.ts";
import { type Awaitable, type BoundField, RECOMPUTE } from "../fields/field.ts";
import { ArrayRows } from "../growing.ts";
import type { Vector } from "../wasm/scratch.ts";

const NO_ROW = -1;

/** How many slots of its own a field needs so that tapes can be copied out and in. */
export const slotsFor = (field: { readonly overlaps?: boolean }): number => (field.overlaps ? 2 : 1);

/** The tapes of evaluations by step and by slot; where a slot is evaluated once for two steps, both have the same row. */
export class Tapes {
  readonly rows: Rows;
  /** For each step taken the row of every slot. */
  private readonly steps: ArrayRows;
  /** The row of the latest evaluation of every slot, and whether it belongs to a step taken. */
  private readonly latest: Float64Array;
  private readonly taken: Uint8Array;
  private next = 0;

  constructor(rows: Rows, slots: number) {
    this.rows = rows;
    this.steps = new ArrayRows(slots, "float64");
    this.latest = new Float64Array(slots).fill(NO_ROW);
    this.taken = new Uint8Array(slots);
  }

  get bytes(): number {
    return this.rows.bytes + this.steps.bytes;
  }

  /** `bytes` once another step has been taken. */
  get bytesWithStep(): number {
    return this.rows.bytes + this.steps.bytesWithNext;
  }

  /** And once another row is there, too. */
  get bytesWithRow(): number {
    return this.rows.bytesWithNext + this.steps.bytesWithNext;
  }

  /** Whether an evaluation of this slot needs a row of its own: those of steps that were not taken give theirs up. */
  needsRow(slot: number): boolean {
    return this.taken[slot] === 1 || this.latest[slot] === NO_ROW;
  }

  /** The row for an evaluation of this slot, which must be stored before the next is asked for. */
  rowFor(slot: number): number {
    if (this.needsRow(slot)) this.latest[slot] = this.next++;
    this.taken[slot] = 0;
    return this.latest[slot]!;
  }

  store(row: number, tape: Holder): void {
    if (row === this.rows.length) this.rows.push(tape);
    else this.rows.write(row, tape);
  }

  /** The step whose slots were evaluated last has been taken. */
  accept(): void {
    this.steps.push({ view: this.latest });
    this.taken.fill(1);
  }

  /** Copies the rows of step n's slots. */
  rowsOf(n: number, into: Float64Array): void {
    this.steps.read(n, { view: into });
  }
}

/** A bound field and where its own slots are. */
class Copying {
  protected readonly inner: BoundField;
  protected readonly places: readonly Holder[];
  private turn = 0;

  constructor(inner: BoundField) {
    const { tape, tapeLength } = inner;
    this.inner = inner;
    const part = (from: number): Holder => ({ view: tape!.view.subarray(from, from + tapeLength) as Vector["view"] });
    if (inner.overlap) this.places = [part(0), part(tapeLength)];
    else this.places = [tape!.length === tapeLength ? tape! : part(0)];
  }

  /** The slot that was not used last, where there are two. */
  protected nextTurn(): number {
    this.turn = (this.turn + 1) % this.places.length;
    return this.turn;
  }

  get tapeLength(): number {
    return this.inner.tapeLength;
  }

  get tape(): Vector | undefined {
    return this.inner.tape;
  }

  get paramsBar(): Vector | undefined {
    return this.inner.paramsBar;
  }

  get tau(): Vector | undefined {
    return this.inner.tau;
  }

  load(): void {
    this.inner.load();
  }

  flush(): Awaitable<void> {
    return this.inner.flush?.();
  }
}

/** A bound field whose evaluations leave their tapes in `tapes`. */
export class Taping extends Copying implements BoundField {
  private tapes: Tapes | undefined;
  private fits: (() => boolean) | undefined;

  /** `fits`: whether there may be another row. Where there may not, no tape is kept any more. */
  constructor(inner: BoundField, tapes: Tapes, fits: () => boolean) {
    super(inner);
    this.tapes = tapes;
    this.fits = fits;
  }

  get stopped(): boolean {
    return this.tapes === undefined;
  }

  /** Keeps no more tapes, and nothing of those before. */
  stop(): void {
    this.finish();
    this.tapes = undefined;
    this.fits = undefined;
  }

  /** Copies what has not been copied yet. */
  finish(): void {
    this.inner.overlap?.(() => {});
  }

  evaluate(t: number, x: Vector, dx: Vector, slot: number): Awaitable<void> {
    const { inner, tapes } = this;
    if (slot === RECOMPUTE || !tapes) return inner.evaluate(t, x, dx, RECOMPUTE);
    const turn = this.nextTurn();
    const pending = inner.evaluate(t, x, dx, turn);
    if (tapes.needsRow(slot) && !this.fits!()) {
      this.stop();
      return pending;
    }
    const row = tapes.rowFor(slot);
    const place = this.places[turn]!;
    if (inner.overlap) inner.overlap(() => tapes.store(row, place));
    else tapes.store(row, place);
    return pending;
  }

  vjp(t: number, x: Vector, cotangent: Vector, xBar: Vector, slot: number): Awaitable<number> {
    return this.inner.vjp(t, x, cotangent, xBar, slot);
  }
}

/** A bound field whose VJPs find their tapes in `tapes`. */
export class Recalling extends Copying implements BoundField {
  private readonly tapes: Tapes;
  private readonly rows: Float64Array;
  /** The row that each place holds. */
  private readonly held: number[];

  constructor(inner: BoundField, tapes: Tapes, slots: number) {
    super(inner);
    this.tapes = tapes;
    this.rows = new Float64Array(slots);
    this.held = this.places.map(() => NO_ROW);
  }

  /** The VJPs that follow are of this step. */
  begin(step: number): void {
    this.tapes.rowsOf(step, this.rows);
  }

  evaluate(t: number, x: Vector, dx: Vector, slot: number): Awaitable<void> {
    return this.inner.evaluate(t, x, dx, slot);
  }

  vjp(t: number, x: Vector, cotangent: Vector, xBar: Vector, slot: number): Awaitable<number> {
    const { inner, held, rows } = this;
    if (slot === RECOMPUTE) return inner.vjp(t, x, cotangent, xBar, RECOMPUTE);
    const row = rows[slot]!;
    let place = held.indexOf(row);
    if (place < 0) {
      place = this.nextTurn();
      this.recall(place, row);
    }
    // Rows are in the order of evaluations, and VJPs go back.
    if (inner.overlap && row > 0 && !held.includes(row - 1)) {
      const other = 1 - place;
      held[other] = NO_ROW;
      inner.overlap(() => this.recall(other, row - 1));
    }
    return inner.vjp(t, x, cotangent, xBar, place);
  }

  private recall(place: number, row: number): void {
    this.tapes.rows.read(row, this.places[place]!);
    this.held[place] = row;
  }
}
