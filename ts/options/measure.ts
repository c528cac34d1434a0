// How errors are measured: rtol, atol and norm.

import { invalid } from "../base/errors.ts";
import type { Field } from "../fields/field.ts";
import type { Measure } from "../vectors/arithmetic.ts";
import { finiteNumbers, isNumbers } from "./checks.ts";
import type { NormSegment, SolveOptions } from "./options.ts";

const DEFAULT_TOLERANCES = { float64: { rtol: 1e-6, atol: 1e-9 }, float32: { rtol: 1e-4, atol: 1e-6 } };

function tolerance(name: string, value: unknown, length: number, dim: number, fallback: number): number | Float64Array {
  if (value === undefined) return fallback;
  const allowed = `a number ≥ 0, or an array of them of the state's length ${length}${dim < length ? ` or a row's length ${dim}` : ""}`;
  if (typeof value === "number") {
    if (value >= 0 && Number.isFinite(value)) return value;
    throw invalid(name, value, allowed);
  }
  if (!isNumbers(value) || (value.length !== length && value.length !== dim)) throw invalid(name, value, allowed);
  const numbers = finiteNumbers(name, value, 1);
  const bad = numbers.findIndex((number) => number < 0);
  if (bad >= 0) throw invalid(`${name}[${bad}]`, numbers[bad], "a number ≥ 0");
  return Float64Array.from({ length }, (_, i) => numbers[i % numbers.length]!);
}

export function measureOf(options: SolveOptions, field: Field, length: number): Measure {
  const dim = field.dim ?? length;
  const defaults = DEFAULT_TOLERANCES[field.dtype];
  const rtol = tolerance("rtol", options.rtol, length, dim, defaults.rtol);
  const atol = tolerance("atol", options.atol, length, dim, defaults.atol);
  for (let i = 0; i < length; i++) {
    if ((typeof rtol === "number" ? rtol : rtol[i]!) > 0 || (typeof atol === "number" ? atol : atol[i]!) > 0) continue;
    throw invalid("rtol and atol", [0, 0], `at least one above 0 for every component; component ${i} has none`);
  }
  const { norm = "rms" } = options;
  const whole = [{ start: 0, length, weight: 1 }];
  if (norm === "rms" || norm === "max") return { kind: norm, segments: whole, rtol, atol };
  const allowed = `"rms", "max", or segments [{ length, weight }, …] whose lengths add up to the state's length ${length}`;
  if (!Array.isArray(norm)) throw invalid("norm", norm, allowed);
  let start = 0;
  const segments = (norm as readonly (NormSegment | null)[]).map((segment, i) => {
    if (typeof segment !== "object" || segment === null)
      throw invalid(`norm[${i}]`, segment, "a segment { length, weight }");
    const { length: count, weight } = segment;
    if (!(Number.isInteger(count) && count > 0)) throw invalid(`norm[${i}].length`, count, "a positive integer");
    if (!(weight >= 0 && Number.isFinite(weight))) throw invalid(`norm[${i}].weight`, weight, "a finite number ≥ 0");
    start += count;
    return { start: start - count, length: count, weight };
  });
  if (start !== length)
    throw invalid(
      "norm",
      segments.map((segment) => segment.length),
      allowed,
    );
  const counted = segments.filter(({ weight }) => weight > 0);
  if (counted.length === 0)
    throw invalid(
      "norm",
      segments.map(({ weight }) => weight),
      "at least one segment with weight above 0",
    );
  return { kind: "rms", segments: counted, rtol, atol };
}
