// Activations and their derivatives over arrays. What the forward pass keeps for the derivative is the value itself where
// the derivative is a function of it, and the argument for silu and gelu, which are not monotone.
//
// Largest errors measured on 10⁶ points against quadruple precision, plain or fused, in ulp, f32 / f64:
//   tanh 5.4 / 1.6   softplus 1.6 / 1.7   sigmoid 2.4 / 2.4   silu 3.0 / 3.0   elu 1.1 / 1.1   gelu 5.1 / 4.7
// (silu and gelu where σ(x) and e^(−x²/2) are normal numbers; below, their last place counts). The derivatives are
// within 2 epsilon (2^-23, 2^-52), absolutely, those of tanh in f32 within 5.5: 1 − y² doubles what y errs.
// NaN gives NaN, infinities their limits, a tail of any length the same bits as whole vectors.
import { ELU, GELU, IDENTITY, RELU, SIGMOID, SILU, SOFTPLUS, TANH } from "../ts/fields/descriptor-layout";
import { lanes } from "./lanes";
import { loadPartial, storePartial } from "./partial";
import { exponential, logOnePlus } from "./exponential";
import { gelu, geluSlope } from "./gelu";
import { tanh, tanhBlocks } from "./tanh";

/** Whether the derivative needs the argument; otherwise the value serves. */
// @ts-ignore: decorator
@inline
export function keepsArgument(kind: i32): bool {
  return kind == SILU || kind == GELU;
}

/** out[0…n) ← act(x); out may be x. */
export function activate<T>(kind: i32, out: usize, x: usize, n: i32): void {
  if (kind == TANH) {
    if (sizeof<T>() == 4) {
      const whole = n - (n % 12);
      tanhBlocks(out, x, whole);
      x += <usize>whole * 4;
      out += <usize>whole * 4;
      n -= whole;
    } else {
      for (; n >= 4; n -= 4) {
        const a = tanh<T>(v128.load(x));
        const b = tanh<T>(v128.load(x, 16));
        v128.store(out, a);
        v128.store(out, b, 16);
        x += 32;
        out += 32;
      }
    }
  } else if (kind == RELU) {
    const zero = v128.splat<T>(0);
    for (; n >= lanes<T>(); n -= lanes<T>()) {
      v128.store(out, v128.pmax<T>(v128.load(x), zero));
      x += 16;
      out += 16;
    }
  } else if (kind == IDENTITY) {
    if (out != x) memory.copy(out, x, <usize>n * sizeof<T>());
    return;
  }
  for (; n > 0; n -= lanes<T>()) {
    storePartial<T>(out, value<T>(kind, loadPartial<T>(x, n)), n);
    x += 16;
    out += 16;
  }
}

/** delta[0…n) ← delta · act′, with `kept` as described above. */
export function activationGradient<T>(kind: i32, delta: usize, kept: usize, n: i32): void {
  if (kind == IDENTITY) return;
  const whole = n & (-2 * lanes<T>());
  if (kind == TANH) pullBlocks<T>(TANH, delta, kept, whole);
  else if (kind == RELU) pullBlocks<T>(RELU, delta, kept, whole);
  else if (kind == SIGMOID) pullBlocks<T>(SIGMOID, delta, kept, whole);
  else if (kind == ELU) pullBlocks<T>(ELU, delta, kept, whole);
  else {
    pullRest<T>(kind, delta, kept, n);
    return;
  }
  const done = <usize>whole * sizeof<T>();
  pullRest<T>(kind, delta + done, kept + done, n - whole);
}

/** The derivatives of few operations have loops of their own: `kind` is a constant here. n is a multiple of two vectors. */
// @ts-ignore: decorator
@inline
function pullBlocks<T>(kind: i32, delta: usize, kept: usize, n: i32): void {
  const end = delta + <usize>n * sizeof<T>();
  for (; delta < end; delta += 32) {
    v128.store(delta, cheap<T>(kind, v128.load(delta), v128.load(kept)));
    v128.store(delta, cheap<T>(kind, v128.load(delta, 16), v128.load(kept, 16)), 16);
    kept += 32;
  }
}

function pullRest<T>(kind: i32, delta: usize, kept: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    storePartial<T>(delta, pullback<T>(kind, loadPartial<T>(delta, n), loadPartial<T>(kept, n)), n);
    kept += 16;
    delta += 16;
  }
}

/** delta · act′ of tanh, relu, sigmoid and elu. */
// @ts-ignore: decorator
@inline
function cheap<T>(kind: i32, delta: v128, kept: v128): v128 {
  const zero = v128.splat<T>(0);
  const one = v128.splat<T>(1);
  if (kind == TANH) return v128.mul<T>(delta, v128.sub<T>(one, v128.mul<T>(kept, kept)));
  if (kind == RELU) return v128.andnot(delta, v128.le<T>(kept, zero));
  if (kind == SIGMOID) return v128.mul<T>(delta, v128.mul<T>(kept, v128.sub<T>(one, kept)));
  return v128.mul<T>(delta, v128.add<T>(one, v128.pmin<T>(kept, zero)));
}

// The arguments of silu beyond which σ is 0 or 1 to the last bit; cutting them there avoids 0 · ∞.
const FAR: f64 = 1000;

// @ts-ignore: decorator
@noinline
function value<T>(kind: i32, x: v128): v128 {
  const zero = v128.splat<T>(0);
  switch (kind) {
    case TANH:
      return tanh<T>(x);
    case RELU:
      return v128.pmax<T>(x, zero);
    case SOFTPLUS:
      return v128.add<T>(v128.pmax<T>(x, zero), logOnePlus<T>(exponential<T>(v128.neg<T>(v128.abs<T>(x)), zero)));
    case SIGMOID:
      return sigmoid<T>(x, zero);
    case SILU:
      return v128.mul<T>(v128.pmax<T>(x, v128.splat<T>(<T>-FAR)), sigmoid<T>(x, zero));
    case ELU: {
      const below = exponential<T>(v128.pmin<T>(x, zero), v128.splat<T>(1));
      return v128.bitselect(x, below, v128.ge<T>(x, zero));
    }
    case GELU:
      return gelu<T>(x);
    default:
      return x;
  }
}

// @ts-ignore: decorator
@noinline
function pullback<T>(kind: i32, delta: v128, kept: v128): v128 {
  const zero = v128.splat<T>(0);
  const one = v128.splat<T>(1);
  switch (kind) {
    case TANH:
      return cheap<T>(TANH, delta, kept);
    case RELU:
      return cheap<T>(RELU, delta, kept);
    case SOFTPLUS:
      // σ = 1 − e^(−y)
      return v128.mul<T>(delta, v128.neg<T>(exponential<T>(v128.neg<T>(kept), one)));
    case SIGMOID:
      return cheap<T>(SIGMOID, delta, kept);
    case SILU: {
      const far = v128.splat<T>(<T>FAR);
      const x = v128.pmin<T>(v128.pmax<T>(kept, v128.neg<T>(far)), far);
      const other = sigmoid<T>(x, v128.splat<T>(<T>-0.0)); // 1 − σ, without cancellation
      return v128.mul<T>(delta, v128.mul<T>(sigmoid<T>(x, zero), v128.add<T>(one, v128.mul<T>(x, other))));
    }
    case ELU:
      return cheap<T>(ELU, delta, kept);
    case GELU:
      return v128.mul<T>(delta, geluSlope<T>(kept));
    default:
      return delta;
  }
}

/** 1 / (1 + e^(−x)), of −x for flip = −0, from e^(−|x|), which never overflows and keeps the small side's accuracy. */
// @ts-ignore: decorator
@noinline
function sigmoid<T>(x: v128, flip: v128): v128 {
  const zero = v128.splat<T>(0);
  const one = v128.splat<T>(1);
  const e = exponential<T>(v128.neg<T>(v128.abs<T>(x)), zero);
  return v128.div<T>(v128.bitselect(e, one, v128.lt<T>(v128.xor(x, flip), zero)), v128.add<T>(one, e));
}
