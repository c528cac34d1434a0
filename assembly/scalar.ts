// exp and log of one f64 for step sizes: small, and the same bits on every engine, which the engines' own Math.exp and
// Math.log do not promise. `logarithm` and `exponential` are off by less than 1 ulp each (the classical fdlibm reductions
// and coefficients). `roughLog2` and `roughExp2` are for the controller, whose answer the next step waits for: they are
// right to ten digits, without branches, and half as long from argument to result.

const LN2_HI: f64 = 6.93147180369123816490e-01;
const LN2_LO: f64 = 1.90821492927058770002e-10;

/** Natural logarithm of a positive normal number. */
export function logarithm(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  // x = 2^k (1 + f) with 1 + f in [√½, √2)
  let k = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    k++;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  // Estrin's scheme: three levels of additions deep instead of seven, since the controller waits for this.
  const w = z * z;
  const low = 6.666666666666735130e-01 + z * 3.999999999940941908e-01 + w * (2.857142874366239149e-01 + z * 2.222219843214978396e-01);
  const high = 1.818357216161805012e-01 + z * 1.531383769920937332e-01 + w * 1.479819860510658591e-01;
  const r = z * (low + w * w * high);
  const half = 0.5 * f * f;
  return <f64>k * LN2_HI - (half - (s * (half + r) + <f64>k * LN2_LO) - f);
}

/** e^x for |x| < 700. */
export function exponential(x: f64): f64 {
  const k = nearest(x * 1.4426950408889634);
  const hi = x - k * LN2_HI;
  const lo = k * LN2_LO;
  const r = hi - lo;
  const t = r * r;
  const u = t * t;
  const c =
    r -
    t *
      (1.66666666666666019037e-01 -
        t * 2.77777777770155933842e-03 +
        u * (6.61375632143793436117e-05 - t * 1.65339022054652515390e-06 + u * 4.13813679705723846039e-08));
  const y = 1 - (lo - (r * c) / (2 - c) - hi);
  return y * reinterpret<f64>((<u64>(<i64>k + 1023)) << 52);
}

/** log₂ of a positive normal number, off by less than 4e-12 + 1 ulp. */
// @ts-ignore: decorator
@inline
export function roughLog2(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  // x = 2^k m with m in [√½, √2); √½ subtracted as bits borrows from the exponent exactly where m would be too small.
  const k = (bits - 0x3fe6a09e667f3bcd) >> 52;
  const m = reinterpret<f64>(bits - (k << 52));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const w = z * z;
  // log₂ m = 2/ln 2 · artanh s, in s² by least maximal error.
  const low = 2.8853900817779268 + z * 0.9617966792128829;
  const high = 0.5770828491203317 + z * 0.41170644918453075 + w * 0.3402176183266918;
  return <f64>(<i32>k) + s * (low + w * high);
}

/** 2^x for |x| ≤ 1000, off by less than 5e-11 of it; exact for whole x. */
// @ts-ignore: decorator
@inline
export function roughExp2(x: f64): f64 {
  // Adding 1.5 · 2^52 rounds x to a whole number and leaves that in the lowest bits.
  const shifted = x + 6755399441055744;
  const r = x - (shifted - 6755399441055744);
  const t = r * r;
  const low = 1 + r * 0.6931471807047683 + t * (0.24022651067009362 + r * 0.055504103653771786);
  const high = 0.00961803805889984 + r * 0.0013333935367094883 + t * (0.0001546678171806325 + r * 1.5196131763094886e-05);
  return reinterpret<f64>(reinterpret<i64>(low + t * t * high) + (reinterpret<i64>(shifted) << 52));
}
