// Register tiles of slim panels, in f32 only: at most half a vector of columns. A vector holds two depths of both columns,
// [w(k, 0), w(k+1, 0), w(k, 1), w(k+1, 1)], so that no lane is idle. k and k+1 have sums of their own, and so have every
// other two depths.
import { biasAt } from "./dense-tiles";
import { madd } from "./lanes";

/** The numbers at a and behind it, twice. */
// @ts-ignore: decorator
@inline
function twoDepths(a: usize): v128 {
  return v128.load_splat<f64>(a);
}

/** The number at a for the first of two depths, 0 for the second. */
// @ts-ignore: decorator
@inline
function oneDepth(a: usize): v128 {
  const v = v128.load_zero<f32>(a);
  return v128.shuffle<f32>(v, v, 0, 1, 0, 1);
}

// @ts-ignore: decorator
@inline
function slimBias(bias: usize): v128 {
  return v128.shuffle<f32>(biasAt<f32>(bias, 0), f32x4.splat(0), 0, 4, 1, 5);
}

/** Writes the `width` columns whose sums stand in neighbouring lanes. */
// @ts-ignore: decorator
@inline
function storeSlim(c: usize, v: v128, width: i32): void {
  const sums = f32x4.add(v128.shuffle<f32>(v, v, 0, 2, 0, 2), v128.shuffle<f32>(v, v, 1, 3, 1, 3));
  if (width == 2) v128.store_lane<f64>(c, sums, 0);
  else v128.store_lane<f32>(c, sums, 0);
}

/** 2 rows × a slim panel: with four, V8 would keep some of the sums in memory. */
// @ts-ignore: decorator
@noinline
export function slim2(
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
  let x0 = slimBias(bias);
  let x1 = x0;
  let y0 = f32x4.splat(0);
  let y1 = y0;
  for (; depth >= 4; depth -= 4) {
    const w0 = v128.load(p);
    const w1 = v128.load(p, 16);
    x0 = madd<f32>(twoDepths(a0), w0, x0);
    y0 = madd<f32>(twoDepths(a0 + 8), w1, y0);
    x1 = madd<f32>(twoDepths(a1), w0, x1);
    y1 = madd<f32>(twoDepths(a1 + 8), w1, y1);
    a0 += 16;
    a1 += 16;
    p += 32;
  }
  if (depth & 2) {
    const w = v128.load(p);
    x0 = madd<f32>(twoDepths(a0), w, x0);
    x1 = madd<f32>(twoDepths(a1), w, x1);
    a0 += 8;
    a1 += 8;
    p += 16;
  }
  if (depth & 1) {
    const w = v128.load(p);
    x0 = madd<f32>(oneDepth(a0), w, x0);
    x1 = madd<f32>(oneDepth(a1), w, x1);
  }
  storeSlim(c, f32x4.add(x0, y0), width);
  storeSlim(c + cStride, f32x4.add(x1, y1), width);
}

/** One row × a slim panel, summed like slim2. */
// @ts-ignore: decorator
@noinline
export function slim1(a: usize, p: usize, bias: usize, c: usize, width: i32, depth: i32): void {
  let x = slimBias(bias);
  let y = f32x4.splat(0);
  for (; depth >= 4; depth -= 4) {
    x = madd<f32>(twoDepths(a), v128.load(p), x);
    y = madd<f32>(twoDepths(a + 8), v128.load(p, 16), y);
    a += 16;
    p += 32;
  }
  if (depth & 2) {
    x = madd<f32>(twoDepths(a), v128.load(p), x);
    a += 8;
    p += 16;
  }
  if (depth & 1) x = madd<f32>(oneDepth(a), v128.load(p), x);
  storeSlim(c, f32x4.add(x, y), width);
}
