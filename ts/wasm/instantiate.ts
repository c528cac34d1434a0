// The kernels as a module: relaxed SIMD (fused multiply-add) where the engine has it, plain SIMD elsewhere. The binaries
// are part of the JavaScript: no file, URL, permission or bundler setting, and no asynchronous start.
import { SolveError } from "../errors.ts";
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

/** A new instance of the kernels with a memory of its own. The module is compiled once, at first use. */
export function instantiate(): Kernels {
  compiled ??= compile();
  return new WebAssembly.Instance(compiled, {}).exports as unknown as Kernels;
}
