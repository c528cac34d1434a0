// The kernels of linear systems (assembly/exports/linear.ts), for implicit solvers. Every parameter that names a vector or a
// matrix is an address, lengths count numbers; all are float64, matrices row-major, block after block.
import { Binary, type Kernels } from "../wasm/binary.ts";
import { bytesOfText } from "../wasm/byte-text.ts";
import { text } from "./generated/linear.ts";

/** x ← W⁻¹ x or W⁻ᵀ x, by the factors of W. */
type Solve = (lu: number, pivots: number, x: number, n: number, blocks: number) => void;

type SolveBand = (lu: number, pivots: number, x: number, n: number, lower: number, upper: number) => void;

export interface LinearKernels extends Kernels {
  /** lu ← the factors of M − scale·J, with n i32 of pivots a block; a null M is the identity. Returns 0 where it is singular. */
  factor(lu: number, jacobian: number, mass: number, pivots: number, n: number, blocks: number, scale: number): number;
  solve: Solve;
  solveTransposed: Solve;
  /** x ← gamma (k + from + slope·f_t) over n numbers; null `from` and `f_t` are 0. */
  rightSide(x: number, k: number, from: number, ft: number, gamma: number, slope: number, n: number): void;
  /** x ← gamma W⁻¹ (k + from + slope·f_t): a stage in one call. */
  solveStage(
    lu: number,
    pivots: number,
    x: number,
    k: number,
    from: number,
    ft: number,
    gamma: number,
    slope: number,
    n: number,
    blocks: number,
  ): void;
  /** The same for banded matrices (linear/banded.ts); M is diagonal. `pivots` gets n i32. */
  factorBand(
    lu: number,
    jacobian: number,
    mass: number,
    pivots: number,
    n: number,
    lower: number,
    upper: number,
    scale: number,
  ): number;
  solveBand: SolveBand;
  solveBandTransposed: SolveBand;
  multiplyBand(out: number, jacobian: number, x: number, n: number, lower: number, upper: number): void;
  /** out ← A x, or Aᵀ x where `transposed` is 1. */
  multiply(out: number, a: number, x: number, n: number, blocks: number, transposed: number): void;
}

/** One build serves all engines, so that a solve has the same bits on all of them: no kernel of these fuses. */
export const LINEAR: Binary<LinearKernels> = /* @__PURE__ */ new Binary(() => [bytesOfText(text)]);
