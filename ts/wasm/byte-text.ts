// Reads the text that scripts/byte-text.mjs makes of a binary: whole characters a byte, so that gzip compresses the text
// nearly as well as the binary. A digit is one of the 91 characters from # to ~ without the backslash.

const digit = (text: string, i: number): number => {
  const code = text.charCodeAt(i);
  return code - (code < 92 ? 35 : 36);
};

/** The bytes of a text: a digit below 89 stands for itself, 89 and 90 open a pair; then 3 less, modulo 256. */
export function bytesOfText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const first = digit(text, i);
    const value = first < 89 ? first : 89 + 91 * (first - 89) + digit(text, ++i);
    bytes[length++] = value - 3;
  }
  return bytes.slice(0, length);
}
