// The kernels of the second-order pass of networks (assembly/exports/second-order.ts). They are built of those of networks, whose
// instance on the same memory they import.
import { Binary, type Kernels } from "../wasm/binary.ts";
import { bytesOfText } from "../wasm/byte-text.ts";
import { text } from "./generated/second-order.ts";

/** xBar ← ∂/∂x and thetaBar += ∂/∂θ (null: left out) of the sum over `count` pairs; returns ∂/∂t. All but t are addresses. */
type Second = (
  descriptor: number,
  work: number,
  pairs: number,
  count: number,
  t: number,
  x: number,
  xBar: number,
  thetaBar: number,
  tape: number,
) => number;

export interface SecondKernels extends Kernels {
  mlpSecondF32: Second;
  mlpSecondF64: Second;
}

export const SECOND_ORDER: Binary<SecondKernels> = /* @__PURE__ */ new Binary(() => [bytesOfText(text)]);

const instances = new WeakMap<WebAssembly.Memory, SecondKernels>();

/** The kernels on a memory, beside the networks' instance there. */
export function secondKernelsOn(memory: WebAssembly.Memory, networks: object): SecondKernels {
  let kernels = instances.get(memory);
  if (!kernels) {
    const imports = { env: { memory }, networks: networks as WebAssembly.ModuleImports };
    kernels = new WebAssembly.Instance(SECOND_ORDER.module, imports).exports as unknown as SecondKernels;
    instances.set(memory, kernels);
  }
  return kernels;
}
