// Linear combinations: Runge–Kutta stages, solutions, dense output and adjoint sweeps are all
//   out = base + h Σ cⱼ vⱼ
// over any number of terms, from a table that holds the vector's address and cⱼ of each (ts/vectors/table-layout.ts).
// Fusing all the terms over one 64-byte block of `out` reads each vector once and writes `out` once. Up to eight terms keep
// their addresses and weights in registers over all blocks; more of them are summed in groups, strip by strip. Small
// states are all rest: there the vectors of a pass are independent chains, which hides the latency of the additions.
import { TERM_BYTES, TERM_VECTOR, TERM_WEIGHT } from "../ts/vectors/table-layout";
import { loadPart, mulAdd, storePart } from "./lanes";
import { scratch } from "./scratch";

/** Term j of a table. */
// @ts-ignore: decorator
@inline
export function termAt(terms: usize, j: i32): usize {
  return terms + <usize>j * TERM_BYTES;
}

// @ts-ignore: decorator
@inline
export function termVector(term: usize): usize {
  return load<u32>(term, TERM_VECTOR);
}

// @ts-ignore: decorator
@inline
export function termWeight(term: usize): f64 {
  return load<f64>(term, TERM_WEIGHT);
}

// @ts-ignore: decorator
@inline
function vectorOf(terms: usize, j: i32): usize {
  return termVector(termAt(terms, j));
}

// @ts-ignore: decorator
@inline
function weightOf<T>(terms: usize, j: i32, h: f64): v128 {
  return v128.splat<T>(<T>(h * termWeight(termAt(terms, j))));
}

// @ts-ignore: decorator
@inline
function finish<T>(out: usize, base: usize, sum: v128, count: i32): void {
  storePart<T>(out, base ? v128.add<T>(sum, loadPart<T>(base, count)) : sum, count);
}

/** What a sum of so many terms begins with: −0 is what addition leaves alone, so that one product keeps its sign. */
// @ts-ignore: decorator
@inline
function nothing(number: i32): f64 {
  return number ? -0.0 : 0.0;
}

/** Two vectors, the second of `count` elements. */
// @ts-ignore: decorator
@inline
function two<T>(out: usize, base: usize, terms: usize, number: i32, h: f64, i: usize, count: i32): void {
  let a = v128.splat<T>(<T>nothing(number));
  let b = a;
  for (let j = 0; j < number; j++) {
    const v = vectorOf(terms, j) + i;
    const w = weightOf<T>(terms, j, h);
    a = mulAdd<T>(w, v128.load(v), a);
    b = mulAdd<T>(w, loadPart<T>(v + 16, count), b);
  }
  finish<T>(out + i, base ? base + i : 0, a, <i32>(16 / sizeof<T>()));
  finish<T>(out + i + 16, base ? base + i + 16 : 0, b, count);
}

/** One vector of `count` elements. */
// @ts-ignore: decorator
@inline
function one<T>(out: usize, base: usize, terms: usize, number: i32, h: f64, i: usize, count: i32): void {
  let a = v128.splat<T>(<T>nothing(number));
  for (let j = 0; j < number; j++) {
    a = mulAdd<T>(weightOf<T>(terms, j, h), loadPart<T>(vectorOf(terms, j) + i, count), a);
  }
  finish<T>(out + i, base ? base + i : 0, a, count);
}

/**
 * A state of 1 … 4 numbers, element by element: a JavaScript field writes one number at a time, and reading two such
 * numbers as one vector right afterwards would stall until both have left the store buffer.
 */
function few<T>(out: usize, base: usize, terms: usize, number: i32, h: f64, n: i32): void {
  const end = termAt(terms, number);
  let a = <T>nothing(number);
  let b = a;
  let c = a;
  let d = a;
  if (n == 1) {
    for (; terms < end; terms += TERM_BYTES) {
      a += <T>(h * termWeight(terms)) * load<T>(termVector(terms));
    }
  } else if (n == 2) {
    for (; terms < end; terms += TERM_BYTES) {
      const v = termVector(terms);
      const w = <T>(h * termWeight(terms));
      a += w * load<T>(v);
      b += w * load<T>(v, sizeof<T>());
    }
  } else {
    for (; terms < end; terms += TERM_BYTES) {
      const v = termVector(terms);
      const w = <T>(h * termWeight(terms));
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

/** Term k from the last one, where there are more than k. */
// @ts-ignore: decorator
@inline
function vectorFromLast(last: usize, count: i32, k: i32): usize {
  return count > k ? vectorOf(last, -k) : 0;
}

// @ts-ignore: decorator
@inline
function weightFromLast<T>(last: usize, count: i32, k: i32, h: f64): v128 {
  return count > k ? weightOf<T>(last, -k, h) : v128.splat<T>(0);
}

/**
 * out[0…to − from) = base + ((first + h c₀ v₀) + h c₁ v₁ + …) over bytes from … to of the vectors, in blocks of 64. `first` is
 * `part`, which like `out` begins at `from`, and up to seven terms follow; where it is 0, one more: the first of them takes its
 * place. Those that follow are numbered from the last one, so that a block takes one jump to where its terms begin. base may be 0.
 */
function blocks<T>(
  out: usize, base: usize, part: usize, terms: usize, count: i32, h: f64, from: usize, to: usize,
): void {
  const last = termAt(terms, count - 1);
  const first = part ? part - from : vectorOf(terms, 0);
  const w = part ? v128.splat<T>(1) : weightOf<T>(terms, 0, h);
  if (!part) count--;
  const v0 = vectorFromLast(last, count, 0);
  const v1 = vectorFromLast(last, count, 1);
  const v2 = vectorFromLast(last, count, 2);
  const v3 = vectorFromLast(last, count, 3);
  const v4 = vectorFromLast(last, count, 4);
  const v5 = vectorFromLast(last, count, 5);
  const v6 = vectorFromLast(last, count, 6);
  const w0 = weightFromLast<T>(last, count, 0, h);
  const w1 = weightFromLast<T>(last, count, 1, h);
  const w2 = weightFromLast<T>(last, count, 2, h);
  const w3 = weightFromLast<T>(last, count, 3, h);
  const w4 = weightFromLast<T>(last, count, 4, h);
  const w5 = weightFromLast<T>(last, count, 5, h);
  const w6 = weightFromLast<T>(last, count, 6, h);
  out -= from;
  for (let i = from; i < to; i += 64) {
    let v = first + i;
    let a = v128.mul<T>(w, v128.load(v));
    let b = v128.mul<T>(w, v128.load(v, 16));
    let c = v128.mul<T>(w, v128.load(v, 32));
    let d = v128.mul<T>(w, v128.load(v, 48));
    switch (count) {
      case 7:
        v = v6 + i;
        a = mulAdd<T>(w6, v128.load(v), a);
        b = mulAdd<T>(w6, v128.load(v, 16), b);
        c = mulAdd<T>(w6, v128.load(v, 32), c);
        d = mulAdd<T>(w6, v128.load(v, 48), d);
      case 6:
        v = v5 + i;
        a = mulAdd<T>(w5, v128.load(v), a);
        b = mulAdd<T>(w5, v128.load(v, 16), b);
        c = mulAdd<T>(w5, v128.load(v, 32), c);
        d = mulAdd<T>(w5, v128.load(v, 48), d);
      case 5:
        v = v4 + i;
        a = mulAdd<T>(w4, v128.load(v), a);
        b = mulAdd<T>(w4, v128.load(v, 16), b);
        c = mulAdd<T>(w4, v128.load(v, 32), c);
        d = mulAdd<T>(w4, v128.load(v, 48), d);
      case 4:
        v = v3 + i;
        a = mulAdd<T>(w3, v128.load(v), a);
        b = mulAdd<T>(w3, v128.load(v, 16), b);
        c = mulAdd<T>(w3, v128.load(v, 32), c);
        d = mulAdd<T>(w3, v128.load(v, 48), d);
      case 3:
        v = v2 + i;
        a = mulAdd<T>(w2, v128.load(v), a);
        b = mulAdd<T>(w2, v128.load(v, 16), b);
        c = mulAdd<T>(w2, v128.load(v, 32), c);
        d = mulAdd<T>(w2, v128.load(v, 48), d);
      case 2:
        v = v1 + i;
        a = mulAdd<T>(w1, v128.load(v), a);
        b = mulAdd<T>(w1, v128.load(v, 16), b);
        c = mulAdd<T>(w1, v128.load(v, 32), c);
        d = mulAdd<T>(w1, v128.load(v, 48), d);
      case 1:
        v = v0 + i;
        a = mulAdd<T>(w0, v128.load(v), a);
        b = mulAdd<T>(w0, v128.load(v, 16), b);
        c = mulAdd<T>(w0, v128.load(v, 32), c);
        d = mulAdd<T>(w0, v128.load(v, 48), d);
    }
    if (base) {
      v = base + i;
      a = v128.add<T>(a, v128.load(v));
      b = v128.add<T>(b, v128.load(v, 16));
      c = v128.add<T>(c, v128.load(v, 32));
      d = v128.add<T>(d, v128.load(v, 48));
    }
    v = out + i;
    v128.store(v, a);
    v128.store(v, b, 16);
    v128.store(v, c, 32);
    v128.store(v, d, 48);
  }
}

// A strip is short enough to stay in the first cache with its terms. Its sums lie in the second half of the scratch: the
// first may be `out`.
export const STRIP: usize = 1024;

/** out[0…to − from) = base + h Σ cⱼ vⱼ over bytes from … to of the vectors, which are whole blocks of 64. */
export function combineBlocks<T>(
  out: usize, base: usize, terms: usize, count: i32, h: f64, from: usize, to: usize,
): void {
  if (count <= 8) {
    blocks<T>(out, base, 0, terms, count, h, from, to);
    return;
  }
  const strip = scratch + STRIP;
  for (let i = from; i < to; i += STRIP) {
    const end = min(to, i + STRIP);
    let part: usize = 0;
    let group = terms;
    let left = count;
    for (let most = 8; left > most; most = 7) {
      blocks<T>(strip, 0, part, group, most, h, i, end);
      part = strip;
      group = termAt(group, most);
      left -= most;
    }
    blocks<T>(out + (i - from), base, part, group, left, h, i, end);
  }
}

/** out[0…n) = base + h Σ cⱼ vⱼ; base = 0 (the null address) means no base. `out` may be `base` or any vⱼ. */
export function combine<T>(out: usize, base: usize, terms: usize, count: i32, h: f64, n: i32): void {
  if (sizeof<T>() == 8 && <u32>(n - 1) < 4) {
    few<T>(out, base, terms, count, h, n);
    return;
  }
  const lanes = <i32>(16 / sizeof<T>());
  const bytes = <usize>n * sizeof<T>();
  let i: usize = 0;
  if (bytes >= 64 && count > 0) {
    i = bytes & ~63;
    combineBlocks<T>(out, base, terms, count, h, 0, i);
  }
  for (; i + 32 <= bytes; i += 32) two<T>(out, base, terms, count, h, i, lanes);
  const rest = <i32>((bytes - i) / sizeof<T>());
  if (rest > lanes) two<T>(out, base, terms, count, h, i, rest - lanes);
  else if (rest > 0) one<T>(out, base, terms, count, h, i, rest);
}
