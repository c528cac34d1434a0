// Matrices as users pass them.
import { invalid } from "../base/errors.ts";

/** A diagonal matrix; see `diagonal`. */
export interface Diagonal {
  /** Its entries, [state]. */
  readonly diagonal: Float64Array;
}

/**
 * The diagonal matrix of these entries, for the option `mass`: 0 for each algebraic equation. Throws `SolveError` "invalid" for
 * what is no array of finite numbers.
 */
export function diagonal(entries: ArrayLike<number>): Diagonal {
  const isArray = typeof entries === "object" && entries !== null && "length" in entries;
  const numbers = isArray ? Float64Array.from(entries) : new Float64Array(0);
  if (numbers.length === 0 || !numbers.every(Number.isFinite))
    throw invalid("diagonal(entries)", entries, "an array of finite numbers");
  return { diagonal: numbers };
}
