// Scaled norms of a linear combination, of which no more than a strip is ever stored: the error estimate of a step, and the three
// norms of the initial step. For v = h Σ cⱼ vⱼ and the elementwise scale atol + rtol·max(|yaᵢ|, |ybᵢ|):
//   rms: sqrt(mean (vᵢ/scaleᵢ)²)      max: max |vᵢ/scaleᵢ|
// taken over segments, each with a weight; the result is the largest weight · norm(segment).
//
// In f32 only what |vᵢ| exceeds 2⁻²⁴ max(|yaᵢ|, |ybᵢ|) by is counted of an error. Every step rounds the state by as much, and
// the estimate is made of derivatives that are rounded likewise: what it says below that is noise, which no smaller step would
// lessen. Counting it would shrink steps for nothing at tolerances near 1e-6, and below 1e-7 let a solve crawl. Where ya and yb
// are one vector, v is no error of a step from the one to the other, and all of it counts.
//
// A measure holds what stays fixed during a solve: ts/vectors/table-layout.ts says where.
import {
  MEASURE_ATOL, MEASURE_ATOLS, MEASURE_BYTES, MEASURE_KIND, MEASURE_RTOL, MEASURE_RTOLS, MEASURE_SEGMENTS, RMS,
  SEGMENT_BYTES, SEGMENT_LENGTH, SEGMENT_START, SEGMENT_WEIGHT, TERM_BYTES,
} from "../ts/vectors/table-layout";
import { combineBlocks, STRIP, termAt, termVector, termWeight } from "./combine";
import { horizontalSum, lanes, loadPart, mulAdd } from "./lanes";
import { scratch } from "./scratch";

// Partial sums of f32 squares are moved into an f64 after this many bytes, so that long vectors keep their precision.
const CHUNK: usize = 16384;
/** Half a unit in the last place of 1 in f32. */
const ROUNDING: f32 = 5.9604645e-8;

/** |v|: engines make the mask of `v128.abs` anew each time, which takes two instructions more. */
// @ts-ignore: decorator
@inline
function magnitude<T>(v: v128): v128 {
  const all = sizeof<T>() == 4 ? i32x4.splat(0x7fff_ffff) : i64x2.splat(0x7fff_ffff_ffff_ffff);
  return v128.and(v, all);
}

/** The ratios v/scale of one vector. */
// @ts-ignore: decorator
@inline
function ratios<T>(v: v128, a: v128, b: v128, relative: v128, absolute: v128, rounding: v128): v128 {
  // One instruction where `max` takes nine; it can only drop a NaN of b, which shows below.
  const size = v128.pmax<T>(magnitude<T>(a), magnitude<T>(b));
  const scale = mulAdd<T>(relative, size, absolute);
  // 0/0 counts as 0: a component that is exactly right needs no tolerance. 0·b makes an infinite result show as NaN
  // although its scale is infinite too. The tail's idle lanes are 0/scale.
  const zero = v128.splat<T>(0);
  if (sizeof<T>() == 4) v = v128.pmax<T>(v128.sub<T>(magnitude<T>(v), v128.mul<T>(size, rounding)), zero);
  const ratio = v128.and(v128.div<T>(v, scale), v128.ne<T>(v, zero));
  return v128.add<T>(ratio, v128.mul<T>(zero, b));
}

/** The ratios of one vector at i, or of its first `part` elements. */
// @ts-ignore: decorator
@inline
function ratiosAt<T>(
  terms: usize, count: i32, h: f64, ya: usize, yb: usize, i: usize, part: i32,
  rtols: usize, atols: usize, rtol: v128, atol: v128, rounding: v128,
): v128 {
  let v = v128.splat<T>(0);
  for (let j = 0; j < count; j++) {
    const term = termAt(terms, j);
    v = mulAdd<T>(v128.splat<T>(<T>(h * termWeight(term))), loadPart<T>(termVector(term) + i, part), v);
  }
  const relative = rtols ? loadPart<T>(rtols + i, part) : rtol;
  const absolute = atols ? loadPart<T>(atols + i, part) : atol;
  return ratios<T>(v, loadPart<T>(ya + i, part), loadPart<T>(yb + i, part), relative, absolute, rounding);
}

// @ts-ignore: decorator
@inline
function segmentNorm<T>(
  kind: i32, measure: usize, terms: usize, count: i32, h: f64, ya: usize, yb: usize, from: usize, to: usize, n: i32,
): f64 {
  const rtol = v128.splat<T>(<T>load<f64>(measure, MEASURE_RTOL));
  const atol = v128.splat<T>(<T>load<f64>(measure, MEASURE_ATOL));
  const rtols = <usize>load<u32>(measure, MEASURE_RTOLS);
  const atols = <usize>load<u32>(measure, MEASURE_ATOLS);
  const rounding = v128.splat<T>(<T>(ya == yb ? 0 : ROUNDING));
  let total: f64 = 0;
  let largest = v128.splat<T>(0);
  let i = from;
  while (i < to) {
    const stop = min(to, i + CHUNK);
    let sum = v128.splat<T>(0);
    // Whole blocks: the combination first, strip by strip, by the kernel that is made for it.
    const blocks = i + ((stop - i) & ~63);
    while (count > 0 && i < blocks) {
      const end = min(blocks, i + STRIP);
      combineBlocks<T>(scratch, 0, terms, count, h, i, end);
      const v = scratch - i;
      for (; i < end; i += 16) {
        const relative = rtols ? v128.load(rtols + i) : rtol;
        const absolute = atols ? v128.load(atols + i) : atol;
        const r = ratios<T>(v128.load(v + i), v128.load(ya + i), v128.load(yb + i), relative, absolute, rounding);
        if (kind) largest = v128.max<T>(largest, magnitude<T>(r));
        else sum = mulAdd<T>(r, r, sum);
      }
    }
    while (i < stop) {
      const part = <i32>(min<usize>(16, stop - i) / sizeof<T>());
      const r = ratiosAt<T>(terms, count, h, ya, yb, i, part, rtols, atols, rtol, atol, rounding);
      if (kind) largest = v128.max<T>(largest, magnitude<T>(r));
      else sum = mulAdd<T>(r, r, sum);
      i += <usize>part * sizeof<T>();
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
  const kind = load<i32>(measure, MEASURE_KIND);
  const segments = load<i32>(measure, MEASURE_SEGMENTS);
  let largest: f64 = 0;
  for (let s = 0; s < segments; s++) {
    const segment = measure + MEASURE_BYTES + <usize>s * SEGMENT_BYTES;
    const n = load<i32>(segment, SEGMENT_LENGTH);
    const weight = load<f64>(segment, SEGMENT_WEIGHT);
    const from = <usize>load<u32>(segment, SEGMENT_START) * sizeof<T>();
    const to = from + <usize>n * sizeof<T>();
    const norm = segmentNorm<T>(kind, measure, terms, count, h, ya, yb, from, to, n);
    largest = max<f64>(largest, weight * norm);
  }
  return largest;
}

/** Whether `fewSquare` may measure a state in float64: 1 … 4 numbers, their root mean square, one tolerance for all. */
// @ts-ignore: decorator
@inline
export function isFew(measure: usize): bool {
  return (
    load<i32>(measure, MEASURE_BYTES + SEGMENT_LENGTH) <= 4 &&
    // Two words at once: the kind and the number of segments, the addresses of the tolerances of each element.
    load<i64>(measure, MEASURE_KIND) == (<i64>1 << 32) + RMS &&
    load<i64>(measure, MEASURE_RTOLS) == 0 &&
    load<f64>(measure, MEASURE_BYTES + SEGMENT_WEIGHT) == 1
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
  const start = <usize>load<u32>(measure, MEASURE_BYTES + SEGMENT_START) * 8;
  const n = load<i32>(measure, MEASURE_BYTES + SEGMENT_LENGTH);
  const rtol = load<f64>(measure, MEASURE_RTOL);
  const atol = load<f64>(measure, MEASURE_ATOL);
  const share = 1 / <f64>n;
  const end = termAt(terms, count);
  let a: f64 = 0;
  let b: f64 = 0;
  let c: f64 = 0;
  let d: f64 = 0;
  for (; terms < end; terms += TERM_BYTES) {
    const v = termVector(terms) + start;
    const w = h * termWeight(terms);
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
    // Four sums: additions to one would wait for each other.
    let s0 = v128.splat<T>(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; i + 64 <= stop; i += 64) {
      s0 = mulAdd<T>(v128.load(a + i), v128.load(b + i), s0);
      s1 = mulAdd<T>(v128.load(a + i, 16), v128.load(b + i, 16), s1);
      s2 = mulAdd<T>(v128.load(a + i, 32), v128.load(b + i, 32), s2);
      s3 = mulAdd<T>(v128.load(a + i, 48), v128.load(b + i, 48), s3);
    }
    for (; i + 16 <= stop; i += 16) s0 = mulAdd<T>(v128.load(a + i), v128.load(b + i), s0);
    total += <f64>horizontalSum<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3)));
    for (; i < stop; i += sizeof<T>()) total += <f64>load<T>(a + i) * <f64>load<T>(b + i);
  }
  return total;
}
