// The arithmetic of a solve whose vectors are on the GPU: combinations are recorded and never waited for; an error norm is
// reduced there and read back as two numbers; the step-size controller stays in WebAssembly.

import { type FloatArray, zeros } from "../../base/dtype.ts";
import type { Arithmetic, Measure, Measured, MeasureRoom, Rows } from "../../vectors/arithmetic.ts";
import { VECTORS_F64, type VectorKernels } from "../../vectors/kernels.ts";
import type { Scratch } from "../../wasm/scratch.ts";
import type { Shader } from "../device/commands.ts";
import type { WebGpu } from "../device/gpu.ts";
import { Readback } from "../device/readback.ts";
import { Block, type BlockVector } from "./block.ts";
import { GpuRows } from "./gpu-rows.ts";
import { lateFailure } from "./late-failure.ts";
import { type LoadedMeasure, Reduction } from "./reduction.ts";
import { COMBINE, COMBINE_SHADER, FILL_SHADER, NONE, REDUCE, THREADS } from "./shaders.ts";
import { WeightedVectors, writeTerms } from "./weighted-vectors.ts";

const MOST_DISPATCHED = 65535;

export class BlockArithmetic implements Arithmetic {
  readonly host = undefined;
  readonly lateFailure: typeof lateFailure = lateFailure;
  readonly dtype = "float32";
  readonly length: number;
  readonly block: Block;
  private readonly scratch: Scratch;
  readonly readback: Readback;
  private readonly kept: GpuRows[] = [];
  private readonly reduction: Reduction;
  private room: { rtols: BlockVector | undefined; atols: BlockVector | undefined } | undefined;
  /** The error of a step, where it has more terms than a reduction takes. */
  private error: BlockVector | undefined;
  private measure: LoadedMeasure | undefined;
  private fillShader!: Shader;
  private combineShader!: Shader;

  constructor(scratch: Scratch, block: Block, length: number, readback: Readback = new Readback(block.gpu)) {
    this.scratch = scratch;
    this.block = block;
    this.length = length;
    this.readback = readback;
    this.reduction = new Reduction(block);
  }

  /** The arithmetic of a new block. */
  static on(gpu: WebGpu, scratch: Scratch, length: number): BlockArithmetic {
    return new BlockArithmetic(scratch, new Block(gpu), length);
  }

  get bytes(): number {
    return this.block.bytes;
  }

  get kernels(): VectorKernels {
    return VECTORS_F64.on(this.scratch.memory);
  }

  vector(): BlockVector {
    return this.block.vector(this.length);
  }

  adjacent(parts: number): { whole: BlockVector; parts: BlockVector[] } {
    const { block, length } = this;
    const whole = block.vector(parts * length);
    return { whole, parts: Array.from({ length: parts }, (_, i) => block.part(whole, i * length, length)) };
  }

  terms(vectors: readonly BlockVector[], weights: readonly number[]): WeightedVectors {
    const used = vectors.map((vector, j) => ({ vector, weight: weights[j] ?? 0 })).filter(({ weight }) => weight !== 0);
    if (used.length > REDUCE.terms) this.error ??= this.vector();
    return new WeightedVectors(
      used.map(({ vector }) => vector),
      used.map(({ weight }) => weight),
    );
  }

  mutableTerms(vectors: readonly BlockVector[]): WeightedVectors {
    return new WeightedVectors(vectors, new Float64Array(vectors.length));
  }

  measureIn({ rtols, atols }: MeasureRoom): void {
    this.room = { rtols: rtols ? this.vector() : undefined, atols: atols ? this.vector() : undefined };
  }

  like(scratch: Scratch, length: number): BlockArithmetic {
    return new BlockArithmetic(scratch, this.block, length, this.readback);
  }

  load(measure?: Measure): void {
    const { block, scratch } = this;
    const { commands } = block.gpu;
    this.readback.guard(() => block.take());
    scratch.onRelease(() => {
      this.readback.drop();
      block.release();
    });
    this.fillShader = commands.shader(FILL_SHADER);
    this.combineShader = commands.shader(COMBINE_SHADER);
    this.reduction.load();
    if (!measure) return;
    const { rtols, atols } = this.room!;
    if (rtols) this.copyIn(rtols, Float32Array.from(measure.rtol as ArrayLike<number>));
    if (atols) this.copyIn(atols, Float32Array.from(measure.atol as ArrayLike<number>));
    this.measure = { ...measure, rtols, atols };
  }

  combine(out: BlockVector, base: BlockVector | undefined, terms: WeightedVectors, h: number): void {
    const { vectors, weights } = terms;
    this.sum(out, base, vectors, weights, h, 0, this.length);
  }

  /** out ← base + h Σ weights · vectors, from term `from` on, as many in a dispatch as there is room for. */
  private sum(
    out: BlockVector,
    base: BlockVector | undefined,
    vectors: readonly BlockVector[],
    weights: ArrayLike<number>,
    h: number,
    from: number,
    n: number,
  ): void {
    if (n === 0) return;
    const { commands } = this.block.gpu;
    const { words, at } = commands;
    const count = Math.min(COMBINE.terms, vectors.length - from);
    words[at] = out.address;
    words[at + 1] = base === undefined ? NONE : base.address;
    words[at + 2] = count;
    words[at + 3] = n;
    writeTerms(commands, at + COMBINE.header, { vectors, weights }, h, from, count);
    this.run(this.combineShader, groupsOver(n));
    if (from + count < vectors.length) this.sum(out, out, vectors, weights, h, from + count, n);
  }

  private run(shader: Shader, groups: number): void {
    this.block.gpu.commands.dispatch(shader, this.block.buffer, groups);
  }

  assign(out: BlockVector, factor: number, x: BlockVector): void {
    this.sum(out, undefined, [x], [factor], 1, 0, out.length);
  }

  /** out ← out + x, of out's length. */
  add(out: BlockVector, x: BlockVector): void {
    this.sum(out, out, [x], [1], 1, 0, out.length);
  }

  fill(out: BlockVector, value: number): void {
    const { commands } = this.block.gpu;
    const { words, floats, at } = commands;
    words[at] = out.address;
    words[at + 1] = out.length;
    floats[at + 2] = value;
    this.run(this.fillShader, groupsOver(out.length));
  }

  part(whole: BlockVector, start: number, length: number): BlockVector {
    return this.block.part(whole, start, length);
  }

  norm(terms: WeightedVectors, h: number, ya: BlockVector, yb: BlockVector): Promise<number> {
    this.reduceNorm(terms, h, ya, yb);
    return this.answer();
  }

  private reduceNorm(terms: WeightedVectors, h: number, ya: BlockVector, yb: BlockVector): void {
    const fits = terms.count <= REDUCE.terms;
    if (!fits) this.combine(this.error!, undefined, terms, h);
    const shown = fits ? terms : new WeightedVectors([this.error!], [1]);
    this.reduction.norm(this.measure!, shown, fits ? h : 1, ya, yb);
  }

  /** Reads a vector of one number. */
  async number(x: BlockVector): Promise<number> {
    const numbers = zeros("float32", 1);
    this.copyOut(x, numbers);
    await this.arrived();
    return numbers[0]!;
  }

  /** The value of the last reduction; NaN where a number was not finite, its own sums included. */
  private async answer(): Promise<number> {
    const numbers = zeros("float32", 2);
    this.copyOut(this.reduction.result, numbers);
    await this.arrived();
    const [value, bads] = numbers;
    return bads === 0 && Number.isFinite(value) ? value! : Number.NaN;
  }

  async judge(
    controller: number,
    terms: WeightedVectors,
    h: number,
    ya: BlockVector,
    yb: BlockVector,
  ): Promise<number> {
    const error = await this.norm(terms, h, ya, yb);
    return this.decide(controller, error);
  }

  async judgeBy(
    controller: number,
    measured: readonly Measured<WeightedVectors>[],
    h: number,
    ya: BlockVector,
    yb: BlockVector,
    error: (norms: Float64Array) => number,
  ): Promise<number> {
    const numbers = zeros("float32", 2 * measured.length);
    measured.forEach(({ terms, unit }, i) => {
      this.reduceNorm(terms, unit ? 1 : h, ya, yb);
      this.copyOut(this.reduction.result, numbers, 2 * i);
    });
    await this.arrived();
    const norms = Float64Array.from(measured, (_, i) => (numbers[2 * i + 1]! > 0 ? Number.NaN : numbers[2 * i]!));
    return this.decide(controller, error(norms));
  }

  /** The controller's factor; after an abort the block may belong to another solve. */
  private decide(controller: number, error: number): number {
    return this.scratch.leased ? this.kernels.judgeSquare(controller, error * error) : Number.NaN;
  }

  dot(a: BlockVector, b: BlockVector): Promise<number> {
    this.reduction.dot(a, b);
    return this.answer();
  }

  async isFinite(x: BlockVector): Promise<boolean> {
    this.reduction.finite(x);
    return !Number.isNaN(await this.answer());
  }

  copyIn(to: BlockVector, numbers: FloatArray): void {
    this.block.write(to, numbers as Float32Array);
  }

  copyOut(from: BlockVector, into: FloatArray, at = 0): void {
    this.readback.take(from, (numbers) => into.set(numbers, at));
  }

  arrived(): Promise<void> | undefined {
    return this.readback.arrived();
  }

  rows(width: number, limit?: number): Rows {
    const rows = new GpuRows(this.block.gpu, width, limit);
    this.kept.push(rows);
    return rows;
  }

  dispose(): void {
    for (const rows of this.kept.splice(0)) rows.dispose();
  }
}

const groupsOver = (n: number): number => Math.min(MOST_DISPATCHED, Math.max(1, Math.ceil(n / THREADS)));
