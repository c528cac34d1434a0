// Register tiles of the weight gradient: each holds the running sums of a few rows of W̄ by one or more vectors of inputs while
// the batch passes by. The caller, dense-gradient.ts, walks the tiles over the matrix.
import { madd } from "./lanes";
import { loadPartial, storePartial } from "./partial";

/** Four rows of W × two vectors. */
// @ts-ignore: decorator
@noinline
export function tile4x2<T>(
  delta: usize,
  deltaStride: usize,
  a: usize,
  aStride: usize,
  w: usize,
  wStride: usize,
  rows: i32,
): void {
  let c00 = v128.splat<T>(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (; rows > 0; rows--) {
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    let s = v128.load_splat<T>(delta);
    c00 = madd<T>(s, a0, c00);
    c01 = madd<T>(s, a1, c01);
    s = v128.load_splat<T>(delta, sizeof<T>());
    c10 = madd<T>(s, a0, c10);
    c11 = madd<T>(s, a1, c11);
    s = v128.load_splat<T>(delta, 2 * sizeof<T>());
    c20 = madd<T>(s, a0, c20);
    c21 = madd<T>(s, a1, c21);
    s = v128.load_splat<T>(delta, 3 * sizeof<T>());
    c30 = madd<T>(s, a0, c30);
    c31 = madd<T>(s, a1, c31);
    delta += deltaStride;
    a += aStride;
  }
  addPair<T>(w, c00, c01);
  addPair<T>(w + wStride, c10, c11);
  addPair<T>(w + 2 * wStride, c20, c21);
  addPair<T>(w + 3 * wStride, c30, c31);
}

// @ts-ignore: decorator
@inline
function addPair<T>(w: usize, low: v128, high: v128): void {
  v128.store(w, v128.add<T>(v128.load(w), low));
  v128.store(w, v128.add<T>(v128.load(w, 16), high), 16);
}

/** Four rows of W × at most one vector. */
// @ts-ignore: decorator
@noinline
export function tile4x1<T>(
  delta: usize,
  deltaStride: usize,
  a: usize,
  aStride: usize,
  w: usize,
  wStride: usize,
  rows: i32,
  width: i32,
): void {
  let c0 = v128.splat<T>(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  for (; rows > 0; rows--) {
    const v = loadPartial<T>(a, width);
    c0 = madd<T>(v128.load_splat<T>(delta), v, c0);
    c1 = madd<T>(v128.load_splat<T>(delta, sizeof<T>()), v, c1);
    c2 = madd<T>(v128.load_splat<T>(delta, 2 * sizeof<T>()), v, c2);
    c3 = madd<T>(v128.load_splat<T>(delta, 3 * sizeof<T>()), v, c3);
    delta += deltaStride;
    a += aStride;
  }
  addPartial<T>(w, c0, width);
  addPartial<T>(w + wStride, c1, width);
  addPartial<T>(w + 2 * wStride, c2, width);
  addPartial<T>(w + 3 * wStride, c3, width);
}

// @ts-ignore: decorator
@inline
export function addPartial<T>(w: usize, v: v128, width: i32): void {
  storePartial<T>(w, v128.add<T>(loadPartial<T>(w, width), v), width);
}

/** One row of W × four vectors. */
// @ts-ignore: decorator
@noinline
export function tile1x4<T>(delta: usize, deltaStride: usize, a: usize, aStride: usize, w: usize, rows: i32): void {
  let c0 = v128.splat<T>(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  for (; rows > 0; rows--) {
    const s = v128.load_splat<T>(delta);
    c0 = madd<T>(s, v128.load(a), c0);
    c1 = madd<T>(s, v128.load(a, 16), c1);
    c2 = madd<T>(s, v128.load(a, 32), c2);
    c3 = madd<T>(s, v128.load(a, 48), c3);
    delta += deltaStride;
    a += aStride;
  }
  addPair<T>(w, c0, c1);
  addPair<T>(w + 32, c2, c3);
}

/** One row of W × at most one vector. */
// @ts-ignore: decorator
@noinline
export function tile1x1<T>(
  delta: usize,
  deltaStride: usize,
  a: usize,
  aStride: usize,
  w: usize,
  rows: i32,
  width: i32,
): void {
  let c = v128.splat<T>(0);
  for (; rows > 0; rows--) {
    c = madd<T>(v128.load_splat<T>(delta), loadPartial<T>(a, width), c);
    delta += deltaStride;
    a += aStride;
  }
  addPartial<T>(w, c, width);
}
