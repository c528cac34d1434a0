// tanh of a vector. About a fifth of an MLP's time is spent here, so each precision has the formula that is cheapest for
// it, and each has one division, whose latency hides behind the neighbouring vectors of an unrolled loop.
import { madd } from "./lanes";
import { powerOfTwo, roundingMagic } from "./exponential";

// @ts-ignore: decorator
@inline
export function tanh<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? tanhF32(x) : tanhF64(x);
}

// Coefficients are read from memory where they are used: V8 rebuilds vector constants from integer registers in every
// round of a loop, which made tanh a third slower.

// P and Q of tanhF32, highest coefficient first and alternating; the clamp; the bounds of the result.
const RATIONAL = memory.data<f32>([
  2.66918381e-08, 1.5055183e-06, 3.89163979e-05, 0.000609079842, 0.00639700564, 0.0469580516,
  0.241588548, 0.841117918, 1.79858851, 1.79858863, 8.73062611, -8.73062611, 1, -1,
]);
// R of tanhF64, highest coefficient first; 2 / ln 2 and the shift that puts the first step of n at atanh ½; ln2 / 2 in two
// parts, the first with 32 zero bits at its end, so that n times it is exact.
const ADDITION = memory.data<f64>([
  -1.9396636777058663228e-8, 2.1771170375164868935e-7, -2.1639398952182412324e-6, 2.1377717564071382871e-5,
  -2.116402032033716708e-4, 2.1164021159118134603e-3, -2.2222222222207954471e-2, 3.3333333333333317367e-1, 1,
  2.8853900817779268, -1.085, 3.46573590184561908245e-1, 9.54107464635293850010e-11,
]);

// @ts-ignore: decorator
@inline
function coefficient(i: usize): v128 {
  return v128.load_splat<f32>(RATIONAL + 4 * i);
}

// @ts-ignore: decorator
@inline
function term(i: usize): v128 {
  return v128.load_splat<f64>(ADDITION + 8 * i);
}

/**
 * x P(x²) / Q(x²), both of degree 4: minimax for the relative error on |x| ≤ 8.2, then scaled by a common factor chosen,
 * with the clamp, for the smallest error after rounding. Error ≤ 5.4 ulp (4.9 fused), measured on every third
 * float; odd to the bit, |tanh| ≤ 1, exactly ±1 beyond 8.74, ±0 and NaN kept.
 */
// @ts-ignore: decorator
@inline
function tanhF32(x: v128): v128 {
  // pmin and pmax with the variable first leave a NaN where it is, and compile to one instruction.
  const c = f32x4.pmax(f32x4.pmin(x, coefficient(10)), coefficient(11));
  const z = f32x4.mul(c, c);
  let p = madd<f32>(z, coefficient(0), coefficient(2));
  let q = madd<f32>(z, coefficient(1), coefficient(3));
  p = madd<f32>(p, z, coefficient(4));
  q = madd<f32>(q, z, coefficient(5));
  p = madd<f32>(p, z, coefficient(6));
  q = madd<f32>(q, z, coefficient(7));
  p = madd<f32>(p, z, coefficient(8));
  q = madd<f32>(q, z, coefficient(9));
  const r = f32x4.div(f32x4.mul(c, p), q);
  return f32x4.pmax(f32x4.pmin(r, coefficient(12)), coefficient(13));
}

/**
 * out[0…n) ← tanh x[0…n) in f32, n a multiple of 12, the same bits: three vectors at a time share the loads of the
 * coefficients, and their chains of operations fill the processor's queue side by side. Four would be a little faster mostly,
 * but V8 would keep many of their values on the stack, and some runs were three times slower.
 */
export function tanhBlocks(out: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 12) {
    const low = coefficient(11);
    const high = coefficient(10);
    const c0 = f32x4.pmax(f32x4.pmin(v128.load(x), high), low);
    const c1 = f32x4.pmax(f32x4.pmin(v128.load(x, 16), high), low);
    const c2 = f32x4.pmax(f32x4.pmin(v128.load(x, 32), high), low);
    const z0 = f32x4.mul(c0, c0);
    const z1 = f32x4.mul(c1, c1);
    const z2 = f32x4.mul(c2, c2);
    let p0 = coefficient(0);
    let p1 = p0;
    let p2 = p0;
    let q0 = coefficient(1);
    let q1 = q0;
    let q2 = q0;
    // Written out, because a loop keeps the addresses of the coefficients and the sums no longer fit the registers.
    let k: v128;
    k = coefficient(2);
    p0 = madd<f32>(p0, z0, k);
    p1 = madd<f32>(p1, z1, k);
    p2 = madd<f32>(p2, z2, k);
    k = coefficient(3);
    q0 = madd<f32>(q0, z0, k);
    q1 = madd<f32>(q1, z1, k);
    q2 = madd<f32>(q2, z2, k);
    k = coefficient(4);
    p0 = madd<f32>(p0, z0, k);
    p1 = madd<f32>(p1, z1, k);
    p2 = madd<f32>(p2, z2, k);
    k = coefficient(5);
    q0 = madd<f32>(q0, z0, k);
    q1 = madd<f32>(q1, z1, k);
    q2 = madd<f32>(q2, z2, k);
    k = coefficient(6);
    p0 = madd<f32>(p0, z0, k);
    p1 = madd<f32>(p1, z1, k);
    p2 = madd<f32>(p2, z2, k);
    k = coefficient(7);
    q0 = madd<f32>(q0, z0, k);
    q1 = madd<f32>(q1, z1, k);
    q2 = madd<f32>(q2, z2, k);
    k = coefficient(8);
    p0 = madd<f32>(p0, z0, k);
    p1 = madd<f32>(p1, z1, k);
    p2 = madd<f32>(p2, z2, k);
    k = coefficient(9);
    q0 = madd<f32>(q0, z0, k);
    q1 = madd<f32>(q1, z1, k);
    q2 = madd<f32>(q2, z2, k);
    const one = coefficient(12);
    const minus = coefficient(13);
    v128.store(out, f32x4.pmax(f32x4.pmin(f32x4.div(f32x4.mul(c0, p0), q0), one), minus));
    v128.store(out, f32x4.pmax(f32x4.pmin(f32x4.div(f32x4.mul(c1, p1), q1), one), minus), 16);
    v128.store(out, f32x4.pmax(f32x4.pmin(f32x4.div(f32x4.mul(c2, p2), q2), one), minus), 32);
    out += 48;
    x += 48;
  }
}

/**
 * The addition theorem: |x| = n ln2 / 2 + w, s = 2^n, tanh(n ln2 / 2) = (s − 1) / (s + 1), and tanh w = w / R(w²), where
 * R = w coth w needs only nine terms (relative error 2^-61.5 for w ≤ 0.5495). n is 0 up to tanh = ½, so there
 *   tanh |x| = w / R, and beyond
 *   1 − tanh |x| = 2 (R − w) / ((s + 1) R + (s − 1) w), of which the error counts only in part.
 * The divisor is 2 R for n = 0, so one division serves both.
 * Error ≤ 1.6 ulp (1.5 fused), measured on 5·10⁶ points; odd to the bit, ±0, subnormals and NaN kept.
 */
// @ts-ignore: decorator
@inline
function tanhF64(x: v128): v128 {
  const zero = f64x2.splat(0);
  const one = term(8);
  const sign = f64x2.splat(-0.0);
  const magic = roundingMagic<f64>();
  const a = f64x2.pmin(v128.andnot(x, sign), f64x2.splat(22));
  const t = f64x2.add(f64x2.pmax(madd<f64>(a, term(9), term(10)), zero), magic);
  const n = f64x2.sub(t, magic);
  const w = f64x2.sub(f64x2.sub(a, f64x2.mul(n, term(11))), f64x2.mul(n, term(12)));
  const z = f64x2.mul(w, w);
  let r = madd<f64>(z, term(0), term(1));
  r = madd<f64>(r, z, term(2));
  r = madd<f64>(r, z, term(3));
  r = madd<f64>(r, z, term(4));
  r = madd<f64>(r, z, term(5));
  r = madd<f64>(r, z, term(6));
  r = madd<f64>(r, z, term(7));
  r = madd<f64>(r, z, one);
  const s = powerOfTwo<f64>(t);
  const divisor = madd<f64>(f64x2.sub(s, one), w, f64x2.mul(f64x2.add(s, one), r));
  const far = f64x2.gt(n, zero);
  const half = v128.bitselect(f64x2.sub(w, r), w, far);
  const quotient = f64x2.div(f64x2.add(half, half), divisor);
  return v128.or(f64x2.add(quotient, v128.and(far, one)), v128.and(x, sign));
}
