// The two builds of assembly/, relaxed SIMD and plain SIMD. They travel as text inside JavaScript, the relaxed one as its
// difference from the plain one.
import { patched } from "./byte-patch.ts";
import { bytesOfText } from "./byte-text.ts";
import { patch } from "./generated/relaxed.ts";
import { binary } from "./generated/simd.ts";

/** The kernels in WebAssembly's binary format. */
export function binaries(): Record<"relaxed" | "simd", Uint8Array<ArrayBuffer>> {
  const simd = bytesOfText(binary);
  return { relaxed: patched(simd, bytesOfText(patch)), simd };
}
