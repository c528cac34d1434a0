// The vector operations of a solve on its leased block: linear combinations, scaled norms, dot products. Operands are
// declared before the lease (tables of terms, the measure of the norm) and used by address after it.
import { bytesOf, type Dtype } from "./dtype.ts";
import type { Kernels } from "./memory.ts";
import type { Scratch, Vector } from "./scratch.ts";

/** Σ cⱼ vⱼ with everything but the step size fixed: a table of addresses and weights in the block. */
export interface Terms {
  readonly address: number;
  readonly count: number;
}

/** One part of the state for the norm: the error norm is the largest `weight` · norm(part). */
export interface Segment {
  readonly start: number;
  readonly length: number;
  readonly weight: number;
}

/** How errors are measured. */
export interface Measure {
  readonly kind: "rms" | "max";
  readonly segments: readonly Segment[];
  /** A number, or one for each element of the state. */
  readonly rtol: number | ArrayLike<number>;
  readonly atol: number | ArrayLike<number>;
}

const TERM_BYTES = 16;
const MEASURE_BYTES = 32;
const SEGMENT_BYTES = 16;

/** Terms whose weights change from use to use. */
export interface MutableTerms extends Terms {
  set(weights: ArrayLike<number>): void;
}

class TermTable implements MutableTerms {
  address = 0;
  readonly count: number;
  private readonly table: Vector;
  private readonly vectors: readonly Vector[];
  private readonly weights: readonly number[];
  constructor(table: Vector, vectors: readonly Vector[], weights: readonly number[]) {
    this.table = table;
    this.vectors = vectors;
    this.weights = weights;
    this.count = vectors.length;
  }
  load(memory: DataView): void {
    this.address = this.table.address;
    this.vectors.forEach((vector, j) => {
      memory.setUint32(this.address + j * TERM_BYTES, vector.address, true);
      memory.setFloat64(this.address + j * TERM_BYTES + 8, this.weights[j]!, true);
    });
  }
  set(weights: ArrayLike<number>): void {
    const { view } = this.table;
    for (let j = 0; j < this.count; j++) view[2 * j + 1] = weights[j]!;
  }
}

const NO_VECTOR = 0;

export class Arithmetic {
  readonly length: number;
  readonly dtype: Dtype;
  private readonly scratch: Scratch;
  private readonly tables: TermTable[] = [];
  private measure: { at: Vector; rtols: Vector | undefined; atols: Vector | undefined; of: Measure } | undefined;
  private measureAddress = 0;
  private combineKernel!: Kernels["combineF64"];
  private normKernel!: Kernels["scaledNormF64"];
  private judgeKernel!: Kernels["judgeF64"];
  private dotKernel!: Kernels["dotF64"];
  private finiteKernel!: Kernels["allFiniteF64"];

  constructor(scratch: Scratch, length: number, dtype: Dtype) {
    this.scratch = scratch;
    this.length = length;
    this.dtype = dtype;
  }

  /** A new vector of the state's length. */
  vector(): Vector {
    return this.scratch.vector(this.length, this.dtype);
  }

  /** Declares Σ weightsⱼ vectorsⱼ; terms of weight 0 are left out. */
  terms(vectors: readonly Vector[], weights: readonly number[]): Terms {
    const used = vectors.map((vector, j) => ({ vector, weight: weights[j] ?? 0 })).filter(({ weight }) => weight !== 0);
    return this.table(
      used.map(({ vector }) => vector),
      used.map(({ weight }) => weight),
    );
  }

  /** Declares Σ weightsⱼ vectorsⱼ with weights to be set before each use. */
  mutableTerms(vectors: readonly Vector[]): MutableTerms {
    return this.table(
      vectors,
      vectors.map(() => 0),
    );
  }

  private table(vectors: readonly Vector[], weights: readonly number[]): TermTable {
    const numbers = Math.max(1, vectors.length) * (TERM_BYTES / 8);
    const table = new TermTable(this.scratch.vector(numbers, "float64"), vectors, weights);
    this.tables.push(table);
    return table;
  }

  /** Declares how `norm` measures. */
  measureWith(of: Measure): void {
    const perElement = (tolerance: number | ArrayLike<number>) => (typeof tolerance === "number" ? undefined : this.vector());
    const at = this.scratch.vector((MEASURE_BYTES + of.segments.length * SEGMENT_BYTES) / 8, "float64");
    this.measure = { at, rtols: perElement(of.rtol), atols: perElement(of.atol), of };
  }

  /** Fills the tables; once, after the lease. */
  load(): void {
    const { kernels } = this.scratch;
    const single = this.dtype === "float32";
    this.combineKernel = single ? kernels.combineF32 : kernels.combineF64;
    this.normKernel = single ? kernels.scaledNormF32 : kernels.scaledNormF64;
    this.judgeKernel = single ? kernels.judgeF32 : kernels.judgeF64;
    this.dotKernel = single ? kernels.dotF32 : kernels.dotF64;
    this.finiteKernel = single ? kernels.allFiniteF32 : kernels.allFiniteF64;
    const memory = new DataView(kernels.memory.buffer);
    for (const table of this.tables) table.load(memory);
    if (this.measure) this.loadMeasure(memory);
  }

  private loadMeasure(memory: DataView): void {
    const { at, rtols, atols, of } = this.measure!;
    const { address } = at;
    this.measureAddress = address;
    if (rtols) rtols.view.set(of.rtol as ArrayLike<number>);
    if (atols) atols.view.set(of.atol as ArrayLike<number>);
    memory.setInt32(address, of.kind === "max" ? 1 : 0, true);
    memory.setInt32(address + 4, of.segments.length, true);
    memory.setFloat64(address + 8, typeof of.rtol === "number" ? of.rtol : 0, true);
    memory.setFloat64(address + 16, typeof of.atol === "number" ? of.atol : 0, true);
    memory.setUint32(address + 24, rtols?.address ?? NO_VECTOR, true);
    memory.setUint32(address + 28, atols?.address ?? NO_VECTOR, true);
    of.segments.forEach(({ start, length, weight }, i) => {
      const segment = address + MEASURE_BYTES + i * SEGMENT_BYTES;
      memory.setUint32(segment, start, true);
      memory.setInt32(segment + 4, length, true);
      memory.setFloat64(segment + 8, weight, true);
    });
  }

  /** out ← base + h Σ terms; no base counts as 0. `out` may be the base or one of the terms' vectors. */
  combine(out: Vector, base: Vector | undefined, terms: Terms, h: number): void {
    this.combineKernel(out.address, base === undefined ? NO_VECTOR : base.address, terms.address, terms.count, h, this.length);
  }

  /** The scaled norm of h Σ terms, by the declared measure, with the scale of max(|ya|, |yb|); NaN if not finite. */
  norm(terms: Terms, h: number, ya: Vector, yb: Vector): number {
    return this.normKernel(this.measureAddress, terms.address, terms.count, h, ya.address, yb.address);
  }

  /**
   * The controller's factor on the step size for the error h Σ terms, negative where it exceeds the tolerances; in one
   * call, because the next step waits for it.
   */
  judge(controller: number, terms: Terms, h: number, ya: Vector, yb: Vector): number {
    return this.judgeKernel(controller, this.measureAddress, terms.address, terms.count, h, ya.address, yb.address);
  }

  /** The same for an error with a second estimate that steadies it; see `Tableau.steadyingError`. */
  judgeSteadied(controller: number, error: Terms, steadying: Terms, h: number, ya: Vector, yb: Vector): number {
    const e = this.norm(error, h, ya, yb);
    const steady = this.norm(steadying, h, ya, yb);
    const r = e === 0 ? 0 : (e * e) / Math.sqrt(e * e + 0.01 * steady * steady);
    return this.scratch.kernels.control(controller, r);
  }

  dot(a: Vector, b: Vector): number {
    return this.dotKernel(a.address, b.address, this.length);
  }

  isFinite(x: Vector): boolean {
    return this.finiteKernel(x.address, this.length) === 1;
  }

  /** Bytes of one vector of the state's length. */
  get vectorBytes(): number {
    return this.length * bytesOf(this.dtype);
  }
}
