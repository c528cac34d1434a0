// log₂ and 2^x of one f64 for step sizes: the same bits on every engine, which the engines' own Math.exp and Math.log do not
// promise. The next step waits for the controller's answer, so they are right to ten digits only, without branches, and half as
// long from argument to result as full precision would be.

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
