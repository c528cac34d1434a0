// Of a binary in two builds, with relaxed SIMD and without, the first travels, and the second is made of it in place.
import { bytesOfText } from "./byte-text.ts";

/**
 * The same module with a·b + c rounded twice: "c aside, c back, fused, nothing three times" (scripts/fused.mjs) becomes "c aside,
 * a·b, c back, sum", which is as long.
 */
export function unfused(fused: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const bytes = fused.slice();
  bytes.forEach((byte, i) => {
    // relaxed_madd of f32x4 or f64x2, and three nops.
    const double = bytes[i + 1] === 0x87;
    if (byte !== 0xfd || !(double || bytes[i + 1] === 0x85) || bytes[i + 2] !== 2) return;
    if (bytes[i + 3] !== 1 || bytes[i + 4] !== 1 || bytes[i + 5] !== 1) return;
    const [product, sum] = double ? [0xf2, 0xf0] : [0xe6, 0xe4];
    bytes.set([0xfd, product, 1, 0x20, bytes[i - 1]!, 0xfd, sum, 1], i - 2);
  });
  return bytes;
}

/** The builds of a binary whose fused one travels as a text: it comes first. */
export function fusedAndPlain(text: string): Uint8Array<ArrayBuffer>[] {
  const fused = bytesOfText(text);
  return [fused, unfused(fused)];
}
