// What users' functions answer: numbers, or nothing where they fill what they were given.
import type { FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { HostVector } from "../wasm/scratch.ts";

/** A VJP adds to its outputs; what it returns would be lost. */
export function refuseReturned(result: unknown): never {
  throw invalid("what vjp returned", result, "nothing: it adds to the arrays of its last argument, { y, params, t }");
}

export function store(result: ArrayLike<number>, dx: HostVector): void {
  storeNumbers(result, dx.view);
}

/** Else null would count as 0, and "1" as 1. */
function areNumbers(values: ArrayLike<unknown>): boolean {
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== "number") return false;
  return true;
}

/** Takes dy/dt from what a function returned; throws `invalid` for anything but numbers of the state's length. */
export function storeNumbers(result: unknown, dx: FloatArray): void {
  const numbers = result as ArrayLike<number> | undefined;
  if (numbers?.length !== dx.length || !(numbers instanceof Float64Array || areNumbers(numbers))) {
    // An arrow function without braces returns the value of its assignment.
    const hint = typeof result === "number" ? "; put braces around its body: (t, y, dy) => { dy[0] = …; }" : "";
    const allowed = `${dx.length} numbers, the state's length, or nothing where it fills dy${hint}`;
    throw invalid("what the field returned", result, allowed);
  }
  dx.set(numbers);
}
