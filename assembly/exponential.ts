// e^x − c and log(1 + x) of a vector, on the ranges that the activations need. Built for accuracy and small code: the
// polynomials run over tables. tanh, the hot one, has its own formulas in tanh.ts.
import { madd } from "./lanes";

/** p₀ + z (p₁ + z (… p_degree)), coefficients stored ascending. */
// @ts-ignore: decorator
@noinline
export function horner<T>(z: v128, table: usize, degree: i32): v128 {
  let p = v128.load_splat<T>(table + <usize>degree * sizeof<T>());
  for (let at = table + <usize>(degree - 1) * sizeof<T>(); at >= table; at -= sizeof<T>()) {
    p = madd<T>(p, z, v128.load_splat<T>(at));
  }
  return p;
}

// (e^r − 1 − r) / r² on |r| ≤ ln2 / 2, interpolated at Chebyshev nodes; relative error of r + r² q: 2^-25.3 and 2^-60.7.
const EXP_F32 = memory.data<f32>([0.5, 0.16666576845973976, 0.041666554437685938, 0.0083632029715758549, 0.0013926213466332443]);
const EXP_F64 = memory.data<f64>([
  0.5, 0.1666666666666667101, 0.04166666666666666977, 0.008333333333326112053, 0.001388888888888373183,
  0.0001984126987490125923, 0.00002480158732560532278, 2.755725529796964439e-6, 2.755727357010213967e-7,
  2.510525953844849342e-8, 2.091471734171637595e-9,
]);

// (log((1 + s) / (1 − s)) − 2 s) / s³ in z = s² ≤ 0.1716²; error against the result: 2^-35.8 and 2^-64.8.
const LOG_F32 = memory.data<f32>([0.6666666655435334, 0.40000121957356174, 0.28550807482041598, 0.23330829986117115]);
const LOG_F64 = memory.data<f64>([
  0.6666666666666666646, 0.4000000000000087896, 0.2857142857080240385, 0.2222222239198772893, 0.1818179561087904343,
  0.1538624129373435589, 0.1326873053910089629, 0.1308707158006738114,
]);

/** 1.5 · 2^(mantissa bits): adding it rounds to an integer, whose two's complement then stands in the low bits. */
// @ts-ignore: decorator
@inline
export function roundingMagic<T>(): v128 {
  return v128.splat<T>(<T>(sizeof<T>() == 4 ? 12582912.0 : 6755399441055744.0));
}

/** 2^n, where t = n + roundingMagic and 2^n is a normal number. */
// @ts-ignore: decorator
@inline
export function powerOfTwo<T>(t: v128): v128 {
  if (sizeof<T>() == 4) return i32x4.add(i32x4.shl(t, 23), i32x4.splat(0x3f800000));
  return i64x2.add(i64x2.shl(t, 52), i64x2.splat(0x3ff0000000000000));
}

/**
 * e^x − c for x ≤ 0 and c = 0 or 1 in every lane. Error ≤ 1.1 ulp in both cases and precisions, measured on 10⁶ points
 * each; subnormal results included, NaN in, NaN out.
 */
// @ts-ignore: decorator
@noinline
export function exponential<T>(x: v128, c: v128): v128 {
  const single = sizeof<T>() == 4;
  const magic = roundingMagic<T>();
  // Below, e^x is 0. The comparison of pmax leaves a NaN where it is.
  const low = v128.pmax<T>(x, v128.splat<T>(<T>(single ? -104.5 : -746.0)));
  const n = v128.sub<T>(v128.add<T>(v128.mul<T>(low, v128.splat<T>(<T>1.4426950408889634)), magic), magic);
  // ln 2 in two parts, the first so short that n times it is exact.
  const hi = v128.splat<T>(<T>(single ? 0.693145751953125 : 6.9314718036912381649e-1));
  const lo = v128.splat<T>(<T>(single ? 1.428606765330187e-6 : 1.90821492927058770002e-10));
  const r = v128.sub<T>(v128.sub<T>(low, v128.mul<T>(n, hi)), v128.mul<T>(n, lo));
  const q = horner<T>(r, single ? EXP_F32 : EXP_F64, single ? 4 : 10);
  const p = madd<T>(v128.mul<T>(r, r), q, r);
  // 2^n in two factors, each of them normal where 2^n is not.
  const t = v128.add<T>(v128.mul<T>(n, v128.splat<T>(<T>0.5)), magic);
  const s1 = powerOfTwo<T>(t);
  const s2 = powerOfTwo<T>(v128.add<T>(v128.sub<T>(n, v128.sub<T>(t, magic)), magic));
  return v128.add<T>(v128.mul<T>(v128.mul<T>(p, s1), s2), v128.sub<T>(v128.mul<T>(s1, s2), c));
}

/** log(1 + e) for 0 ≤ e ≤ 1, within 1 ulp; the reduction and its order of additions are fdlibm's. */
// @ts-ignore: decorator
@noinline
export function logOnePlus<T>(e: v128): v128 {
  const single = sizeof<T>() == 4;
  const one = v128.splat<T>(1);
  const half = v128.splat<T>(<T>0.5);
  // 1 + e = 2^k (1 + f) with 1 + f in [√½, √2]
  const upper = v128.gt<T>(e, v128.splat<T>(<T>0.41421356));
  const f = v128.bitselect(v128.mul<T>(v128.sub<T>(e, one), half), e, upper);
  const s = v128.div<T>(f, v128.add<T>(f, v128.splat<T>(2)));
  const z = v128.mul<T>(s, s);
  const r = v128.mul<T>(z, horner<T>(z, single ? LOG_F32 : LOG_F64, single ? 3 : 7));
  const square = v128.mul<T>(v128.mul<T>(f, f), half);
  const hi = v128.and(upper, v128.splat<T>(<T>(single ? 0.693145751953125 : 6.9314718036912381649e-1)));
  const lo = v128.and(upper, v128.splat<T>(<T>(single ? 1.428606765330187e-6 : 1.90821492927058770002e-10)));
  const rest = v128.add<T>(v128.mul<T>(s, v128.add<T>(square, r)), lo);
  return v128.sub<T>(hi, v128.sub<T>(v128.sub<T>(square, rest), f));
}
