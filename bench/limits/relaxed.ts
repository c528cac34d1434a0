// Relaxed SIMD in Node 20, which has its fused multiply-adds behind a flag. To be called before odegrad compiles its kernels.
import { setFlagsFromString } from "node:v8";

export function allowRelaxedSimd(): void {
  if (process.versions.v8.startsWith("11.3.")) setFlagsFromString("--experimental-wasm-relaxed-simd");
}
