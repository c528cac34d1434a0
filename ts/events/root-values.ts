// Root functions as they are called: what is no number is refused.

import type { FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { SolveEvent } from "../problem/event.ts";

/** The value of a root function; `SolveError` "invalid" where it is no number. It may be NaN or infinite. */
export function rootValue({ root }: SolveEvent, index: number, t: number, y: FloatArray): number {
  const value: unknown = root(t, y);
  if (typeof value === "number") return value;
  const allowed =
    typeof value === "boolean"
      ? "a number that changes sign, as in condition ? 1 : -1"
      : "a number, returned at once; does the function return one?";
  throw invalid(`events[${index}].root at t = ${t}`, value, allowed);
}
