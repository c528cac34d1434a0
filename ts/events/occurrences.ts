// Events as they occur: listed, counted, their effects applied, and told whether they end the solve.

import type { FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import { eventsAccumulate } from "../base/failures.ts";
import type { EventRecord, Jump, SolveEvent } from "../problem/event.ts";
import type { Problem } from "../problem/problem.ts";

/** Events within so many roundings of t of each other are one moment. */
export const MOMENT = 8;

/** An effect that is due again within so many moments will be, again and again. */
const ACCUMULATION = 4;

/** Whether two times are one moment, in a step whose times are of the size of `scale`. */
export const sameMoment = (a: number, b: number, scale: number): boolean =>
  Math.abs(a - b) <= MOMENT * Number.EPSILON * scale;

/** What occurs at one moment. */
export interface Moment {
  readonly t: number;
  /** Its place in the grid. */
  readonly n: number;
  /** Whether a step ends there because of it. */
  readonly ends: boolean;
  /** By index. */
  readonly events: readonly { readonly index: number; readonly fixed: boolean }[];
}

export class Occurrences {
  readonly records: EventRecord[] = [];
  readonly jumps: Jump[] = [];
  private readonly events: readonly SolveEvent[];
  private readonly params: unknown;
  /** Whether effects' jumps are wanted. */
  private readonly keeps: boolean;
  private readonly counts: number[];
  private readonly last: number[];

  constructor({ events, argument, field }: Problem) {
    this.events = events;
    this.params = argument;
    this.keeps = field.differentiable || field.hasJvp === true;
    this.counts = events.map(() => 0);
    this.last = events.map(() => Number.NaN);
  }

  /** Whether an event's occurrence, so many after the last one listed (1: the next), has an effect or ends the solve. */
  acts(index: number, ahead: number): boolean {
    return this.events[index]!.effect !== undefined || this.ends(index, this.counts[index]! + ahead);
  }

  private ends(index: number, occurrence: number): boolean {
    const { terminal } = this.events[index]!;
    return typeof terminal === "number" ? occurrence >= terminal : terminal === true;
  }

  /** Lists an event that changes nothing. */
  pass(index: number, t: number, y: FloatArray): void {
    this.counts[index]!++;
    this.records.push({ index, t, y: y.slice() });
  }

  /**
   * All that occurs at a moment, with the state in its parts: effects in the order of the list. They see the first part, and
   * leave all parts where they put it. Returns whether the solve ends.
   */
  occur({ t, n, ends, events }: Moment, [y, ...rest]: readonly [FloatArray, ...FloatArray[]]): boolean {
    const before = y.slice();
    const others = rest.map((part) => part.slice());
    const first = this.jumps.length;
    let stopping: number | undefined;
    for (const { index, fixed } of events) {
      const { effect } = this.events[index]!;
      if (effect === undefined) {
        this.pass(index, t, before);
        if (this.ends(index, this.counts[index]!)) stopping ??= index;
        continue;
      }
      if (sameMoment(t, this.last[index]!, ACCUMULATION * Math.abs(t))) throw eventsAccumulate(t, index);
      this.last[index] = t;
      this.counts[index]!++;
      const jump = { index, t, n, ends: ends && this.jumps.length === first, fixed, before: y.slice(), others };
      const answer: unknown = (typeof effect === "function" ? effect : effect.apply)(t, y, this.params);
      if (answer !== undefined && answer !== "stop")
        throw invalid(`what events[${index}].effect returned`, answer, 'nothing, or "stop"; it changes y in place');
      if (this.keeps) this.jumps.push({ ...jump, after: y.slice() });
      this.records.push({ index, t, y: before.slice(), yAfter: y.slice() });
      if (answer === "stop" || this.ends(index, this.counts[index]!)) stopping ??= index;
    }
    if (stopping === undefined) {
      for (const part of rest) part.set(y);
      return false;
    }
    // The solution shows the state before all effects, at the time of the event that ends it.
    const { fixed } = events.find(({ index }) => index === stopping)!;
    this.jumps.length = first;
    this.jumps.push({ index: stopping, t, n, ends, fixed, before, others, after: undefined });
    return true;
  }
}
