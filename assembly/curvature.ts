// First and second derivatives of activations over arrays, from what the forward pass keeps (activation.ts), and what the
// second-order pass does with them element by element. All but polynomials is taken from the activations themselves.
//
// All arrays are rows of a tape or of work, which have pads: n is a multiple of a vector.
//
// Absolute errors are within 8 epsilon of the largest second derivative (the density of gelu comes from e^z − 1, and those of
// softplus and silu from 1 − σ).
import { ELU, GELU, SIGMOID, SILU, SOFTPLUS, TANH } from "../ts/fields/descriptor-layout";
import { lanes } from "./lanes";
import { activate, activationGradient } from "./products";

// Arguments beyond which silu and gelu are straight to the last bit; cutting them there avoids 0 · ∞.
const FAR: f64 = 1000;

/** d1 ← act′, d2 ← act″ of n numbers. `kept`: what the forward pass keeps. */
export function curvatures<T>(kind: i32, d1: usize, d2: usize, kept: usize, n: i32): void {
  const one = v128.splat<T>(1);
  const bytes = <usize>n * sizeof<T>();
  for (let at: usize = 0; at < bytes; at += 16) v128.store(d1 + at, one);
  activationGradient<T>(kind, d1, kept, n);
  if (kind == SILU) activate<T>(SIGMOID, d2, kept, n);
  else if (kind == GELU) {
    // e^(−x²/2) − 1
    const half = v128.splat<T>(<T>-0.5);
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = near<T>(v128.load(kept + at));
      v128.store(d2 + at, v128.mul<T>(v128.mul<T>(x, x), half));
    }
    activate<T>(ELU, d2, d2, n);
  }
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(d2 + at, curvature<T>(kind, v128.load(kept + at), v128.load(d1 + at), v128.load(d2 + at)));
  }
}

// @ts-ignore: decorator
@inline
function near<T>(x: v128): v128 {
  return v128.pmin<T>(v128.pmax<T>(x, v128.splat<T>(<T>-FAR)), v128.splat<T>(<T>FAR));
}

/** act″ from what is kept, act′ and, for silu, σ, for gelu e^(−x²/2) − 1. */
// @ts-ignore: decorator
@inline
function curvature<T>(kind: i32, kept: v128, slope: v128, more: v128): v128 {
  const one = v128.splat<T>(1);
  const two = v128.splat<T>(2);
  switch (kind) {
    case TANH:
      return v128.mul<T>(v128.mul<T>(v128.splat<T>(-2), kept), slope);
    case SOFTPLUS:
      return v128.mul<T>(slope, v128.sub<T>(one, slope));
    case SIGMOID:
      return v128.mul<T>(slope, v128.sub<T>(one, v128.mul<T>(two, kept)));
    case SILU: {
      const x = near<T>(kept);
      const turn = v128.add<T>(two, v128.mul<T>(x, v128.sub<T>(one, v128.mul<T>(two, more))));
      return v128.mul<T>(v128.mul<T>(more, v128.sub<T>(one, more)), turn);
    }
    case ELU:
      return v128.and(slope, v128.lt<T>(kept, v128.splat<T>(0)));
    case GELU: {
      const x = near<T>(kept);
      const density = v128.mul<T>(v128.add<T>(more, one), v128.splat<T>(<T>0.3989422804014327));
      return v128.mul<T>(density, v128.sub<T>(two, v128.mul<T>(x, x)));
    }
    default:
      return v128.splat<T>(0);
  }
}

/** The tangent ż of an argument: bend ← act″ ż, dot ← act′ ż, which takes the place of ż. */
export function bendTangent<T>(dot: usize, bend: usize, d1: usize, d2: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const own = v128.load(dot);
    v128.store(bend, v128.mul<T>(v128.load(d2), own));
    v128.store(dot, v128.mul<T>(v128.load(d1), own));
    dot += 16;
    bend += 16;
    d1 += 16;
    d2 += 16;
  }
}

/** The cotangent g of a value: sum += bend · g, and g ← act′ g. */
export function bendCotangent<T>(g: usize, bend: usize, sum: usize, d1: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const own = v128.load(g);
    v128.store(sum, v128.add<T>(v128.load(sum), v128.mul<T>(v128.load(bend), own)));
    v128.store(g, v128.mul<T>(v128.load(d1), own));
    g += 16;
    bend += 16;
    sum += 16;
    d1 += 16;
  }
}

/** q ← act′ q + sum */
export function joinCotangents<T>(q: usize, sum: usize, d1: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    v128.store(q, v128.add<T>(v128.mul<T>(v128.load(d1), v128.load(q)), v128.load(sum)));
    q += 16;
    sum += 16;
    d1 += 16;
  }
}
