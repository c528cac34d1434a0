// exp and log of the step-size controller against values computed in 250-bit arithmetic.
import { roughExp2, roughLog2 } from "../../assembly/scalar";
import { EXPONENTIALS, LOGARITHMS } from "./scalar-table";

/** The distance from `hi` to the next f64 away from 0. */
function ulp(hi: f64): f64 {
  const size = Math.abs(hi);
  return reinterpret<f64>(reinterpret<u64>(size) + 1) - size;
}

describe("roughLog2", () => {
  it("errs by less than 4e-12 + 1 ulp", () => {
    let worstError: f64 = 0;
    for (let i = 0; i < LOGARITHMS.length; i += 3) {
      const exact = LOGARITHMS[i + 1] / Math.LN2;
      const error = Math.abs(roughLog2(LOGARITHMS[i]) - exact) - 2 * ulp(exact);
      if (isNaN(error)) worstError = NaN;
      worstError = Math.max(worstError, error);
    }
    expect<f64>(worstError).toBeLessThan(4e-12);
  });

  it("is exact for powers of 2", () => {
    for (let k = -1022; k <= 1023; k++) {
      expect<f64>(roughLog2(reinterpret<f64>((<u64>(k + 1023)) << 52))).toBe(<f64>k);
    }
  });
});

describe("roughExp2", () => {
  it("errs by less than 5e-11 of the result", () => {
    let worstError: f64 = 0;
    for (let i = 0; i < EXPONENTIALS.length; i += 3) {
      // e^x = 2^(x / ln 2), the argument rounded: less than 1e-12 of the result.
      const exact = EXPONENTIALS[i + 1];
      const error = Math.abs(roughExp2(EXPONENTIALS[i] / Math.LN2) / exact - 1);
      if (isNaN(error)) worstError = NaN;
      worstError = Math.max(worstError, error);
    }
    // x reaches 700 / ln 2 = 1010; the promise ends at 1000, and the powers of 2 only later.
    expect<f64>(worstError).toBeLessThan(5.2e-11);
  });

  it("is exact for whole arguments", () => {
    for (let k = -1000; k <= 1000; k++) {
      expect<f64>(roughExp2(<f64>k)).toBe(reinterpret<f64>((<u64>(k + 1023)) << 52));
    }
  });
});
