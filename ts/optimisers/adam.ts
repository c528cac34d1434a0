// Adam (Kingma & Ba 2015, Algorithm 1) with decoupled weight decay (AdamW, Loshchilov & Hutter 2019, Algorithm 2).

import { type Dtype, type FloatArray, zeros } from "../base/dtype.ts";
import { checkOptions, invalid, SolveError } from "../base/errors.ts";
import { firstNotFinite } from "../base/finite.ts";
import { Scratch } from "../wasm/scratch.ts";
import { OPTIMISERS } from "./kernels.ts";
import type { Optimiser } from "./optimiser.ts";

/** Options of `adam`. */
export interface AdamOptions {
  /** The size of a step where the gradient's sign is steady; 1e-3 by default. */
  readonly learningRate?: number | undefined;
  /** Decay of the mean gradient; 0.9 by default. */
  readonly beta1?: number | undefined;
  /** Decay of the mean squared gradient; 0.999 by default. */
  readonly beta2?: number | undefined;
  /** Added to the root of the mean squared gradient; 1e-8 by default. */
  readonly epsilon?: number | undefined;
  /** Each step also takes learningRate · weightDecay of every parameter away; 0 by default. */
  readonly weightDecay?: number | undefined;
}

/** The moments, in the parameters' precision. */
interface Moments {
  first: FloatArray;
  second: FloatArray;
}

function checked(option: string, value: number, isAllowed: (value: number) => boolean, allowed: string): number {
  if (typeof value !== "number" || !isAllowed(value)) throw invalid(option, value, allowed);
  return value;
}

const isNotNegative = (value: number): boolean => value >= 0 && value < Number.POSITIVE_INFINITY;
const isBelowOne = (value: number): boolean => value >= 0 && value < 1;

function dtypeOf(params: FloatArray): Dtype {
  if (params instanceof Float32Array) return "float32";
  if (params instanceof Float64Array) return "float64";
  throw invalid("params", params, "a Float32Array or Float64Array, such as field.params");
}

function causeOf(gradient: ArrayLike<number>, params: FloatArray): string {
  const at = firstNotFinite(gradient);
  if (at >= 0) return `gradient[${at}] is ${gradient[at]}`;
  const bad = firstNotFinite(params);
  return bad >= 0 ? `params[${bad}] is ${params[bad]}` : "the update overflows its precision";
}

class Adam implements Optimiser {
  steps = 0;
  private rate: number;
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;
  private readonly weightDecay: number;
  private moments: Moments | undefined;

  constructor({ learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions) {
    this.rate = checked("learningRate", learningRate, isNotNegative, "a finite number, 0 or more");
    this.beta1 = checked("beta1", beta1, isBelowOne, "a number from 0 to below 1");
    this.beta2 = checked("beta2", beta2, isBelowOne, "a number from 0 to below 1");
    this.epsilon = checked("epsilon", epsilon, isNotNegative, "a finite number, 0 or more");
    this.weightDecay = checked("weightDecay", weightDecay, isNotNegative, "a finite number, 0 or more");
  }

  get learningRate(): number {
    return this.rate;
  }

  set learningRate(value: number) {
    this.rate = checked("learningRate", value, isNotNegative, "a finite number, 0 or more");
  }

  step(params: FloatArray, gradient: ArrayLike<number>): void {
    const dtype = dtypeOf(params);
    const { length } = params;
    if (gradient?.length !== length) throw invalid("gradient", gradient, `${length} numbers, one for each parameter`);
    const moments = this.momentsFor(params, dtype);
    const scratch = new Scratch();
    const [theta, g, m, v] = Array.from({ length: 4 }, () => scratch.vector(length, dtype));
    scratch.lease();
    try {
      const kernels = OPTIMISERS.on(scratch.memory);
      const [update, allFinite] =
        dtype === "float32" ? [kernels.adamF32, kernels.allFiniteF32] : [kernels.adamF64, kernels.allFiniteF64];
      theta.view.set(params);
      g.view.set(gradient);
      m.view.set(moments.first);
      v.view.set(moments.second);
      const { rate, beta1, beta2, epsilon, weightDecay } = this;
      const next = this.steps + 1;
      // The moments start at zero; dividing by these makes them unbiased.
      const [correction1, correction2] = [1 - beta1 ** next, 1 - beta2 ** next];
      // biome-ignore format: the order of the kernel's arguments, in two readable lines
      update(theta.address, g.address, m.address, v.address, length,
        rate, beta1, beta2, epsilon, weightDecay, correction1, correction2);
      // The squares of a finite gradient may overflow, which would stop a parameter for good without showing in it.
      if ([m, v, theta].some(({ address }) => allFinite(address, length) === 0)) {
        const what = `Adam cannot take step ${next}: ${causeOf(gradient, params)}; the parameters are unchanged`;
        throw new SolveError("non-finite", `${what}. Try a smaller learning rate, or scale the loss down`);
      }
      params.set(theta.view);
      moments.first.set(m.view);
      moments.second.set(v.view);
      this.steps = next;
    } finally {
      scratch.release();
    }
  }

  private momentsFor(params: FloatArray, dtype: Dtype): Moments {
    const { length } = params;
    this.moments ??= { first: zeros(dtype, length), second: zeros(dtype, length) };
    const { first } = this.moments;
    if (first.length === length && dtypeOf(first) === dtype) return this.moments;
    const own = `${first.length} numbers of ${dtypeOf(first)}`;
    throw invalid("params", params, `the parameters of the first step, ${own}; make one optimiser for each field`);
  }
}

/**
 * Adam; with `weightDecay`, AdamW. The moments live in typed arrays of the optimiser, in the parameters' precision.
 *
 *     const optimiser = adam({ learningRate: 1e-2 });
 *     optimiser.step(field.params, gradients.params);
 */
export function adam(options: AdamOptions = {}): Optimiser {
  checkOptions("adam", options, ["learningRate", "beta1", "beta2", "epsilon", "weightDecay"]);
  return new Adam(options);
}
