// for loops whose rounds are known beforehand: their counters start at integers and change by the same in each round.
import type { Scalar } from "../graph/graph.ts";
import type { Expression, Statement } from "../reader/syntax.ts";
import type { Tracer } from "./tracer.ts";
import type { Place, Scope } from "./values.ts";

/** Rounds of a loop, at most; more are no loop of an equation. */
const MOST = 1e6;

interface Counter {
  readonly place: Place;
  readonly start: number;
  readonly step: number;
}

export interface Counted {
  readonly count: number;
  /** Puts the counters where they are in round k. */
  enter(k: Scalar): void;
  /** Whether they still are there. */
  isEntered(k: Scalar): boolean;
  /** Puts the counters where they are after the last round. */
  end(): void;
}

/** The places that an update changes, by a step or an operator; undefined where it does anything else. */
function changedBy(update: Expression, scope: Scope): Place[] | undefined {
  if (update.kind === "sequence") {
    const parts = update.list.map((part) => part && changedBy(part, scope));
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  }
  if (update.kind !== "assign" || update.target.kind !== "name" || !isPure(update.value)) return undefined;
  const place = scope.find(update.target.name);
  return place && [place];
}

/** Whether it changes nothing, whatever it is. */
function isPure(expression: Expression): boolean {
  switch (expression.kind) {
    case "value":
    case "name":
      return true;
    case "member":
      return isPure(expression.of) && isPure(expression.key);
    case "unary":
      return isPure(expression.of);
    case "binary":
      return isPure(expression.left) && isPure(expression.right);
    default:
      return false;
  }
}

/** The rounds of a loop that has been started; undefined where only tracing them can tell. */
export function countedRounds(
  tracer: Tracer,
  { test, update, bodyFirst }: Statement & { kind: "loop" },
  scope: Scope,
): Counted | undefined {
  if (!test || !update || bodyFirst || !isPure(test)) return undefined;
  const places = changedBy(update, scope);
  if (!places?.every(({ value }) => Number.isInteger(value))) return undefined;
  const { heap } = tracer;
  const starts = places.map(({ value }) => value as number);
  const put = (values: readonly Scalar[]): void => places.forEach((place, i) => heap.write(place, values[i]!));
  let steps: number[] | undefined;
  let count = 0;
  let isEven = true;
  for (; isEven && count <= MOST; count++) {
    const goesOn = tracer.evaluate(test, scope);
    if (typeof goesOn !== "boolean") isEven = false;
    if (goesOn !== true) break;
    tracer.evaluate(update, scope);
    const now = places.map(({ value }) => value as number);
    steps ??= now.map((value, i) => value - starts[i]!);
    isEven = now.every((value, i) => value === starts[i]! + steps![i]! * (count + 1));
  }
  put(starts);
  if (!isEven || count > MOST || !steps) return undefined;
  const counters: Counter[] = places.map((place, i) => ({ place, start: starts[i]!, step: steps![i]! }));
  const { graph } = tracer;
  const at = ({ start, step }: Counter, k: Scalar): Scalar =>
    typeof k === "number" ? start + step * k : graph.add(graph.multiply(k, step), start);
  return {
    count,
    // Not by the heap: what rounds have in common is what their bodies write.
    enter(k) {
      for (const counter of counters) counter.place.value = at(counter, k);
    },
    isEntered: (k) => counters.every((counter) => counter.place.value === at(counter, k)),
    end: () => put(counters.map((counter) => at(counter, count))),
  };
}
