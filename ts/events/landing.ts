// Landing on an event: the step is taken again, and again, so that it ends where the root function of the *step's own
// result* changes sign. A bracket is kept all the way, so that no root function that changes sign, however steep, flat or
// broken, is missed by more than what t resolves.

import type { Waiting } from "../base/waiting.ts";
import type { Program } from "../program/program.ts";
import type { Runner } from "../program/runner.ts";

/** A step in work; watching for events may shorten it. */
export interface WatchedStep {
  readonly program: Program;
  readonly t: number;
  /** The time that stages count from. */
  readonly stageStart: number;
  /** t + h, rounded, and the time that stages at the end are evaluated at. */
  end: number;
  h: number;
  stageEnd: number;
}

/** What is looked for. */
export interface Target {
  /** Of the step's end and the state there: below 0 before the event, above 0 past it. */
  readonly root: (end: number) => number;
  /** Where the continuous extension has it, and how steep it is there. */
  readonly guess: number;
  readonly slope: number;
  /** The latest end to try, and whether it is known to be past the event. */
  readonly limit: number;
  readonly limitPast: boolean;
  /** Whether a zero is not past the event: where the root function leaves zero there. */
  readonly beyondZero: boolean;
  /** Ends closer together than this are the same. */
  readonly resolution: number;
}

const MOST_TRIES = 200;
const WIDEN = 8;

/** Runs the step from its second evaluation on, so that it ends at `end`, and so does what is evaluated there. */
export function* takeTo(runner: Runner, step: WatchedStep, end: number, stageEnd: number = end): Waiting<void> {
  step.end = end;
  step.h = end - step.t;
  step.stageEnd = stageEnd;
  yield* runner.finish(step.program.instructions, 1, step.stageStart, step.h, stageEnd);
}

/**
 * Shortens the step to the first end found that is past the event and within the resolution of one that is not. The step's
 * first derivative must be in its place. False where no end up to the limit is past the event.
 */
export function* land(runner: Runner, step: WatchedStep, target: Target): Waiting<boolean> {
  const { resolution, beyondZero } = target;
  // Times as they grow along the integration.
  const way = Math.sign(step.h);
  const limit = way * target.limit;
  /** The latest end that is not past the event, the earliest that is; the root there, NaN where no step was taken. */
  let [a, ga] = [way * step.t, Number.NaN];
  let [b, gb] = [target.limitPast ? limit : Number.NaN, Number.NaN];
  let x = Math.min(way * target.guess, limit);
  let width = Number.NaN;
  let side = 0;
  for (let i = 0; i < MOST_TRIES; i++) {
    yield* takeTo(runner, step, way * x);
    const g = target.root(way * x);
    if (g > 0 || (g === 0 && !beyondZero) || Number.isNaN(g)) {
      [b, gb] = [x, g];
      if (g === 0) return true;
      if (side === 1) ga /= 2;
      side = 1;
    } else {
      if (x === limit && Number.isNaN(b)) return false;
      [a, ga] = [x, g];
      if (side === -1) gb /= 2;
      side = -1;
    }
    if (b - a <= resolution) break;
    if (Number.isNaN(width)) {
      const distance = 2 * Math.abs(g / target.slope);
      const most = Math.abs(step.t - target.limit);
      width = Math.min(most, Math.max(2 * resolution, Number.isFinite(distance) ? distance : most / WIDEN));
    }
    if (Number.isNaN(ga) || Number.isNaN(gb)) {
      // Only one side has been stepped to: away from it, further each time.
      x = side === 1 ? b - width : Math.min(a + width, limit);
      width *= WIDEN;
    } else {
      x = i % 3 === 0 ? (a + b) / 2 : (a * gb - b * ga) / (gb - ga);
      // Not quite at the side that is nearer, so that the other one comes near, too.
      x = Math.min(Math.max(x, a + resolution), b - resolution);
    }
    if (!(x > a) || x >= b) x = (a + b) / 2;
    if (!(x > a) || x >= b) break;
  }
  if (step.end !== way * b) yield* takeTo(runner, step, way * b);
  return true;
}

/** How many times the distance is doubled in search of an end past a zero. */
const DOUBLINGS = 6;

/**
 * Moves the end of a step from an exact zero to where the root function is past zero, if that is as good. A solve that
 * starts from that state then goes on, whatever the direction. A function of time alone stays at zero.
 */
export function* passZero(runner: Runner, step: WatchedStep, { root, limit, resolution }: Target): Waiting<void> {
  const { end, h } = step;
  const way = Math.sign(h);
  if (root(end) !== 0 || root(end + way * resolution) !== 0) return;
  for (let i = 0; i < DOUBLINGS; i++) {
    const further = end + way * resolution * 2 ** i;
    if ((further - limit) * way > 0) break;
    yield* takeTo(runner, step, further);
    if (root(further) > 0) return;
  }
  yield* takeTo(runner, step, end);
}
