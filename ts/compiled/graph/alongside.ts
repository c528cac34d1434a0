// Sums over the rounds of a loop that are computed in the rounds of a block: what both need is computed once.
import type { Block } from "./blocks.ts";
import type { SharedLoops } from "./gathering.ts";
import { type Graph, isOperation, known, type Scalar, type Term } from "./graph.ts";
import type { Loop, Position } from "./loops.ts";
import { ADD } from "./operations.ts";
import { Substitution } from "./substitution.ts";

/** Rounds of a sum, at most, that a block has not and that are straight-line code. */
const MOST_OTHERS = 6;

interface Host {
  readonly loop: Loop;
  readonly folds: Term[];
}

export class Alongside {
  /** With the sums that belong to them. */
  readonly blocks: readonly Block[];
  private readonly graph: Graph;
  private readonly shared: SharedLoops;
  private readonly hosts: readonly Host[];
  private readonly done = new Map<Term, Scalar>();

  constructor(graph: Graph, shared: SharedLoops, blocks: readonly Block[]) {
    this.graph = graph;
    this.shared = shared;
    const hosts: Host[] = [];
    this.blocks = blocks.map((block) => {
      const [loop, other] = block.loops;
      if (!loop || other) return block;
      const host = { loop, folds: [] };
      hosts.push(host);
      return { ...block, folds: host.folds };
    });
    this.hosts = hosts;
  }

  /** A value that no loop changes, with the sums in it that blocks can compute. */
  of(value: Scalar): Scalar {
    if (typeof value === "number" || value.array || value.loops.length > 0 || value.list.length === 0) return value;
    let made = this.done.get(value);
    if (made === undefined) {
      const { graph } = this;
      made = value.loop
        ? this.sum(value)
        : graph.remade(
            value.operation,
            value.list.map((part) => this.of(known(part))),
          );
      this.done.set(value, made);
    }
    return made;
  }

  private sum(fold: Term): Scalar {
    const { graph, shared } = this;
    const [next, carry] = fold.list as [Term, Term];
    const loop = fold.loop!;
    const part = isOperation(next, ADD) && fold.value === 1 ? next.list.find((own) => own !== carry) : undefined;
    for (const host of part ? this.hosts : []) {
      const others = loop.count - host.loop.count;
      const first = shared.shift(host.loop, loop) ?? (others === 0 ? 0 : -1);
      if (others > MOST_OTHERS || first < 0 || first > others) continue;
      const inRound = (round: Position): Scalar =>
        new Substitution(graph, new Map([[loop, round]]), (count, depth) => shared.of(count, `fold ${depth}`)).of(
          part!,
        );
      const inside = graph.sum([host.loop], inRound({ index: first, along: [{ loop: host.loop, stride: 1 }] }));
      if (typeof inside === "object" && inside.loop === host.loop && !host.folds.includes(inside))
        host.folds.push(inside);
      let sum = inside;
      for (let k = 0; k < loop.count; k++) {
        if (k < first || k >= first + host.loop.count) sum = graph.add(sum, inRound({ index: k, along: [] }));
      }
      return sum;
    }
    return fold;
  }
}
