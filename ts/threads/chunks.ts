// How a batch is cut into chunks of rows, and how much work a network is. Both depend only on the network and the
// batch, not on the number of threads or their speed. So the sums over chunks, and every bit of a gradient, are the
// same whoever computed what.

import type { Dtype } from "../base/dtype.ts";
import { parameterLayout, type Shape } from "../fields/mlp-layout.ts";

export interface Chunks {
  readonly count: number;
  /** Rows of every chunk but the last. */
  readonly rows: number;
  readonly lastRows: number;
}

/** A multiple of the tiles of both builds, 4 and 6 rows high (assembly/dense.ts). */
const TILE_ROWS = 12;
/** Enough that threads end together, few enough that their sums of ∂L/∂θ stay in caches. */
const MOST_CHUNKS = 16;
const FEWEST_ROWS = 24;

/** Undefined where there is only one. */
export function chunksOf(batch: number): Chunks | undefined {
  // An even number, for two threads.
  const wanted = Math.min(MOST_CHUNKS, 2 * Math.floor(batch / (2 * FEWEST_ROWS)));
  if (wanted < 2) return undefined;
  const rows = Math.ceil(batch / wanted / TILE_ROWS) * TILE_ROWS;
  const full = Math.floor(batch / rows);
  const rest = batch - full * rows;
  // A few more rows do not make another chunk.
  if (rest < TILE_ROWS) return full > 1 ? { count: full, rows, lastRows: rows + rest } : undefined;
  return { count: full + 1, rows, lastRows: rest };
}

// One core of 2023, without fused multiply-add; others are within a factor of two.
const PRODUCTS_PER_NS = { float32: 16, float64: 8 };
const NS_PER_ACTIVATION = { float32: 0.7, float64: 3 };

/** About how many microseconds an evaluation takes. */
export function workOf(shape: Shape, dtype: Dtype, batch: number): number {
  const { dense } = parameterLayout(shape);
  let products = 0;
  let activations = 0;
  dense.forEach(({ inputs, outputs }, l) => {
    products += inputs * outputs;
    if (l < dense.length - 1) activations += outputs;
  });
  return (batch * (products / PRODUCTS_PER_NS[dtype] + activations * NS_PER_ACTIVATION[dtype])) / 1000;
}

/** An evaluation, and a VJP on a tape and without one, in evaluations. */
export const FORWARD_WORK = 1;
export const VJP_WORK = 2;
export const RECOMPUTING_WORK = 3;
