// Events: root functions watched along the solution. A root is found on the step's continuous extension; a step that must
// stop there is taken again to end exactly at the event, so that the event is a grid point like any other.

import type { FloatArray } from "../base/dtype.ts";
import type { EventRecord, SolveEvent } from "../problem/event.ts";
import type { Interpolator } from "../program/interpolator.ts";
import type { Program } from "../program/program.ts";
import type { HostArithmetic, Vector } from "../vectors/arithmetic.ts";
import { brackets, rootIn } from "./roots.ts";

/** An event that the step must end at, at t + s h. */
export interface Hit {
  readonly index: number;
  readonly s: number;
}

// Where a root function starts a step at zero (just after its event), its sign is taken this far into the step.
const DEPARTURE = 1e-9;

export class EventWatch {
  readonly records: EventRecord[] = [];
  readonly events: readonly SolveEvent[];
  private readonly host: HostArithmetic;
  private readonly interpolator: Interpolator;
  /** Value of each root function at the start of the step; 0 where the event has just occurred. */
  private readonly values: Float64Array;

  constructor(events: readonly SolveEvent[], interpolator: Interpolator, host: HostArithmetic) {
    this.events = events;
    this.host = host;
    this.interpolator = interpolator;
    this.values = new Float64Array(events.length);
  }

  /** Starts at (t, y) with the derivative there; returns the terminal event that occurs at once, or undefined. */
  begin(t: number, y: FloatArray, derivative: Vector, direction: number): number | undefined {
    this.arrive(t, y);
    const slope = this.host.view(derivative);
    for (const [index, { root, terminal, direction: wanted }] of this.events.entries()) {
      if (!terminal || this.values[index] !== 0) continue;
      if (wanted !== undefined) {
        const h = direction * DEPARTURE;
        const ahead = y.map((value, i) => value + h * slope[i]!);
        if (Math.sign(root(t + h, ahead)) !== wanted) continue;
      }
      this.record(index, t, y);
      return index;
    }
    return undefined;
  }

  /** Takes the root functions' values at the start of the next step. `occurred`: the event that this step ended at. */
  arrive(t: number, y: FloatArray, occurred = -1): void {
    for (const [index, { root }] of this.events.entries()) {
      this.values[index] = index === occurred ? 0 : root(t, y);
    }
  }

  /**
   * Looks for events in the accepted step, whose continuous extension is ready. Records those that change nothing, up to
   * the first that ends the solve or has an effect, and returns that one.
   */
  search(program: Program, t: number, h: number): Hit | undefined {
    const hits: Hit[] = [];
    for (const [index, { direction }] of this.events.entries()) {
      const g = this.along(index, program, t, h);
      const first = this.values[index]!;
      const sign = Math.sign(first === 0 ? g(DEPARTURE) : first);
      for (const bracket of brackets(g, first, sign)) {
        if (direction !== undefined && bracket.rising !== direction > 0) continue;
        hits.push({ index, s: rootIn(g, bracket) });
      }
    }
    hits.sort((a, b) => a.s - b.s);
    for (const hit of hits) {
      const { terminal, effect } = this.events[hit.index]!;
      if (terminal || effect) return hit;
      this.record(hit.index, t + hit.s * h, this.state(program, hit.s, h));
    }
    return undefined;
  }

  /** d root/dt at a hit, along the continuous extension. */
  slope(program: Program, t: number, h: number, { index, s }: Hit): number {
    const g = this.along(index, program, t, h);
    const [a, b] = [Math.max(0, s - 1e-4), Math.min(1, s + 1e-4)];
    return (g(b) - g(a)) / ((b - a) * h);
  }

  record(index: number, t: number, y: FloatArray): void {
    this.records.push({ index, t, y: y.slice() });
  }

  private along(index: number, program: Program, t: number, h: number): (s: number) => number {
    const { root } = this.events[index]!;
    return (s) => root(t + s * h, this.state(program, s, h));
  }

  /** The state at t + s h in a step of size h; a view, as long as nothing else is asked for. */
  state(program: Program, s: number, h: number): FloatArray {
    if (s > 0 && s < 1) return this.host.view(this.interpolator.at(program, s, h));
    return this.host.view((s === 0 ? program.start : program.end)[0]!);
  }
}
