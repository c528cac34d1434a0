// The kernels of optimisers (assembly/exports/optimisers.ts). Every parameter that names a vector is an address; lengths count
// numbers.
import { Binary, type Kernels } from "../wasm/binary.ts";
import { bytesOfText } from "../wasm/byte-text.ts";
import { text } from "./generated/optimisers.ts";

/** One step of Adam; `decay` is the decoupled decay (AdamW), the corrections are 1 − β₁ᵗ and 1 − β₂ᵗ. */
type AdamStep = (
  params: number,
  gradient: number,
  first: number,
  second: number,
  n: number,
  rate: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  decay: number,
  correction1: number,
  correction2: number,
) => void;

export interface OptimiserKernels extends Kernels {
  adamF32: AdamStep;
  adamF64: AdamStep;
  /** 1 if all numbers are finite, else 0. */
  allFiniteF32(x: number, n: number): number;
  allFiniteF64(x: number, n: number): number;
}

/** One build serves all engines: relaxed SIMD would change nothing, because no kernel of these fuses. */
export const OPTIMISERS: Binary<OptimiserKernels> = /* @__PURE__ */ new Binary(() => [bytesOfText(text)]);
