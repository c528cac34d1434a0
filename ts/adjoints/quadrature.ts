// ∂L/∂θ of the continuous adjoint by a quadrature rule on the accepted steps of (x, a_x).

import { type FloatArray, zeros } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import { type Waiting, wait } from "../base/waiting.ts";
import type { Setup } from "../integration/setup.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import type { Arithmetic, Terms, Vector } from "../vectors/arithmetic.ts";
import type { Scratch } from "../wasm/scratch.ts";
import type { BoundAugmented } from "./augmented.ts";

/** a_θ by the solver's own weights, step by accepted step; listens to the backward solve as a tape does. */
export class Quadrature {
  readonly keepsTapes = true;
  private readonly arithmetic: Arithmetic;
  private readonly theta: Vector;
  private readonly terms: readonly [Terms, Terms];
  private readonly even: unknown;

  constructor(scratch: Scratch, { machine, placed: { programs } }: Setup, { tableau, scheme }: Solver) {
    if (!tableau)
      throw invalid("continuous option quadrature", true, "false for solvers that are not Runge–Kutta methods");
    const { slopes } = machine.field as BoundAugmented;
    this.arithmetic = machine.arithmetic.like(scratch, slopes[0]!.length);
    this.theta = this.arithmetic.vector();
    const evaluations = scheme.operations.flatMap(({ evaluate }, i) => (evaluate ? [i] : []));
    const termsOf = (parity: 0 | 1): Terms =>
      this.arithmetic.terms(
        evaluations.map((i) => slopes[programs[parity].instructions[i]!.tapeSlot]!),
        tableau.b,
      );
    this.terms = [termsOf(0), termsOf(1)];
    this.even = programs[0];
  }

  load(): void {
    this.arithmetic.load();
    this.arithmetic.fill(this.theta, 0);
  }

  accept(program: unknown, h: number): void {
    this.arithmetic.combine(this.theta, this.theta, this.terms[program === this.even ? 0 : 1]!, h);
  }

  *result(): Waiting<FloatArray> {
    const numbers = zeros(this.arithmetic.dtype, this.theta.length);
    this.arithmetic.copyOut(this.theta, numbers);
    yield* wait(this.arithmetic.arrived());
    return numbers;
  }
}
