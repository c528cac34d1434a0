// What every optimiser is.
import type { FloatArray } from "../base/dtype.ts";

/** What updates parameters by gradients. */
export interface Optimiser {
  /** May be set between steps, for a schedule. */
  learningRate: number;
  /** Steps taken. */
  readonly steps: number;
  /**
   * Updates `params` in place to make the loss with this `gradient` smaller. The first step settles which parameters
   * the optimiser is for: their length and precision stay the same. Where the gradient or the update would not be
   * finite, throws `non-finite` and changes nothing.
   */
  step(params: FloatArray, gradient: ArrayLike<number>): void;
}
