// Checks that the options have in common: each returns what it was given, in one form, or throws `invalid`.

import { invalid } from "../base/errors.ts";
import type { Controller } from "../problem/controller.ts";
import type { Solver } from "../solvers/runge-kutta.ts";

export function isNumbers(value: unknown): value is ArrayLike<number> {
  return (Array.isArray(value) || ArrayBuffer.isView(value)) && "length" in value;
}

export function finiteNumbers(name: string, value: unknown, minimum: number): Float64Array {
  if (!isNumbers(value) || value.length < minimum) {
    throw invalid(
      name,
      value,
      `an array of ${minimum > 0 ? `at least ${minimum} ` : ""}finite number${minimum === 1 ? "" : "s"}`,
    );
  }
  // Element by element: a typed array made of the whole would take null, true, "1" and [1] for numbers.
  for (let i = 0; i < value.length; i++) {
    const element: unknown = value[i];
    if (typeof element === "number" && Number.isFinite(element)) continue;
    const flat = isNumbers(element) ? ", in one flat array, row after row" : "";
    throw invalid(`${name}[${i}]`, element, `a finite number${flat}`);
  }
  return new Float64Array(value);
}

/** Refuses what is no function; undefined passes. `allowed`: its signature. */
export function callable(name: string, value: unknown, allowed: string): void {
  if (value !== undefined && typeof value !== "function") throw invalid(name, value, `a function ${allowed}`);
}

export function positive(name: string, value: number | undefined, allowInfinity = false): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && value > 0 && (Number.isFinite(value) || allowInfinity)) return value;
  throw invalid(name, value, `a ${allowInfinity ? "" : "finite "}number above 0`);
}

export function oneOf<T extends string>(name: string, value: T | undefined, allowed: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  if (allowed.includes(value)) return value;
  throw invalid(name, value, allowed.map((word) => JSON.stringify(word)).join(", "));
}

/** Times in one strict direction, returned with that direction. */
export function monotone(name: string, value: unknown): { times: Float64Array; direction: number } {
  const times = finiteNumbers(name, value, 2);
  const direction = times[1]! > times[0]! ? 1 : -1;
  for (let i = 1; i < times.length; i++) {
    if ((times[i]! - times[i - 1]!) * direction > 0) continue;
    throw invalid(
      `${name}[${i}]`,
      times[i],
      times[1] === times[0]
        ? `different from ${name}[${i - 1}] = ${times[i - 1]}`
        : `strictly ${direction > 0 ? "above" : "below"} ${name}[${i - 1}] = ${times[i - 1]}`,
    );
  }
  return { times, direction };
}

export function isController(value: unknown): value is Controller {
  return typeof value === "object" && value !== null && "safety" in value;
}

export function isSolver(value: unknown): value is Solver {
  return typeof value === "object" && value !== null && "scheme" in value && "order" in value;
}
