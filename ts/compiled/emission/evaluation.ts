// Steps evaluated one by one, for the check: what they leave behind, and how large the values on the way are.
import type { Graph, Scalar, Term } from "../graph/graph.ts";
import { INDEX, type Position } from "../graph/loops.ts";
import type { LoopStep, Step } from "./schedule.ts";

type Numbers = { [index: number]: number; readonly length: number };

/** Computes what steps store in the arrays; returns the largest finite value. */
export function evaluateSteps(steps: readonly Step[], graph: Graph, arrays: Record<string, ArrayLike<number>>): number {
  const found = Float64Array.from(graph.terms, ({ value }) => value);
  const rounds: number[] = [];
  let largest = 0;
  const element = ({ index, along = [] }: Partial<Position>): number =>
    along.reduce((sum, { loop, stride }) => sum + stride * rounds[loop.id]!, index!);
  const of = (value: Scalar): number => (typeof value === "object" ? found[value.id]! : value);
  const arrayOf = (name: string): Numbers => {
    const { length, values } = graph.arrays.get(name) ?? { length: 0, values: undefined };
    arrays[name] ??= values ?? new Float64Array(length);
    return arrays[name];
  };
  const compute = (term: Term): void => {
    const { id, operation, list, array } = term;
    const [a, b, c] = list.map((part) => found[part.id]!);
    let value: number;
    if (array) value = array === INDEX ? element(term) : arrayOf(array)[element(term)]!;
    else value = Number(operation.apply(a!, b!, c!));
    found[id] = value;
    if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  };
  const repeat = ({ loop, folds, steps: own }: LoopStep): void => {
    for (const { list } of folds.map(({ term }) => term)) found[list[1]!.id] = found[list[2]!.id]!;
    for (let k = 0; k < loop.count; k++) {
      rounds[loop.id] = k;
      run(own);
      const next = folds.map(({ term }) => found[term.list[0]!.id]!);
      for (const [i, { term }] of folds.entries()) found[term.list[1]!.id] = next[i]!;
    }
    for (const { term } of folds) found[term.id] = found[term.list[1]!.id]!;
  };
  const run = (all: readonly Step[]): void => {
    for (const step of all) {
      if ("loop" in step) repeat(step);
      else if ("term" in step) compute(step.term);
      else arrayOf(step.store.array)[element(step.store)] = of(step.store.value);
    }
  };
  run(steps);
  return largest;
}

/** How many operations steps are, with every round of every loop. */
export const workOf = (steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + ("loop" in step ? step.loop.count * workOf(step.steps) : 1), 0);
