// The parts of the initial step against the formulas of Hairer, Nørsett, Wanner, Solving ODEs I, II.4.
import { describe, expect, it } from "vitest";
import { initialGuess, initialStep, StepControl } from "../../ts/integration/adaptive.ts";
import { pid } from "../../ts/problem/controller.ts";
import { tsit5 } from "../../ts/solvers/explicit/tsit5.ts";
import { WasmArithmetic } from "../../ts/vectors/wasm-arithmetic.ts";
import { Scratch } from "../../ts/wasm/scratch.ts";

describe("initialGuess", () => {
  it("is 0.01 d0/d1, or 1e-6 where either is tiny (step b)", () => {
    expect(initialGuess(3, 4)).toBe(0.03 / 4);
    expect(initialGuess(1e-5, 1)).toBe(0.01 * 1e-5);
    expect(initialGuess(0.99e-5, 1)).toBe(1e-6);
    expect(initialGuess(1, 0.99e-5)).toBe(1e-6);
    expect(initialGuess(0, 0)).toBe(1e-6);
  });

  it("is 1e-6 where a component 0 with a purely relative tolerance has an infinite norm", () => {
    expect(initialGuess(1, Number.POSITIVE_INFINITY)).toBe(1e-6);
    expect(initialGuess(Number.POSITIVE_INFINITY, 1)).toBe(1e-6);
    expect(initialGuess(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(1e-6);
    expect(initialGuess(Number.NaN, 1)).toBe(1e-6);
  });
});

describe("initialStep", () => {
  const power = (p: number) => (r: number) => r ** (-1 / p);

  it("is min(100 h0, (0.01 / max(d1, d2))^(1/p)) (steps e and f)", () => {
    for (let p = 1; p <= 9; p++) {
      for (const d1 of [1e-3, 1, 3e7]) {
        for (const d2 of [1e-2, 20, 5e8]) {
          const expected = Math.min(100 * 1e-2, (0.01 / Math.max(d1, d2)) ** (1 / p));
          expect(initialStep(1e-2, d1, d2, power(p))).toBeCloseTo(expected, 12);
        }
      }
    }
  });

  it("is max(1e-6, h0/1000) where both derivatives vanish", () => {
    expect(initialStep(1, 0, 0, power(5))).toBe(1e-3);
    expect(initialStep(1e-6, 1e-15, 1e-16, power(5))).toBe(1e-6);
    expect(initialStep(1e-9, 0, 0, power(5))).toBe(100 * 1e-9);
  });

  it("is h0 where the probe of the second derivative failed: what follows is a trial step like any other", () => {
    for (const d2 of [Number.NaN, Number.POSITIVE_INFINITY]) expect(initialStep(1e-3, 10, d2, power(5))).toBe(1e-3);
  });
});

describe("StepControl.power", () => {
  it("is r^(−1/k) to ten digits over all that a norm can be, and leaves the controller as it was", () => {
    const scratch = new Scratch();
    const arithmetic = new WasmArithmetic(scratch, 1, { dtype: "float64" });
    const control = new StepControl(arithmetic, scratch, tsit5.scheme);
    const fresh = new StepControl(arithmetic, scratch, tsit5.scheme);
    scratch.lease();
    try {
      arithmetic.load();
      for (const each of [control, fresh]) each.load(pid(), 5);
      for (let digits = -12; digits <= 150; digits += 3) {
        for (const k of [1, 2, 5, 10]) {
          const r = 1.7 * 10 ** digits;
          expect(Math.abs(control.power(r, k) / r ** (-1 / k) - 1), `${r}, ${k}`).toBeLessThan(1e-9);
        }
      }
      expect(control.power(1, 3)).toBe(1);
      for (const square of [0.5, 0.25, 3]) expect(control.judgeSquare(square, 1)).toBe(fresh.judgeSquare(square, 1));
    } finally {
      scratch.release();
    }
  });
});
