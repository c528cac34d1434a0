// The instructions of WebAssembly that operations are made of, for one number and for two side by side.

/** For f64; comparisons answer i32. */
export const SCALAR: Record<string, readonly number[]> = {
  "+": [0xa0],
  "-": [0xa1],
  "*": [0xa2],
  "/": [0xa3],
  negate: [0x9a],
  abs: [0x99],
  ceil: [0x9b],
  floor: [0x9c],
  trunc: [0x9d],
  sqrt: [0x9f],
  min: [0xa4],
  max: [0xa5],
  fround: [0xb6, 0xbb],
  "===": [0x61],
  "<": [0x63],
  "<=": [0x65],
  and: [0x71],
  not: [0x45],
  select: [0x1b],
};

const simd = (code: number): readonly number[] => (code < 128 ? [0xfd, code] : [0xfd, code & 0xff, 1]);

/** For f64x2; comparisons answer masks. */
export const LANES: Record<string, readonly number[]> = {
  "+": simd(0xf0),
  "-": simd(0xf1),
  "*": simd(0xf2),
  "/": simd(0xf3),
  negate: simd(0xed),
  abs: simd(0xec),
  ceil: simd(0x74),
  floor: simd(0x75),
  trunc: simd(0x7a),
  sqrt: simd(0xef),
  min: simd(0xf4),
  max: simd(0xf5),
  fround: [...simd(0x5e), ...simd(0x5f)],
  "===": simd(0x47),
  "<": simd(0x49),
  "<=": simd(0x4b),
  and: simd(0x4e),
  not: simd(0x4d),
  select: simd(0x52),
};
