// odegrad's kernels as this engine can run them: the build that odegrad itself chooses first, and the other one after it.

import { readFileSync } from "node:fs";
import { bytesOf, type Dtype, type FloatArray } from "../../ts/base/dtype.ts";
import type { Kernels } from "../../ts/wasm/memory.ts";
import { fill } from "./inputs.ts";

export interface Vector {
  readonly address: number;
  readonly view: FloatArray;
}

/** Kernels, of one module or several, on a memory large enough for every case; each case starts over from its beginning. */
export class Build {
  readonly name: string;
  readonly kernels: Kernels;
  private readonly start: number;
  private next: number;

  constructor(name: string, modules: readonly WebAssembly.Module[]) {
    this.name = name;
    // At once as large as it will be: growing would slow all JavaScript on typed arrays (ts/wasm/memory.ts).
    const memory = new WebAssembly.Memory({ initial: 2048 });
    const parts = modules.map((module) => new WebAssembly.Instance(module, { env: { memory } }).exports);
    this.kernels = Object.assign({}, ...parts) as Kernels;
    const bases = parts.map(({ HEAP_BASE }) => (HEAP_BASE as WebAssembly.Global).value as number);
    this.start = Math.ceil(Math.max(...bases) / 64) * 64;
    this.next = this.start;
  }

  reset(): void {
    this.next = this.start;
  }

  /** Room for numbers; filled with the sequence of `seed`, if one is given, and with zeros otherwise. */
  vector(dtype: Dtype, length: number, seed?: number): Vector {
    const address = this.next;
    this.next += Math.ceil((length * bytesOf(dtype)) / 64) * 64;
    const { buffer } = this.kernels.memory;
    const view =
      dtype === "float32" ? new Float32Array(buffer, address, length) : new Float64Array(buffer, address, length);
    if (seed === undefined) view.fill(0);
    else fill(view, seed);
    return { address, view };
  }
}

/** The builds that this engine accepts, odegrad's choice first. */
export function builds(): Build[] {
  return ["relaxed", "simd"]
    .map((name) => ({ name, bytes: Uint8Array.from(readFileSync(`build/${name}.wasm`)) }))
    .filter(({ bytes }) => WebAssembly.validate(bytes))
    .map(({ name, bytes }) => new Build(`wasm ${name}`, [new WebAssembly.Module(bytes)]));
}
