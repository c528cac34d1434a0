// Linear combinations: Runge–Kutta stages, solutions, dense output and adjoint sweeps are all
//   out = base + h Σ cⱼ vⱼ
// over any number of terms. A term table holds 16 bytes a term: the vector's address (u32, padded) and cⱼ (f64).
// Fusing all the terms over one 64-byte block of `out` reads each vector once and writes `out` once. Small states are
// all rest: there the vectors of a pass are independent chains, which hides the latency of the additions.
import { loadPart, madd, storePart } from "./lanes";

export const TERM_BYTES: usize = 16;

// @ts-ignore: decorator
@inline
function vectorOf(terms: usize, j: i32): usize {
  return load<u32>(terms + <usize>j * TERM_BYTES);
}

// @ts-ignore: decorator
@inline
function weightOf<T>(terms: usize, j: i32, h: f64): v128 {
  return v128.splat<T>(<T>(h * load<f64>(terms + <usize>j * TERM_BYTES, 8)));
}

// @ts-ignore: decorator
@inline
function finish<T>(out: usize, base: usize, sum: v128, count: i32): void {
  storePart<T>(out, base ? v128.add<T>(sum, loadPart<T>(base, count)) : sum, count);
}

/** Two vectors, the second of `count` elements. */
// @ts-ignore: decorator
@inline
function two<T>(out: usize, base: usize, terms: usize, number: i32, h: f64, i: usize, count: i32): void {
  let a = v128.splat<T>(0);
  let b = a;
  for (let j = 0; j < number; j++) {
    const v = vectorOf(terms, j) + i;
    const w = weightOf<T>(terms, j, h);
    a = madd<T>(w, v128.load(v), a);
    b = madd<T>(w, loadPart<T>(v + 16, count), b);
  }
  finish<T>(out + i, base ? base + i : 0, a, <i32>(16 / sizeof<T>()));
  finish<T>(out + i + 16, base ? base + i + 16 : 0, b, count);
}

/** One vector of `count` elements. */
// @ts-ignore: decorator
@inline
function one<T>(out: usize, base: usize, terms: usize, number: i32, h: f64, i: usize, count: i32): void {
  let a = v128.splat<T>(0);
  for (let j = 0; j < number; j++) {
    a = madd<T>(weightOf<T>(terms, j, h), loadPart<T>(vectorOf(terms, j) + i, count), a);
  }
  finish<T>(out + i, base ? base + i : 0, a, count);
}

/**
 * A state of 1 … 4 numbers, element by element: a JavaScript field writes one number at a time, and reading two such
 * numbers as one vector right afterwards would stall until both have left the store buffer.
 */
function few<T>(out: usize, base: usize, terms: usize, number: i32, h: f64, n: i32): void {
  const end = terms + <usize>number * TERM_BYTES;
  let a: T = 0;
  let b: T = 0;
  let c: T = 0;
  let d: T = 0;
  if (n == 1) {
    for (; terms < end; terms += TERM_BYTES) {
      a += <T>(h * load<f64>(terms, 8)) * load<T>(<usize>load<u32>(terms));
    }
  } else if (n == 2) {
    for (; terms < end; terms += TERM_BYTES) {
      const v = <usize>load<u32>(terms);
      const w = <T>(h * load<f64>(terms, 8));
      a += w * load<T>(v);
      b += w * load<T>(v, sizeof<T>());
    }
  } else {
    for (; terms < end; terms += TERM_BYTES) {
      const v = <usize>load<u32>(terms);
      const w = <T>(h * load<f64>(terms, 8));
      a += w * load<T>(v);
      b += w * load<T>(v, sizeof<T>());
      c += w * load<T>(v, 2 * sizeof<T>());
      if (n == 4) d += w * load<T>(v, 3 * sizeof<T>());
    }
  }
  store<T>(out, base ? load<T>(base) + a : a);
  if (n > 1) store<T>(out, base ? load<T>(base, sizeof<T>()) + b : b, sizeof<T>());
  if (n > 2) store<T>(out, base ? load<T>(base, 2 * sizeof<T>()) + c : c, 2 * sizeof<T>());
  if (n > 3) store<T>(out, base ? load<T>(base, 3 * sizeof<T>()) + d : d, 3 * sizeof<T>());
}

/** out[0…n) = base + h Σ cⱼ vⱼ; base = 0 (the null address) means no base. `out` may be `base` or any vⱼ. */
export function combine<T>(out: usize, base: usize, terms: usize, count: i32, h: f64, n: i32): void {
  if (sizeof<T>() == 8 && <u32>(n - 1) < 4) {
    few<T>(out, base, terms, count, h, n);
    return;
  }
  const lanes = <i32>(16 / sizeof<T>());
  const bytes = <usize>n * sizeof<T>();
  const zero = v128.splat<T>(0);
  let i: usize = 0;
  for (; i + 64 <= bytes; i += 64) {
    let a = zero;
    let b = zero;
    let c = zero;
    let d = zero;
    for (let j = 0; j < count; j++) {
      const v = vectorOf(terms, j) + i;
      const w = weightOf<T>(terms, j, h);
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
  for (; i + 32 <= bytes; i += 32) two<T>(out, base, terms, count, h, i, lanes);
  const rest = <i32>((bytes - i) / sizeof<T>());
  if (rest > lanes) two<T>(out, base, terms, count, h, i, rest - lanes);
  else if (rest == lanes) one<T>(out, base, terms, count, h, i, lanes);
  else if (rest > 0) one<T>(out, base, terms, count, h, i, rest);
}
