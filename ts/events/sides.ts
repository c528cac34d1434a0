// The side of zero that every root function is on just after the start of a step, whatever rounding makes of its value
// there. An event that has occurred has crossed. One that has not is still to come.

import type { FloatArray } from "../base/dtype.ts";
import { eventsAccumulate, rootNotFinite } from "../base/failures.ts";
import type { SolveEvent } from "../problem/event.ts";
import { type Departure, sideAfter } from "./aftermath.ts";
import { rootValue } from "./root-values.ts";
import type { Crossing, Scan } from "./roots.ts";

/**
 * "known": the side is. The others are zeros whose next side is not known: "start", at the start of the solve, where leaving
 * zero is an event; "moved", by another event's effect, and "held", by its own, where it is none. "unclear": not yet looked at
 * after its own effect.
 */
type State = "known" | "start" | "moved" | "held" | "unclear";

/** One root function at the start of a step. */
export interface Side {
  value: number;
  /** Of the function just after the start; 0 while it is zero. */
  sign: number;
  state: State;
  /** The sign that it had after its last event, and when that was. */
  crossedTo: number;
  crossedAt: number;
  /** Right after its own effect: what rounding makes of its values; −1 otherwise. */
  rounding: number;
}

export class Sides {
  private readonly events: readonly SolveEvent[];
  private readonly sides: Side[] = [];

  constructor(events: readonly SolveEvent[]) {
    this.events = events;
  }

  at(index: number): Readonly<Side> {
    return this.sides[index]!;
  }

  /** An event has passed that changed nothing. */
  pass(index: number, t: number): void {
    this.sides[index]!.crossedAt = t;
  }

  /** At the start of the solve. */
  begin(t: number, y: FloatArray): void {
    this.events.forEach((_, index) => {
      const value = this.read(index, t, y);
      this.sides[index] = {
        value,
        sign: Math.sign(value),
        state: value === 0 ? "start" : "known",
        crossedTo: 0,
        crossedAt: Number.NaN,
        rounding: -1,
      };
    });
  }

  /** At the end of a step in which nothing acted, or up to where something acts. */
  settle(scans: readonly Scan[]): void {
    scans.forEach(({ value, sign }, index) => {
      const side = this.sides[index]!;
      side.value = value;
      side.sign = sign;
      side.rounding = -1;
      if (sign !== 0) side.state = "known";
    });
  }

  /** These have occurred. */
  cross(crossings: Iterable<{ readonly index: number; readonly t: number; readonly crossing: Crossing }>): void {
    for (const { index, t, crossing } of crossings) {
      const side = this.sides[index]!;
      side.crossedAt = t;
      side.crossedTo = crossing.rising ? 1 : -1;
      side.sign = side.crossedTo;
      side.state = "known";
    }
  }

  /** Looks again after effects at t; `occurred`: the events that occurred there. */
  afterEffects(t: number, y: FloatArray, occurred: ReadonlySet<number>): void {
    this.sides.forEach((side, index) => {
      const value = this.read(index, t, y);
      if (occurred.has(index)) side.state = "unclear";
      else if (value !== side.value) {
        side.sign = Math.sign(value);
        side.state = value === 0 ? "moved" : "known";
      }
      side.value = value;
    });
  }

  /** Finds the sides of root functions that an effect at their own event has left unclear. */
  clear(departure: Departure): void {
    this.sides.forEach((side, index) => {
      if (side.state !== "unclear") return;
      const { sign, rounding } = sideAfter((t, y) => rootValue(this.events[index]!, index, t, y), departure);
      side.state = sign === 0 ? "held" : "known";
      side.sign = sign;
      side.rounding = rounding;
    });
  }

  /** Whether a root function that leaves zero where nothing was known of it is an event. */
  leave(index: number, t: number, sign: number): boolean {
    const { state, crossedTo } = this.sides[index]!;
    if (state === "held" && crossedTo === sign) throw eventsAccumulate(t, index);
    return state === "start";
  }

  /**
   * Refuses an event that occurs again at t in the same direction, where its root function was only rounding since its effect.
   * `between`: its value halfway.
   */
  refuseRounding(index: number, t: number, sign: number, between: number): void {
    const { crossedTo, rounding } = this.sides[index]!;
    if (crossedTo === sign && Math.abs(between) <= rounding) throw eventsAccumulate(t, index);
  }

  private read(index: number, t: number, y: FloatArray): number {
    const value = rootValue(this.events[index]!, index, t, y);
    if (!Number.isFinite(value)) throw rootNotFinite(t, index, value);
    return value;
  }
}
