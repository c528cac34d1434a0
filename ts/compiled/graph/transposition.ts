// Derivatives of a function that consists of blocks, as more blocks.
import { Alongside } from "./alongside.ts";
import { type Block, needed, type Store } from "./blocks.ts";
import { dependent, forward, Pullback } from "./derivatives.ts";
import { distinct } from "./distinct.ts";
import { type Contribution, gather, SharedLoops, type Target } from "./gathering.ts";
import type { Graph, Scalar, Term } from "./graph.ts";
import { type Along, NOWHERE } from "./loops.ts";
import { isOwn } from "./terms.ts";

/** The values that go into each array. */
function sourcesOf(blocks: readonly Block[]): Map<string, Scalar[]> {
  const sources = new Map<string, Scalar[]>();
  for (const { stores } of blocks)
    for (const { array, value } of stores) sources.set(array, [...(sources.get(array) ?? []), value]);
  return sources;
}

/**
 * The blocks that pull cotangents of `output`, read from the array `cotangents`, back to the inputs in `targets`, by the names
 * of their arrays. No element of `output` is stored twice.
 */
export function pulled(
  graph: Graph,
  blocks: readonly Block[],
  output: string,
  cotangents: string,
  targets: ReadonlyMap<string, Target>,
): Block[] {
  const depends = dependent(graph.terms, graph.terms.length, new Set(targets.keys()), sourcesOf(blocks));
  const pullback = new Pullback(graph, depends);
  const shared = new SharedLoops(graph);
  const contributions = new Map<string, Contribution[]>();
  const arrive = ({ array, index, along }: Term, value: Scalar): void => {
    const known = contributions.get(array);
    if (known) known.push({ index, along, value });
    else contributions.set(array, [{ index, along, value }]);
  };
  const made: Block[] = [];
  const bars = new Map<string, string>();
  /** The array of cotangents of a temporary one, whose contributions are all there. */
  const barsOf = (array: string): string => {
    let name = bars.get(array);
    if (name === undefined) {
      const { length } = graph.arrays.get(array)!;
      name = graph.array(length);
      bars.set(array, name);
      made.push(...gather(graph, shared, { array: name, length, adds: false }, contributions.get(array)!));
    }
    return name;
  };
  const giveTo = ({ array, index, along = NOWHERE, value }: Store, { loops }: Block): void => {
    if (typeof value !== "object" || (array !== output && !contributions.has(array))) return;
    pullback.give(value, true, graph.input(array === output ? cotangents : barsOf(array), index, along), loops);
  };
  graph.derive(() => {
    for (const block of blocks.toReversed()) {
      pullback.sweep(block.end, arrive);
      for (const store of block.stores) giveTo(store, block);
    }
    pullback.sweep(0, arrive);
    const gathered: Block[] = [];
    const sums: [Target, readonly Contribution[]][] = [];
    for (const [array, target] of targets) {
      const own = contributions.get(array) ?? [];
      if (own.some(({ along }) => along.length > 0)) gathered.push(...gather(graph, shared, target, own));
      else sums.push([target, own]);
    }
    const alongside = new Alongside(graph, shared, gathered);
    made.push(...alongside.blocks);
    for (const [target, own] of sums) {
      const values = own.map((contribution) => ({ ...contribution, value: alongside.of(contribution.value) }));
      made.push(...gather(graph, shared, target, values));
    }
  });
  return graph.derive(() => distinct(graph, needed([...blocks.map((block) => withoutOutputs(block)), ...made])));
}

const withoutOutputs = (block: Block): Block => ({
  ...block,
  stores: block.stores.filter(({ array }) => isOwn(array)),
});

/** The blocks that push tangents of the inputs forward, to be stored in `dots` instead of `output`. */
export function pushed(
  graph: Graph,
  blocks: readonly Block[],
  output: string,
  dots: string,
  tangent: (array: string, index: number, along: readonly Along[]) => Scalar | undefined,
): Block[] {
  const own = new Map<string, string>();
  const moving = (array: string, index: number, along: readonly Along[]): Scalar | undefined => {
    if (!isOwn(array)) return tangent(array, index, along);
    const name = own.get(array);
    return name === undefined ? undefined : graph.input(name, index, along);
  };
  const made: Block[] = [];
  for (const { loops, stores } of blocks) {
    const values = forward(
      graph,
      stores.map(({ value }) => value),
      moving,
    );
    const pushed = stores.flatMap((store, i): Store[] => {
      const { array } = store;
      if (array === output) return [{ ...store, array: dots, value: values[i]! }];
      if (values[i] === 0) return [];
      const name = own.get(array) ?? graph.array(graph.arrays.get(array)!.length);
      own.set(array, name);
      return [{ ...store, array: name, value: values[i]! }];
    });
    made.push({ loops, stores: pushed, end: graph.terms.length });
  }
  return graph.derive(() => distinct(graph, needed([...blocks.map((block) => withoutOutputs(block)), ...made])));
}
