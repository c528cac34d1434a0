// Step-size controllers as users pass them: numbers only; the arithmetic is in assembly/controller.ts.
import type { FloatArray } from "../base/dtype.ts";
import { checkOptions, invalid } from "../base/errors.ts";

/** PID control of the step size, with diffrax's meaning of the coefficients. */
export interface Controller {
  /** Proportional coefficient, divided by the order of the error when used; 0.4 by default. */
  readonly p: number;
  /** Integral coefficient, likewise; 0.3 by default. */
  readonly i: number;
  /** Derivative coefficient, likewise; 0 by default. */
  readonly d: number;
  /** Every proposed factor is multiplied by this, above 0 and at most 1; 0.9 by default. */
  readonly safety: number;
  /** Least factor on the size of a step after a rejected one, between 0 and 1; 0.2 by default. */
  readonly minFactor: number;
  /** Largest factor after an accepted step, above 1; 10 by default. */
  readonly maxFactor: number;
  /** Puts a rule of its own in the place of p, i and d, for an error of order k; see `predictive`. */
  readonly rule?: (control: RuledControl, controller: Controller, k: number) => void;
}

/** What a rule of its own changes of error control. */
export interface RuledControl {
  /** Where the kernels keep their settings (vectors/table-layout.ts). */
  readonly memory: { readonly view: FloatArray };
  /** Sees the scaled error r of each step of size h before the kernels judge it; returns r. */
  rule: ((r: number, h: number) => number) | undefined;
  /** The factor on the size after a step of size h with the square of a scaled error, negative where it is rejected. */
  judgeSquareKernel: (address: number, square: number, h: number) => number;
}

/** Options of `pid`; what is left out or undefined has its default. */
export type ControllerOptions = { readonly [K in keyof Controller]?: Controller[K] | undefined };

const DEFAULTS: Controller = /* @__PURE__ */ Object.freeze({
  p: 0.4,
  i: 0.3,
  d: 0,
  safety: 0.9,
  minFactor: 0.2,
  maxFactor: 10,
});

/**
 * A PID controller: h ← h · safety · r₀^−(p+i+d)/k · r₁^(p+2d)/k · r₂^−d/k with r₀ the scaled error of the step just tried,
 * r₁ and r₂ those of the two accepted before it, k the order of the error (Söderlind 2003; the form diffrax uses). A rejected
 * step shrinks by `safety` at least, an accepted one by `safety` at most, and under purely integral control never. (In
 * diffrax it never does, which costs rejections where steps have to become smaller.)
 */
export function pid(options?: ControllerOptions): Controller {
  if (options === undefined) return DEFAULTS;
  // A rule has checked its own numbers.
  if (options?.rule) return options as Controller;
  checkOptions("pid", options, Object.keys(DEFAULTS));
  const controller: Controller = { ...DEFAULTS };
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) Object.assign(controller, { [name]: value });
  }
  for (const [name, value] of Object.entries(controller)) {
    if (typeof value !== "number" || !Number.isFinite(value))
      throw invalid(`pid option ${name}`, value, "a finite number");
  }
  const { safety, minFactor, maxFactor } = controller;
  if (!(safety > 0 && safety <= 1)) throw invalid("pid option safety", safety, "above 0, at most 1");
  if (!(minFactor > 0 && minFactor < 1)) throw invalid("pid option minFactor", minFactor, "between 0 and 1");
  if (!(maxFactor > 1)) throw invalid("pid option maxFactor", maxFactor, "above 1");
  return controller;
}

/** The integral controller of torchdiffeq: `pid({ p: 0, i: 1, d: 0 })`. */
export function integral(options: Omit<ControllerOptions, "p" | "i" | "d"> = {}): Controller {
  checkOptions("integral", options, ["safety", "minFactor", "maxFactor"]);
  return pid({ ...options, p: 0, i: 1, d: 0 });
}
