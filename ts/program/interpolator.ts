// Interpolated states inside the step in work.
import { denseWeights } from "../solvers/dense-weights.ts";
import type { Dense } from "../solvers/scheme.ts";
import type { Arithmetic, Vector } from "../vectors/arithmetic.ts";
import type { PlacedScheme, Program } from "./program.ts";

/** Interpolates inside the step in work, once the extension's own evaluations are done. */
export class Interpolator {
  private readonly arithmetic: Arithmetic;
  private readonly dense: Dense;
  private readonly state: Vector;
  private readonly weights: Float64Array;

  constructor(arithmetic: Arithmetic, placed: PlacedScheme) {
    this.arithmetic = arithmetic;
    this.dense = placed.scheme.dense!;
    this.state = arithmetic.vector();
    this.weights = new Float64Array(this.dense.ks.length);
  }

  /** The state at t + s h, in a vector that the next call overwrites. */
  at(program: Program, s: number, h: number): Vector {
    const { terms } = program.dense!;
    denseWeights(this.dense, s, this.weights);
    terms.set(this.weights);
    this.arithmetic.combine(this.state, program.start[0]!, terms, h);
    return this.state;
  }
}
