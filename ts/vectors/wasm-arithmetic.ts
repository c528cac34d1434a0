// The vector operations of a solve on its leased block: linear combinations, scaled norms, dot products. Operands are
// declared before the lease (tables of terms, the measure of the norm) and used by address after it.

import type { Dtype, FloatArray } from "../base/dtype.ts";
import type { Kernels } from "../wasm/memory.ts";
import { type HostVector, partOf, type Scratch } from "../wasm/scratch.ts";
import type { Arithmetic, Measure, MutableTerms, Rows, Views } from "./arithmetic.ts";
import { ArrayRows } from "./array-rows.ts";

/** Where operands are declared; `kernels` only after the lease. */
export interface Space {
  vector(length: number, dtype: Dtype): HostVector;
  rows(parts: number, length: number, dtype: Dtype): { whole: HostVector; parts: HostVector[] };
  readonly bytes: number;
  readonly kernels: Kernels;
}

const TERM_BYTES = 16;
const MEASURE_BYTES = 32;
const SEGMENT_BYTES = 16;
const NUMBER_BYTES = 8;
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
    const numbers = (terms * TERM_BYTES) / NUMBER_BYTES;
    this.place = space.vector(numbers, "float64");
    this.copy = new Float64Array(numbers);
  }

  takes(terms: number): boolean {
    return (this.terms + terms) * TERM_BYTES <= this.copy.byteLength;
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
    this.address = this.sheet.address + this.first * TERM_BYTES;
    this.vectors.forEach(({ address }, i) => {
      words[4 * (this.first + i)] = address;
      numbers[2 * (this.first + i) + 1] = this.weights[i]!;
    });
  }

  set(weights: ArrayLike<number>): void {
    const { view } = this.sheet;
    for (let i = 0; i < this.count; i++) view[2 * (this.first + i) + 1] = weights[i]!;
  }
}

const NO_VECTOR = 0;

const perElement = (tolerance: number | ArrayLike<number>): boolean => typeof tolerance !== "number";

/** What all measures that need the same room have in common. */
export const measureKind = ({ segments, rtol, atol }: Measure): string =>
  `${segments.length} ${perElement(rtol)} ${perElement(atol)}`;

/** Below this many numbers a plain loop beats TypedArray.set. */
const FEW = 24;

export class WasmArithmetic implements Arithmetic, Views {
  readonly host: Views = this;
  readonly length: number;
  readonly dtype: Dtype;
  private readonly space: Space;
  private readonly sheets: Sheet[] = [];
  private measure: { at: HostVector; rtols: HostVector | undefined; atols: HostVector | undefined } | undefined;
  private measureAddress = 0;
  private combineKernel!: Kernels["combineF64"];
  private normKernel!: Kernels["scaledNormF64"];
  private judgeKernel!: Kernels["judgeF64"];
  private dotKernel!: Kernels["dotF64"];
  private finiteKernel!: Kernels["allFiniteF64"];

  constructor(space: Space, length: number, dtype: Dtype) {
    this.space = space;
    this.length = length;
    this.dtype = dtype;
  }

  get bytes(): number {
    return this.space.bytes;
  }

  get kernels(): Kernels {
    return this.space.kernels;
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

  /** See `measureKind`. */
  measureLike({ segments, rtol, atol }: Measure): void {
    const at = this.space.vector((MEASURE_BYTES + segments.length * SEGMENT_BYTES) / NUMBER_BYTES, "float64");
    const tolerances = (tolerance: Measure["rtol"]) => (perElement(tolerance) ? this.vector() : undefined);
    this.measure = { at, rtols: tolerances(rtol), atols: tolerances(atol) };
  }

  like(scratch: Scratch, length: number): WasmArithmetic {
    return new WasmArithmetic(scratch, length, this.dtype);
  }

  load(measure?: Measure): void {
    const { kernels } = this;
    const single = this.dtype === "float32";
    this.combineKernel = single ? kernels.combineF32 : kernels.combineF64;
    this.normKernel = single ? kernels.scaledNormF32 : kernels.scaledNormF64;
    this.judgeKernel = single ? kernels.judgeF32 : kernels.judgeF64;
    this.dotKernel = single ? kernels.dotF32 : kernels.dotF64;
    this.finiteKernel = single ? kernels.allFiniteF32 : kernels.allFiniteF64;
    for (const sheet of this.sheets) sheet.load();
    if (measure) this.loadMeasure(measure);
  }

  private loadMeasure({ kind, segments, rtol, atol }: Measure): void {
    const { at, rtols, atols } = this.measure!;
    const { view } = at;
    const words = new Uint32Array(view.buffer, at.address, 2 * view.length);
    this.measureAddress = at.address;
    rtols?.view.set(rtol as ArrayLike<number>);
    atols?.view.set(atol as ArrayLike<number>);
    words[0] = kind === "max" ? 1 : 0;
    words[1] = segments.length;
    view[1] = typeof rtol === "number" ? rtol : 0;
    view[2] = typeof atol === "number" ? atol : 0;
    words[6] = rtols?.address ?? NO_VECTOR;
    words[7] = atols?.address ?? NO_VECTOR;
    segments.forEach(({ start, length, weight }, i) => {
      words[8 + 4 * i] = start;
      words[9 + 4 * i] = length;
      view[5 + 2 * i] = weight;
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

  part(whole: HostVector, start: number, length: number): HostVector {
    return partOf(whole, start, length);
  }

  norm(terms: TermTable, h: number, ya: HostVector, yb: HostVector): number {
    return this.normKernel(this.measureAddress, terms.address, terms.count, h, ya.address, yb.address);
  }

  /** In one call, because the next step waits for it. */
  judge(controller: number, terms: TermTable, h: number, ya: HostVector, yb: HostVector): number {
    return this.judgeKernel(controller, this.measureAddress, terms.address, terms.count, h, ya.address, yb.address);
  }

  judgeSteadied(
    controller: number,
    error: TermTable,
    steadying: TermTable,
    h: number,
    ya: HostVector,
    yb: HostVector,
  ): number {
    return this.kernels.control(controller, steadied(this.norm(error, h, ya, yb), this.norm(steadying, h, ya, yb)));
  }

  dot(a: HostVector, b: HostVector): number {
    return this.dotKernel(a.address, b.address, this.length);
  }

  isFinite(x: HostVector): boolean {
    return this.finiteKernel(x.address, this.length) === 1;
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

  rows(width: number, limit?: number): Rows {
    return new ArrayRows(width, this.dtype, limit);
  }
}

/** The error e of two estimates of it (Hairer, Nørsett, Wanner, Solving ODEs I, II.10). */
export function steadied(e: number, steady: number): number {
  return e === 0 ? 0 : (e * e) / Math.sqrt(e * e + 0.01 * steady * steady);
}
