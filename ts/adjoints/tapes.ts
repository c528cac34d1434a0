// The tapes of a solve's evaluations, in rows that outlive it. Each tape is copied out right after its evaluation,
// while it is in cache, and copied back right before its VJP; or it stays in a row of the field.

import type { Awaitable } from "../base/waiting.ts";
import { type BoundField, RECOMPUTE, type TapeRows } from "../fields/field.ts";
import type { Rows, Vector, Viewed } from "../vectors/arithmetic.ts";
import { ArrayRows } from "../vectors/array-rows.ts";

const NO_ROW = -1;
/** The slot that tapes are copied from and to. */
const COPIED = 0;

/** The tapes of evaluations by step and by slot; where a slot is evaluated once for two steps, both have the same row. */
export class Tapes {
  readonly rows: Rows & Partial<TapeRows>;
  /** For each step taken the row of every slot. */
  private readonly steps: ArrayRows;
  /** The row of the latest evaluation of every slot, and whether it belongs to a step taken. */
  private readonly latest: Float64Array;
  private readonly step: Viewed;
  private readonly taken: Uint8Array;
  private next = 0;

  constructor(rows: Rows & Partial<TapeRows>, slots: number) {
    this.rows = rows;
    this.steps = new ArrayRows(slots, "float64");
    this.latest = new Float64Array(slots).fill(NO_ROW);
    this.step = { length: slots, dtype: "float64", view: this.latest };
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

  /** True if an evaluation of this slot needs a new row; a step that was not taken gives its rows up. */
  needsRow(slot: number): boolean {
    return this.taken[slot] === 1 || this.latest[slot] === NO_ROW;
  }

  /** The row for an evaluation of this slot, which must be stored before the next is asked for. */
  rowFor(slot: number): number {
    if (this.needsRow(slot)) this.latest[slot] = this.next++;
    this.taken[slot] = 0;
    return this.latest[slot]!;
  }

  /** Has this row, which may be new, ready to be filled in place; false where it is to be stored. */
  reserve(row: number): boolean {
    const { rows } = this;
    return rows.inPlace === true && (row < rows.length || rows.extend!());
  }

  store(row: number, tape: Vector): void {
    if (row === this.rows.length) this.rows.push(tape);
    else this.rows.write(row, tape);
  }

  /** The step whose slots were evaluated last has been taken. */
  accept(): void {
    this.steps.push(this.step);
    this.taken.fill(1);
  }

  /** Copies the rows of step n's slots. */
  rowsOf(n: number, into: Float64Array): void {
    into.set(this.steps.row(n).view);
  }
}

/** A bound field that something is added to. */
class Wrapped {
  protected readonly inner: BoundField;

  constructor(inner: BoundField) {
    this.inner = inner;
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

  load(): void {
    this.inner.load();
  }

  flush(): Awaitable<void> {
    return this.inner.flush?.();
  }
}

/** A bound field whose evaluations leave their tapes in `tapes`. */
export class Taping extends Wrapped implements BoundField {
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

  /** Drops the tapes kept so far, and keeps no more. */
  stop(): void {
    this.tapes = undefined;
    this.fits = undefined;
  }

  evaluate(t: number, x: Vector, dx: Vector, slot: number): Awaitable<void> {
    const { inner } = this;
    if (slot !== RECOMPUTE && this.tapes && !this.hasRoomFor(slot)) this.stop();
    const { tapes } = this;
    if (slot === RECOMPUTE || !tapes) return inner.evaluate(t, x, dx, RECOMPUTE);
    const row = tapes.rowFor(slot);
    if (tapes.reserve(row)) return inner.evaluate(t, x, dx, row);
    const pending = inner.evaluate(t, x, dx, COPIED);
    tapes.store(row, inner.tape!);
    return pending;
  }

  private hasRoomFor(slot: number): boolean {
    const tapes = this.tapes!;
    return !tapes.rows.lost && (!tapes.needsRow(slot) || this.fits!());
  }

  vjp(t: number, x: Vector, cotangent: Vector, xBar: Vector, slot: number): Awaitable<number> {
    return this.inner.vjp(t, x, cotangent, xBar, slot);
  }
}

/** A bound field whose VJPs find their tapes in `tapes`. */
export class Recalling extends Wrapped implements BoundField {
  private readonly tapes: Tapes;
  private readonly rows: Float64Array;
  /** The row that was copied in last. */
  private copied = NO_ROW;

  constructor(inner: BoundField, tapes: Tapes, slots: number) {
    super(inner);
    this.tapes = tapes;
    this.rows = new Float64Array(slots);
    if (tapes.rows.inPlace) inner.ownTapes!.use(tapes.rows as TapeRows);
  }

  /** The VJPs that follow are of this step. */
  begin(step: number): void {
    this.tapes.rowsOf(step, this.rows);
  }

  evaluate(t: number, x: Vector, dx: Vector): Awaitable<void> {
    return this.inner.evaluate(t, x, dx, RECOMPUTE);
  }

  vjp(t: number, x: Vector, cotangent: Vector, xBar: Vector, slot: number): Awaitable<number> {
    const { inner, tapes } = this;
    if (slot === RECOMPUTE) return inner.vjp(t, x, cotangent, xBar, RECOMPUTE);
    const row = this.rows[slot]!;
    if (tapes.rows.inPlace) return inner.vjp(t, x, cotangent, xBar, row);
    if (this.copied !== row) tapes.rows.read(row, inner.tape!);
    this.copied = row;
    return inner.vjp(t, x, cotangent, xBar, COPIED);
  }
}
