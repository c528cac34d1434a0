// The backward solve of the continuous adjoint: from output to output and from event to event, each of them stored, so that
// the state starts afresh there.

import { type FloatArray, zeros } from "../base/dtype.ts";
import { invalid, type SolveError } from "../base/errors.ts";
import { backwardFailure, overflowing } from "../base/failures.ts";
import { type Waiting, wait } from "../base/waiting.ts";
import { integrate } from "../integration/integrate.ts";
import { load, setUp } from "../integration/setup.ts";
import type { Controller } from "../problem/controller.ts";
import type { Jump } from "../problem/event.ts";
import { firstTime, type Problem, type Steps } from "../problem/problem.ts";
import { evaluationsOf } from "../program/program.ts";
import { Scratch } from "../wasm/scratch.ts";
import type { Gradients, Loss, Trajectory } from "./adjoint.ts";
import { AugmentedField, type BoundAugmented, nameIn } from "./augmented.ts";
import { type BackwardOptions, measureOf } from "./augmented-measure.ts";
import { onlyFinite } from "./finite-gradients.ts";
import { byPlace, dot, pullEffect, share, slopesAt } from "./jumps.ts";
import { Quadrature } from "./quadrature.ts";

/** A time where the state is stored. */
interface Mark {
  readonly t: number;
  /** The row of the output there, −1 where there is none. */
  readonly row: number;
  readonly jumps: readonly Jump[];
}

/** Outputs and events, from the last to the first. */
function marksOf({ ts, grid, jumps, problem }: Trajectory): Mark[] {
  if (jumps.length === 0) return Array.from(ts, (t, row) => ({ t, row, jumps })).reverse();
  const rows = new Map(Array.from(ts, (t, i) => [t, i]));
  const places = new Map(Array.from(byPlace(jumps), ([n, there]) => [grid[n]!, there]));
  const times = new Set([...ts, ...places.keys()]);
  return [...times]
    .sort((a, b) => (b - a) * problem.direction)
    .map((t) => ({ t, row: rows.get(t) ?? -1, jumps: places.get(t) ?? [] }));
}

/** Numbers above these are near an overflow, together with what a step makes of them. */
const NEAR_OVERFLOW = { float32: 1e34, float64: 1e300 };

/** Steps that became ever shorter where the numbers overflow are not to blame. */
function causeOf(failure: SolveError, state: FloatArray): SolveError {
  const dtype = state instanceof Float32Array ? "float32" : "float64";
  const large = state.findIndex((value) => Math.abs(value) > NEAR_OVERFLOW[dtype]);
  return large < 0 ? failure : overflowing(failure, large, state[large]!, dtype);
}

/** The cotangent of no output. */
const NOTHING = new Float64Array(0);

/** The grid points of the forward solve between two times, backwards, where the forward steps were given. */
function segmentGrid(grid: Float64Array, from: number, to: number): Float64Array {
  const low = Math.min(from, to);
  const high = Math.max(from, to);
  const inside = grid.filter((t) => t > low && t < high);
  return Float64Array.from([from, ...inside.reverse(), to]);
}

/** ∂L/∂(y0, θ, ts) by the adjoint equations. */
export function* solveBackwards(
  trajectory: Trajectory,
  { cotangent, times: wantTimes, stopTime }: Loss,
  options: BackwardOptions,
): Waiting<Gradients> {
  const { problem, ts, ys, grid, stopped } = trajectory;
  const { field: inner, y0 } = problem;
  const n = y0.length;
  const solver = options.solver ?? problem.solver;
  const given = problem.steps.kind === "given";
  if (!given && !solver.adaptive)
    throw invalid("continuous option solver", solver.name, "a solver with an error estimate");
  const field = new AugmentedField(inner, n, options.quadrature, wantTimes);
  const { layout } = field;
  const direction = -problem.direction;
  const steps: Steps = given
    ? { kind: "given", grid: grid.slice(0, 2) }
    : {
        kind: "adaptive",
        controller: options.controller ?? (problem.steps as { controller: Controller }).controller,
        firstStep: undefined,
        minStep: (problem.steps as { minStep: number }).minStep,
        maxStep: (problem.steps as { maxStep: number }).maxStep,
      };
  const state = zeros(inner.dtype, layout.length);
  const base: Problem = {
    ...problem,
    field,
    solver,
    equations: undefined,
    y0: state,
    direction,
    measure: measureOf(problem, layout, options, wantTimes),
    steps,
    extended: false,
    dense: false,
    events: [],
    accept: undefined,
    onStep: undefined,
  };
  const scratch = new Scratch();
  const tapeSlots = options.quadrature ? evaluationsOf(solver.scheme, false) : 0;
  const setup = setUp(base, scratch, tapeSlots);
  const { arithmetic } = setup.machine;
  const augmented = setup.machine.field as BoundAugmented;
  const quadrature = options.quadrature ? new Quadrature(scratch, setup, solver) : undefined;
  const rows = zeros(inner.dtype, 2 * layout.length);
  const count = { evaluations: 0, accepted: 0, rejected: 0 };
  const tsBar = new Float64Array(ts.length);
  const x = state.subarray(0, n);
  const a = state.subarray(layout.adjoint, layout.adjoint + n);
  /** What effects add to ∂L/∂θ. */
  let effectsBar: FloatArray | undefined;
  let scale = 1;
  for (const value of y0) scale = Math.max(scale, Math.abs(value));
  let error = 0;

  /** f at t and the state x. */
  const slopeAt = function* (t: number): Waiting<FloatArray> {
    const { out, k, tapeSlot } = setup.placed.programs[0].instructions[0]!;
    arithmetic.copyIn(out, state);
    count.evaluations++;
    const pending = augmented.evaluate(t, out, k!, tapeSlot);
    if (pending) yield pending;
    const { host } = arithmetic;
    if (host) return host.view(k!).slice(0, n) as FloatArray;
    const rate = zeros(inner.dtype, layout.length);
    arithmetic.copyOut(k!, rate);
    yield* wait(arithmetic.arrived());
    return rate.subarray(0, n);
  };

  /** Takes a and x to before the events at a time, whose ∂L/∂t so far is `along`; returns what it is before them. */
  const cross = function* ({ t, jumps }: Mark, along: number): Waiting<number> {
    for (const jump of [...jumps].reverse()) {
      if (jump.after) {
        const pulled = pullEffect(problem, jump, a);
        a.set(pulled.y);
        along += pulled.t;
        effectsBar ??= zeros(inner.dtype, pulled.params.length);
        addTo(effectsBar, pulled.params);
      }
      x.set(jump.before);
      if (jump.fixed) continue;
      const slopes = slopesAt(problem, jump);
      const f = yield* slopeAt(firstTime(base, t));
      const alpha = slopes.still ? 0 : share(jump, slopes, dot(slopes.state, f), dot(a, f) + along);
      for (let i = 0; i < n; i++) a[i]! -= alpha * slopes.state[i]!;
      along = -dot(a, f);
    }
    return along;
  };

  try {
    scratch.lease();
    load(setup, base);
    quadrature?.load();
    let firstStep: number | undefined;
    let finite = quadrature === undefined && arithmetic.host !== undefined;
    const marks = marksOf(trajectory);
    for (let i = 0; i < marks.length; i++) {
      const mark = marks[i]!;
      const { t, row, jumps } = mark;
      const start = i === marks.length - 1;
      const stops = stopped && i === 0;
      // The stored state replaces the one that was integrated backwards.
      const stored = jumps.at(-1)?.after ?? jumps[0]?.before ?? ys.subarray(row * n, (row + 1) * n);
      if (i > 0) for (let j = 0; j < n; j++) error = Math.max(error, Math.abs(x[j]! - stored[j]!) / scale);
      x.set(stored);
      const c = row < 0 ? NOTHING : cotangent.subarray(row * n, (row + 1) * n);
      if (stops) addTo(a, c);
      // ∂L/∂t of what starts here and ends at a time of its own.
      let along = stops ? stopTime : 0;
      const parts = problem.jumps.has(t);
      if (!stops && (jumps.length > 0 || (wantTimes && (start || parts))))
        along = -dot(a, yield* slopeAt(firstTime(problem, t)));
      if (jumps.length > 0) along = yield* cross(mark, along);
      if (start && row === 0) tsBar[0] = along;
      if (!stops) addTo(a, c);
      if (start) break;
      // ∂L/∂t of what ends here: the output, and where the field parts in two, all that comes after. The first derivative of
      // the next step is in its place afterwards.
      const known = wantTimes && row > 0 && !stops;
      if (known) {
        const f = yield* slopeAt(firstTime(base, t));
        tsBar[row] = parts ? along + dot(a, f) : dot(c, f);
      }
      state[layout.time]! -= row > 0 ? tsBar[row]! : 0;
      const [from, to] = [t, marks[i + 1]!.t];
      const within = [...problem.jumps].filter((t) => (t - from) * direction > 0 && (to - t) * direction > 0);
      const segment: Problem = {
        ...base,
        ts: Float64Array.of(from, to),
        stops: Float64Array.from([...within, to]).sort((a, b) => (a - b) * direction),
        steps: steps.kind === "given" ? { kind: "given", grid: segmentGrid(grid, from, to) } : { ...steps, firstStep },
      };
      if (steps.kind === "adaptive") setup.control!.load(steps.controller, solver.errorOrder);
      const outcome = yield* integrate({ setup, problem: segment, firstKnown: known, ys: rows, tape: quadrature });
      count.evaluations += outcome.stats.evaluations;
      count.accepted += outcome.stats.accepted;
      count.rejected += outcome.stats.rejected;
      // Where the next step would start.
      const [end] = setup.placed.programs[outcome.stats.accepted & 1]!.start;
      if (outcome.failure) {
        const failure = arithmetic.host ? causeOf(outcome.failure, arithmetic.host.view(end!)) : outcome.failure;
        throw backwardFailure(failure, (i) => nameIn(layout, i));
      }
      yield* wait(arithmetic.arrived());
      state.set(rows.subarray(layout.length));
      if (i === marks.length - 2 && finite) finite = arithmetic.isFinite(end!) as boolean;
      if (!given) firstStep = outcome.nextStep;
    }
    const params = quadrature ? yield* quadrature.result() : state.slice(layout.theta);
    if (effectsBar) addTo(params, effectsBar);
    const gradients: Gradients = {
      y0: a.slice(),
      params,
      ...(wantTimes && { ts: tsBar }),
      stats: {
        adjoint: "continuous",
        ...count,
        vjps: augmented.vjps,
        reconstructionError: error,
        peakBytes: {
          checkpoints: 0,
          stages: setup.placed.stageBytes,
          tape: augmented.tapeBytes,
          total: scratch.held + state.byteLength + rows.byteLength,
        },
      },
    };
    finite &&= !effectsBar && gradients.y0.every(Number.isFinite) && tsBar.every(Number.isFinite);
    return yield* onlyFinite({ gradients, finite });
  } finally {
    scratch.release();
  }
}

/** sum ← sum + x, as far as x goes. */
function addTo(sum: FloatArray, x: FloatArray): void {
  for (let i = 0; i < x.length; i++) sum[i]! += x[i]!;
}
