// Everything that a traced function can change. Where a condition on the state chooses between two ways, both are traced, one
// after the other from the same state, and every place that they leave different becomes a choice between the two values. A
// way that ends early (return, break, continue under a condition) waits until the others come to where it leads.
import { type Graph, implies, isOperation, known, type Scalar, type Term, type Truth } from "../graph/graph.ts";
import { SELECT } from "../graph/operations.ts";
import { NotKept, UNREAD } from "./unread.ts";
import { Choice, isTerm, type Place, type Value } from "./values.ts";

/** How a statement ends, other than by going on. */
export interface Completion {
  readonly kind: "return" | "break" | "continue";
  readonly label?: string | undefined;
  /** What is returned. */
  readonly value?: Value;
}

export interface Mark {
  /** How much had been written. */
  readonly at: number;
  /** How many places there were. */
  readonly births: number;
}

/** A way that has ended early, where `condition` is true, and what it has changed since its mark. */
interface Ended {
  completion: Completion;
  condition: Truth;
  changes: Map<Place, Value>;
  mark: Mark;
}

export class Heap {
  private readonly graph: Graph;
  private births = 0;
  /** The places written to and what was in them before, while anybody may want to know. */
  private readonly journal: { readonly place: Place; readonly before: Value }[] = [];
  private branches = 0;
  private readonly ended: Ended[] = [];

  constructor(graph: Graph) {
    this.graph = graph;
  }

  place(value: Value): Place {
    return { value, born: this.births++ };
  }

  write(place: Place, value: Value): void {
    if (this.branches > 0 || this.ended.length > 0) this.journal.push({ place, before: place.value });
    place.value = value;
  }

  /** How many ways have ended early so far: where those of a function or a loop begin. */
  get waiting(): number {
    return this.ended.length;
  }

  get mark(): Mark {
    return { at: this.journal.length, births: this.births };
  }

  /** What was in the places at a mark that have been written since; of those that were there. */
  private before({ at, births }: Mark, until: number = this.journal.length): Map<Place, Value> {
    const before = new Map<Place, Value>();
    for (let i = until - 1; i >= at; i--) {
      const { place, before: value } = this.journal[i]!;
      if (place.born < births) before.set(place, value);
    }
    return before;
  }

  /** What was in the places that have been written to since a mark, of those that were there. */
  since(mark: Mark): Map<Place, Value> {
    return this.before(mark);
  }

  /** Goes back to a mark; everything since then must have been part of an attempt. */
  rollBack(mark: Mark): void {
    this.undo(mark);
  }

  /** Runs something that may fail: if it throws, nothing has changed. */
  attempt<T>(run: () => T): T {
    const { mark, branches } = this;
    const waiting = this.ended.length;
    this.branches++;
    try {
      return run();
    } catch (error) {
      this.ended.length = waiting;
      this.undo(mark);
      throw error;
    } finally {
      this.branches = branches;
    }
  }

  /** Goes back to a mark and returns what is undone. */
  private undo(mark: Mark): Map<Place, Value> {
    const before = this.before(mark);
    const changes = new Map<Place, Value>();
    for (const [place, value] of before) {
      changes.set(place, place.value);
      place.value = value;
    }
    this.journal.length = mark.at;
    return changes;
  }

  private redo(changes: ReadonlyMap<Place, Value>): void {
    for (const [place, value] of changes) this.write(place, value);
  }

  /** Lets a way that has ended count its changes from an earlier mark; before what came since is undone. */
  private rebase(way: Ended, mark: Mark): void {
    const changes = new Map<Place, Value>();
    const later = this.before(way.mark);
    for (const place of this.before(mark, way.mark.at).keys())
      changes.set(place, later.has(place) ? later.get(place) : place.value);
    for (const [place, value] of way.changes) if (place.born < mark.births) changes.set(place, value);
    way.changes = changes;
    way.mark = mark;
  }

  /** A condition, or what is known of it on the way being traced: the conditions of those that have ended are false there. */
  decided(condition: Truth): Truth {
    if (typeof condition === "boolean") return condition;
    const { graph, ended } = this;
    const opposite = graph.not(condition);
    for (const way of ended) {
      const fact = graph.not(way.condition);
      if (implies(fact, condition)) return true;
      if (implies(fact, opposite)) return false;
    }
    return condition;
  }

  /** A number, or what is known of it on the way being traced. */
  simplified(value: Scalar): Scalar {
    if (!isOperation(value, SELECT)) return value;
    const [condition, whenTrue, whenFalse] = value.list;
    const truth = this.decided(condition!);
    return typeof truth === "boolean" ? this.simplified(known(truth ? whenTrue! : whenFalse!)) : value;
  }

  /** `condition ? whenTrue : whenFalse`. */
  merge(condition: Truth, whenTrue: Value, whenFalse: Value): Value {
    if (typeof condition === "boolean") return condition ? whenTrue : whenFalse;
    if (Object.is(whenTrue, whenFalse)) return whenTrue;
    if (whenTrue === UNREAD || whenFalse === UNREAD) throw new NotKept();
    const { graph } = this;
    if (isNumber(whenTrue) && isNumber(whenFalse)) return graph.select(condition, whenTrue, whenFalse);
    if (isTruth(whenTrue) && isTruth(whenFalse)) return graph.selectTruth(condition, whenTrue, whenFalse);
    const a = whenTrue instanceof Choice && whenTrue.condition === condition ? whenTrue.whenTrue : whenTrue;
    const b = whenFalse instanceof Choice && whenFalse.condition === condition ? whenFalse.whenFalse : whenFalse;
    return a === whenTrue && b === whenFalse ? new Choice(condition, a, b) : this.merge(condition, a, b);
  }

  /** The value of the one or of the other way, each traced from the same state. */
  choose(condition: Truth, whenTrue: () => Value, whenFalse: () => Value): Value {
    const values: Value[] = [];
    this.branch(
      condition,
      () => void values.push(whenTrue()),
      () => void values.push(whenFalse()),
    );
    return values.length === 2 ? this.merge(condition, values[0], values[1]) : values[0];
  }

  /** Traces one way or the other, or both, and merges what they leave behind. */
  branch(
    given: Truth,
    whenTrue: () => Completion | undefined,
    whenFalse: () => Completion | undefined,
  ): Completion | undefined {
    const condition = this.decided(given);
    if (typeof condition === "boolean") return condition ? whenTrue() : whenFalse();
    const { graph, ended, mark } = this;
    const opposite = graph.not(condition);
    this.branches++;
    const run = (where: Truth, way: () => Completion | undefined): [Completion | undefined, Map<Place, Value>] => {
      const first = ended.length;
      const completion = way();
      for (const early of ended.slice(first)) {
        this.rebase(early, mark);
        early.condition = graph.and(where, early.condition);
      }
      return [completion, this.undo(mark)];
    };
    const [trueEnds, trueChanges] = run(condition, whenTrue);
    const [falseEnds, falseChanges] = run(opposite, whenFalse);
    this.branches--;
    const alike = trueEnds?.kind === falseEnds?.kind && trueEnds?.label === falseEnds?.label;
    if (trueEnds && !alike) {
      ended.push({ completion: trueEnds, condition, changes: trueChanges, mark });
      this.redo(falseChanges);
      return falseEnds;
    }
    if (falseEnds && !alike) {
      ended.push({ completion: falseEnds, condition: opposite, changes: falseChanges, mark });
      this.redo(trueChanges);
      return undefined;
    }
    for (const place of new Set([...trueChanges.keys(), ...falseChanges.keys()])) {
      const whenTrue = trueChanges.has(place) ? trueChanges.get(place) : place.value;
      const other = falseChanges.has(place) ? falseChanges.get(place) : place.value;
      this.write(place, this.merge(condition, whenTrue, other));
    }
    return trueEnds && { ...trueEnds, value: this.merge(condition, trueEnds.value, falseEnds!.value) };
  }

  /**
   * Brings in the ways, from number `first` on, that have ended early to lead here; `completion` is how the way being traced
   * has come here. Returns how it goes on, with the value of all of them.
   */
  settle(
    first: number,
    leadsHere: (completion: Completion) => boolean,
    completion?: Completion,
  ): Completion | undefined {
    const { ended, graph } = this;
    let own = completion;
    if (own && !leadsHere(own)) {
      // This way goes elsewhere: the last one that leads here is gone on with instead.
      const at = ended.findLastIndex((way, i) => i >= first && leadsHere(way.completion));
      if (at < 0) return own;
      const other = ended[at]!;
      let condition = graph.not(other.condition);
      for (const later of ended.slice(at + 1)) {
        condition = graph.and(condition, graph.not(later.condition));
        this.rebase(later, other.mark);
        later.condition = graph.and(graph.not(other.condition), later.condition);
      }
      ended.splice(at, 1);
      ended.push({ completion: own, condition, changes: this.undo(other.mark), mark: other.mark });
      this.redo(other.changes);
      own = other.completion;
    }
    for (let at = ended.length - 1; at >= first; at--) {
      const way = ended[at]!;
      if (!leadsHere(way.completion)) continue;
      const before = this.before(way.mark);
      ended.splice(at, 1);
      for (const later of ended.slice(at)) later.condition = graph.and(graph.not(way.condition), later.condition);
      for (const place of new Set([...way.changes.keys(), ...before.keys()])) {
        const whenTrue = way.changes.has(place) ? way.changes.get(place) : before.get(place);
        this.write(place, this.merge(way.condition, whenTrue, place.value));
      }
      own = { kind: way.completion.kind, value: this.merge(way.condition, way.completion.value, own?.value) };
    }
    if (this.branches === 0 && ended.length === 0) this.journal.length = 0;
    return own;
  }
}

const isNumber = (value: Value): value is number | Term =>
  typeof value === "number" || (isTerm(value) && !value.operation.isBoolean);
const isTruth = (value: Value): value is boolean | Term =>
  typeof value === "boolean" || (isTerm(value) && value.operation.isBoolean);
