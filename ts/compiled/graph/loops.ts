// Loops that stay loops, and the places in arrays that they go through: element `index` + Σ stride · (round of a loop).

/** It counts its rounds from 0 to `count` − 1. */
export interface Loop {
  readonly id: number;
  readonly count: number;
}

/** How far a place moves with each round of a loop. */
export interface Along {
  readonly loop: Loop;
  readonly stride: number;
}

/** A place in an array, another one in each round of the loops it goes along; those in the order of their numbers. */
export interface Position {
  readonly index: number;
  readonly along: readonly Along[];
}

/** The array whose element k is k: what counters are read from. */
export const INDEX = "index";
/** The array of what folds have summed up so far. */
export const CARRY = "carry";

export const NOWHERE: readonly Along[] = [];
export const NO_LOOPS: readonly Loop[] = [];

/** The loops of both, in the order of their numbers. */
export function joined(a: readonly Loop[], b: readonly Loop[]): readonly Loop[] {
  if (b.length === 0 || a === b) return a;
  if (a.length === 0) return b;
  const missing = b.filter((loop) => !a.includes(loop));
  return missing.length === 0 ? a : [...a, ...missing].sort((x, y) => x.id - y.id);
}

/** a + factor · b */
export function moved(a: Position, b: Position, factor: number): Position {
  const strides = new Map(a.along.map(({ loop, stride }) => [loop, stride]));
  for (const { loop, stride } of b.along) strides.set(loop, (strides.get(loop) ?? 0) + factor * stride);
  const along = [...strides].filter(([, stride]) => stride !== 0).map(([loop, stride]) => ({ loop, stride }));
  along.sort((x, y) => x.loop.id - y.loop.id);
  return { index: a.index + factor * b.index, along };
}

/** The least and the largest element that it comes to. */
export function boundsOf({ index, along }: Position): [least: number, most: number] {
  let [least, most] = [index, index];
  for (const { loop, stride } of along) {
    const far = stride * (loop.count - 1);
    if (far < 0) least += far;
    else most += far;
  }
  return [least, most];
}

/** Every element that it comes to, the last loop's rounds fastest. */
export function elementsAt({ index, along }: Position): number[] {
  let elements = [index];
  for (const { loop, stride } of along)
    elements = elements.flatMap((first) => Array.from({ length: loop.count }, (_, k) => first + stride * k));
  return elements;
}

/** Through an array element by element, the last loop's rounds fastest. */
export function denseAlong(loops: readonly Loop[]): Along[] {
  let stride = 1;
  return loops
    .toReversed()
    .map((loop): Along => {
      const along = { loop, stride };
      stride *= loop.count;
      return along;
    })
    .reverse();
}
