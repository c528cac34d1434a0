// Applies the patches of scripts/byte-text.mjs: of two binaries that differ little, one travels as a difference.
import { bytesOfText } from "./byte-text.ts";

/** The bytes that `patch` makes of `base`: it says in turn what to insert, how far to move on in `base`, how much to copy. */
export function patched(base: Uint8Array, patch: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let at = 0;
  let position = 0;
  const number = (): number => {
    for (let value = 0; ; ) {
      const digit = patch[at++]!;
      value = 128 * value + (digit & 127);
      if (digit < 128) return value;
    }
  };
  while (at < patch.length) {
    for (let n = number(); n > 0; n--) bytes.push(patch[at++]!);
    position = (position + number()) % base.length;
    for (let n = number(); n > 0; n--) bytes.push(base[position++]!);
  }
  return Uint8Array.from(bytes);
}

/** The builds of a binary whose relaxed one, which comes first, travels as a patch of the plain one; both are texts. */
export function relaxedAndPlain(plainText: string, patchText: string): Uint8Array<ArrayBuffer>[] {
  const plain = bytesOfText(plainText);
  return [patched(plain, bytesOfText(patchText)), plain];
}
