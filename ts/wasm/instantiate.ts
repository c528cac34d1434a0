// The two builds of assembly/ as modules: relaxed SIMD (fused multiply-add) where the engine has it, plain SIMD elsewhere.
// Both travel as text inside JavaScript: no file, URL, permission or bundler setting, and no asynchronous start.
import { SolveError } from "../errors.ts";
import { bytesOfText } from "./byte-text.ts";
import { binary as relaxed } from "./generated/relaxed.ts";
import { binary as simd } from "./generated/simd.ts";
import type { Kernels } from "./memory.ts";

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  for (const binary of [relaxed, simd]) {
    const bytes = bytesOfText(binary);
    if (WebAssembly.validate(bytes)) return new WebAssembly.Module(bytes);
  }
  throw new SolveError("invalid", "this JavaScript engine has no WebAssembly SIMD; odegrad needs an engine of 2021 or later");
}

/** A new instance of the kernels with a memory of its own. The module is compiled once, at first use. */
export function instantiate(): Kernels {
  compiled ??= compile();
  return new WebAssembly.Instance(compiled, {}).exports as unknown as Kernels;
}
