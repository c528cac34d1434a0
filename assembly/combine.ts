// Linear combinations: Runge–Kutta stages, solutions, dense output and adjoint sweeps are all
//   out = base + h Σ cⱼ vⱼ
// over any number of terms. A term table holds 16 bytes a term: the vector's address (u32, padded) and cⱼ (f64).
// Fusing all the terms over one 64-byte block of `out` reads each vector once and writes `out` once.
import { madd } from "./lanes";

export const TERM_BYTES: usize = 16;

// @ts-ignore: decorator
@inline
function termVector(terms: usize, j: i32): usize {
  return load<u32>(terms + <usize>j * TERM_BYTES);
}

// @ts-ignore: decorator
@inline
function termWeight(terms: usize, j: i32, h: f64): f64 {
  return h * load<f64>(terms + <usize>j * TERM_BYTES, 8);
}

/** out[0…n) = base + h Σ cⱼ vⱼ; base = 0 (the null address) means no base. `out` may be `base` or any vⱼ. */
export function combine<T>(out: usize, base: usize, terms: usize, count: i32, h: f64, n: i32): void {
  const width = <usize>16;
  const block = <i32>(64 / sizeof<T>());
  const bytes = <usize>n * sizeof<T>();
  const blocked = <usize>(n - (n % block)) * sizeof<T>();
  const zero = v128.splat<T>(0);
  let i: usize = 0;
  for (; i < blocked; i += 64) {
    let a = zero;
    let b = zero;
    let c = zero;
    let d = zero;
    for (let j = 0; j < count; j++) {
      const v = termVector(terms, j) + i;
      const w = v128.splat<T>(<T>termWeight(terms, j, h));
      a = madd<T>(w, v128.load(v), a);
      b = madd<T>(w, v128.load(v, 16), b);
      c = madd<T>(w, v128.load(v, 32), c);
      d = madd<T>(w, v128.load(v, 48), d);
    }
    if (base) {
      a = v128.add<T>(a, v128.load(base + i));
      b = v128.add<T>(b, v128.load(base + i, 16));
      c = v128.add<T>(c, v128.load(base + i, 32));
      d = v128.add<T>(d, v128.load(base + i, 48));
    }
    v128.store(out + i, a);
    v128.store(out + i, b, 16);
    v128.store(out + i, c, 32);
    v128.store(out + i, d, 48);
  }
  for (; i + width <= bytes; i += width) {
    let a = zero;
    for (let j = 0; j < count; j++) {
      a = madd<T>(v128.splat<T>(<T>termWeight(terms, j, h)), v128.load(termVector(terms, j) + i), a);
    }
    if (base) a = v128.add<T>(a, v128.load(base + i));
    v128.store(out + i, a);
  }
  // The last elements run through the same vector operations in lane 0, so that an element's bits do not depend on
  // where it stands.
  for (; i < bytes; i += sizeof<T>()) {
    let a = zero;
    for (let j = 0; j < count; j++) {
      a = madd<T>(
        v128.splat<T>(<T>termWeight(terms, j, h)),
        v128.splat<T>(load<T>(termVector(terms, j) + i)),
        a,
      );
    }
    let s: T = v128.extract_lane<T>(a, 0);
    if (base) s += load<T>(base + i);
    store<T>(out + i, s);
  }
}
