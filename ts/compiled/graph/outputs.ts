// Where loops have left a field's derivatives: what a temporary array has only been filled for is stored where it belongs.
import { type Block, type Store, straight } from "./blocks.ts";
import type { Graph, Scalar } from "./graph.ts";
import { type Along, elementsAt, type Loop } from "./loops.ts";
import { isOwn } from "./terms.ts";

/** The blocks that leave `outputs`, some of which `blocks` compute, in an array. */
export function storing(graph: Graph, blocks: readonly Block[], outputs: readonly Scalar[], array: string): Block[] {
  /** Of each temporary array where its elements go. */
  const targets = new Map<string, number[]>();
  outputs.forEach((value, index) => {
    if (typeof value !== "object" || !isOwn(value.array)) return;
    const known = targets.get(value.array) ?? [];
    targets.set(value.array, known);
    known[value.index] ??= index;
  });
  const stored = new Uint8Array(outputs.length);
  const redirected = blocks.map((block): Block => {
    const more = block.stores.flatMap((store): Store[] => {
      const target = targets.get(store.array);
      const place = target && affine(target, block.loops);
      if (!place) return [];
      for (const index of target) stored[index] = 1;
      return [{ ...store, array, ...place }];
    });
    return more.length > 0 ? { ...block, stores: [...block.stores, ...more] } : block;
  });
  const others = outputs.flatMap((value, index): Store[] => (stored[index] ? [] : [{ array, index, value }]));
  return [...redirected, straight(others, graph.terms.length)];
}

/** The position that goes through some elements, one in each round of loops; undefined where there is none. */
function affine(
  elements: readonly number[],
  loops: readonly Loop[],
): { index: number; along: readonly Along[] } | undefined {
  const count = loops.reduce((all, loop) => all * loop.count, 1);
  if (elements.length !== count || loops.length === 0) return undefined;
  const [index] = elements as [number];
  let dense = count;
  const along = loops.map((loop): Along => {
    dense /= loop.count;
    return { loop, stride: elements[dense]! - index };
  });
  return elementsAt({ index, along }).every((element, k) => element === elements[k]) ? { index, along } : undefined;
}
