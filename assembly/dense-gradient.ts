// The weight gradient of a dense layer, W̄ += δᵀ A, and the bias gradient, column sums of δ. The sum runs over the batch,
// so δ and A are read as they lie, a vector of A against four splatted numbers of δ, and W̄ is updated where it lies.
import { addPartial, tile1x1, tile1x4, tile4x1, tile4x2 } from "./gradient-tiles";
import { lanes, madd } from "./lanes";
import { scratch } from "./scratch";
import { loadPartial, storePartial } from "./partial";

/**
 * W [outputs × inputs] += δᵀ A over `rows` rows of δ and A. Strides in bytes. W overlaps neither operand. The caller
 * passes few enough rows that both operands stay in the L1 cache (dense.ts: BLOCK_ROWS).
 */
export function weightGradient<T>(
  delta: usize,
  deltaStride: usize,
  a: usize,
  aStride: usize,
  w: usize,
  wStride: usize,
  rows: i32,
  outputs: i32,
  inputs: i32,
): void {
  if (rows == 1) {
    outerProduct<T>(delta, a, w, wStride, outputs, inputs);
    return;
  }
  if (sizeof<T>() == 4 && inputs < lanes<T>() && outputs >= lanes<T>()) {
    narrowGradient<T>(delta, deltaStride, a, aStride, w, wStride, rows, outputs, inputs);
    return;
  }
  const wide = 2 * lanes<T>();
  let i = 0;
  for (; i + 4 <= outputs; i += 4) {
    let j = 0;
    for (; j + wide <= inputs; j += wide) {
      const at = <usize>j * sizeof<T>();
      tile4x2<T>(delta, deltaStride, a + at, aStride, w + at, wStride, rows);
    }
    for (; j < inputs; j += lanes<T>()) {
      const at = <usize>j * sizeof<T>();
      tile4x1<T>(delta, deltaStride, a + at, aStride, w + at, wStride, rows, inputs - j);
    }
    delta += 4 * sizeof<T>();
    w += 4 * wStride;
  }
  for (; i < outputs; i++) {
    let j = 0;
    for (; j + 2 * wide <= inputs; j += 2 * wide) {
      const at = <usize>j * sizeof<T>();
      tile1x4<T>(delta, deltaStride, a + at, aStride, w + at, rows);
    }
    for (; j < inputs; j += lanes<T>()) {
      const at = <usize>j * sizeof<T>();
      tile1x1<T>(delta, deltaStride, a + at, aStride, w + at, rows, inputs - j);
    }
    delta += sizeof<T>();
    w += wStride;
  }
}

/** Fewer inputs than a vector holds: vectors run along δ, against one input at a time. */
function narrowGradient<T>(
  delta: usize,
  deltaStride: usize,
  a: usize,
  aStride: usize,
  w: usize,
  wStride: usize,
  rows: i32,
  outputs: i32,
  inputs: i32,
): void {
  while (outputs > 0) {
    // Full vectors as far as they go, then the rest.
    const count = outputs < lanes<T>() ? outputs : min(outputs, 4 * lanes<T>()) & -lanes<T>();
    for (let i = 0; i < inputs; i++) {
      const at = <usize>i * sizeof<T>();
      if (count == 4 * lanes<T>()) weighted4<T>(delta, deltaStride, a + at, aStride, rows);
      else weighted1<T>(delta, deltaStride, a + at, aStride, rows, count);
      let to = w + at;
      for (let o: usize = 0; o < <usize>count * sizeof<T>(); o += sizeof<T>()) {
        store<T>(to, load<T>(to) + load<T>(scratch + o));
        to += wStride;
      }
    }
    outputs -= count;
    delta += <usize>count * sizeof<T>();
    w += <usize>count * wStride;
  }
}

/** scratch ← Σ a δ over four vectors of δ. */
// @ts-ignore: decorator
@noinline
function weighted4<T>(delta: usize, deltaStride: usize, a: usize, aStride: usize, rows: i32): void {
  let c0 = v128.splat<T>(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  for (; rows > 0; rows--) {
    const s = v128.load_splat<T>(a);
    c0 = madd<T>(s, v128.load(delta), c0);
    c1 = madd<T>(s, v128.load(delta, 16), c1);
    c2 = madd<T>(s, v128.load(delta, 32), c2);
    c3 = madd<T>(s, v128.load(delta, 48), c3);
    delta += deltaStride;
    a += aStride;
  }
  v128.store(scratch, c0);
  v128.store(scratch, c1, 16);
  v128.store(scratch, c2, 32);
  v128.store(scratch, c3, 48);
}

/** scratch ← Σ a δ over `count` numbers of δ, at most three vectors or a part of one. */
function weighted1<T>(delta: usize, deltaStride: usize, a: usize, aStride: usize, rows: i32, count: i32): void {
  for (let v: usize = 0; count > 0; count -= lanes<T>()) {
    let c = v128.splat<T>(0);
    let d = delta + v;
    let x = a;
    for (let row = 0; row < rows; row++) {
      c = madd<T>(v128.load_splat<T>(x), loadPartial<T>(d, count), c);
      d += deltaStride;
      x += aStride;
    }
    v128.store(scratch + v, c);
    v += 16;
  }
}

/** out[0…n) += sum over `rows` rows of δ. */
// @ts-ignore: decorator
@noinline
export function columnSums<T>(out: usize, delta: usize, deltaStride: usize, n: i32, rows: i32): void {
  for (; n >= 4 * lanes<T>(); n -= 4 * lanes<T>()) {
    let s0 = v128.splat<T>(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let d = delta;
    for (let b = 0; b < rows; b++) {
      s0 = v128.add<T>(s0, v128.load(d));
      s1 = v128.add<T>(s1, v128.load(d, 16));
      s2 = v128.add<T>(s2, v128.load(d, 32));
      s3 = v128.add<T>(s3, v128.load(d, 48));
      d += deltaStride;
    }
    v128.store(out, v128.add<T>(v128.load(out), s0));
    v128.store(out, v128.add<T>(v128.load(out, 16), s1), 16);
    v128.store(out, v128.add<T>(v128.load(out, 32), s2), 32);
    v128.store(out, v128.add<T>(v128.load(out, 48), s3), 48);
    out += 64;
    delta += 64;
  }
  for (; n > 0; n -= lanes<T>()) {
    let s = v128.splat<T>(0);
    let d = delta;
    for (let b = 0; b < rows; b++) {
      s = v128.add<T>(s, loadPartial<T>(d, n));
      d += deltaStride;
    }
    storePartial<T>(out, v128.add<T>(loadPartial<T>(out, n), s), n);
    out += 16;
    delta += 16;
  }
}

/** One row of δ and A, the batch-1 path: four vectors of A at a time stay in registers while the rows of W pass by. */
function outerProduct<T>(delta: usize, a: usize, w: usize, wStride: usize, outputs: i32, inputs: i32): void {
  if (sizeof<T>() == 4 && inputs == 2 && wStride == 8) {
    // The rows of W lie side by side: two of them fill a vector.
    const both = v128.load_splat<f64>(a);
    for (; outputs >= 2; outputs -= 2) {
      const d = v128.load_zero<f64>(delta);
      v128.store(w, v128.add<T>(v128.load(w), v128.mul<T>(v128.shuffle<f32>(d, d, 0, 0, 1, 1), both)));
      delta += 8;
      w += 16;
    }
  }
  const end = delta + <usize>outputs * sizeof<T>();
  for (; inputs >= 4 * lanes<T>(); inputs -= 4 * lanes<T>()) {
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    const a2 = v128.load(a, 32);
    const a3 = v128.load(a, 48);
    let row = w;
    for (let d = delta; d < end; d += sizeof<T>()) {
      const s = v128.load_splat<T>(d);
      v128.store(row, v128.add<T>(v128.load(row), v128.mul<T>(s, a0)));
      v128.store(row, v128.add<T>(v128.load(row, 16), v128.mul<T>(s, a1)), 16);
      v128.store(row, v128.add<T>(v128.load(row, 32), v128.mul<T>(s, a2)), 32);
      v128.store(row, v128.add<T>(v128.load(row, 48), v128.mul<T>(s, a3)), 48);
      row += wStride;
    }
    a += 64;
    w += 64;
  }
  for (; inputs > 0; inputs -= lanes<T>()) {
    const v = loadPartial<T>(a, inputs);
    let row = w;
    for (let d = delta; d < end; d += sizeof<T>()) {
      addPartial<T>(row, v128.mul<T>(v128.load_splat<T>(d), v), inputs);
      row += wStride;
    }
    a += 16;
    w += 16;
  }
}
