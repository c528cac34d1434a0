// Values of a graph in other rounds: with the counters of some loops replaced by what is affine in others.
import { type Graph, isOperation, known, type Scalar, type Term } from "./graph.ts";
import { INDEX, type Loop, moved, NOWHERE, type Position } from "./loops.ts";
import { ADD, FOLD } from "./operations.ts";

export class Substitution {
  private readonly graph: Graph;
  private readonly rounds: ReadonlyMap<Loop, Position>;
  /** The loop that a fold along another one goes along instead, by how many folds are around it. */
  private readonly loopFor: (count: number, depth: number) => Loop;
  private readonly done = new Map<number, Scalar>();
  private readonly depth: number;

  /** `loopFor` gives folds that are alike the same loop, so that they can be computed together. */
  constructor(
    graph: Graph,
    rounds: ReadonlyMap<Loop, Position>,
    loopFor: (count: number, depth: number) => Loop,
    depth = 0,
  ) {
    this.graph = graph;
    this.rounds = rounds;
    this.loopFor = loopFor;
    this.depth = depth;
  }

  position({ index, along }: Position): Position {
    return along.reduce<Position>(
      (sum, { loop, stride }) =>
        moved(sum, this.rounds.get(loop) ?? { index: 0, along: [{ loop, stride: 1 }] }, stride),
      { index, along: NOWHERE },
    );
  }

  of(value: Scalar): Scalar {
    if (typeof value === "number") return value;
    const known = this.done.get(value.id);
    if (known !== undefined) return known;
    const made = value.loops.some((loop) => this.rounds.has(loop)) ? this.made(value) : value;
    this.done.set(value.id, made);
    return made;
  }

  private made(term: Term): Scalar {
    const { graph } = this;
    if (term.operation === FOLD) return this.fold(term);
    if (!term.array)
      return graph.remade(
        term.operation,
        term.list.map((part) => this.of(known(part))),
      );
    const { index, along } = this.position(term);
    const { values } = graph.arrays.get(term.array) ?? {};
    if (along.length === 0)
      return values ? values[index]! : term.array === INDEX ? index : graph.input(term.array, index);
    return graph.input(term.array, index, along);
  }

  /** A fold along another loop, and with what it carries on its own. */
  fold({ list: [next, carry, init], loop }: Term): Scalar {
    const { graph, depth } = this;
    const own = this.loopFor(loop!.count, depth);
    const rounds = new Map(this.rounds).set(loop!, { index: 0, along: [{ loop: own, stride: 1 }] });
    const inside = new Substitution(graph, rounds, this.loopFor, depth + 1);
    const others = isOperation(next, ADD) && known(init!) === 0 ? next.list.filter((part) => part !== carry) : [];
    if (others.length === 1) return graph.sum([own], inside.of(known(others[0]!)));
    const before = graph.carry(own);
    inside.done.set(carry!.id, before);
    return graph.fold(own, before, inside.of(known(next!)), this.of(known(init!)));
  }
}
