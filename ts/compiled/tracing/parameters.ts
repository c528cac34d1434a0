// Parameters: one flat typed array that optimisers update in place, and, where they have names, the object that f is given.
import type { FloatArray } from "../../base/dtype.ts";
import { invalid } from "../../base/errors.ts";

/** Parameters by name: numbers, and arrays of numbers. */
export type NamedParams = { readonly [name: string]: number | ArrayLike<number> };

/** What f is given as its fourth argument for them, and what `named` returns. */
export type NamedValues<P extends NamedParams> = {
  readonly [K in keyof P]: P[K] extends number ? number : Float64Array;
};

interface Place {
  readonly name: string;
  readonly start: number;
  /** How many numbers; undefined: one that is no array. */
  readonly length: number | undefined;
}

/** Where each parameter lies in the flat array. */
export interface Layout {
  /** undefined: they have no names. */
  readonly places: readonly Place[] | undefined;
  readonly length: number;
}

const ALLOWED = "an array of numbers, or an object of numbers and arrays of numbers";

function numbersOf(option: string, given: ArrayLike<unknown>): number[] {
  const numbers = Array.from(given);
  const bad = numbers.findIndex((value) => typeof value !== "number");
  if (bad >= 0) throw invalid(`${option}[${bad}]`, given[bad], "a number");
  return numbers as number[];
}

const isArray = (given: unknown): given is ArrayLike<number> => Array.isArray(given) || ArrayBuffer.isView(given);

/** The layout of the option `params`, and its numbers; a flat array of the field's type is used itself. */
export function layoutOf(params: unknown, type: typeof Float64Array | typeof Float32Array): [Layout, FloatArray] {
  if (params === undefined) return [{ places: undefined, length: 0 }, new type(0)];
  if (typeof params !== "object" || params === null) throw invalid("compiled option params", params, ALLOWED);
  if (isArray(params)) {
    const flat = params instanceof type ? params : new type(numbersOf("compiled option params", params));
    return [{ places: undefined, length: flat.length }, flat];
  }
  const places: Place[] = [];
  const flat: number[] = [];
  for (const [name, value] of Object.entries(params)) {
    const option = `compiled option params.${name}`;
    if (typeof value !== "number" && !isArray(value)) throw invalid(option, value, "a number or an array of numbers");
    const numbers = typeof value === "number" ? [value] : numbersOf(option, value);
    places.push({ name, start: flat.length, length: typeof value === "number" ? undefined : numbers.length });
    flat.push(...numbers);
  }
  return [{ places, length: flat.length }, new type(flat)];
}

/** Parameters that are given in place of the field's: a flat array, or the object of its parts. */
export function flatOf({ places, length }: Layout, given: unknown): Float64Array {
  if (isArray(given) && given.length === length) return Float64Array.from(given);
  const allowed = `${length} numbers${places ? `, or an object of ${places.map(({ name }) => name).join(", ")}` : ""}`;
  if (!places || isArray(given) || typeof given !== "object" || given === null) throw invalid("params", given, allowed);
  const flat = new Float64Array(length);
  for (const { name, start, length: count } of places) {
    const value = (given as Record<string, unknown>)[name];
    const numbers = count === undefined ? [value] : (value as ArrayLike<unknown>);
    if (numbers?.length !== (count ?? 1)) throw invalid(`params.${name}`, value, `${count ?? 1} numbers`);
    flat.set(numbersOf(`params.${name}`, numbers), start);
  }
  return flat;
}

/** What f is given as its fourth argument: the flat array, or the object of its parts, which are copies. */
export function argumentOf({ places }: Layout, flat: ArrayLike<number>): unknown {
  if (!places) return flat;
  return Object.fromEntries(
    places.map(({ name, start, length }) => [
      name,
      length === undefined ? flat[start]! : Float64Array.from({ length }, (_, i) => flat[start + i]!),
    ]),
  );
}
