// The two precisions and their typed arrays.

export type Dtype = "float32" | "float64";
export type FloatArray = Float32Array | Float64Array;

/** The typed array of one precision. */
export type ArrayOf<D extends Dtype> = D extends "float32" ? Float32Array : Float64Array;

/** Bytes of one number. */
export const bytesOf = (dtype: Dtype): number => (dtype === "float32" ? 4 : 8);

/** A new zeroed array of the precision. */
export const zeros = (dtype: Dtype, length: number): FloatArray =>
  dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
