// out = base + h Σ cⱼ vⱼ against a loop that adds one element's terms one after the other: the bits must agree, because an
// element's result may depend neither on its place nor on the length of the vector.
import { combine } from "../../assembly/combine";
import { TERM_BYTES } from "../../ts/vectors/table-layout";
import { below, bits, get, reserve, reserveAtEnd, same, seed, set, special, SPECIALS, uniform } from "./vectors";

const LONGEST = 66000;
const MOST_TERMS: i32 = 18;
const GUARD: usize = 64;
const ROOM: usize = <usize>LONGEST * 8 + 4 * GUARD;

const terms = reserve(<usize>MOST_TERMS * TERM_BYTES);
const pool = reserve(<usize>(MOST_TERMS + 2) * ROOM);
const expected = reserve(ROOM);

const NO_BASE = 0;
const BASE = 1;
const BASE_IS_OUT = 2;
const SENTINEL: u8 = 0xa5;

/** Vector j of the pool, `shift` elements off a 64-byte boundary, with room for guards on both sides. */
function place<T>(j: i32, shift: i32): usize {
  return pool + <usize>j * ROOM + GUARD + <usize>(shift & 15) * sizeof<T>();
}

function fill<T>(p: usize, n: i32, specials: bool): void {
  for (let i = 0; i < n; i++) {
    const value: T = specials && below(3) == 0 ? special<T>(below(SPECIALS)) : <T>(uniform() * Math.pow(10, <f64>below(7) - 3));
    set<T>(p, i, value);
  }
}

/**
 * One call, every vector at its own misalignment. `alias` is the term whose vector is `out`, −1 for none. Returns how many
 * elements have wrong bits, and a million more if a byte outside of `out` changed.
 */
function wrong<T>(n: i32, count: i32, baseKind: i32, alias: i32, shift: i32, specials: bool): i32 {
  const h = uniform() * 2;
  const out = place<T>(MOST_TERMS, shift);
  memory.fill(out - GUARD, SENTINEL, 2 * GUARD + <usize>n * sizeof<T>());
  for (let j = 0; j < count; j++) {
    const v = j == alias ? out : place<T>(j, shift * (j + 3) + j);
    fill<T>(v, n, specials);
    store<u32>(terms + <usize>j * TERM_BYTES, <u32>v);
    store<f64>(terms + <usize>j * TERM_BYTES, j == 3 ? 0 : uniform() * 3, 8);
  }
  const base: usize = baseKind == NO_BASE ? 0 : baseKind == BASE_IS_OUT ? out : place<T>(MOST_TERMS + 1, shift * 5 + 1);
  if (base && !(baseKind == BASE_IS_OUT && alias >= 0)) fill<T>(base, n, specials);

  for (let i = 0; i < n; i++) {
    let sum: T = 0;
    for (let j = 0; j < count; j++) {
      const weight = <T>(h * load<f64>(terms + <usize>j * TERM_BYTES, 8));
      const product = weight * get<T>(<usize>load<u32>(terms + <usize>j * TERM_BYTES), i);
      sum = j ? sum + product : product;
    }
    set<T>(expected, i, base ? sum + get<T>(base, i) : sum);
  }
  combine<T>(out, base, terms, count, h, n);

  let bad = 0;
  for (let i = 0; i < n; i++) if (!same<T>(get<T>(out, i), get<T>(expected, i))) bad++;
  const end = out + <usize>n * sizeof<T>();
  for (let i: usize = 1; i <= GUARD; i++) if (load<u8>(out - i) != SENTINEL) bad += 1000000;
  for (let i: usize = 0; i < GUARD; i++) if (load<u8>(end + i) != SENTINEL) bad += 1000000;
  return bad;
}

function everyLength<T>(specials: bool): i32 {
  let bad = 0;
  for (let n = 0; n <= 70; n++) {
    for (let count = 0; count <= MOST_TERMS; count++) {
      for (let kind = NO_BASE; kind <= BASE_IS_OUT; kind++) bad += wrong<T>(n, count, kind, -1, below(16), specials);
    }
  }
  return bad;
}

function everyAlignment<T>(): i32 {
  let bad = 0;
  for (let shift = 0; shift < 16; shift++) {
    for (let n = 0; n <= 40; n++) {
      for (let kind = NO_BASE; kind <= BASE_IS_OUT; kind++) bad += wrong<T>(n, 4, kind, -1, shift, false);
    }
  }
  return bad;
}

function everyAlias<T>(): i32 {
  let bad = 0;
  for (let n = 0; n <= 70; n++) {
    for (let alias = 0; alias < 6; alias++) {
      for (let kind = NO_BASE; kind <= BASE_IS_OUT; kind++) bad += wrong<T>(n, 6, kind, alias, below(16), true);
    }
  }
  return bad;
}

function large<T>(): i32 {
  return (
    wrong<T>(1000, 7, BASE, -1, 3, false) +
    wrong<T>(1001, 13, BASE_IS_OUT, -1, 5, true) +
    wrong<T>(777, 18, NO_BASE, 10, 2, false) +
    wrong<T>(4099, 2, BASE_IS_OUT, -1, 1, true) +
    wrong<T>(65536, 6, BASE, -1, 0, false) +
    wrong<T>(65999, 3, NO_BASE, 1, 7, true)
  );
}

/** The kernel must not read beyond its vectors, even where it would throw away what it read. */
function atEndOfMemory<T>(): void {
  for (let n = 1; n <= 40; n++) {
    const v = reserveAtEnd(<usize>n * sizeof<T>());
    store<u32>(terms, <u32>v);
    store<f64>(terms, 0.5, 8);
    combine<T>(v, v, terms, 1, 1, n);
  }
}

/** Distance of the result from the sum in f64, in units of what rounding explains. */
function rounding<T>(): f64 {
  const n = 37;
  const count = 9;
  const v = place<T>(0, 0);
  const out = place<T>(MOST_TERMS, 0);
  for (let j = 0; j < count; j++) {
    fill<T>(v + <usize>(j * n) * sizeof<T>(), n, false);
    store<u32>(terms + <usize>j * TERM_BYTES, <u32>(v + <usize>(j * n) * sizeof<T>()));
    store<f64>(terms + <usize>j * TERM_BYTES, uniform(), 8);
  }
  combine<T>(out, 0, terms, count, 0.125, n);
  let worst: f64 = 0;
  for (let i = 0; i < n; i++) {
    let sum: f64 = 0;
    let size: f64 = 0;
    for (let j = 0; j < count; j++) {
      const term = 0.125 * load<f64>(terms + <usize>j * TERM_BYTES, 8) * <f64>get<T>(v, j * n + i);
      sum += term;
      size += Math.abs(term);
    }
    worst = Math.max(worst, Math.abs(<f64>get<T>(out, i) - sum) / size);
  }
  return worst / (sizeof<T>() == 4 ? <f64>f32.EPSILON : f64.EPSILON);
}

describe("combine", () => {
  beforeEach(() => seed(1));

  it("has the bits of the plain loop for every length and number of terms", () => {
    expect<i32>(everyLength<f64>(false)).toBe(0, "f64");
    expect<i32>(everyLength<f32>(false)).toBe(0, "f32");
  });

  it("carries NaN, ±0, denormals and infinities like the plain loop, in every lane and tail position", () => {
    expect<i32>(everyLength<f64>(true)).toBe(0, "f64");
    expect<i32>(everyLength<f32>(true)).toBe(0, "f32");
  });

  it("takes vectors at any alignment of an element", () => {
    expect<i32>(everyAlignment<f64>()).toBe(0, "f64");
    expect<i32>(everyAlignment<f32>()).toBe(0, "f32");
  });

  it("may write over its base and any of its terms", () => {
    expect<i32>(everyAlias<f64>()).toBe(0, "f64");
    expect<i32>(everyAlias<f32>()).toBe(0, "f32");
  });

  it("is right for long vectors", () => {
    expect<i32>(large<f64>()).toBe(0, "f64");
    expect<i32>(large<f32>()).toBe(0, "f32");
  });

  it("reads nothing beyond its vectors", () => {
    atEndOfMemory<f64>();
    atEndOfMemory<f32>();
  });

  it("gives +0 without base and terms", () => {
    const out = place<f64>(MOST_TERMS, 0);
    fill<f64>(out, 5, false);
    combine<f64>(out, 0, terms, 0, 1, 5);
    for (let i = 0; i < 5; i++) expect<u64>(load<u64>(out + <usize>i * 8)).toBe(0);
  });

  it("errs by rounding alone", () => {
    expect<f64>(rounding<f64>()).toBeLessThan(10, "f64");
    expect<f64>(rounding<f32>()).toBeLessThan(10, "f32");
  });

  it("does not touch the terms", () => {
    const before = bits();
    store<u64>(place<f64>(0, 0), before);
    store<u32>(terms, <u32>place<f64>(0, 0));
    store<f64>(terms, 2, 8);
    combine<f64>(place<f64>(MOST_TERMS, 0), 0, terms, 1, 3, 1);
    expect<u64>(load<u64>(place<f64>(0, 0))).toBe(before);
    expect<f64>(load<f64>(terms, 8)).toBe(2);
  });
});
