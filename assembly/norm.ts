// Scaled norms of a linear combination, computed without storing it: the error estimate of a step, and the three
// norms of the initial step. For v = h Σ cⱼ vⱼ and the elementwise scale atol + rtol·max(|yaᵢ|, |ybᵢ|):
//   rms: sqrt(mean (vᵢ/scaleᵢ)²)      max: max |vᵢ/scaleᵢ|
// taken over segments, each with a weight; the result is the largest weight · norm(segment).
//
// A measure holds what stays fixed during a solve:
//   0 kind i32 (0 rms, 1 max) · 4 segments i32 · 8 rtol f64 · 16 atol f64 · 24 rtols u32 · 28 atols u32 (addresses of
//   per-element tolerances in T, 0 for the scalars) · 32… segments of 16 bytes: start u32, length u32, weight f64
import { horizontalSum, lanes, loadPart, madd } from "./lanes";
import { TERM_BYTES } from "./combine";

// Partial sums of f32 squares are moved into an f64 after this many bytes, so that long vectors keep their precision.
const CHUNK: usize = 16384;

/** The ratios v/scale of one vector, or of its first `part` elements. */
// @ts-ignore: decorator
@inline
function ratios<T>(
  measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize, i: usize, part: i32, rtol: v128, atol: v128,
): v128 {
  let v = v128.splat<T>(0);
  for (let j = 0; j < count; j++) {
    const term = terms + <usize>j * TERM_BYTES;
    v = madd<T>(v128.splat<T>(<T>(h * load<f64>(term, 8))), loadPart<T>(<usize>load<u32>(term) + i, part), v);
  }
  const a = loadPart<T>(ya + i, part);
  const b = loadPart<T>(yb + i, part);
  const rtols = <usize>load<u32>(measure, 24);
  const atols = <usize>load<u32>(measure, 28);
  const relative = rtols ? loadPart<T>(rtols + i, part) : rtol;
  const absolute = atols ? loadPart<T>(atols + i, part) : atol;
  const scale = madd<T>(relative, v128.max<T>(v128.abs<T>(a), v128.abs<T>(b)), absolute);
  // 0/0 counts as 0: a component that is exactly right needs no tolerance. 0·b makes an infinite result show as NaN
  // although its scale is infinite too. The tail's idle lanes are 0/scale.
  const zero = v128.splat<T>(0);
  const ratio = v128.and(v128.div<T>(v, scale), v128.ne<T>(v, zero));
  return v128.add<T>(ratio, v128.mul<T>(zero, b));
}

// @ts-ignore: decorator
@inline
function segmentNorm<T>(
  kind: i32, measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize, from: usize, to: usize, n: i32,
): f64 {
  const rtol = v128.splat<T>(<T>load<f64>(measure, 8));
  const atol = v128.splat<T>(<T>load<f64>(measure, 16));
  const width = <usize>16;
  let total: f64 = 0;
  let largest = v128.splat<T>(0);
  let i = from;
  while (i < to) {
    const stop = min(to, i + CHUNK);
    let sum = v128.splat<T>(0);
    for (; i + width <= stop; i += width) {
      const r = ratios<T>(measure, terms, count, h, ya, yb, i, lanes<T>(), rtol, atol);
      if (kind) largest = v128.max<T>(largest, v128.abs<T>(r));
      else sum = madd<T>(r, r, sum);
    }
    if (i < stop) {
      const part = <i32>((stop - i) / sizeof<T>());
      const r = ratios<T>(measure, terms, count, h, ya, yb, i, part, rtol, atol);
      if (kind) largest = v128.max<T>(largest, v128.abs<T>(r));
      else sum = madd<T>(r, r, sum);
      i = stop;
    }
    total += <f64>horizontalSum<T>(sum);
  }
  if (!kind) return sqrt<f64>(total / <f64>n);
  // v128.max propagates NaN from either side, and so does this.
  let m: f64 = <f64>v128.extract_lane<T>(largest, 0);
  m = max<f64>(m, <f64>v128.extract_lane<T>(largest, 1));
  if (lanes<T>() == 4) {
    m = max<f64>(m, <f64>v128.extract_lane<T>(largest, 2 % <u8>lanes<T>()));
    m = max<f64>(m, <f64>v128.extract_lane<T>(largest, 3 % <u8>lanes<T>()));
  }
  return m;
}

/** The scaled norm; NaN if anything in it is NaN or any of yb is not finite. */
export function scaledNorm<T>(measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  const kind = load<i32>(measure);
  const segments = load<i32>(measure, 4);
  let largest: f64 = 0;
  for (let s = 0; s < segments; s++) {
    const segment = measure + 32 + <usize>s * 16;
    const n = load<i32>(segment, 4);
    const weight = load<f64>(segment, 8);
    const from = <usize>load<u32>(segment) * sizeof<T>();
    const to = from + <usize>n * sizeof<T>();
    const norm = kind
      ? segmentNorm<T>(1, measure, terms, count, h, ya, yb, from, to, n)
      : segmentNorm<T>(0, measure, terms, count, h, ya, yb, from, to, n);
    largest = max<f64>(largest, weight * norm);
  }
  return largest;
}

/** Whether `fewSquare` may measure: 1 … 4 numbers in float64, their root mean square, one tolerance for all. */
// @ts-ignore: decorator
@inline
export function isFew<T>(measure: usize): bool {
  return (
    sizeof<T>() == 8 &&
    load<i32>(measure, 36) <= 4 &&
    load<i64>(measure) == 0x1_0000_0000 &&
    load<i64>(measure, 24) == 0 &&
    load<f64>(measure, 40) == 1
  );
}

/** One squared ratio, computed as in `ratios`. */
// @ts-ignore: decorator
@inline
function squareOf(v: f64, a: f64, b: f64, rtol: f64, atol: f64): f64 {
  const r = v / (rtol * max<f64>(abs<f64>(a), abs<f64>(b)) + atol);
  return (v == 0 ? 0 : r * r) + 0 * b;
}

/**
 * The square of the scaled norm where `isFew`, for the controller, which needs no root: element by element, because a
 * JavaScript field writes one number at a time, and reading two such numbers as one vector right afterwards would stall
 * until both have left the store buffer.
 */
// @ts-ignore: decorator
@inline
export function fewSquare(measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize): f64 {
  const start = <usize>load<u32>(measure, 32) * 8;
  const n = load<i32>(measure, 36);
  const rtol = load<f64>(measure, 8);
  const atol = load<f64>(measure, 16);
  const share = 1 / <f64>n;
  const end = terms + <usize>count * TERM_BYTES;
  let a: f64 = 0;
  let b: f64 = 0;
  let c: f64 = 0;
  let d: f64 = 0;
  for (; terms < end; terms += TERM_BYTES) {
    const v = <usize>load<u32>(terms) + start;
    const w = h * load<f64>(terms, 8);
    a += w * load<f64>(v);
    if (n > 1) b += w * load<f64>(v, 8);
    if (n > 2) c += w * load<f64>(v, 16);
    if (n > 3) d += w * load<f64>(v, 24);
  }
  ya += start;
  yb += start;
  let sum = squareOf(a, load<f64>(ya), load<f64>(yb), rtol, atol);
  if (n > 1) sum += squareOf(b, load<f64>(ya, 8), load<f64>(yb, 8), rtol, atol);
  if (n > 2) sum += squareOf(c, load<f64>(ya, 16), load<f64>(yb, 16), rtol, atol);
  if (n > 3) sum += squareOf(d, load<f64>(ya, 24), load<f64>(yb, 24), rtol, atol);
  return sum * share;
}

/** Σ aᵢ bᵢ over n elements, summed in f64 chunk by chunk. */
export function dot<T>(a: usize, b: usize, n: i32): f64 {
  const bytes = <usize>n * sizeof<T>();
  let total: f64 = 0;
  let i: usize = 0;
  while (i < bytes) {
    const stop = min(bytes, i + CHUNK);
    let sum = v128.splat<T>(0);
    for (; i + 16 <= stop; i += 16) sum = madd<T>(v128.load(a + i), v128.load(b + i), sum);
    total += <f64>horizontalSum<T>(sum);
    for (; i < stop; i += sizeof<T>()) total += <f64>load<T>(a + i) * <f64>load<T>(b + i);
  }
  return total;
}

/** 1 if all n elements are finite, else 0: x − x is 0 only for finite x. */
export function allFinite<T>(x: usize, n: i32): i32 {
  const bytes = <usize>n * sizeof<T>();
  let sum = v128.splat<T>(0);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const v = v128.load(x + i);
    sum = v128.add<T>(sum, v128.sub<T>(v, v));
  }
  for (; i < bytes; i += sizeof<T>()) {
    const v = v128.splat<T>(load<T>(x + i));
    sum = v128.add<T>(sum, v128.sub<T>(v, v));
  }
  return horizontalSum<T>(sum) == 0 ? 1 : 0;
}
