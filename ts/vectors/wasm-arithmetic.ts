// The vector operations of a solve on its leased block: linear combinations, scaled norms, dot products. Operands are
// declared before the lease (tables of terms, the measure of the norm) and used by address after it.

import { bytesOf, type Dtype, type FloatArray } from "../base/dtype.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { HostArithmetic, HostRows, Measure, Measured, MeasureRoom, MutableTerms } from "./arithmetic.ts";
import { ArrayRows } from "./array-rows.ts";
import { type Precision, VECTORS_F64, type VectorKernels } from "./kernels.ts";
import * as at from "./table-layout.ts";

/** Where operands are declared; `memory` only after the lease. */
export interface Space {
  vector(length: number, dtype: Dtype): HostVector;
  rows(parts: number, length: number, dtype: Dtype): { whole: HostVector; parts: HostVector[] };
  readonly bytes: number;
  readonly memory: WebAssembly.Memory;
}

const WORD_BYTES = 4;
const NUMBER_BYTES = 8;
const TERM_WORDS = at.TERM_BYTES / WORD_BYTES;
const TERM_NUMBERS = at.TERM_BYTES / NUMBER_BYTES;
const VECTOR_WORD = at.TERM_VECTOR / WORD_BYTES;
const WEIGHT_NUMBER = at.TERM_WEIGHT / NUMBER_BYTES;
/** Term tables lie together in sheets of this many terms, so that few copies fill them all. */
const SHEET_TERMS = 32;

/** Term tables side by side in the block, and a copy of what they hold. */
class Sheet {
  terms = 0;
  readonly place: HostVector;
  private readonly tables: TermTable[] = [];
  private readonly copy: Float64Array;
  /** The view that the addresses in the copy belong to: a vector gets a new one when it moves. */
  private placed: FloatArray | undefined;

  constructor(space: Space, terms: number) {
    const numbers = terms * TERM_NUMBERS;
    this.place = space.vector(numbers, "float64");
    this.copy = new Float64Array(numbers);
  }

  takes(terms: number): boolean {
    return (this.terms + terms) * TERM_NUMBERS <= this.copy.length;
  }

  add(vectors: readonly HostVector[], weights: readonly number[]): TermTable {
    const table = new TermTable(this.place, this.terms, vectors, weights);
    this.tables.push(table);
    this.terms += vectors.length;
    return table;
  }

  load(): void {
    const { view } = this.place;
    if (this.placed !== view) {
      const addresses = new Uint32Array(this.copy.buffer);
      for (const table of this.tables) table.write(addresses, this.copy);
      this.placed = view;
    }
    view.set(this.copy);
  }
}

class TermTable implements MutableTerms {
  address = 0;
  readonly count: number;
  private readonly sheet: HostVector;
  private readonly first: number;
  private readonly vectors: readonly HostVector[];
  private readonly weights: readonly number[];

  /** `first`: terms before it in the sheet. */
  constructor(sheet: HostVector, first: number, vectors: readonly HostVector[], weights: readonly number[]) {
    this.sheet = sheet;
    this.first = first;
    this.vectors = vectors;
    this.weights = weights;
    this.count = vectors.length;
  }

  /** Writes the terms into an image of the sheet, seen as integers and as numbers. */
  write(words: Uint32Array, numbers: Float64Array): void {
    this.address = this.sheet.address + this.first * at.TERM_BYTES;
    this.vectors.forEach(({ address }, i) => {
      words[TERM_WORDS * (this.first + i) + VECTOR_WORD] = address;
      numbers[TERM_NUMBERS * (this.first + i) + WEIGHT_NUMBER] = this.weights[i]!;
    });
  }

  set(weights: ArrayLike<number>): void {
    const { view } = this.sheet;
    for (let i = 0; i < this.count; i++) view[TERM_NUMBERS * (this.first + i) + WEIGHT_NUMBER] = weights[i]!;
  }
}

const NO_VECTOR = 0;
/** The most vectors that `judgeBy` measures. */
const MOST_MEASURED = 4;

/** Below this many numbers a plain loop beats TypedArray.set. */
const FEW = 24;

export class WasmArithmetic implements HostArithmetic {
  readonly host: HostArithmetic = this;
  readonly length: number;
  readonly dtype: Dtype;
  private readonly precision: Precision;
  private readonly space: Space;
  private readonly sheets: Sheet[] = [];
  private measure: { table: HostVector; rtols: HostVector | undefined; atols: HostVector | undefined } | undefined;
  private measureAddress = 0;
  kernels!: VectorKernels;
  private combineKernel!: VectorKernels["combine"];
  private judgeKernel!: VectorKernels["judge"];
  private readonly norms: Float64Array = new Float64Array(MOST_MEASURED);

  constructor(space: Space, length: number, precision: Precision) {
    this.space = space;
    this.length = length;
    this.precision = precision;
    this.dtype = precision.dtype;
  }

  get bytes(): number {
    return this.space.bytes;
  }

  vector(): HostVector {
    return this.space.vector(this.length, this.dtype);
  }

  adjacent(parts: number): { whole: HostVector; parts: HostVector[] } {
    return this.space.rows(parts, this.length, this.dtype);
  }

  terms(vectors: readonly HostVector[], weights: readonly number[]): TermTable {
    const used = vectors.map((vector, j) => ({ vector, weight: weights[j] ?? 0 })).filter(({ weight }) => weight !== 0);
    return this.table(
      used.map(({ vector }) => vector),
      used.map(({ weight }) => weight),
    );
  }

  mutableTerms(vectors: readonly HostVector[]): TermTable {
    return this.table(
      vectors,
      vectors.map(() => 0),
    );
  }

  private table(vectors: readonly HostVector[], weights: readonly number[]): TermTable {
    let sheet = this.sheets.at(-1);
    if (!sheet?.takes(vectors.length)) {
      sheet = new Sheet(this.space, Math.max(SHEET_TERMS, vectors.length));
      this.sheets.push(sheet);
    }
    return sheet.add(vectors, weights);
  }

  measureIn({ segments, rtols, atols }: MeasureRoom): void {
    const bytes = at.MEASURE_BYTES + segments * at.SEGMENT_BYTES;
    const table = this.space.vector(bytes / NUMBER_BYTES, "float64");
    this.measure = { table, rtols: rtols ? this.vector() : undefined, atols: atols ? this.vector() : undefined };
  }

  like(scratch: Scratch, length: number): WasmArithmetic {
    return new WasmArithmetic(scratch, length, this.precision);
  }

  load(measure?: Measure): void {
    this.kernels = (this.precision.vectors ?? VECTORS_F64).on(this.space.memory);
    this.combineKernel = this.kernels.combine;
    this.judgeKernel = this.kernels.judge;
    for (const sheet of this.sheets) sheet.load();
    if (measure) this.loadMeasure(measure);
  }

  private loadMeasure({ kind, segments, rtol, atol }: Measure): void {
    const { table, rtols, atols } = this.measure!;
    const { view: numbers, address } = table;
    const words = new Uint32Array(numbers.buffer, address, numbers.byteLength / WORD_BYTES);
    this.measureAddress = address;
    rtols?.view.set(rtol as ArrayLike<number>);
    atols?.view.set(atol as ArrayLike<number>);
    words[at.MEASURE_KIND / WORD_BYTES] = kind === "max" ? at.MAX : at.RMS;
    words[at.MEASURE_SEGMENTS / WORD_BYTES] = segments.length;
    numbers[at.MEASURE_RTOL / NUMBER_BYTES] = typeof rtol === "number" ? rtol : 0;
    numbers[at.MEASURE_ATOL / NUMBER_BYTES] = typeof atol === "number" ? atol : 0;
    words[at.MEASURE_RTOLS / WORD_BYTES] = rtols?.address ?? NO_VECTOR;
    words[at.MEASURE_ATOLS / WORD_BYTES] = atols?.address ?? NO_VECTOR;
    segments.forEach(({ start, length, weight }, i) => {
      const segment = at.MEASURE_BYTES + i * at.SEGMENT_BYTES;
      words[(segment + at.SEGMENT_START) / WORD_BYTES] = start;
      words[(segment + at.SEGMENT_LENGTH) / WORD_BYTES] = length;
      numbers[(segment + at.SEGMENT_WEIGHT) / NUMBER_BYTES] = weight;
    });
  }

  combine(out: HostVector, base: HostVector | undefined, terms: TermTable, h: number): void {
    this.combineKernel(
      out.address,
      base === undefined ? NO_VECTOR : base.address,
      terms.address,
      terms.count,
      h,
      this.length,
    );
  }

  view({ view }: HostVector): FloatArray {
    return view;
  }

  fill({ view }: HostVector, value: number): void {
    view.fill(value);
  }

  assign({ view: out }: HostVector, factor: number, { view: x }: HostVector): void {
    // A copy, as of ∂L/∂θ, can be long; a call to copy what is short would cost more than the loop.
    if (factor === 1 && out.length > FEW) out.set(x);
    else for (let i = 0; i < out.length; i++) out[i] = factor * x[i]!;
  }

  part({ dtype, address, view }: HostVector, start: number, length: number): HostVector {
    const part = view.subarray(start, start + length) as FloatArray;
    return { length, dtype, address: address + start * bytesOf(dtype), view: part };
  }

  norm(terms: TermTable, h: number, ya: HostVector, yb: HostVector): number {
    return this.kernels.scaledNorm(this.measureAddress, terms.address, terms.count, h, ya.address, yb.address);
  }

  /** In one call, because the next step waits for it. */
  judge(controller: number, terms: TermTable, h: number, ya: HostVector, yb: HostVector): number {
    return this.judgeKernel(controller, this.measureAddress, terms.address, terms.count, h, ya.address, yb.address);
  }

  judgeBy(
    controller: number,
    measured: readonly Measured<TermTable>[],
    h: number,
    ya: HostVector,
    yb: HostVector,
    error: (norms: Float64Array) => number,
  ): number {
    const { norms } = this;
    for (let i = 0; i < measured.length; i++) {
      const { terms, unit } = measured[i]!;
      norms[i] = this.norm(terms, unit ? 1 : h, ya, yb);
    }
    const scaled = error(norms);
    return this.kernels.judgeSquare(controller, scaled * scaled);
  }

  dot(a: HostVector, b: HostVector): number {
    return this.kernels.dot(a.address, b.address, this.length);
  }

  isFinite(x: HostVector): boolean {
    return this.kernels.allFinite(x.address, x.length) === 1;
  }

  copyIn({ view }: HostVector, numbers: FloatArray): void {
    view.set(numbers);
  }

  copyOut({ view }: HostVector, into: FloatArray, at?: number): void {
    into.set(view, at);
  }

  arrived(): undefined {
    return undefined;
  }

  rows(width: number, limit?: number): HostRows {
    return new ArrayRows(width, this.dtype, limit);
  }
}
