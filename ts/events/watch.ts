// The search for events in a step: roots are found on the step's continuous extension. Where an event acts inside the
// step, the step is taken again to end there: the event is a grid point like any other.

import type { Dtype, FloatArray } from "../base/dtype.ts";
import { rootNotFinite } from "../base/failures.ts";
import type { Waiting } from "../base/waiting.ts";
import type { SolveEvent } from "../problem/event.ts";
import type { Problem } from "../problem/problem.ts";
import type { Interpolator } from "../program/interpolator.ts";
import type { Runner } from "../program/runner.ts";
import type { HostArithmetic } from "../vectors/arithmetic.ts";
import { land, passZero, type Target, takeTo, type WatchedStep } from "./landing.ts";
import { MOMENT, Occurrences, sameMoment } from "./occurrences.ts";
import { rootValue } from "./root-values.ts";
import { type Crossing, locate, SAMPLES, type Scan, scan } from "./roots.ts";
import { Sides } from "./sides.ts";

/** An event in the step in work, at t + s h. */
interface Hit {
  readonly index: number;
  readonly t: number;
  readonly s: number;
  readonly crossing: Crossing;
  /** Whether it ends the solve or has an effect. */
  readonly acts: boolean;
  /** Whether the solve starts on it. */
  readonly fixed: boolean;
}

/** The events that act together, where the step starts or where it ends now. */
export interface Found {
  readonly where: "start" | "end";
  readonly hits: readonly Hit[];
}

/** How often a step is shortened at most; what then still comes before its end counts as there. */
const MOST_LANDINGS = 8;
/** How far beyond a zero at its end a step's extension is looked at, as a fraction of the step. */
const PEEK = 2 ** -10;
/** Half the distance over which the slope at a root is measured, as a fraction of the step. */
const NEAR = 1e-4;
/** What of a step in float32 its result can resolve. */
const SINGLE = 2 ** -26;
const EPSILONS = { float64: Number.EPSILON, float32: 2 ** -23 };
const NO_EXTENSION = { instructions: [] };

export class EventWatch {
  readonly occurrences: Occurrences;
  private readonly events: readonly SolveEvent[];
  private readonly interpolator: Interpolator;
  private readonly host: HostArithmetic;
  private readonly end: number;
  private readonly dtype: Dtype;
  private readonly sides: Sides;
  private readonly scans: Scan[] = [];
  /** States at the samples of the step, and which of them are there. */
  private readonly samples: FloatArray[] = [];
  private sampled = 0;

  constructor(problem: Problem, interpolator: Interpolator, host: HostArithmetic) {
    const { events, ts, field } = problem;
    this.events = events;
    this.interpolator = interpolator;
    this.host = host;
    this.end = ts[ts.length - 1]!;
    this.dtype = field.dtype;
    this.sides = new Sides(events);
    this.occurrences = new Occurrences(problem);
  }

  begin(t: number, y: FloatArray): void {
    this.sides.begin(t, y);
  }

  /**
   * Looks for events in the accepted step and lists the events that change nothing, up to the first that acts. If one
   * acts inside the step, the step ends there afterwards. Its continuous extension is ready afterwards.
   */
  *search(runner: Runner, step: WatchedStep): Waiting<Found | undefined> {
    const { program, t } = step;
    const { instructions: extension } = program.dense ?? NO_EXTENSION;
    const extend = (): Waiting<void> => runner.finish(extension, 0, step.stageStart, step.h, step.stageEnd);
    const epsilon = EPSILONS[this.dtype];
    const [y, slope] = [this.state(step, 0), this.host.view(program.instructions[0]!.k!)];
    this.sides.clear({ t, y, slope, h: step.h, epsilon });
    /** Those that the continuous extension shows and the step's own result does not. */
    const unreal = new Set<number>();
    let near: Hit[] = [];
    yield* extend();
    for (let landings = 0; ; landings++) {
      const scale = Math.max(Math.abs(t), Math.abs(step.end));
      const hits = this.hits(step, scale, near).filter(({ acts, index }) => !acts || !unreal.has(index));
      const first = hits.find(({ acts }) => acts);
      this.refuseBroken(step, first?.s ?? 1);
      if (!first) return this.settle(step, hits, []);
      if (sameMoment(first.t, t, scale)) {
        const together = hits.filter((hit) => sameMoment(hit.t, t, scale));
        this.sides.cross(together);
        return { where: "start", hits: byIndex(together) };
      }
      if (sameMoment(first.t, step.end, scale) || landings === MOST_LANDINGS) {
        const atEnd = hits.filter((hit) => hit.acts || sameMoment(hit.t, step.end, scale));
        const also = near.filter(({ index }) => !hits.some((hit) => hit.index === index));
        return this.settle(step, hits, [...atEnd, ...also]);
      }
      near = hits.filter((hit) => sameMoment(hit.t, first.t, scale));
      const { end, stageEnd } = step;
      if (!(yield* this.land(runner, step, first, scale))) {
        unreal.add(first.index);
        near = [];
        yield* takeTo(runner, step, end, stageEnd);
      }
      yield* extend();
    }
  }

  private *land(runner: Runner, step: WatchedStep, { index, t, s, crossing }: Hit, scale: number): Waiting<boolean> {
    const { end, h } = step;
    const event = this.events[index]!;
    const g = this.along(index, step);
    const [a, b] = [Math.max(0, s - NEAR), Math.min(1, s + NEAR)];
    const { crossings } = this.scans[index]!;
    const back = crossings[crossings.indexOf(crossing) + 1];
    const sign = crossing.rising ? 1 : -1;
    const target: Target = {
      root: (at) => sign * rootValue(event, index, at, this.state(step, 1)),
      guess: t,
      slope: (g(b) - g(a)) / ((b - a) * h),
      limit: back ? step.t + (h * (s + back.to)) / 2 : end,
      limitPast: back === undefined,
      beyondZero: crossing.leaves,
      resolution: Math.max(Number.EPSILON * scale, this.dtype === "float32" ? SINGLE * Math.abs(h) : 0),
    };
    if (!(yield* land(runner, step, target))) return false;
    if (event.effect === undefined && !crossing.leaves) yield* passZero(runner, step, target);
    return true;
  }

  /** The events of a step in order, with what acts. `landed`: those that it has been made to end at. */
  private hits(step: WatchedStep, scale: number, landed: readonly Hit[]): Hit[] {
    const { t, h, end } = step;
    const resolution = (Number.EPSILON * scale) / Math.abs(h) / 2;
    const hits: Omit<Hit, "acts">[] = [];
    this.sampled = 0;
    for (let index = 0; index < this.events.length; index++) {
      const g = this.along(index, step);
      const found = this.look(index, g, step, resolution);
      this.scans[index] = found;
      if (found.crossings.length === 0) continue;
      const { direction } = this.events[index]!;
      let { sign } = this.sides.at(index);
      for (const crossing of found.crossings) {
        const unknown = sign === 0;
        sign = crossing.rising ? 1 : -1;
        if (unknown && !this.sides.leave(index, t + crossing.to * h, sign)) continue;
        if (direction !== undefined && direction !== sign) continue;
        let s = locate(g, crossing, resolution);
        // By rounding the continuous extension may cross a little earlier than the step's own end.
        const last = crossing === found.crossings.at(-1) && s > 1 - 1 / SAMPLES;
        if (last && landed.some((hit) => hit.index === index)) s = 1;
        if (crossing === found.crossings[0] && !unknown) this.sides.refuseRounding(index, t + s * h, sign, g(s / 2));
        const fixed = unknown && this.isWhereItStarts(step, s, scale);
        hits.push({ index, s: fixed ? 0 : s, t: fixed ? t : s === 1 ? end : t + s * h, crossing, fixed });
      }
    }
    if (hits.length === 0) return [];
    hits.sort((a, b) => a.s - b.s);
    const ahead: number[] = [];
    return hits.map((hit) => {
      ahead[hit.index] = (ahead[hit.index] ?? 0) + 1;
      return { ...hit, acts: this.occurrences.acts(hit.index, ahead[hit.index]!) };
    });
  }

  private look(index: number, g: (s: number) => number, { t, h }: WatchedStep, resolution: number): Scan {
    const { value, sign, crossedAt } = this.sides.at(index);
    // In the moment after it has crossed zero its values say nothing of the side that it is on.
    const moment = (MOMENT * Number.EPSILON * Math.abs(t)) / Math.abs(h);
    const from = sameMoment(t, crossedAt, Math.abs(t)) ? moment : 0;
    const found = scan(g, { value, sign, from }, resolution);
    if (!found.open) return found;
    // A zero at the very end: if the function turns back there it only touches zero.
    const beyond = 1 + Math.max(PEEK, 16 * resolution);
    if ((this.end - (t + beyond * h)) * h < 0) return found;
    const back = found.crossings.at(-1)!.rising ? -1 : 1;
    if (Math.sign(g(beyond)) !== back) return found;
    return { ...found, crossings: found.crossings.slice(0, -1), sign: back };
  }

  /** Whether the state or the time at t + s h is that at t but for rounding. */
  private isWhereItStarts(step: WatchedStep, s: number, scale: number): boolean {
    if (sameMoment(step.t + s * step.h, step.t, scale)) return true;
    const y = this.state(step, 0);
    const rounding = 16 * EPSILONS[this.dtype];
    return this.state(step, s).every((value, i) => Math.abs(value - y[i]!) <= rounding * Math.abs(y[i]!));
  }

  /** Throws where a root function is no finite number before s. */
  private refuseBroken(step: WatchedStep, s: number): void {
    this.scans.forEach(({ brokenAt }, index) => {
      if (brokenAt === undefined || brokenAt > s) return;
      const value = this.along(index, step)(brokenAt);
      throw rootNotFinite(step.t + brokenAt * step.h, index, value);
    });
  }

  /** The step is taken as it stands: lists what passes in it; returns what acts at its end, if anything does. */
  private settle(step: WatchedStep, hits: readonly Hit[], atEnd: readonly Hit[]): Found | undefined {
    for (const hit of hits) {
      if (hit.acts || atEnd.includes(hit)) continue;
      this.occurrences.pass(hit.index, hit.t, this.state(step, hit.s));
      this.sides.pass(hit.index, hit.t);
    }
    this.sides.settle(this.scans);
    this.sides.cross(atEnd);
    return atEnd.length > 0 ? { where: "end", hits: byIndex(atEnd) } : undefined;
  }

  /** Looks at all root functions again after effects. */
  afterEffects(t: number, y: FloatArray, { hits }: Found): void {
    this.sides.afterEffects(t, y, new Set(hits.map(({ index }) => index)));
  }

  private along(index: number, step: WatchedStep): (s: number) => number {
    const event = this.events[index]!;
    const { t, h, end } = step;
    return (s) => rootValue(event, index, s === 1 ? end : t + s * h, this.state(step, s));
  }

  private state({ program, h }: WatchedStep, s: number): FloatArray {
    if (s === 0 || s === 1) return this.host.view((s === 0 ? program.start : program.end)[0]!);
    const place = s * SAMPLES;
    if (this.events.length === 1 || !Number.isInteger(place) || place > SAMPLES)
      return this.host.view(this.interpolator.at(program, s, h));
    // All root functions are looked at in the same places, one after the other.
    if (!(this.sampled & (1 << place))) {
      const view = this.host.view(this.interpolator.at(program, s, h));
      this.samples[place] ??= view.slice();
      this.samples[place].set(view);
      this.sampled |= 1 << place;
    }
    return this.samples[place]!;
  }
}

/** One of each, in the order of the list. */
function byIndex(hits: readonly Hit[]): Hit[] {
  const first = new Map<number, Hit>();
  for (const hit of hits) if (!first.has(hit.index)) first.set(hit.index, hit);
  return [...first.values()].sort((a, b) => a.index - b.index);
}
