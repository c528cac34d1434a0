// The backward pass shared by all exact adjoints: they differ only in how they bring a step's vectors back. It walks the
// frozen grid from the end, adds the loss's cotangents where outputs landed, and transposes step after step.

import { bytesOf, type FloatArray, zeros } from "../base/dtype.ts";
import { type Waiting, wait } from "../base/waiting.ts";
import type { BoundField } from "../fields/field.ts";
import { type Alike, inPlace } from "../integration/setup.ts";
import { firstTime, lastTime, type Problem, schemeOf } from "../problem/problem.ts";
import { evaluationsOf, type Machine, type PlacedScheme, type Program, placeScheme } from "../program/program.ts";
import type { Arithmetic, Vector } from "../vectors/arithmetic.ts";
import { type Space, WasmArithmetic } from "../vectors/wasm-arithmetic.ts";
import { Scratch } from "../wasm/scratch.ts";
import type { GradientStats, Gradients, Loss, PeakBytes, Trajectory } from "./adjoint.ts";
import { type BadStep, onlyFinite, type Pulled } from "./finite-gradients.ts";
import { MovingSteps } from "./moving-steps.ts";
import { type Pass, type StepTimes, Sweep } from "./sweep.ts";

/** The backward pass's own vectors, placed and leased. */
interface Backward {
  readonly trajectory: Trajectory;
  readonly machine: Machine;
  readonly placed: PlacedScheme;
  readonly sweep: Sweep;
  readonly stats: { evaluations: number };
  /** Whether time gradients are taken of any step, for ∂L/∂ts or for the times of events. */
  readonly times: boolean;
}

/** A step to be brought back. */
interface BackwardStep {
  readonly n: number;
  /** The time that stages count from: the step's start, or what `firstTime` puts in its place. */
  readonly stageStart: number;
  readonly h: number;
  /** The time that stages at the step's end are evaluated at; see `stageTime`. */
  readonly stageEnd: number;
  readonly program: Program;
  /** Whether outputs lie inside it, so that the continuous extension takes part. */
  readonly dense: boolean;
}

/** How one adjoint brings a step back. */
export interface Restore {
  /** Its name. */
  readonly adjoint: string;
  /**
   * Puts step n's start state, derivatives and whatever its transposition needs in place. The end state is there already:
   * it is the start state of step n + 1.
   */
  step(step: BackwardStep): Waiting<void> | undefined;
  /** Whether the evaluations' tapes are then in their tape slots; otherwise each VJP evaluates anew. */
  readonly tapes: boolean;
  /** Bytes kept outside the leased block. */
  readonly bytes: Omit<PeakBytes, "total">;
  /** Known at the end; see `GradientStats`. */
  readonly reconstructionError?: number;
}

/** What the backward pass needs for the tapes of evaluations. */
interface KeptTapes {
  /** Tape slots of the backward pass: one for each evaluation of a step if it records them anew; 0 for none. */
  readonly slots: number;
  /** Puts a field in place of the bound one that finds tapes elsewhere; after the lease. */
  readonly recall?: (field: BoundField) => BoundField;
}

export const NO_TAPES: KeptTapes = { slots: 0 };

/** As many tape slots as a step has evaluations. */
export const slotsOfStep = (problem: Problem): number => evaluationsOf(schemeOf(problem), problem.extended);

/** A tape slot for every evaluation of a step. */
export const tapesOfStep = (problem: Problem): KeptTapes => ({ slots: slotsOfStep(problem) });

/** Bytes of a field's tape slots. */
export const slotBytes = ({ tape }: BoundField): number => (tape ? tape.length * bytesOf(tape.dtype) : 0);

interface Transposed {
  readonly arithmetic: Arithmetic;
  readonly placed: PlacedScheme;
  readonly sweep: Sweep;
}

function declareSweep(
  space: Space,
  alike: Alike,
  arithmetic: Arithmetic = new WasmArithmetic(space, alike.length, alike),
): Transposed {
  const { scheme, extended } = alike;
  const placed = placeScheme(scheme, arithmetic, extended);
  return { arithmetic, placed, sweep: new Sweep(arithmetic, placed, extended) };
}

/** ∂L/∂(y0, θ, ts) of the discrete map, with the accepted grid frozen but for the times of events. */
export function* pullDiscrete(
  trajectory: Trajectory,
  loss: Loss,
  kept: KeptTapes,
  restoreWith: (backward: Backward) => Restore,
): Waiting<Gradients> {
  const pulled = yield* sweepBack(trajectory, loss, kept, restoreWith, undefined);
  if (pulled.finite) return pulled.gradients;
  return yield* onlyFinite(pulled, function* () {
    // Only a pass that has failed is made again and looked at step by step, so that good ones cost nothing.
    const watch: Watch = { bad: { t: Number.NaN, h: Number.NaN } };
    yield* sweepBack(trajectory, loss, kept, restoreWith, watch);
    return watch.bad;
  });
}

/** Takes down the first step, on the way back, after which something is not finite. */
interface Watch {
  bad: BadStep;
}

function* sweepBack(
  trajectory: Trajectory,
  { cotangent, stopTime, times: wantTimes }: Loss,
  { slots, recall }: KeptTapes,
  restoreWith: (backward: Backward) => Restore,
  watch: Watch | undefined,
): Waiting<Pulled> {
  const { problem, grid, ts, jumps, stopped } = trajectory;
  const { y0, params, extended, direction } = problem;
  const { dtype, vectors } = problem.field;
  const n = y0.length;
  const scratch = new Scratch();
  const timed = wantTimes || jumps.length > 0;
  const stages = schemeOf(problem).operations.filter(({ solve }) => solve).length;
  const [{ arithmetic, placed, sweep }, own] = inPlace(
    problem,
    scratch,
    { scheme: schemeOf(problem), extended, length: n, dtype, vectors },
    {
      length: n,
      params,
      slots,
      gradient: true,
      times: timed,
      ...(problem.equations?.second === "exact" && { pairs: stages }),
    },
    declareSweep,
  );
  const system = problem.equations?.bindTransposed(scratch, arithmetic.host!, own, params, stages);
  const times: StepTimes = { atStart: 0, atEnd: 0 };
  const { paramsBar } = own;
  const room = jumps.length > 0 ? arithmetic.like(scratch, n) : undefined;
  const [state, slope] = room ? [room.vector(), room.vector()] : [];
  try {
    scratch.lease();
    arithmetic.load();
    own.load();
    const field = recall?.(own) ?? own;
    system?.load();
    const machine: Machine = { field, arithmetic, system };
    const pass: Pass = { field, system, vjps: 0, dt: 0, dh: 0 };
    if (paramsBar) arithmetic.fill(paramsBar, 0);
    const stats = { evaluations: 0 };
    const restore = restoreWith({ trajectory, machine, placed, sweep, stats, times: timed });
    const moving = room && new MovingSteps(trajectory, machine, sweep, pass, state!, slope!);

    const steps = grid.length - 1;
    placed.programs[(steps + 1) & 1]!.end.forEach((part, i) => arithmetic.copyIn(part, trajectory.end[i]!));
    const tsBar = new Float64Array(ts.length);
    const cotangentAt = (row: number): FloatArray => cotangent.subarray(row * n, (row + 1) * n) as FloatArray;
    let output = ts.length - 1;
    let bars = sweep.endBar((steps + 1) & 1);
    for (const part of bars) sweep.clear(part);
    /** Adds the cotangent of the state that an event stopped at, and takes all of them at a grid point to before its jumps. */
    const cross = function* (at: number): Waiting<boolean> {
      const stops = stopped && at === steps;
      if (stops) {
        sweep.add(bars[0]!, cotangentAt(output--));
        times.atEnd += stopTime;
      }
      yield* moving!.cross(at, bars, times);
      return stops;
    };
    for (let step = steps - 1; step >= 0; step--) {
      const parity = step & 1;
      const t = grid[step]!;
      const end = grid[step + 1]!;
      const h = end - t;
      const stageStart = firstTime(problem, t);
      const stageEnd = lastTime(problem, end);
      const stops = moving?.has(step + 1) ? yield* cross(step + 1) : false;
      const landed = !stops && output > 0 && ts[output] === end;
      const landing = output;
      if (landed) output--;
      const dense = output > 0 && (ts[output]! - t) * direction > 0;
      const program = placed.programs[parity]!;
      moving?.before(step + 1).forEach((part, i) => arithmetic.copyIn(program.end[i]!, part));
      const pending = restore.step({ n: step, stageStart, h, stageEnd, program, dense });
      if (pending) yield* pending;
      const timing = wantTimes || moving?.has(step) || moving?.has(step + 1);
      if (dense) sweep.beginOutputs();
      for (; output > 0 && (ts[output]! - t) * direction > 0; output--) {
        const s = (ts[output]! - t) / h;
        sweep.addOutput(s, h, cotangentAt(output));
        if (timing) tsBar[output] = yield* sweep.outputTime(parity, s, times);
      }
      const swept = { parity, stageStart, h, stageEnd, dense, tapes: restore.tapes, times: timing ? times : undefined };
      const moves = moving?.endsAt(step + 1);
      if (moves) yield* moving!.move(moves, swept, bars, arithmetic.host!.view(program.start[0]!), times);
      if (landed && moves && wantTimes)
        tsBar[landing] = yield* moving!.byEnd({ ...swept, dense: false }, bars, cotangentAt(landing));
      if (landed) sweep.add(bars[0]!, cotangentAt(landing));
      const pulling = sweep.step(pass, swept);
      if (pulling) yield* pulling;
      bars = sweep.startBar(parity);
      if (landed && !moves) tsBar[landing] = times.atEnd;
      // This step's start is the end of the one before.
      times.atEnd = times.atStart;
      times.atStart = 0;
      if (watch && Number.isNaN(watch.bad.t)) {
        for (const bar of paramsBar ? [...bars, paramsBar] : bars) {
          if (!(yield* wait(arithmetic.isFinite(bar)))) watch.bad = { t, h };
        }
        if (!Number.isFinite(times.atEnd)) watch.bad = { t, h };
      }
    }
    const stops = moving?.has(0) ? yield* cross(0) : false;
    if (!stops) sweep.add(bars[0]!, cotangentAt(0));
    tsBar[0] = times.atEnd;
    // The time of an event that stops the solve is a result, not an input, unless it is the start's.
    if (stopped && steps > 0) tsBar[ts.length - 1] = 0;

    const numbersOf = (vector: Vector | undefined, length: number): FloatArray => {
      const numbers = zeros(dtype, length);
      if (vector) arithmetic.copyOut(vector, numbers);
      return numbers;
    };
    const flushed = field.flush?.();
    if (flushed) yield flushed;
    const [y0Bar, ...others] = bars.map((part) => numbersOf(part, n)) as [FloatArray, ...FloatArray[]];
    const thetaBar = numbersOf(paramsBar, paramsBar?.length ?? 0);
    yield* wait(arithmetic.arrived());
    for (const other of others) other.forEach((value, i) => (y0Bar[i]! += value));
    const tape = slotBytes(field);
    const finite = arithmetic.host !== undefined && (!paramsBar || (arithmetic.isFinite(paramsBar) as boolean));
    const counted: { evaluations: number; vjps: number; second?: GradientStats["second"] } = {
      evaluations: stats.evaluations + (moving?.evaluations ?? 0) + (restore.tapes ? 0 : pass.vjps),
      vjps: pass.vjps,
    };
    if (system) {
      counted.second = problem.equations!.second;
      system.countIn(counted);
    }
    const gradients: Gradients = {
      y0: y0Bar,
      params: thetaBar,
      ...(wantTimes && { ts: tsBar }),
      stats: {
        adjoint: restore.adjoint,
        ...counted,
        accepted: steps,
        rejected: 0,
        ...(restore.reconstructionError !== undefined && { reconstructionError: restore.reconstructionError }),
        peakBytes: {
          checkpoints: restore.bytes.checkpoints,
          stages: restore.bytes.stages + placed.stageBytes,
          tape: restore.bytes.tape + tape,
          total: restore.bytes.checkpoints + restore.bytes.stages + restore.bytes.tape + scratch.held,
        },
      },
    };
    return {
      gradients,
      finite: finite && y0Bar.every(Number.isFinite) && (!wantTimes || tsBar.every(Number.isFinite)),
    };
  } finally {
    scratch.release();
  }
}
