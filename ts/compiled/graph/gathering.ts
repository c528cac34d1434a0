// Sums of contributions to the elements of an array, element by element: what loops would scatter is gathered. Each element is
// stored once, so that its neighbours can be computed beside it; a contribution of another round is the same expression, shifted.
import { type Block, type Store, straight } from "./blocks.ts";
import type { Graph, Scalar } from "./graph.ts";
import { type Along, boundsOf, type Loop, NOWHERE, type Position } from "./loops.ts";
import { Substitution } from "./substitution.ts";

/** A value, another one in each round of the loops that its position goes along. */
export interface Contribution extends Position {
  readonly value: Scalar;
}

export interface Target {
  readonly array: string;
  readonly length: number;
  /** Whether they are added to what is there; otherwise elements without any become 0. */
  readonly adds: boolean;
}

/** Intervals up to this length are straight-line code. */
const SHORT = 3;

/** That elements are gone through in a way that is not gathered; such fields are compiled without loops. */
export class NotGathered extends Error {}

/** Elements as digits of mixed radix: of element Σ digit[a] · strides[a] + rest, digit[a] < sizes[a] and rest < the last stride. */
interface Grid {
  readonly strides: readonly number[];
  readonly sizes: readonly number[];
}

/** What a contribution fills of a grid: from `first` on `extents` digits, with these loops. */
interface Box {
  readonly first: readonly number[];
  readonly extents: readonly number[];
  readonly loops: readonly (Loop | undefined)[];
  readonly rest: number;
  readonly value: Scalar;
}

/** Loops that are shared, so that what goes along loops of the same lengths can be computed together. */
export class SharedLoops {
  private readonly graph: Graph;
  private readonly known = new Map<string, Loop>();
  /** By how much loops that are gathered are shifted in the rounds of a shared one. */
  private readonly shifts = new Map<Loop, Map<Loop, number[]>>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  of(count: number, name: string): Loop {
    const key = `${name} ${count}`;
    const loop = this.known.get(key) ?? this.graph.loop(count);
    this.known.set(key, loop);
    return loop;
  }

  note(shared: Loop, loop: Loop, shift: number): void {
    const known = this.shifts.get(shared) ?? new Map<Loop, number[]>();
    this.shifts.set(shared, known);
    known.set(loop, [...(known.get(loop) ?? []), shift]);
  }

  /** The round of a loop that most of what is gathered belongs to in the first round of a shared one. */
  shift(shared: Loop, loop: Loop): number | undefined {
    const all = this.shifts
      .get(shared)
      ?.get(loop)
      ?.toSorted((a, b) => a - b);
    return all?.[all.length >> 1];
  }
}

/** Along growing elements: a loop that goes backwards is turned. */
function ascending(graph: Graph, shared: SharedLoops, contribution: Contribution): Contribution {
  if (contribution.along.every(({ stride }) => stride > 0)) return contribution;
  const rounds = new Map<Loop, Position>();
  const along = contribution.along.map(({ loop, stride }): Along => {
    if (stride > 0) return { loop, stride };
    const turned = graph.loop(loop.count);
    rounds.set(loop, { index: loop.count - 1, along: [{ loop: turned, stride: -1 }] });
    return { loop: turned, stride: -stride };
  });
  const value = new Substitution(graph, rounds, (count, depth) => shared.of(count, `fold ${depth}`)).of(
    contribution.value,
  );
  return { index: boundsOf(contribution)[0], along, value };
}

function gridOf(contributions: readonly Contribution[], length: number): Grid {
  const all = contributions.flatMap(({ along }) => along.map(({ stride }) => stride));
  const strides = [...new Set(all)].sort((a, b) => b - a);
  if (strides.length === 0) strides.push(1);
  const sizes = strides.map((stride, a) => (a === 0 ? Math.ceil(length / stride) : strides[a - 1]! / stride));
  return { strides, sizes };
}

const digitsOf = (element: number, { strides }: Grid): [digits: number[], rest: number] => {
  let rest = element;
  const digits = strides.map((stride) => {
    const digit = Math.floor(rest / stride);
    rest -= digit * stride;
    return digit;
  });
  return [digits, rest];
};

/** The box of a contribution; undefined where it is none in this grid. */
function boxOf({ index, along, value }: Contribution, grid: Grid): Box | undefined {
  const [first, rest] = digitsOf(index, grid);
  const loops: (Loop | undefined)[] = grid.strides.map(() => undefined);
  for (const { loop, stride } of along) {
    const a = grid.strides.indexOf(stride);
    if (a < 0 || loops[a]) return undefined;
    loops[a] = loop;
  }
  const extents = loops.map((loop) => loop?.count ?? 1);
  const fits = extents.every((extent, a) => first[a]! + extent <= grid.sizes[a]!);
  return fits ? { first, extents, loops, rest, value } : undefined;
}

/** The intervals between all first and last digits of boxes; short ones digit by digit. */
function intervalsOf(boxes: readonly Box[], a: number, size: number, whole: number): [from: number, to: number][] {
  const ends = new Set([0, whole, size]);
  for (const { first, extents } of boxes) ends.add(first[a]!).add(first[a]! + extents[a]!);
  const sorted = [...ends].sort((x, y) => x - y);
  return sorted.slice(1).flatMap((to, i): [number, number][] => {
    const from = sorted[i]!;
    if (to - from > SHORT) return [[from, to]];
    return Array.from({ length: to - from }, (_, k) => [from + k, from + k + 1]);
  });
}

const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((item) => [...head, item])), [[]]);

/** The same where no contribution moves. */
function gatherScalars(graph: Graph, { array, length, adds }: Target, contributions: readonly Contribution[]): Block {
  const sums = new Map<number, Scalar>();
  for (const { index, value } of contributions) sums.set(index, graph.add(sums.get(index) ?? 0, value));
  const elements = adds ? [...sums.keys()].sort((a, b) => a - b) : Array.from({ length }, (_, i) => i);
  const stores = elements.flatMap((index): Store[] => {
    const value = sums.get(index) ?? 0;
    return adds && value === 0 ? [] : [{ array, index, value, adds }];
  });
  return straight(stores, graph.terms.length);
}

/** The blocks that store the sums of contributions in an array. */
export function gather(
  graph: Graph,
  shared: SharedLoops,
  target: Target,
  contributions: readonly Contribution[],
): Block[] {
  if (contributions.every(({ along }) => along.length === 0)) return [gatherScalars(graph, target, contributions)];
  const { array, length, adds } = target;
  const ordered = contributions.map((contribution) => ascending(graph, shared, contribution));
  const grid = gridOf(ordered, length);
  if (grid.sizes.some((size, a) => a > 0 && !Number.isInteger(size))) throw new NotGathered();
  const boxes = ordered.map((contribution) => {
    const box = boxOf(contribution, grid);
    if (!box) throw new NotGathered();
    return box;
  });
  const stores = new Map<string, { loops: readonly Loop[]; stores: Store[] }>();
  const put = (loops: readonly Loop[], store: Store): void => {
    const key = loops.map(({ id }) => id).join();
    const block = stores.get(key) ?? { loops, stores: [] };
    stores.set(key, block);
    block.stores.push(store);
  };
  const { strides, sizes } = grid;
  // The last one may not be whole.
  const whole = sizes.map((size, a) => (a === 0 ? Math.floor(length / strides[0]!) : size));
  const intervals = sizes.map((size, a) => intervalsOf(boxes, a, size, whole[a]!));
  const last = strides.at(-1)!;
  for (const cell of product(intervals)) {
    const loops = cell.map(([from, to], a) => (to - from > 1 ? shared.of(to - from, `digit ${a}`) : undefined));
    const along = loops.flatMap((loop, a) => (loop ? [{ loop, stride: strides[a]! }] : []));
    const start = cell.reduce((sum, [from], a) => sum + from * strides[a]!, 0);
    for (let rest = 0; rest < last; rest++) {
      const position = { index: start + rest, along };
      const covering = boxes.filter((box) => box.rest === rest && covers(box, cell));
      const parts = covering.map((box) => shifted(graph, shared, box, cell, loops));
      if (parts.length === 0 && (adds || isOutside(position, length))) continue;
      const value = parts.reduce<Scalar>((sum, part) => graph.add(sum, part), 0);
      if (adds && value === 0) continue;
      put(
        along.map(({ loop }) => loop),
        { array, ...position, value, adds },
      );
    }
  }
  const end = graph.terms.length;
  return [...stores.values()].map((block) => ({ ...block, end }));
}

const covers = ({ first, extents }: Box, cell: readonly (readonly [number, number])[]): boolean =>
  cell.every(([from, to], a) => first[a]! <= from && to <= first[a]! + extents[a]!);

/** Whether a position lies beyond an array whose length is no multiple of the grid's; it may not lie across its end. */
function isOutside(position: Position, length: number): boolean {
  const [least, most] = boundsOf(position);
  if (least < length && most >= length) throw new NotGathered();
  return least >= length;
}

/** The value of a box at the elements of a cell. */
function shifted(
  graph: Graph,
  shared: SharedLoops,
  { first, loops, value }: Box,
  cell: readonly (readonly [number, number])[],
  own: readonly (Loop | undefined)[],
): Scalar {
  const rounds = new Map<Loop, Position>();
  loops.forEach((loop, a) => {
    const to = own[a];
    if (loop && to) shared.note(to, loop, cell[a]![0] - first[a]!);
    if (loop) rounds.set(loop, { index: cell[a]![0] - first[a]!, along: to ? [{ loop: to, stride: 1 }] : NOWHERE });
  });
  return new Substitution(graph, rounds, (count, depth) => shared.of(count, `fold ${depth}`)).of(value);
}
