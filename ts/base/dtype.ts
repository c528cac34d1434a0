// The two precisions and their typed arrays.

/** A precision of numbers. */
export type Dtype = "float32" | "float64";
/** A typed array of either precision. */
export type FloatArray = Float32Array | Float64Array;

/** The typed array of one precision. */
export type ArrayOf<D extends Dtype> = D extends "float32" ? Float32Array : Float64Array;

/** Any array of numbers that is written or added to. */
export type NumberSink = { [index: number]: number; readonly length: number };

/** Bytes of one number. */
export const bytesOf = (dtype: Dtype): number => (dtype === "float32" ? 4 : 8);

/** A new zeroed array of the precision. */
export const zeros = (dtype: Dtype, length: number): FloatArray =>
  dtype === "float32" ? new Float32Array(length) : new Float64Array(length);

/** The numbers that lie in a buffer from a byte on. */
export const viewOn = (dtype: Dtype, buffer: ArrayBufferLike, from: number, length: number): FloatArray =>
  dtype === "float32" ? new Float32Array(buffer, from, length) : new Float64Array(buffer, from, length);

/** Shorter arrays are cleared in no time. */
const LONG = 8192;

type NodeBuffer = { allocUnsafeSlow(bytes: number): Uint8Array<ArrayBuffer> };

/** A new array to be filled at once. Node and Bun need not clear it before, which takes as long as filling it. */
export function unfilled(dtype: Dtype, length: number): FloatArray {
  const { Buffer } = globalThis as { Buffer?: NodeBuffer };
  if (!Buffer?.allocUnsafeSlow || length < LONG) return zeros(dtype, length);
  const { buffer } = Buffer.allocUnsafeSlow(length * bytesOf(dtype));
  return viewOn(dtype, buffer, 0, length);
}
