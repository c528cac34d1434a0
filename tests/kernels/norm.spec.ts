// Scaled norms against plain loops: elements in the kernel's precision, sums in f64.
import { allFinite } from "../../assembly/finite";
import { dot, scaledNorm } from "../../assembly/norm";
import { TERM_BYTES } from "../../ts/vectors/table-layout";
import {
  addSegment, atols, long, LONG, MAX, measure, measured, naive, place, prepare, RMS, ROUNDING, rtols, setMeasure, TERMS,
  terms, ya, yb,
} from "./norm-operands";
import { close, get, reserve, reserveAtEnd, seed, set, uniform } from "./vectors";

const many = reserve(20 * TERM_BYTES);

/** How many results are off; the maximum must be exact, the mean may differ by rounding of its sum. */
function wrong<T>(h: f64): i32 {
  const tolerance = load<i32>(measure) == MAX ? 0 : sizeof<T>() == 4 ? 2e-6 : 1e-14;
  return close(measured<T>(h), naive<T>(h), tolerance) ? 0 : 1;
}

function everyLength<T>(kind: i32): i32 {
  let bad = 0;
  for (let n = 1; n <= 70; n++) {
    prepare<T>(n);
    for (let tolerances = 0; tolerances < 4; tolerances++) {
      setMeasure(kind, 1e-3, 1e-2, tolerances & 1 ? rtols<T>() : 0, tolerances & 2 ? atols<T>() : 0);
      addSegment(0, n, 1);
      bad += wrong<T>(uniform());
    }
  }
  return bad;
}

function everySegment<T>(kind: i32): i32 {
  let bad = 0;
  prepare<T>(70);
  for (let start = 0; start < 20; start++) {
    for (let length = 1; length <= 25; length++) {
      setMeasure(kind, 1e-3, 1e-2, rtols<T>(), atols<T>());
      addSegment(start, length, 0.75);
      bad += wrong<T>(0.5);
      addSegment(start + length, 25, uniform() + 1);
      bad += wrong<T>(0.5);
    }
  }
  return bad;
}

function severalStrips<T>(kind: i32): i32 {
  let bad = 0;
  for (let n = 4990; n <= 5000; n += 5) {
    prepare<T>(n);
    for (let tolerances = 0; tolerances < 4; tolerances++) {
      setMeasure(kind, 1e-3, 1e-2, tolerances & 1 ? rtols<T>() : 0, tolerances & 2 ? atols<T>() : 0);
      addSegment(3, n - 3, 1);
      bad += wrong<T>(uniform());
    }
  }
  return bad;
}

/** Many terms over many strips: v = Σ 1 · k = the number of terms times ya, and the scale is |ya|, so every ratio is their number. */
function manyTerms<T>(): i32 {
  let bad = 0;
  const n = 777;
  prepare<T>(n);
  for (let i = 0; i < n; i++) set<T>(yb<T>(), i, get<T>(ya<T>(), i));
  for (let count = 1; count <= 20; count++) {
    for (let j = 0; j < count; j++) {
      store<u32>(many + <usize>j * TERM_BYTES, <u32>ya<T>());
      store<f64>(many + <usize>j * TERM_BYTES, 1, 8);
    }
    setMeasure(RMS, 1, 0, 0, 0);
    addSegment(0, n, 1);
    const norm = scaledNorm<T>(measure, many, count, 1, ya<T>(), yb<T>());
    if (!close(norm, <f64>count, sizeof<T>() == 4 ? 3e-6 : 1e-14)) bad++;
  }
  return bad;
}

/** Puts `value` at every place of every length into the vector at p; counts results that `ok` does not accept. */
function planted<T>(kind: i32, p: usize, value: T, ok: (norm: f64) => bool): i32 {
  let bad = 0;
  for (let n = 1; n <= 19; n++) {
    prepare<T>(n);
    setMeasure(kind, 1e-3, 1e-2, 0, 0);
    addSegment(0, n, 1);
    for (let i = 0; i < n; i++) {
      const before = get<T>(p, i);
      set<T>(p, i, value);
      if (!ok(measured<T>(1))) bad++;
      set<T>(p, i, before);
    }
  }
  return bad;
}

function plantedEverywhere<T>(kind: i32): i32 {
  let bad = 0;
  for (let j = 0; j < TERMS; j++) bad += planted<T>(kind, place<T>(j), <T>NaN, (norm) => isNaN(norm));
  bad += planted<T>(kind, ya<T>(), <T>NaN, (norm) => isNaN(norm));
  bad += planted<T>(kind, yb<T>(), <T>NaN, (norm) => isNaN(norm));
  bad += planted<T>(kind, yb<T>(), <T>Infinity, (norm) => isNaN(norm));
  bad += planted<T>(kind, yb<T>(), <T>-Infinity, (norm) => isNaN(norm));
  bad += planted<T>(kind, place<T>(0), <T>Infinity, (norm) => norm == Infinity);
  return bad;
}

/** A NaN in one segment shows although another segment is larger, wherever it stands. */
function nanInSegment<T>(kind: i32, at: i32): f64 {
  prepare<T>(30);
  set<T>(place<T>(1), at, <T>NaN);
  setMeasure(kind, 1e-3, 1e-2, 0, 0);
  addSegment(0, 10, 100);
  addSegment(10, 10, 1);
  addSegment(20, 10, 1e-3);
  return measured<T>(1);
}

function exactComponent<T>(kind: i32): f64 {
  for (let j = 0; j < TERMS; j++) store<f64>(terms + <usize>j * TERM_BYTES, 1, 8);
  let worst: f64 = 0;
  for (let n = 1; n <= 19; n++) {
    prepare<T>(n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < TERMS; j++) set<T>(place<T>(j), i, i % 2 ? <T>0 : <T>-0.0);
      set<T>(ya<T>(), i, 0);
      set<T>(yb<T>(), i, <T>-0.0);
    }
    setMeasure(kind, 1e-3, 0, 0, 0);
    addSegment(0, n, 1);
    worst = Math.max(worst, measured<T>(1));
  }
  return worst;
}

/** The norm of an error of `share` roundings to f32 in every component of a state of size 3, without rtol, over atol. */
function roundings<T>(share: f64): f64 {
  let worst: f64 = 0;
  for (let n = 1; n <= 19; n++) {
    for (let i = 0; i < n; i++) {
      set<T>(place<T>(0), i, <T>((i % 2 ? -1 : 1) * share * 3 * ROUNDING));
      set<T>(ya<T>(), i, i % 3 ? <T>3 : <T>-0.5);
      set<T>(yb<T>(), i, i % 3 ? <T>0.5 : <T>-3);
    }
    store<u32>(terms, <u32>place<T>(0));
    store<f64>(terms, 1, 8);
    setMeasure(RMS, 0, 3 * ROUNDING, 0, 0);
    addSegment(0, n, 1);
    worst = Math.max(worst, scaledNorm<T>(measure, terms, 1, 1, ya<T>(), yb<T>()));
  }
  return worst;
}

/** Half a rounding of a state of size 3, scaled by that state alone. */
function ofOneState<T>(): f64 {
  roundings<T>(0.5);
  return scaledNorm<T>(measure, terms, 1, 1, ya<T>(), ya<T>());
}

function errorWithoutScale<T>(kind: i32): f64 {
  prepare<T>(7);
  set<T>(ya<T>(), 5, 0);
  set<T>(yb<T>(), 5, 0);
  setMeasure(kind, 1e-3, 0, 0, 0);
  addSegment(0, 7, 1);
  return measured<T>(1);
}

/** rms of a long vector whose every ratio is `ratio`. */
function longMean<T>(ratio: f64): f64 {
  for (let i = 0; i < LONG; i++) set<T>(long, i, <T>ratio);
  store<u32>(terms, <u32>long);
  store<f64>(terms, 1, 8);
  setMeasure(RMS, 0, 1, 0, 0);
  addSegment(0, LONG, 1);
  return scaledNorm<T>(measure, terms, 1, 1, long, long);
}

function normAtEndOfMemory<T>(kind: i32): void {
  for (let n = 1; n <= 19; n++) {
    const v = reserveAtEnd(<usize>n * sizeof<T>());
    store<u32>(terms, <u32>v);
    setMeasure(kind, 1e-3, 1e-2, v, v);
    addSegment(0, n, 1);
    scaledNorm<T>(measure, terms, 1, 1, v, v);
    dot<T>(v, v, n);
    allFinite<T>(v, n);
  }
}

describe("scaledNorm", () => {
  beforeEach(() => seed(2));

  it("is the root mean square for every length, with scalar and per-element tolerances", () => {
    expect<i32>(everyLength<f64>(RMS)).toBe(0, "f64");
    expect<i32>(everyLength<f32>(RMS)).toBe(0, "f32");
  });

  it("is the maximum for every length, with scalar and per-element tolerances", () => {
    expect<i32>(everyLength<f64>(MAX)).toBe(0, "f64");
    expect<i32>(everyLength<f32>(MAX)).toBe(0, "f32");
  });

  it("counts in f32 only what exceeds the rounding of the state itself", () => {
    expect<f64>(roundings<f32>(0.999)).toBe(0, "below");
    expect<bool>(close(roundings<f32>(5), 4, 2e-6)).toBe(true, "above");
    expect<bool>(close(roundings<f64>(0.5), 0.5, 1e-14)).toBe(true, "f64 counts all");
    expect<bool>(close(ofOneState<f32>(), 0.5, 2e-6)).toBe(true, "what is no error of a step");
  });

  it("is the largest weighted norm of its segments, wherever they start", () => {
    expect<i32>(everySegment<f64>(RMS)).toBe(0, "rms f64");
    expect<i32>(everySegment<f32>(RMS)).toBe(0, "rms f32");
    expect<i32>(everySegment<f64>(MAX)).toBe(0, "max f64");
    expect<i32>(everySegment<f32>(MAX)).toBe(0, "max f32");
  });

  it("is right where a vector takes several strips and chunks", () => {
    expect<i32>(severalStrips<f64>(RMS)).toBe(0, "rms f64");
    expect<i32>(severalStrips<f32>(RMS)).toBe(0, "rms f32");
    expect<i32>(severalStrips<f64>(MAX)).toBe(0, "max f64");
    expect<i32>(severalStrips<f32>(MAX)).toBe(0, "max f32");
  });

  it("is right for any number of terms", () => {
    expect<i32>(manyTerms<f64>()).toBe(0, "f64");
    expect<i32>(manyTerms<f32>()).toBe(0, "f32");
  });

  it("leaves out what no segment covers", () => {
    prepare<f64>(9);
    set<f64>(place<f64>(0), 4, 1e300);
    setMeasure(RMS, 1e-3, 1e-2, 0, 0);
    addSegment(0, 4, 1);
    addSegment(5, 4, 1);
    expect<i32>(wrong<f64>(1)).toBe(0);
    expect<f64>(measured<f64>(1)).toBeLessThan(1e6);
  });

  it("is NaN for a NaN or an infinite new state, ∞ for an infinite error, in every lane and tail position", () => {
    expect<i32>(plantedEverywhere<f64>(RMS)).toBe(0, "rms f64");
    expect<i32>(plantedEverywhere<f32>(RMS)).toBe(0, "rms f32");
    expect<i32>(plantedEverywhere<f64>(MAX)).toBe(0, "max f64");
    expect<i32>(plantedEverywhere<f32>(MAX)).toBe(0, "max f32");
  });

  it("lets no segment hide another's NaN", () => {
    for (let at = 0; at < 30; at += 7) {
      expect<f64>(nanInSegment<f64>(RMS, at)).toBeNaN();
      expect<f64>(nanInSegment<f32>(RMS, at)).toBeNaN();
      expect<f64>(nanInSegment<f64>(MAX, at)).toBeNaN();
      expect<f64>(nanInSegment<f32>(MAX, at)).toBeNaN();
    }
  });

  it("counts 0/0 as 0 and error/0 as ∞", () => {
    expect<f64>(exactComponent<f64>(RMS)).toBe(0);
    expect<f64>(exactComponent<f32>(RMS)).toBe(0);
    expect<f64>(exactComponent<f64>(MAX)).toBe(0);
    expect<f64>(exactComponent<f32>(MAX)).toBe(0);
    expect<f64>(errorWithoutScale<f64>(RMS)).toBe(Infinity);
    expect<f64>(errorWithoutScale<f32>(RMS)).toBe(Infinity);
    expect<f64>(errorWithoutScale<f64>(MAX)).toBe(Infinity);
    expect<f64>(errorWithoutScale<f32>(MAX)).toBe(Infinity);
  });

  it("keeps its precision over a million elements", () => {
    expect<bool>(close(longMean<f32>(0.3), <f64>(<f32>0.3), 1e-4)).toBe(true, "f32");
    expect<bool>(close(longMean<f64>(0.3), 0.3, 1e-13)).toBe(true, "f64");
  });

  it("reads nothing beyond its vectors, nor do dot and allFinite", () => {
    normAtEndOfMemory<f64>(RMS);
    normAtEndOfMemory<f32>(MAX);
  });
});
