// How build.mjs writes binaries into JavaScript; ts/wasm/byte-text.ts reads them.

/**
 * Bytes as printable ASCII in whole characters a byte, one for the 89 that are commonest in WebAssembly and two for the
 * others. Gzip then sees every repetition, which base64 hides from it: the text is 30 % smaller once compressed, and 15 %
 * before.
 */
export function byteText(bytes) {
  const character = (digit) => String.fromCharCode(digit + (digit < 57 ? 35 : 36)); // # to ~ without the backslash
  const characters = (value) =>
    value < 89 ? character(value) : character(89 + Math.floor((value - 89) / 91)) + character((value - 89) % 91);
  // Small numbers are common, and so is 253, which opens every SIMD instruction: by adding 3 all of these come first.
  return Array.from(bytes, (byte) => characters((byte + 3) & 255)).join("");
}
