// Dot products and finiteness against plain loops: elements in the kernel's precision, sums in f64.
import { allFinite } from "../../assembly/finite";
import { dot } from "../../assembly/norm";
import { long, LONG, place, prepare } from "./norm-operands";
import { below, close, get, seed, set, special, SPECIALS } from "./vectors";

function wrongDots<T>(): i32 {
  let bad = 0;
  for (let n = 0; n <= 70; n++) {
    for (let shift = 0; shift < 4; shift++) {
      prepare<T>(n + 4);
      const a = place<T>(0) + <usize>shift * sizeof<T>();
      const b = place<T>(1);
      set<T>(a, n, <T>NaN);
      set<T>(b, n, <T>NaN);
      let sum: f64 = 0;
      let size: f64 = 0;
      for (let i = 0; i < n; i++) {
        sum += <f64>get<T>(a, i) * <f64>get<T>(b, i);
        size += Math.abs(<f64>get<T>(a, i) * <f64>get<T>(b, i));
      }
      const epsilon = sizeof<T>() == 4 ? <f64>f32.EPSILON : f64.EPSILON;
      if (!(Math.abs(dot<T>(a, b, n) - sum) <= 20 * epsilon * size)) bad++;
    }
  }
  return bad;
}

function dotsWithout<T>(value: T): i32 {
  let bad = 0;
  for (let n = 1; n <= 19; n++) {
    for (let at = 0; at < n; at++) {
      prepare<T>(n);
      set<T>(place<T>(1), at, value);
      if (!isNaN(dot<T>(place<T>(0), place<T>(1), n))) bad++;
    }
  }
  return bad;
}

function wrongFiniteness<T>(): i32 {
  let bad = 0;
  for (let n = 0; n <= 70; n++) {
    prepare<T>(n);
    const v = place<T>(0);
    for (let i = 0; i < n; i++) if (below(2)) set<T>(v, i, special<T>(1 + below(4)));
    if (n > 3) set<T>(v, below(n), special<T>(7));
    if (allFinite<T>(v, n) != 1) bad++;
    for (let i = 0; i < n; i++) {
      const before = get<T>(v, i);
      for (let which = 0; which < SPECIALS; which++) {
        const value = special<T>(which);
        set<T>(v, i, value);
        if ((allFinite<T>(v, n) == 1) != isFinite<T>(value)) bad++;
      }
      set<T>(v, i, before);
    }
  }
  return bad;
}

describe("dot", () => {
  beforeEach(() => seed(3));

  it("agrees with the plain sum for every length and alignment", () => {
    expect<i32>(wrongDots<f64>()).toBe(0, "f64");
    expect<i32>(wrongDots<f32>()).toBe(0, "f32");
  });

  it("carries NaN from every position", () => {
    expect<i32>(dotsWithout<f64>(NaN)).toBe(0, "f64");
    expect<i32>(dotsWithout<f32>(<f32>NaN)).toBe(0, "f32");
  });

  it("keeps its precision over a million elements", () => {
    for (let i = 0; i < LONG; i++) set<f32>(long, i, 0.3);
    expect<bool>(close(dot<f32>(long, long, LONG), <f64>LONG * <f64>(<f32>0.3) * <f64>(<f32>0.3), 1e-4)).toBe(true);
  });
});

describe("allFinite", () => {
  it("finds NaN and ±∞ at every position, and takes ±0, denormals and the largest numbers as finite", () => {
    seed(4);
    expect<i32>(wrongFiniteness<f64>()).toBe(0, "f64");
    expect<i32>(wrongFiniteness<f32>()).toBe(0, "f32");
  });
});
