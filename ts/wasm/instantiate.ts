// The kernels as a module: relaxed SIMD (fused multiply-add) where the engine has it, plain SIMD elsewhere. The binaries
// are part of the JavaScript: no file, URL, permission or bundler setting, and no asynchronous start.
import { SolveError } from "../base/errors.ts";
import { binaries } from "./binaries.ts";
import type { Kernels } from "./memory.ts";

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  const { relaxed, simd } = binaries();
  for (const binary of [relaxed, simd]) {
    if (WebAssembly.validate(binary)) return new WebAssembly.Module(binary);
  }
  throw new SolveError(
    "invalid",
    "this JavaScript engine has no WebAssembly SIMD; odegrad needs an engine of 2021 or later",
  );
}

/** A new instance of the kernels with a memory of its own of so many pages. The module is compiled once, at first use. */
export function instantiate(pages: number): Kernels {
  compiled ??= compile();
  return instanceOn(compiled, new WebAssembly.Memory({ initial: pages }));
}

/** An instance of the kernels on a memory. */
export const instanceOn = (module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
