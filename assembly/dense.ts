// Matrix products of a dense layer on 128-bit lanes: C = A B + bias forward (B = Wᵀ) and for the data gradient (B = W).
// B is packed once per parameter change into panels of two vectors' columns (f32: 8, f64: 4), all of depth side by side;
// a remainder of at most one vector is a narrow panel of one, one of at most half a vector of f32 a slim panel, in which a
// vector holds two depths. Pads are 0. Register tiles hold the running sums: 4 rows ×
// 2 vectors leave room for the product that an unfused multiply-add needs, 6 × 2 fill the 16 registers when it is fused.
// Packing is in dense-pack.ts, the tiles in dense-tiles.ts and dense-slim.ts. The weight gradient needs no packing: it is in
// dense-gradient.ts.
//
// Every element is summed in the order of depth, in a narrow panel even and odd terms apart, in a slim one every fourth. The
// tile does not matter, so a row's result does not depend on its place in the batch.
import { BLOCK_ROWS } from "../ts/fields/descriptor-layout";
import { isSlim } from "./dense-pack";
import { slim1, slim2 } from "./dense-slim";
import { row1x8, shallow2, tile1x1, tile4x2, tile6x2 } from "./dense-tiles";
import { fuses, lanes } from "./lanes";
import { scratch } from "./scratch";

// BLOCK_ROWS stay in the L1 cache while the panels pass by; it is a multiple of both tiles' heights.
const TILE_ROWS: i32 = fuses() ? 6 : 4;

/**
 * C [rows × columns] ← A [rows × depth] B + bias. Strides in bytes, alignment that of one number. `bias` has
 * padded(columns) numbers, or is null for 0. C is written up to `columns` only; it overlaps no operand.
 */
export function multiply<T>(
  a: usize,
  aStride: usize,
  panels: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  rows: i32,
  columns: i32,
  depth: i32,
): void {
  const wide = 2 * lanes<T>();
  for (; rows > 0; rows -= BLOCK_ROWS) {
    const block = min(rows, BLOCK_ROWS);
    const tiled = block < TILE_ROWS ? 0 : block - (block % TILE_ROWS);
    if (tiled) {
      let p = panels;
      for (let j = 0; j < columns; j += wide) {
        const width = min(columns - j, wide);
        const biasHere = bias ? bias + <usize>j * sizeof<T>() : 0;
        const to = c + <usize>j * sizeof<T>();
        if (isSlim<T>(width)) {
          slimColumn(a, aStride, p, biasHere, to, cStride, width, depth, tiled);
        } else if (width <= lanes<T>()) {
          narrowColumn<T>(a, aStride, p, biasHere, to, cStride, width, depth, tiled);
        } else {
          wideColumn<T>(a, aStride, p, biasHere, to, cStride, width, depth, tiled);
        }
        p += <usize>depth * 32;
      }
    }
    a += <usize>tiled * aStride;
    c += <usize>tiled * cStride;
    for (let i = tiled; i < block; i++) {
      multiplyRow<T>(a, panels, bias, c, columns, depth);
      a += aStride;
      c += cStride;
    }
  }
}

/** One wide panel for `rows` rows, a multiple of TILE_ROWS. */
function wideColumn<T>(
  a: usize,
  aStride: usize,
  p: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  width: i32,
  depth: i32,
  rows: i32,
): void {
  if (sizeof<T>() == 4 && depth == 2 && width == 2 * lanes<T>()) {
    shallow2<T>(a, aStride, p, bias, c, cStride, rows);
    return;
  }
  for (; rows > 0; rows -= TILE_ROWS) {
    if (TILE_ROWS == 6) tile6x2<T>(a, aStride, p, bias, c, cStride, width, depth);
    else tile4x2<T>(a, aStride, p, bias, c, cStride, width, depth);
    a += <usize>TILE_ROWS * aStride;
    c += <usize>TILE_ROWS * cStride;
  }
}

/** One narrow panel for any number of rows. */
function narrowColumn<T>(
  a: usize,
  aStride: usize,
  p: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  width: i32,
  depth: i32,
  rows: i32,
): void {
  for (; rows > 0; rows--) {
    tile1x1<T>(a, p, bias, c, width, depth);
    a += aStride;
    c += cStride;
  }
}

/** One slim panel for any number of rows. */
function slimColumn(
  a: usize,
  aStride: usize,
  p: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  width: i32,
  depth: i32,
  rows: i32,
): void {
  for (; rows >= 2; rows -= 2) {
    slim2(a, aStride, p, bias, c, cStride, width, depth);
    a += 2 * aStride;
    c += 2 * cStride;
  }
  for (; rows > 0; rows--) {
    slim1(a, p, bias, c, width, depth);
    a += aStride;
    c += cStride;
  }
}

// A bias of 0 for a row's last panels.
const ZEROS = memory.data(128, 16);

/** One row: the batch-1 path and the rows left over. Four wide panels at a time keep eight sums in flight. */
function multiplyRow<T>(a: usize, panels: usize, bias: usize, c: usize, columns: i32, depth: i32): void {
  const pitch = <usize>depth * 32;
  const wide = 2 * lanes<T>();
  const step: usize = bias ? 128 : 0;
  if (!bias) bias = ZEROS;
  for (; columns >= 4 * wide; columns -= 4 * wide) {
    row1x8<T>(a, panels, 3, bias, c, depth);
    panels += 4 * pitch;
    bias += step;
    c += 128;
  }
  const wides = columns / wide + i32(columns % wide > lanes<T>());
  if (wides) {
    // With fewer than four panels the last one stands in for the missing: cheaper than a loop of its own for each count.
    row1x8<T>(a, panels, wides - 1, bias, scratch, depth);
    memory.copy(c, scratch, <usize>min(columns, wides * wide) * sizeof<T>());
  }
  const left = columns - wides * wide;
  if (left > 0) {
    const back = <usize>wides * 32;
    const last = panels + <usize>wides * pitch;
    if (isSlim<T>(left)) slim1(a, last, bias + back, c + back, left, depth);
    else tile1x1<T>(a, last, bias + back, c + back, left, depth);
  }
}
