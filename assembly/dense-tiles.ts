// Register tiles of the dense layers: each holds the running sums of a few rows by one or two vectors of columns while the
// depth passes by; the caller, dense.ts, walks the tiles over the matrix.
import { lanes, madd } from "./lanes";
import { storePartial } from "./partial";

// @ts-ignore: decorator
@inline
export function biasAt<T>(bias: usize, offset: usize): v128 {
  return bias ? v128.load(bias + offset) : v128.splat<T>(0);
}

// @ts-ignore: decorator
@inline
function storePair<T>(c: usize, low: v128, high: v128, width: i32): void {
  v128.store(c, low);
  storePartial<T>(c + 16, high, width - lanes<T>());
}

/** 4 rows × one wide panel. */
// @ts-ignore: decorator
@noinline
export function tile4x2<T>(
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
export function tile6x2<T>(
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

/**
 * Any number of rows × a full wide panel of depth 2, which stays in registers: the first layer of a field of two unknowns,
 * and the cotangent's way into its last one.
 */
// @ts-ignore: decorator
@noinline
export function shallow2<T>(a: usize, aStride: usize, p: usize, bias: usize, c: usize, cStride: usize, rows: i32): void {
  const b0 = biasAt<T>(bias, 0);
  const b1 = biasAt<T>(bias, 16);
  const w00 = v128.load(p);
  const w01 = v128.load(p, 16);
  const w10 = v128.load(p, 32);
  const w11 = v128.load(p, 48);
  for (; rows > 0; rows--) {
    const s0 = v128.load_splat<T>(a);
    const s1 = v128.load_splat<T>(a, sizeof<T>());
    v128.store(c, madd<T>(s1, w10, madd<T>(s0, w00, b0)));
    v128.store(c, madd<T>(s1, w11, madd<T>(s0, w01, b1)), 16);
    a += aStride;
    c += cStride;
  }
}

/** One row × the four wide panels 0 … last, the later ones standing in for those beyond `last`. Writes all eight vectors. */
// @ts-ignore: decorator
@noinline
export function row1x8<T>(a: usize, p0: usize, last: i32, bias: usize, c: usize, depth: i32): void {
  const pitch = <usize>depth * 32;
  const i1 = <usize>min(1, last);
  const i2 = <usize>min(2, last);
  const i3 = <usize>last;
  let p1 = p0 + i1 * pitch;
  let p2 = p0 + i2 * pitch;
  let p3 = p0 + i3 * pitch;
  let c00 = v128.load(bias);
  let c01 = v128.load(bias, 16);
  let c10 = v128.load(bias + i1 * 32);
  let c11 = v128.load(bias + i1 * 32, 16);
  let c20 = v128.load(bias + i2 * 32);
  let c21 = v128.load(bias + i2 * 32, 16);
  let c30 = v128.load(bias + i3 * 32);
  let c31 = v128.load(bias + i3 * 32, 16);
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
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c10, 32);
  v128.store(c, c11, 48);
  v128.store(c, c20, 64);
  v128.store(c, c21, 80);
  v128.store(c, c30, 96);
  v128.store(c, c31, 112);
}

/** One row × a narrow panel; even and odd depths have sums of their own. */
// @ts-ignore: decorator
@noinline
export function tile1x1<T>(a: usize, p: usize, bias: usize, c: usize, width: i32, depth: i32): void {
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
