// gelu(x) = x Φ(x) with the normal distribution's Φ itself (the erf form, PyTorch's default, not the tanh approximation).
// Φ(−a) = e^(−a²/2) G(a) for a ≥ 0, which keeps the relative accuracy of the vanishing tail; G decays like 1/a, so
// (a + k) G(a) is a polynomial in u = (a − k) / (a + k).
import { madd } from "./lanes";
import { exponential, horner } from "./exponential";

// k = 3 on a ≤ 14, relative error 2^-29.7
const TAIL_F32 = memory.data<f32>([
  0.7290836906652955264, -0.5093319902413000678, 0.2300176797129640289, -0.04726272768935713805, -0.01046231115790783423,
  0.006969689543171249734, 0.001024157668223903373, -0.001033891348137211558, -0.0002444839420897951212,
  0.0001328259086515935741, 0.00005517462393839631925,
]);
// k = 4 on a ≤ 39, relative error 2^-58.7
const TAIL_F64 = memory.data<f64>([
  0.7552851304157514929, -0.6078966419718920878, 0.3871374007422146557, -0.1865218579596593708, 0.06039657489093021563,
  -0.007540188966659892779, -0.003479692367252080827, 0.001630818456623573289, 0.0001333443107426556025,
  -0.0002310949275146249678, -1.908246736207169732e-6, 0.00003514464951429031794, 7.166136531522344406e-7,
  -5.920063789109943421e-6, -6.295418937455187947e-7, 1.021346127668307426e-6, 2.715064876688306314e-7,
  -1.547220083448871983e-7, -8.504053459156654793e-8, 1.312087826831195134e-8, 1.934655833076747295e-8,
  1.964327680621977122e-9, -2.416548080318924628e-9, -7.268553477210609046e-10, -1.428076375615486078e-11,
]);

/** |x|, cut where e^(−x²/2) is 0 anyway, so that an infinity gives no 0 · ∞. A NaN stays. */
// @ts-ignore: decorator
@inline
function magnitude<T>(x: v128): v128 {
  return v128.pmin<T>(v128.abs<T>(x), v128.splat<T>(<T>(sizeof<T>() == 4 ? 14.5 : 39.0)));
}

/** e^(−a²/2). The rounding error of a², up to a thousand ulp of the result in the far tail, is computed and undone. */
// @ts-ignore: decorator
@inline
function bell<T>(a: v128): v128 {
  const q = v128.mul<T>(a, a);
  // Dekker's exact square: the high half of a's mantissa and the rest.
  const high =
    sizeof<T>() == 4 ? v128.and(a, i32x4.splat(0xfffff000)) : v128.and(a, i64x2.splat(<i64>0xfffffffff8000000));
  const rest = v128.sub<T>(a, high);
  const double = v128.add<T>(high, high);
  const error = v128.add<T>(
    v128.add<T>(v128.sub<T>(v128.mul<T>(high, high), q), v128.mul<T>(double, rest)),
    v128.mul<T>(rest, rest),
  );
  const half = v128.splat<T>(<T>-0.5);
  const e = exponential<T>(v128.mul<T>(q, half), v128.splat<T>(0));
  return madd<T>(e, v128.mul<T>(error, half), e);
}

// @ts-ignore: decorator
@inline
function tail<T>(a: v128): v128 {
  const k = v128.splat<T>(<T>(sizeof<T>() == 4 ? 3.0 : 4.0));
  const sum = v128.add<T>(a, k);
  const u = v128.div<T>(v128.sub<T>(a, k), sum);
  const table = sizeof<T>() == 4 ? TAIL_F32 : TAIL_F64;
  return v128.div<T>(horner<T>(u, table, sizeof<T>() == 4 ? 10 : 24), sum);
}

/** x Φ(x): −∞ gives −0, +∞ gives +∞. */
// @ts-ignore: decorator
@noinline
export function gelu<T>(x: v128): v128 {
  const a = magnitude<T>(x);
  const e = bell<T>(a);
  const g = tail<T>(a);
  const above = v128.mul<T>(x, v128.sub<T>(v128.splat<T>(1), v128.mul<T>(e, g)));
  // a G first: e G may be subnormal where the product of all three is not.
  const below = v128.neg<T>(v128.mul<T>(v128.mul<T>(a, g), e));
  return v128.bitselect(below, above, v128.lt<T>(x, v128.splat<T>(0)));
}

/** Φ(x) + x φ(x). */
// @ts-ignore: decorator
@noinline
export function geluSlope<T>(x: v128): v128 {
  const a = magnitude<T>(x);
  // Both sides of 0 from s = Φ(−a) − a φ(a): the slope is s at −a and 1 − s at a.
  const s = v128.mul<T>(bell<T>(a), v128.sub<T>(tail<T>(a), v128.mul<T>(a, v128.splat<T>(<T>0.3989422804014327))));
  return v128.bitselect(s, v128.sub<T>(v128.splat<T>(1), s), v128.lt<T>(x, v128.splat<T>(0)));
}
