// Matrix products of a dense layer on 128-bit lanes: C = A B + bias forward (B = Wᵀ) and for the data gradient (B = W).
// B is packed once per parameter change into panels of two vectors' columns (f32: 8, f64: 4), all of depth side by side;
// a remainder of at most one vector is a narrow panel of one. Pads are 0. Register tiles hold the running sums: 4 rows ×
// 2 vectors leave room for the product that an unfused multiply-add needs, 6 × 2 fill the 16 registers when it is fused.
// The weight gradient, which needs no packing, is in dense-gradient.ts.
//
// Every element is summed in the order of depth (in a narrow panel even and odd terms apart), whatever tile it falls in,
// so a row's result does not depend on its place in the batch.
import { lanes, madd } from "./lanes";
import { storePartial } from "./partial";

/** Rows that stay in the L1 cache while the panels pass by; a multiple of both tiles' heights. */
export const BLOCK_ROWS: i32 = 48;
const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Columns filled up to whole vectors. */
// @ts-ignore: decorator
@inline
export function padded<T>(columns: i32): i32 {
  return (columns + lanes<T>() - 1) & -lanes<T>();
}

/** Packs B [depth × columns], B[k][j] at w + k·depthStep + j·columnStep (bytes), into depth × padded(columns) numbers. */
export function pack<T>(out: usize, w: usize, depthStep: usize, columnStep: usize, depth: i32, columns: i32): void {
  const wide = 2 * lanes<T>();
  for (let j = 0; j < columns; j += wide) {
    const left = columns - j;
    const width = left > lanes<T>() ? wide : lanes<T>();
    let k = 0;
    if (left >= wide) {
      k = packVectors<T>(out, w + <usize>j * columnStep, depthStep, columnStep, depth);
      out += <usize>k * 32;
    }
    for (; k < depth; k++) {
      let from = w + <usize>k * depthStep + <usize>j * columnStep;
      for (let i = 0; i < width; i++) {
        store<T>(out, i < left ? load<T>(from) : <T>0);
        out += sizeof<T>();
        from += columnStep;
      }
    }
  }
}

/** Packs a full wide panel as far as whole vectors go, where B lies densely one way or the other; returns that depth. */
function packVectors<T>(out: usize, w: usize, depthStep: usize, columnStep: usize, depth: i32): i32 {
  let k = 0;
  if (columnStep == sizeof<T>()) {
    for (; k < depth; k++) {
      v128.store(out, v128.load(w));
      v128.store(out, v128.load(w, 16), 16);
      w += depthStep;
      out += 32;
    }
  } else if (depthStep == sizeof<T>()) {
    for (; k + lanes<T>() <= depth; k += lanes<T>()) {
      transpose<T>(out, w, columnStep);
      transpose<T>(out + 16, w + <usize>lanes<T>() * columnStep, columnStep);
      w += 16;
      out += <usize>lanes<T>() * 32;
    }
  }
  return k;
}

/** A square of vectors, `step` bytes apart, transposed into vectors 32 bytes apart. */
// @ts-ignore: decorator
@inline
function transpose<T>(out: usize, from: usize, step: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + step);
  if (sizeof<T>() == 8) {
    v128.store(out, v128.shuffle<f64>(a, b, 0, 2));
    v128.store(out, v128.shuffle<f64>(a, b, 1, 3), 32);
  } else {
    const c = v128.load(from + 2 * step);
    const d = v128.load(from + 3 * step);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    v128.store(out, v128.shuffle<f64>(ab, cd, 0, 2));
    v128.store(out, v128.shuffle<f64>(ab, cd, 1, 3), 32);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<f64>(abHigh, cdHigh, 0, 2), 64);
    v128.store(out, v128.shuffle<f64>(abHigh, cdHigh, 1, 3), 96);
  }
}

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
    const tiled = block - (block % TILE_ROWS);
    if (tiled) {
      let p = panels;
      for (let j = 0; j < columns; j += wide) {
        const width = min(columns - j, wide);
        const biasHere = bias ? bias + <usize>j * sizeof<T>() : 0;
        const to = c + <usize>j * sizeof<T>();
        if (width <= lanes<T>()) {
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
  for (; rows >= 4; rows -= 4) {
    tile4x1<T>(a, aStride, p, bias, c, cStride, width, depth);
    a += 4 * aStride;
    c += 4 * cStride;
  }
  for (; rows > 0; rows--) {
    tile1x1<T>(a, p, bias, c, width, depth);
    a += aStride;
    c += cStride;
  }
}

// @ts-ignore: decorator
@inline
function biasAt<T>(bias: usize, offset: usize): v128 {
  return bias ? v128.load(bias + offset) : v128.splat<T>(0);
}

// @ts-ignore: decorator
@inline
function storePair<T>(c: usize, low: v128, high: v128, width: i32): void {
  v128.store(c, low);
  storePartial<T>(c + 16, high, width - lanes<T>());
}

/** One row: the batch-1 path and the rows left over. Four wide panels at a time keep eight sums in flight. */
function multiplyRow<T>(a: usize, panels: usize, bias: usize, c: usize, columns: i32, depth: i32): void {
  const pitch = <usize>depth * 32;
  const wide = 2 * lanes<T>();
  let wides = columns / wide + i32(columns % wide > lanes<T>());
  let left = columns;
  while (wides > 0) {
    // With fewer than four panels the last one stands in for the missing: cheaper than a loop of its own for each count.
    row1x8<T>(a, panels, min(wides, 4) - 1, bias, c, left, depth);
    wides -= 4;
    panels += 4 * pitch;
    bias = bias ? bias + 128 : 0;
    c += 128;
    left -= 4 * wide;
  }
  const narrow = columns % wide;
  if (narrow != 0 && narrow <= lanes<T>()) {
    // Behind the last wide panel: the group above may have gone beyond it.
    const back = <usize>wides * 32;
    tile1x1<T>(a, panels + <usize>wides * pitch, bias ? bias + back : 0, c + back, narrow, depth);
  }
}

/** 4 rows × one wide panel. */
// @ts-ignore: decorator
@noinline
function tile4x2<T>(
  a0: usize,
  aStride: usize,
  p: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  width: i32,
  depth: i32,
): void {
  let a1 = a0 + aStride;
  let a2 = a1 + aStride;
  let a3 = a2 + aStride;
  let c00 = biasAt<T>(bias, 0);
  let c01 = biasAt<T>(bias, 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  if (depth & 1) {
    const w0 = v128.load(p);
    const w1 = v128.load(p, 16);
    let s = v128.load_splat<T>(a0);
    c00 = madd<T>(s, w0, c00);
    c01 = madd<T>(s, w1, c01);
    s = v128.load_splat<T>(a1);
    c10 = madd<T>(s, w0, c10);
    c11 = madd<T>(s, w1, c11);
    s = v128.load_splat<T>(a2);
    c20 = madd<T>(s, w0, c20);
    c21 = madd<T>(s, w1, c21);
    s = v128.load_splat<T>(a3);
    c30 = madd<T>(s, w0, c30);
    c31 = madd<T>(s, w1, c31);
    a0 += sizeof<T>();
    a1 += sizeof<T>();
    a2 += sizeof<T>();
    a3 += sizeof<T>();
    p += 32;
  }
  for (depth >>= 1; depth > 0; depth--) {
    let w0 = v128.load(p);
    let w1 = v128.load(p, 16);
    let s = v128.load_splat<T>(a0);
    c00 = madd<T>(s, w0, c00);
    c01 = madd<T>(s, w1, c01);
    s = v128.load_splat<T>(a1);
    c10 = madd<T>(s, w0, c10);
    c11 = madd<T>(s, w1, c11);
    s = v128.load_splat<T>(a2);
    c20 = madd<T>(s, w0, c20);
    c21 = madd<T>(s, w1, c21);
    s = v128.load_splat<T>(a3);
    c30 = madd<T>(s, w0, c30);
    c31 = madd<T>(s, w1, c31);
    w0 = v128.load(p, 32);
    w1 = v128.load(p, 48);
    s = v128.load_splat<T>(a0, sizeof<T>());
    c00 = madd<T>(s, w0, c00);
    c01 = madd<T>(s, w1, c01);
    s = v128.load_splat<T>(a1, sizeof<T>());
    c10 = madd<T>(s, w0, c10);
    c11 = madd<T>(s, w1, c11);
    s = v128.load_splat<T>(a2, sizeof<T>());
    c20 = madd<T>(s, w0, c20);
    c21 = madd<T>(s, w1, c21);
    s = v128.load_splat<T>(a3, sizeof<T>());
    c30 = madd<T>(s, w0, c30);
    c31 = madd<T>(s, w1, c31);
    a0 += 2 * sizeof<T>();
    a1 += 2 * sizeof<T>();
    a2 += 2 * sizeof<T>();
    a3 += 2 * sizeof<T>();
    p += 64;
  }
  storePair<T>(c, c00, c01, width);
  c += cStride;
  storePair<T>(c, c10, c11, width);
  c += cStride;
  storePair<T>(c, c20, c21, width);
  c += cStride;
  storePair<T>(c, c30, c31, width);
}

/** 6 rows × one wide panel. */
// @ts-ignore: decorator
@noinline
function tile6x2<T>(
  a0: usize,
  aStride: usize,
  p: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  width: i32,
  depth: i32,
): void {
  let a1 = a0 + aStride;
  let a2 = a1 + aStride;
  let a3 = a2 + aStride;
  let a4 = a3 + aStride;
  let a5 = a4 + aStride;
  let c00 = biasAt<T>(bias, 0);
  let c01 = biasAt<T>(bias, 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  let c40 = c00;
  let c41 = c01;
  let c50 = c00;
  let c51 = c01;
  for (; depth > 0; depth--) {
    const w0 = v128.load(p);
    const w1 = v128.load(p, 16);
    let s = v128.load_splat<T>(a0);
    c00 = madd<T>(s, w0, c00);
    c01 = madd<T>(s, w1, c01);
    s = v128.load_splat<T>(a1);
    c10 = madd<T>(s, w0, c10);
    c11 = madd<T>(s, w1, c11);
    s = v128.load_splat<T>(a2);
    c20 = madd<T>(s, w0, c20);
    c21 = madd<T>(s, w1, c21);
    s = v128.load_splat<T>(a3);
    c30 = madd<T>(s, w0, c30);
    c31 = madd<T>(s, w1, c31);
    s = v128.load_splat<T>(a4);
    c40 = madd<T>(s, w0, c40);
    c41 = madd<T>(s, w1, c41);
    s = v128.load_splat<T>(a5);
    c50 = madd<T>(s, w0, c50);
    c51 = madd<T>(s, w1, c51);
    a0 += sizeof<T>();
    a1 += sizeof<T>();
    a2 += sizeof<T>();
    a3 += sizeof<T>();
    a4 += sizeof<T>();
    a5 += sizeof<T>();
    p += 32;
  }
  storePair<T>(c, c00, c01, width);
  c += cStride;
  storePair<T>(c, c10, c11, width);
  c += cStride;
  storePair<T>(c, c20, c21, width);
  c += cStride;
  storePair<T>(c, c30, c31, width);
  c += cStride;
  storePair<T>(c, c40, c41, width);
  c += cStride;
  storePair<T>(c, c50, c51, width);
}

/** One row × the four wide panels 0 … last, the later ones standing in for those beyond `last`. */
// @ts-ignore: decorator
@noinline
function row1x8<T>(a: usize, p0: usize, last: i32, bias: usize, c: usize, width: i32, depth: i32): void {
  const pitch = <usize>depth * 32;
  const i1 = <usize>min(1, last);
  const i2 = <usize>min(2, last);
  const i3 = <usize>last;
  let p1 = p0 + i1 * pitch;
  let p2 = p0 + i2 * pitch;
  let p3 = p0 + i3 * pitch;
  let c00 = biasAt<T>(bias, 0);
  let c01 = biasAt<T>(bias, 16);
  let c10 = biasAt<T>(bias, i1 * 32);
  let c11 = biasAt<T>(bias, i1 * 32 + 16);
  let c20 = biasAt<T>(bias, i2 * 32);
  let c21 = biasAt<T>(bias, i2 * 32 + 16);
  let c30 = biasAt<T>(bias, i3 * 32);
  let c31 = biasAt<T>(bias, i3 * 32 + 16);
  for (; depth > 0; depth--) {
    const s = v128.load_splat<T>(a);
    c00 = madd<T>(s, v128.load(p0), c00);
    c01 = madd<T>(s, v128.load(p0, 16), c01);
    c10 = madd<T>(s, v128.load(p1), c10);
    c11 = madd<T>(s, v128.load(p1, 16), c11);
    c20 = madd<T>(s, v128.load(p2), c20);
    c21 = madd<T>(s, v128.load(p2, 16), c21);
    c30 = madd<T>(s, v128.load(p3), c30);
    c31 = madd<T>(s, v128.load(p3, 16), c31);
    a += sizeof<T>();
    p0 += 32;
    p1 += 32;
    p2 += 32;
    p3 += 32;
  }
  const wide = 2 * lanes<T>();
  storePair<T>(c, c00, c01, width);
  if (last >= 1) storePair<T>(c + 32, c10, c11, width - wide);
  if (last >= 2) storePair<T>(c + 64, c20, c21, width - 2 * wide);
  if (last >= 3) storePair<T>(c + 96, c30, c31, width - 3 * wide);
}

/** 4 rows × a narrow panel; even and odd depths have sums of their own, for eight in flight. */
// @ts-ignore: decorator
@noinline
function tile4x1<T>(
  a0: usize,
  aStride: usize,
  p: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  width: i32,
  depth: i32,
): void {
  let a1 = a0 + aStride;
  let a2 = a1 + aStride;
  let a3 = a2 + aStride;
  let even0 = biasAt<T>(bias, 0);
  let even1 = even0;
  let even2 = even0;
  let even3 = even0;
  let odd0 = v128.splat<T>(0);
  let odd1 = odd0;
  let odd2 = odd0;
  let odd3 = odd0;
  for (; depth >= 2; depth -= 2) {
    const w0 = v128.load(p);
    const w1 = v128.load(p, 16);
    even0 = madd<T>(v128.load_splat<T>(a0), w0, even0);
    odd0 = madd<T>(v128.load_splat<T>(a0, sizeof<T>()), w1, odd0);
    even1 = madd<T>(v128.load_splat<T>(a1), w0, even1);
    odd1 = madd<T>(v128.load_splat<T>(a1, sizeof<T>()), w1, odd1);
    even2 = madd<T>(v128.load_splat<T>(a2), w0, even2);
    odd2 = madd<T>(v128.load_splat<T>(a2, sizeof<T>()), w1, odd2);
    even3 = madd<T>(v128.load_splat<T>(a3), w0, even3);
    odd3 = madd<T>(v128.load_splat<T>(a3, sizeof<T>()), w1, odd3);
    a0 += 2 * sizeof<T>();
    a1 += 2 * sizeof<T>();
    a2 += 2 * sizeof<T>();
    a3 += 2 * sizeof<T>();
    p += 32;
  }
  if (depth > 0) {
    const w0 = v128.load(p);
    even0 = madd<T>(v128.load_splat<T>(a0), w0, even0);
    even1 = madd<T>(v128.load_splat<T>(a1), w0, even1);
    even2 = madd<T>(v128.load_splat<T>(a2), w0, even2);
    even3 = madd<T>(v128.load_splat<T>(a3), w0, even3);
  }
  storePartial<T>(c, v128.add<T>(even0, odd0), width);
  c += cStride;
  storePartial<T>(c, v128.add<T>(even1, odd1), width);
  c += cStride;
  storePartial<T>(c, v128.add<T>(even2, odd2), width);
  c += cStride;
  storePartial<T>(c, v128.add<T>(even3, odd3), width);
}

/** One row × a narrow panel, summed like tile4x1. */
// @ts-ignore: decorator
@noinline
function tile1x1<T>(a: usize, p: usize, bias: usize, c: usize, width: i32, depth: i32): void {
  let even = biasAt<T>(bias, 0);
  let odd = v128.splat<T>(0);
  for (; depth >= 2; depth -= 2) {
    even = madd<T>(v128.load_splat<T>(a), v128.load(p), even);
    odd = madd<T>(v128.load_splat<T>(a, sizeof<T>()), v128.load(p, 16), odd);
    a += 2 * sizeof<T>();
    p += 32;
  }
  if (depth > 0) even = madd<T>(v128.load_splat<T>(a), v128.load(p), even);
  storePartial<T>(c, v128.add<T>(even, odd), width);
}
