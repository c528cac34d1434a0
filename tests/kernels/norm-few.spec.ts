// The square of the norm of up to four numbers against the general norm and plain loops.
import { fewSquare, isFew } from "../../assembly/norm";
import {
  addSegment, atols, MAX, measure, measured, naive, place, prepare, RMS, rtols, setMeasure, TERMS, terms, ya, yb,
} from "./norm-operands";
import { close, get, seed, set, special, SPECIALS } from "./vectors";

/** The norm of 1 … 4 numbers at `start`, by the kernel made for them: as the general one, NaN and ∞ included. */
function wrongFew(): i32 {
  let bad = 0;
  for (let n = 1; n <= 4; n++) {
    for (let start = 0; start < 6; start++) {
      prepare<f64>(start + n);
      setMeasure(RMS, 1e-3, 1e-2, 0, 0);
      addSegment(start, n, 1);
      if (!isFew(measure)) bad++;
      const norm = naive<f64>(0.5);
      if (!close(fewSquare(measure, terms, TERMS, 0.5, ya<f64>(), yb<f64>()), norm * norm, 1e-14)) bad++;
      for (let i = start; i < start + n; i++) {
        for (let p = 0; p < TERMS + 2; p++) {
          for (let which = 0; which < SPECIALS; which++) {
            const before = get<f64>(place<f64>(p), i);
            set<f64>(place<f64>(p), i, special<f64>(which));
            const general = measured<f64>(0.5);
            const square = fewSquare(measure, terms, TERMS, 0.5, ya<f64>(), yb<f64>());
            if (!close(square, general * general, 1e-13)) bad++;
            set<f64>(place<f64>(p), i, before);
          }
        }
      }
    }
  }
  return bad;
}

describe("fewSquare", () => {
  beforeEach(() => seed(7));

  it("is the square of the norm, where isFew", () => {
    expect<i32>(wrongFew()).toBe(0);
  });

  it("counts 0/0 as 0", () => {
    prepare<f64>(2);
    for (let p = 0; p < TERMS + 2; p++) set<f64>(place<f64>(p), 1, 0);
    setMeasure(RMS, 1e-3, 0, 0, 0);
    addSegment(1, 1, 1);
    expect<f64>(fewSquare(measure, terms, TERMS, 1, ya<f64>(), yb<f64>())).toBe(0);
  });

  it("is not for long states, maxima, several segments, weights or tolerances of elements", () => {
    setMeasure(RMS, 1e-3, 1e-2, 0, 0);
    addSegment(0, 5, 1);
    expect<bool>(isFew(measure)).toBe(false, "length");
    setMeasure(MAX, 1e-3, 1e-2, 0, 0);
    addSegment(0, 4, 1);
    expect<bool>(isFew(measure)).toBe(false, "max");
    setMeasure(RMS, 1e-3, 1e-2, 0, 0);
    addSegment(0, 2, 1);
    addSegment(2, 2, 1);
    expect<bool>(isFew(measure)).toBe(false, "segments");
    setMeasure(RMS, 1e-3, 1e-2, 0, 0);
    addSegment(0, 4, 0.5);
    expect<bool>(isFew(measure)).toBe(false, "weight");
    setMeasure(RMS, 1e-3, 1e-2, rtols<f64>(), 0);
    addSegment(0, 4, 1);
    expect<bool>(isFew(measure)).toBe(false, "rtols");
    setMeasure(RMS, 1e-3, 1e-2, 0, atols<f64>());
    addSegment(0, 4, 1);
    expect<bool>(isFew(measure)).toBe(false, "atols");
  });
});
