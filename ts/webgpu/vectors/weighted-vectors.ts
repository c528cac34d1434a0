// Weighted sums of vectors on the GPU: which vectors and weights, and how they are written among a dispatch's parameters.
import type { MutableTerms } from "../../vectors/arithmetic.ts";
import type { Commands } from "../device/commands.ts";
import type { BlockVector } from "./block.ts";

export class WeightedVectors implements MutableTerms {
  readonly vectors: readonly BlockVector[];
  weights: ArrayLike<number>;

  constructor(vectors: readonly BlockVector[], weights: ArrayLike<number>) {
    this.vectors = vectors;
    this.weights = weights;
  }

  get count(): number {
    return this.vectors.length;
  }

  set(weights: ArrayLike<number>): void {
    this.weights = weights;
  }
}

/** Writes `count` terms, from term `from` on, with their weights times h, at a place among the parameters. */
export function writeTerms(
  { words, floats }: Commands,
  at: number,
  { vectors, weights }: Pick<WeightedVectors, "vectors" | "weights">,
  h: number,
  from: number,
  count: number,
): void {
  for (let j = 0; j < count; j++) {
    words[at + 2 * j] = vectors[from + j]!.address;
    floats[at + 2 * j + 1] = h * weights[from + j]!;
  }
}
