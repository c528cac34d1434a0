// How much rounding grows on a reversible method's way back, seen while it goes forward. A step back multiplies the
// error in a mode α by about the larger of e^(−x) and e^x / λ (the principal and the parasitic root), x = hα. The
// forward pass shows two things of x.

import type { FloatArray } from "../base/dtype.ts";
import type { Program } from "../program/program.ts";
import type { HostArithmetic } from "../vectors/arithmetic.ts";

const squares = (x: FloatArray): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return sum;
};

const squaredGap = (x: FloatArray, y: FloatArray): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - y[i]!) ** 2;
  return sum;
};

/** Adds up the logarithm of the growth from step to step. */
export class Growth {
  private readonly host: HostArithmetic;
  /** ln 1/λ */
  private readonly neutral: number;
  private readonly epsilon: number;
  private lastSlope = 0;
  private local = 0;
  private steps = 0;
  private smallestGap = Number.POSITIVE_INFINITY;
  private gaps = 0;

  /** `factor`: the growth of one step where the dynamics are neutral. */
  constructor(host: HostArithmetic, factor: number, epsilon: number) {
    this.host = host;
    this.neutral = Math.log(factor);
    this.epsilon = epsilon;
  }

  /** Counts a step; returns the logarithm of the growth since the last `restart`. */
  accept({ end, instructions }: Program): number {
    const { host } = this;
    // The slope solves the variational equation of an autonomous field, so the growth of its norm is e^x along it.
    const slope = squares(host.view(instructions[0]!.k!));
    const x = slope > 0 && this.lastSlope > 0 ? Math.log(slope / this.lastSlope) / 2 : 0;
    this.lastSlope = slope;
    this.local += Math.max(-x, x + this.neutral);
    this.steps++;
    // The gap of the two states carries the parasitic modes λ e^(−x): their growth is that of the principal ones back.
    // Truncation errors feed it too, but never make it grow exponentially.
    if (end.length > 1) {
      const state = host.view(end[0]!);
      const floor = this.epsilon ** 2 * squares(state);
      const gap = Math.max(squaredGap(state, host.view(end[1]!)), floor);
      this.smallestGap = Math.min(this.smallestGap, gap);
      if (gap > 0) this.gaps = Math.max(this.gaps, Math.log(gap / this.smallestGap) / 2 - Math.log(this.steps));
    }
    return Math.max(this.local, this.gaps + this.steps * this.neutral);
  }

  restart(): void {
    this.local = 0;
    this.steps = 0;
    this.gaps = 0;
    this.smallestGap = Number.POSITIVE_INFINITY;
  }
}
