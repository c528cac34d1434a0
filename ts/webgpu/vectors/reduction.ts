// Norms, dot products and finiteness of vectors in a block, each in two dispatches: many workgroups reduce a share of the
// numbers, then one thread what they have left. The result stays on the GPU until it is read.
import type { Measure } from "../../vectors/arithmetic.ts";
import type { Shader } from "../device/commands.ts";
import type { Block, BlockVector } from "./block.ts";
import { FOLD_SHADER, KINDS, NONE, REDUCE, REDUCE_SHADER, THREADS } from "./shaders.ts";
import { type WeightedVectors, writeTerms } from "./weighted-vectors.ts";

/** Workgroups that share a reduction at most. */
const MOST_GROUPS = 64;

/** A measure whose tolerances for each element, if it has such, are in the block. */
export interface LoadedMeasure extends Measure {
  readonly rtols: BlockVector | undefined;
  readonly atols: BlockVector | undefined;
}

export class Reduction {
  /** Of the last reduction: its value, and how many numbers were not finite. */
  readonly result: BlockVector;
  private readonly block: Block;
  private readonly shares: BlockVector;
  private reduceShader!: Shader;
  private foldShader!: Shader;

  constructor(block: Block) {
    this.block = block;
    this.shares = block.vector(2 * MOST_GROUPS);
    this.result = block.vector(2);
  }

  load(): void {
    const { commands } = this.block.gpu;
    this.reduceShader = commands.shader(REDUCE_SHADER);
    this.foldShader = commands.shader(FOLD_SHADER);
  }

  /** The norm of h Σ terms, of REDUCE.terms terms at most, scaled by max(|ya|, |yb|), and whether all of yb is finite. */
  norm(measure: LoadedMeasure, terms: WeightedVectors, h: number, ya: BlockVector, yb: BlockVector): void {
    const { kind, segments, rtol, atol, rtols, atols } = measure;
    const { commands } = this.block.gpu;
    let first = true;
    let seen = 0;
    for (const { start, length, weight } of segments) {
      this.reduce(KINDS[kind], ya, yb, start, length, (at) => {
        const { words, floats } = commands;
        words[at + 3] = terms.count;
        words[at + 6] = rtols?.address ?? NONE;
        words[at + 7] = atols?.address ?? NONE;
        floats[at + 8] = rtols ? 0 : (rtol as number);
        floats[at + 9] = atols ? 0 : (atol as number);
        writeTerms(commands, at + REDUCE.header, terms, h, 0, terms.count);
      });
      this.fold(KINDS[kind], length, weight, first);
      first = false;
      seen += length;
    }
    if (seen === yb.length) return;
    // What the norm leaves out must be finite all the same.
    this.reduce(KINDS.finite, yb, yb, 0, yb.length);
    this.fold(KINDS.finite, yb.length, 0, first);
  }

  dot(a: BlockVector, b: BlockVector): void {
    this.reduce(KINDS.dot, a, b, 0, a.length);
    this.fold(KINDS.dot, a.length, 1, true);
  }

  /** Whether all of x is finite: the value is 0, the count says it. */
  finite(x: BlockVector): void {
    this.reduce(KINDS.finite, x, x, 0, x.length);
    this.fold(KINDS.finite, x.length, 0, true);
  }

  private reduce(
    kind: number,
    a: BlockVector,
    b: BlockVector,
    start: number,
    length: number,
    writeRest?: (at: number) => void,
  ): void {
    const { words, at } = this.block.gpu.commands;
    words[at] = start;
    words[at + 1] = length;
    words[at + 2] = kind;
    words[at + 3] = 0;
    words[at + 4] = a.address;
    words[at + 5] = b.address;
    words[at + 10] = this.shares.address;
    writeRest?.(at);
    this.run(this.reduceShader, groupsFor(length));
  }

  private fold(kind: number, length: number, weight: number, first: boolean): void {
    const { words, floats, at } = this.block.gpu.commands;
    words[at] = this.shares.address;
    words[at + 1] = groupsFor(length);
    words[at + 2] = kind;
    words[at + 3] = length;
    floats[at + 4] = weight;
    words[at + 5] = this.result.address;
    words[at + 6] = first ? 1 : 0;
    this.run(this.foldShader, 1);
  }

  private run(shader: Shader, groups: number): void {
    this.block.gpu.commands.dispatch(shader, this.block.buffer, groups);
  }
}

const groupsFor = (length: number): number => Math.min(MOST_GROUPS, Math.max(1, Math.ceil(length / THREADS)));
