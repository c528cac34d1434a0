// In what order blocks are computed: every term right before the first value that needs it, so that few are alive at a time,
// and outside of every loop that does not change it. Folds along the same loop are computed together.
import { type Block, foldsIn, type Store } from "../graph/blocks.ts";
import type { Graph, Term } from "../graph/graph.ts";
import type { Loop } from "../graph/loops.ts";
import { isOwn } from "../graph/terms.ts";

/** A term that is computed; `uses`: by how many steps, and loops that need it in every round. */
export interface TermStep {
  readonly term: Term;
  uses: number;
  /** Whether a loop needs it. */
  isHeld: boolean;
}

export interface StoreStep {
  readonly store: Store;
}

export interface LoopStep {
  readonly loop: Loop;
  readonly steps: Step[];
  /** What it carries from round to round. */
  readonly folds: readonly TermStep[];
  /** Whether it is the loop of a block. */
  readonly isBlock: boolean;
  /** What is computed before it and used in it. */
  readonly outside: Set<TermStep>;
}

export type Step = TermStep | StoreStep | LoopStep;

/** Steps are done in one round of the loops around them. */
interface Nest {
  readonly loop: LoopStep | undefined;
  readonly steps: Step[];
  /** The terms that are computed there: unknown outside. */
  readonly terms: Term[];
}

const NONE: readonly Term[] = [];

/** What an operation is computed from. An input is read, whatever it depends on. */
const partsOf = ({ array, list }: Term): readonly Term[] => (array ? NONE : list);

class Scheduler {
  private readonly nest: Nest[];
  /** The steps of terms that have been computed where they can be used, by number, and on which level. */
  private readonly done: (TermStep | undefined)[];
  private readonly levels: Uint8Array;
  private readonly entered: Uint8Array;
  private readonly graph: Graph;
  private folds: readonly Term[] = [];

  constructor(graph: Graph, steps: Step[]) {
    this.graph = graph;
    const count = graph.terms.length;
    this.done = new Array(count);
    this.levels = new Uint8Array(count);
    this.entered = new Uint8Array(count);
    this.nest = [{ loop: undefined, steps, terms: [] }];
  }

  block({ loops, stores, folds = [] }: Block): void {
    if (this.graph.hasLoops)
      this.folds = foldsIn([...stores.map(({ value }) => value), ...folds.map(({ list }) => list[0]!)]);
    const own = folds.map((term): TermStep => ({ term, uses: 0, isHeld: false }));
    for (const loop of loops) this.enter(loop, own, true);
    this.carry(folds);
    const { steps } = this.nest.at(-1)!;
    for (const store of stores) {
      if (typeof store.value === "object") this.use(store.value, this.nest.length - 1);
      steps.push({ store });
    }
    for (const { list } of folds) this.use(list[0]!, this.nest.length - 1);
    for (const _ of loops) this.leave();
    this.know(own, 0);
  }

  private enter(loop: Loop, folds: readonly TermStep[], isBlock: boolean): void {
    const step: LoopStep = { loop, steps: [], folds, isBlock, outside: new Set() };
    this.nest.push({ loop: step, steps: step.steps, terms: [] });
  }

  private leave(): void {
    const { loop, terms } = this.nest.pop()!;
    for (const { id } of terms) {
      this.done[id] = undefined;
      this.entered[id] = 0;
    }
    this.nest.at(-1)!.steps.push(loop!);
  }

  /** The innermost of the loops around that changes a term; −1 where it is changed by others alone. */
  private levelOf({ loops }: Term): number {
    if (loops.length === 0) return 0;
    for (let level = this.nest.length - 1; level > 0; level--)
      if (loops.includes(this.nest[level]!.loop!.loop)) return level;
    return -1;
  }

  /** Uses a value on a level, where what is needed for it is computed first. Without recursion: sums are thousands of terms deep. */
  private use(value: Term, level: number): void {
    const stack = [value];
    while (stack.length > 0) {
      const term = stack.at(-1)!;
      if (this.done[term.id] || term.operation.name === "constant") {
        stack.pop();
        continue;
      }
      if (term.loop) {
        stack.pop();
        this.fold(term);
        continue;
      }
      if (!this.entered[term.id]) {
        this.entered[term.id] = 1;
        // The first argument is computed first.
        const parts = partsOf(term);
        for (let i = parts.length - 1; i >= 0; i--) stack.push(parts[i]!);
        continue;
      }
      stack.pop();
      const own = this.levelOf(term);
      for (const part of partsOf(term)) this.count(part, own);
      this.put({ term, uses: 0, isHeld: false }, own);
    }
    this.count(value, level);
  }

  private put(step: TermStep, level: number): void {
    const { id } = step.term;
    this.done[id] = step;
    this.levels[id] = level;
    const { steps, terms } = this.nest[level]!;
    steps.push(step);
    terms.push(step.term);
  }

  /** Counts a use on a level; the outermost loop between keeps the value until it ends. */
  private count(term: Term, level: number): void {
    const step = this.done[term.id];
    if (!step) return;
    const own = this.levels[term.id]!;
    if (own === level) {
      step.uses++;
      return;
    }
    const { outside } = this.nest[own + 1]!.loop!;
    step.isHeld = true;
    if (!outside.has(step)) step.uses++;
    for (let i = own + 1; i <= level; i++) this.nest[i]!.loop!.outside.add(step);
  }

  /** Computes a fold, and all others that go along the same loop and need none of each other. */
  private fold(term: Term): void {
    const level = this.levelOf(term);
    const rank = rankOf(term);
    const together = this.folds.filter(
      (other) =>
        other.loop === term.loop && !this.done[other.id] && this.levelOf(other) === level && rankOf(other) === rank,
    );
    // The loops inside of the one that all of them are in are left aside, with what is computed in them.
    const inner = this.nest.splice(level + 1);
    const aside = inner.flatMap(({ terms }) =>
      terms.map(({ id }) => ({ id, step: this.done[id], at: this.levels[id]! })),
    );
    for (const { id } of aside) {
      this.done[id] = undefined;
      this.entered[id] = 0;
    }
    const folds = together.map((fold): TermStep => ({ term: fold, uses: 0, isHeld: false }));
    for (const { list } of together) this.use(list[2]!, level);
    this.enter(term.loop!, folds, false);
    this.carry(together);
    for (const { list } of together) this.use(list[0]!, level + 1);
    this.leave();
    this.know(folds, level);
    this.nest.push(...inner);
    for (const { id, step, at } of aside) {
      this.done[id] = step;
      this.levels[id] = at;
      this.entered[id] = 1;
    }
  }

  /** What the innermost loop carries is there in each of its rounds. */
  private carry(folds: readonly Term[]): void {
    const level = this.nest.length - 1;
    const carried = folds.map(({ list }): TermStep => ({ term: list[1]!, uses: 0, isHeld: false }));
    this.know(carried, level);
  }

  /** Terms that are there on a level without a step of their own. */
  private know(steps: readonly TermStep[], level: number): void {
    for (const step of steps) {
      this.done[step.term.id] = step;
      this.levels[step.term.id] = level;
      this.nest[level]!.terms.push(step.term);
    }
  }
}

const ranks = new WeakMap<Term, number>();

/** How many folds a term needs one after the other. */
function rankOf(term: Term): number {
  const stack = [term];
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    if (ranks.has(top)) {
      stack.pop();
      continue;
    }
    const unknown = top.list.filter((part) => !ranks.has(part));
    if (unknown.length > 0) stack.push(...unknown);
    else ranks.set(top, Math.max(0, ...top.list.map((part) => ranks.get(part)!)) + (top.loop ? 1 : 0));
  }
  return ranks.get(term)!;
}

/** The steps that compute blocks of a graph, one after the other. */
export function scheduleOf(graph: Graph, blocks: readonly Block[]): Step[] {
  const steps: Step[] = [];
  const scheduler = new Scheduler(graph, steps);
  for (const block of blocks) scheduler.block(block);
  return steps;
}

/** The program's own arrays that steps read and write. */
export function ownArraysIn(steps: readonly Step[]): Set<string> {
  const names = new Set<string>();
  for (const step of steps) {
    if ("loop" in step) for (const name of ownArraysIn(step.steps)) names.add(name);
    else {
      const { array } = "store" in step ? step.store : step.term;
      if (isOwn(array)) names.add(array);
    }
  }
  return names;
}
