// The self-check: what was compiled must compute what f itself computes. It is asked where a field is first evaluated, and
// finds what no reader of texts can know: a builder that changed the meaning, or a value that has changed since it was read.
import type { Dtype } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";

/** How far two values may be apart, relative to the largest value on the way: roundings of a few hundred operations. */
const TOLERANCE = { float64: 2 ** -42, float32: 2 ** -21 };

/** Compares `got` with `expected`; `largest` is asked for the largest value on the way where they differ; `name` for messages. */
export function compare(
  t: number,
  y: ArrayLike<number>,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  dtype: Dtype,
  largest: () => number,
  name = (index: number): string => `dy[${index}]`,
): void {
  let tolerance: number | undefined;
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [got[i]!, expected[i]!];
    if (Object.is(a, b) || a === b) continue;
    tolerance ??= TOLERANCE[dtype] * largest();
    if (Math.abs(a - b) <= tolerance) continue;
    throw invalid(
      `compiled: ${name(i)} at t = ${t}, y = [${Array.from(y).slice(0, 4).join(", ")}${y.length > 4 ? ", …" : ""}],`,
      a,
      `${b}, which f itself gives. Does it use something that changes, or that has changed since compiled() read it? Hand it in by params`,
    );
  }
}
