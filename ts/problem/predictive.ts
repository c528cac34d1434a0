// The predictive controller of Gustafsson, for implicit solvers.
import { checkOptions, invalid } from "../base/errors.ts";
import * as at from "../vectors/table-layout.ts";
import type { Controller, RuledControl } from "./controller.ts";

const NUMBER_BYTES = 8;

/** Options of `predictive`. */
export interface PredictiveOptions {
  /** Every proposed factor is multiplied by this; 0.9 by default. */
  readonly safety?: number | undefined;
  /** Least factor on the size of a step; 0.2 by default, as in Hairer & Wanner's codes. */
  readonly minFactor?: number | undefined;
  /** Largest factor; 6 by default, as in Hairer & Wanner's codes. */
  readonly maxFactor?: number | undefined;
}

/** The least error that is remembered: smaller ones say nothing about how errors change. */
const LEAST_ERROR = 1e-2;

class PredictiveRule {
  private readonly controller: Controller;
  private readonly k: number;
  /** Of the last accepted step: ln of its error over k, and its size; NaN before there is one. */
  private lastError = Number.NaN;
  private lastSize = Number.NaN;
  private rejected = false;

  constructor(controller: Controller, k: number) {
    this.controller = controller;
    this.k = k;
  }

  /** The factor after a step of size h with the scaled error r. */
  factor(r: number, h: number): number {
    const { safety, minFactor, maxFactor } = this.controller;
    if (!(r < Number.POSITIVE_INFINITY)) {
      this.rejected = true;
      return minFactor;
    }
    const error = Math.log(Math.max(r, 1e-300)) / this.k;
    const size = Math.abs(h);
    if (r > 1) {
      this.rejected = true;
      return Math.min(Math.max(safety * Math.exp(-error), minFactor), safety);
    }
    let least = error;
    // How the last two errors and sizes say that the error goes on: both estimates in logarithms, the larger counts.
    if (!Number.isNaN(this.lastSize))
      least = Math.max(error, 2 * error - this.lastError - Math.log(size / this.lastSize));
    let factor = Math.min(Math.max(safety * Math.exp(-least), minFactor), maxFactor);
    if (this.rejected) factor = Math.min(factor, 1);
    this.lastError = Math.log(Math.max(r, LEAST_ERROR)) / this.k;
    this.lastSize = size;
    this.rejected = false;
    return factor;
  }
}

/** Has the kernels answer with the rule's factors: all bounds of theirs are set to it before they look at an error. */
function install(control: RuledControl, controller: Controller, k: number): void {
  const rule = new PredictiveRule(controller, k);
  const { memory, judgeSquareKernel } = control;
  const { view } = memory;
  view.fill(0);
  const bound = (r: number, h: number): number => {
    const factor = rule.factor(r, h);
    view.fill(factor, at.CONTROLLER_SAFETY / NUMBER_BYTES, at.CONTROLLER_LAST / NUMBER_BYTES);
    view[at.CONTROLLER_LEAST_ACCEPTED / NUMBER_BYTES] = factor;
    return r;
  };
  control.rule = bound;
  control.judgeSquareKernel = (address, square, h) => {
    bound(Math.sqrt(square), h);
    return judgeSquareKernel(address, square, h);
  };
}

/**
 * Gustafsson's predictive controller (1994, ACM TOMS 20): h ← h · safety · min(r⁻¹ᐟᵏ, (h/h₁) (r₁/r²)¹ᐟᵏ) with r the scaled
 * error of a step of size h, r₁ and h₁ those of the accepted step before, k the order of the error. After a rejection no step
 * grows. The default of implicit solvers, as in Hairer & Wanner's RODAS and RADAU5: where a solution calms down, steps grow
 * fast, and this foresees it when errors grow with them.
 */
export function predictive(options: PredictiveOptions = {}): Controller {
  checkOptions("predictive", options, ["safety", "minFactor", "maxFactor"]);
  const { safety = 0.9, minFactor = 0.2, maxFactor = 6 } = options;
  for (const [name, value] of Object.entries({ safety, minFactor, maxFactor })) {
    const [least, most] = name === "maxFactor" ? [1, Number.MAX_VALUE] : [0, 1];
    if (!(typeof value === "number" && value > least && value <= most && value !== (name === "minFactor" ? 1 : -1)))
      throw invalid(
        `predictive option ${name}`,
        value,
        name === "maxFactor" ? "a number above 1" : "a number between 0 and 1",
      );
  }
  return { p: 0, i: 1, d: 0, safety, minFactor, maxFactor, rule: install };
}
