// Parameters: one flat typed array that optimisers update in place, and, where they have names, the object that f is given.
import type { FloatArray } from "../../base/dtype.ts";
import { invalid } from "../../base/errors.ts";
import { type CallableNetwork, rowLengthOf } from "../../fields/callable-network.ts";

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

/** A network that the equation calls; its parameters follow the equation's own. */
export interface NetworkPlace {
  readonly name: string;
  readonly network: CallableNetwork;
  /** Numbers in a row that it is given. */
  readonly width: number;
  readonly start: number;
  readonly length: number;
}

/** Where each parameter lies in the flat array. */
export interface Layout {
  /** undefined: they have no names. */
  readonly places: readonly Place[] | undefined;
  /** How many there are, without those of networks. */
  readonly length: number;
  readonly networks: readonly NetworkPlace[];
  /** How many there are in all. */
  readonly total: number;
}

/** The layout where these networks are called, too. */
export function withNetworks(
  { places, length }: Layout,
  networks: readonly (readonly [string, CallableNetwork])[],
): Layout {
  let total = length;
  const own = networks.map(([name, network]): NetworkPlace => {
    const start = total;
    total += network.params.length;
    return { name, network, width: rowLengthOf(network), start, length: network.params.length };
  });
  const names = [...(places ?? []), ...own].map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw invalid("compiled option uses", twice, "networks with names that no parameter has");
  return { places, length, networks: own, total };
}

const ALLOWED = "an array of numbers, or an object of numbers and arrays of numbers";

function numbersOf(option: string, given: ArrayLike<unknown>): number[] {
  const numbers = Array.from(given);
  const bad = numbers.findIndex((value) => typeof value !== "number");
  if (bad >= 0) throw invalid(`${option}[${bad}]`, given[bad], "a number");
  return numbers as number[];
}

const isArray = (given: unknown): given is ArrayLike<number> => Array.isArray(given) || ArrayBuffer.isView(given);

const layout = (places: Place[] | undefined, length: number): Layout => ({
  places,
  length,
  networks: [],
  total: length,
});

/** The layout of the option `params`, and its numbers; a flat array of the field's type is used itself. */
export function layoutOf(params: unknown, type: typeof Float64Array | typeof Float32Array): [Layout, FloatArray] {
  if (params === undefined) return [layout(undefined, 0), new type(0)];
  if (typeof params !== "object" || params === null) throw invalid("compiled option params", params, ALLOWED);
  if (isArray(params)) {
    const flat = params instanceof type ? params : new type(numbersOf("compiled option params", params));
    return [layout(undefined, flat.length), flat];
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
  return [layout(places, flat.length), new type(flat)];
}

/** All parts of the flat array by name: numbers, and copies of arrays. */
export function namedOf(layout: Layout, flat: ArrayLike<number>): unknown {
  const { networks, length, places } = layout;
  if (networks.length === 0) return argumentOf(layout, flat);
  const own = places ? argumentOf(layout, flat) : length > 0 && { [UNNAMED]: argumentOf(layout, flat) };
  return { ...(own as object), ...Object.fromEntries(networks.map((place) => [place.name, part(flat, place)])) };
}

/** Their names. */
export const namesOf = ({ places, length, networks }: Layout): string[] => [
  ...(places?.map(({ name }) => name) ?? (length > 0 && networks.length > 0 ? [UNNAMED] : [])),
  ...networks.map(({ name }) => name),
];

/** What parameters without names are called beside networks. */
const UNNAMED = "params";

const part = (flat: ArrayLike<number>, { start, length }: { start: number; length: number }): Float64Array =>
  Float64Array.from({ length }, (_, i) => flat[start + i]!);

/** Parameters that are given in place of the field's: a flat array, or the object of its parts. */
export function flatOf(layout: Layout, given: unknown): Float64Array {
  const { places = [], length, networks, total } = layout;
  if (isArray(given) && given.length === total) return Float64Array.from(given);
  const names = namesOf(layout);
  const allowed = `${total} numbers${names.length > 0 ? `, or an object of ${names.join(", ")}` : ""}`;
  if (names.length === 0 || isArray(given) || typeof given !== "object" || given === null)
    throw invalid("params", given, allowed);
  const flat = new Float64Array(total);
  const unnamed = layout.places || length === 0 ? [] : [{ name: UNNAMED, start: 0, length }];
  const parts = [...places, ...unnamed, ...networks];
  for (const [name, value] of Object.entries(given))
    if (!parts.some((own) => own.name === name)) throw invalid(`params.${name}`, value, allowed);
  for (const { name, start, length: count } of parts) {
    const value = (given as Record<string, unknown>)[name];
    const numbers = count === undefined ? [value] : (value as ArrayLike<unknown>);
    if (numbers?.length !== (count ?? 1)) throw invalid(`params.${name}`, value, `${count ?? 1} numbers`);
    flat.set(numbersOf(`params.${name}`, numbers), start);
  }
  return flat;
}

/** What f is given as its fourth argument: the flat array, or the object of its parts, which are copies. */
export function argumentOf({ places, length, total }: Layout, flat: ArrayLike<number>): unknown {
  if (!places) return length === total ? flat : part(flat, { start: 0, length });
  return Object.fromEntries(
    places.map(({ name, start, length: count }) => [
      name,
      count === undefined ? flat[start]! : part(flat, { start, length: count }),
    ]),
  );
}
