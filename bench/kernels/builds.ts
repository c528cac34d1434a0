// odegrad's kernels as this engine can run them: the build that odegrad itself chooses first, and the other one after it.

import { bytesOf, type Dtype, type FloatArray } from "../../ts/base/dtype.ts";
import { NETWORKS, type NetworkKernels } from "../../ts/fields/mlp-kernels.ts";
import { OPTIMISERS, type OptimiserKernels } from "../../ts/optimisers/kernels.ts";
import { VECTORS_F64, type VectorKernels } from "../../ts/vectors/kernels.ts";
import { VECTORS_F32 } from "../../ts/vectors/kernels-f32.ts";
import { FIRST_BLOCK } from "../../ts/wasm/memory.ts";
import { fill } from "./inputs.ts";

export interface Vector {
  readonly address: number;
  readonly view: FloatArray;
}

/** Kernels, of one module or several, on a memory large enough for every case; each case starts over from its beginning. */
export class Build {
  readonly name: string;
  readonly kernels: { readonly vectors: Record<Dtype, VectorKernels> } & NetworkKernels & OptimiserKernels;
  /** At once as large as it will be: growing would slow all JavaScript on typed arrays (ts/wasm/memory.ts). */
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 2048 });
  private next = FIRST_BLOCK;

  /** The kernels on `memory`. */
  constructor(name: string, kernelsOn: (memory: WebAssembly.Memory) => Build["kernels"]) {
    this.name = name;
    this.kernels = kernelsOn(this.memory);
  }

  reset(): void {
    this.next = FIRST_BLOCK;
  }

  /** Room for numbers; filled with the sequence of `seed`, if one is given, and with zeros otherwise. */
  vector(dtype: Dtype, length: number, seed?: number): Vector {
    const address = this.next;
    this.next += Math.ceil((length * bytesOf(dtype)) / 64) * 64;
    const { buffer } = this.memory;
    const view =
      dtype === "float32" ? new Float32Array(buffer, address, length) : new Float64Array(buffer, address, length);
    if (seed === undefined) view.fill(0);
    else fill(view, seed);
    return { address, view };
  }
}

/** The builds that this engine accepts, odegrad's choice first. */
export function builds(): Build[] {
  const [relaxed, simd] = NETWORKS.builds();
  return Object.entries({ relaxed: relaxed!, simd: simd! })
    .filter(([, bytes]) => WebAssembly.validate(bytes))
    .map(
      ([name, networks]) =>
        // Of the binaries only that of networks has more than one build.
        new Build(`wasm ${name}`, (memory) => ({
          vectors: { float32: VECTORS_F32.on(memory), float64: VECTORS_F64.on(memory) },
          ...NETWORKS.on(memory, new WebAssembly.Module(networks)),
          ...OPTIMISERS.on(memory),
        })),
    );
}
