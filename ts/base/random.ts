// A small deterministic generator: the same seed gives the same numbers on every engine, since only 32-bit integer
// arithmetic and one exact division are used.

/** Uniform numbers in [0, 1) with 32 random bits each (mulberry32). `seed` is taken modulo 2³². */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
