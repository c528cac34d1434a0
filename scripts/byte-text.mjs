// How build.mjs writes binaries into JavaScript: bytes as text, and bytes as a patch of other bytes. ts/wasm/byte-text.ts
// and ts/wasm/byte-patch.ts read them.

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

const SHORTEST = 8; // bytes worth a copy

/** A number in base 128, high digits first; 128 marks those that another follows. */
const number = (value, mark = 0) => [...(value < 128 ? [] : number(value >> 7, 128)), (value & 127) | mark];

/**
 * What makes `target` of `base` (Buffers), as repetitions of: how many bytes to insert, these bytes, how far to move on in
 * `base` (round its end to move back), how many bytes to copy from there. Greedy: the longest copy, of these the nearest.
 */
export function bytePatch(base, target) {
  const key = (bytes, at) => bytes.toString("latin1", at, at + SHORTEST);
  const places = new Map(); // where in `base` a run of SHORTEST bytes begins
  for (let at = 0; at + SHORTEST <= base.length; at++) {
    const known = places.get(key(base, at));
    if (known) known.push(at);
    else places.set(key(base, at), [at]);
  }
  const patch = [];
  let position = 0;
  let inserted = [];
  for (let at = 0; at < target.length; ) {
    let copy = { place: 0, length: 0, move: 0 };
    for (const place of places.get(key(target, at)) ?? []) {
      let length = SHORTEST;
      while (at + length < target.length && base[place + length] === target[at + length]) length++;
      const move = (place - position + base.length) % base.length;
      if (length > copy.length || (length === copy.length && move < copy.move)) copy = { place, length, move };
    }
    if (copy.length === 0) inserted.push(target[at++]);
    else {
      patch.push(...number(inserted.length), ...inserted, ...number(copy.move), ...number(copy.length));
      position = copy.place + copy.length;
      at += copy.length;
      inserted = [];
    }
  }
  return Uint8Array.from([...patch, ...number(inserted.length), ...inserted, 0, 0]);
}
