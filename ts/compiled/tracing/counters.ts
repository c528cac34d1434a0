// Arithmetic that integers have beyond numbers, on the counters of loops that stay loops: comparisons that every round
// answers alike are known; where the answer changes, the loop is split.
import type { Scalar, Term, Truth } from "../graph/graph.ts";
import { boundsOf, type Position } from "../graph/loops.ts";
import { AT_MOST, EQUAL, LESS, type Operation } from "../graph/operations.ts";
import { isCounter } from "../graph/terms.ts";
import { Split } from "./rounds.ts";
import type { Tracer } from "./tracer.ts";
import { NotKept } from "./unread.ts";

/** Splits the loop of a position after its first rounds; only where it goes along one. */
export function split({ along }: Position, rounds: number): never {
  const [only, other] = along;
  if (!only || other) throw new NotKept();
  throw new Split(only.loop, rounds);
}

/** a < b, a <= b or a === b; undefined where neither is a counter. */
export function compareCounters(tracer: Tracer, operation: Operation, a: Scalar, b: Scalar): Truth | undefined {
  if (!isCounter(a) && !isCounter(b)) return undefined;
  const { graph } = tracer;
  const difference = graph.subtract(a, b);
  if (typeof difference === "number") return operation.apply(difference, 0, 0) as boolean;
  const offset = isCounter(difference) ? 0 : typeof b === "number" ? b : typeof a === "number" ? a : undefined;
  if (offset === undefined) return undefined;
  // A counter against a number that is no integer: between the two integers around it.
  const position = isCounter(difference) ? difference : isCounter(a) ? a : (b as Term);
  const sign = isCounter(difference) || isCounter(a) ? 1 : -1;
  const value = (round: number): number => sign * (position.index + (position.along[0]?.stride ?? 0) * round - offset);
  const answer = (round: number): boolean => operation.apply(value(round), 0, 0) as boolean;
  const [least, most] = boundsOf(position);
  const range = [sign * (least - offset), sign * (most - offset)].sort((x, y) => x - y) as [number, number];
  if (operation === LESS && (range[1] < 0 || range[0] >= 0)) return range[1] < 0;
  if (operation === AT_MOST && (range[1] <= 0 || range[0] > 0)) return range[1] <= 0;
  if (operation === EQUAL && (range[1] < 0 || range[0] > 0)) return false;
  if (position.along.length > 1) return graph.apply(operation, a, b) as Truth;
  const { count } = position.along[0]!.loop;
  for (let round = 1; round < count; round++) if (answer(round) !== answer(0)) split(position, round);
  return answer(0);
}

/** counter % n; undefined where it is no counter. */
export function remainderOfCounter(tracer: Tracer, a: Scalar, n: Scalar): Scalar | undefined {
  if (!isCounter(a) || typeof n !== "number" || !Number.isInteger(n) || n <= 0) return undefined;
  const [least, most] = boundsOf(a);
  const period = Math.trunc(least / n);
  if (period === Math.trunc(most / n) && (least >= 0 || most < 0)) return tracer.graph.subtract(a, period * n);
  if (a.along.length > 1) throw new NotKept();
  const { loop, stride } = a.along[0]!;
  const kind = (round: number): string => {
    const value = a.index + stride * round;
    return `${value < 0} ${Math.trunc(value / n)}`;
  };
  for (let round = 1; round < loop.count; round++) if (kind(round) !== kind(0)) split(a, round);
  throw new NotKept();
}

/** What a function of Math makes of counters; undefined where it is one of others, or of none. */
export function mathOfCounters(tracer: Tracer, name: string, [a, b]: readonly Scalar[]): Scalar | undefined {
  if (!isCounter(a) && !isCounter(b)) return undefined;
  if (/^(ceil|floor|round|trunc)$/.test(name)) return a;
  if (name === "abs") return compareCounters(tracer, LESS, a!, 0) === false ? a : undefined;
  if (name !== "min" && name !== "max") return undefined;
  const isLess = compareCounters(tracer, AT_MOST, a!, b!);
  if (typeof isLess !== "boolean") return undefined;
  return isLess === (name === "min") ? a : b;
}

/** Whether x | 0 is x. */
export const isSmallCounter = (x: Scalar): boolean =>
  isCounter(x) && boundsOf(x).every((bound) => Math.abs(bound) < 2 ** 31);
