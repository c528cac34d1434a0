// What implicit methods need of linear algebra: systems with W = M − scale·J, for one J and one scale after the other, and
// their transposes.
import type { HostVector } from "../wasm/scratch.ts";

/** The matrices W = M − scale·J of one solve. Everything is float64, whatever the states are. */
export interface LinearSolver {
  /** The entries of J, for whoever computes them to fill, in an order of the solver's own. */
  readonly jacobian: HostVector;
  /** Whether they are all entries, row-major, and M is the identity. */
  readonly plain: boolean;
  /** All entries of J, row-major, in an array that may be a view: for what is done once in a solve. */
  entries(): ArrayLike<number>;
  /** Called once after the lease. */
  load(): void;
  /** Makes ready for W with this scale and the J in place; false where W is singular or not finite. */
  factor(scale: number): boolean;
  /** x ← gamma W⁻¹ (k + M·from + slope·ft); `from` may be x. Parts left out are 0. */
  solveStage(
    x: HostVector,
    k: HostVector,
    from: HostVector | undefined,
    ft: HostVector | undefined,
    gamma: number,
    slope: number,
  ): void;
  /** x ← W⁻ᵀ x */
  solveTransposed(x: HostVector): void;
  /** out ← Mᵀ x; out is another vector. */
  multiplyByMass(out: HostVector, x: HostVector): void;
  /** out ← J x; out is another vector. */
  multiply(out: HostVector, x: HostVector): void;
}
