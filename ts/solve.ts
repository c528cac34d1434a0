// solve(): checks the options, binds the problem to one leased block, runs the loop and builds the Solution.

import type { Tape } from "./adjoints/adjoint.ts";
import { slotBytes } from "./adjoints/discrete.ts";
import { type ArrayOf, type Dtype, type FloatArray, zeros } from "./base/dtype.ts";
import type { SolveError } from "./base/errors.ts";
import type { Awaitable } from "./base/waiting.ts";
import { drive, type Waiting, wait } from "./base/waiting.ts";
import { EventWatch } from "./events/watch.ts";
import type { AsyncField, Field } from "./fields/field.ts";
import type { AsyncFieldFunction, BareField, FieldFunction, NumbersFieldFunction } from "./fields/function.ts";
import { DensePath } from "./integration/dense-path.ts";
import { integrate, type Outcome } from "./integration/integrate.ts";
import { load, setUp } from "./integration/setup.ts";
import { type Request, requestOf } from "./options/check.ts";
import type { SolveOptions } from "./options/options.ts";
import type { Problem } from "./problem/problem.ts";
import { type AsyncSolution, Solution } from "./solution.ts";
import { Scratch } from "./wasm/scratch.ts";

/**
 * Solves dy/dt = f(t, y, θ), y(ts[0]) = y0 at the times `ts`.
 * Throws `SolveError`: "invalid" before anything runs, "unsupported" where WebAssembly cannot run, the other codes where the
 * numbers failed (unless `onFailure: "return"`). A promise of the solution for an asynchronous field.
 */
export function solve(field: FieldFunction, options: SolveOptions): Solution<Float64Array>;
/** The same for a function that answers with promises. */
export function solve(field: AsyncFieldFunction, options: SolveOptions): Promise<AsyncSolution<Float64Array>>;
/** The same for an asynchronous field, such as one on a GPU. */
export function solve(field: AsyncField, options: SolveOptions): Promise<AsyncSolution>;
/** The same for a field of a known precision. */
export function solve<D extends Dtype>(
  field: Field & { readonly dtype: D },
  options: SolveOptions,
): Solution<ArrayOf<D>>;
/** The same for a function of `number[]`. */
export function solve(field: NumbersFieldFunction, options: SolveOptions): Solution<Float64Array>;
/** The same for a synchronous field of any kind. */
export function solve(field: FieldFunction | Field, options: SolveOptions): Solution;
export function solve(
  field: BareField | NumbersFieldFunction | Field,
  options: SolveOptions,
): Awaitable<Solution | AsyncSolution> {
  const request = requestOf(field as BareField | Field, options);
  return drive(run(request), request.problem.signal);
}

/** `known`: why a larger problem failed, of which this is the part that was reached. */
function* run({ problem, adjoint }: Request, known?: SolveError): Waiting<Solution> {
  const { field: unbound, y0, ts } = problem;
  const scratch = new Scratch();
  const setup = setUp(problem, scratch, adjoint?.slots(problem) ?? 0);
  const { machine, placed, interpolator } = setup;
  const { field, arithmetic } = machine;
  const ys = zeros(unbound.dtype, ts.length * y0.length);
  let solution: Solution | undefined;
  let tape: Tape | undefined;
  try {
    scratch.lease();
    load(setup, problem);
    tape = adjoint?.tape({ problem, placed, field, arithmetic });
    // Where states are on a device, neither is asked for (options/check.ts).
    const { host } = arithmetic;
    const path = host && problem.dense ? new DensePath(problem, placed, host) : undefined;
    const watch = host && problem.events.length > 0 ? new EventWatch(problem, interpolator!, host) : undefined;
    const taped = tape?.field ? { ...setup, machine: { ...machine, field: tape.field } } : setup;
    const outcome = yield* integrate({ setup: taped, problem, path, tape, watch, ys });
    const { stats } = outcome;
    const next = placed.programs[stats.accepted & 1]!;
    path?.finish(outcome.grid, next);
    if (outcome.failure && problem.onFailure === "throw") throw outcome.failure;
    const end = next.start.map((part) => {
      const numbers = zeros(unbound.dtype, y0.length);
      arithmetic.copyOut(part, numbers);
      return numbers;
    });
    yield* wait(arithmetic.arrived());
    const late = arithmetic.lateFailure?.(problem, { ...outcome, ys, parts: end });
    if (late && problem.onFailure === "throw") throw late.failure;
    if (late?.reached) return yield* run({ problem: late.reached, adjoint }, outcome.failure ?? late.failure);
    const { grid, stopped, failure = late?.failure ?? known } = outcome;
    const { records = [], jumps = [] } = watch?.occurrences ?? {};
    // An event that stopped the solve may have had an effect: the solution shows the state before it.
    if (stopped) end[0] = jumps.at(-1)!.before;
    // Copied one by one, here and in the constructor of Solution: spreading them took as long as a short solve.
    const { ts: times, ys: states } = reached(problem, outcome, ys, end[0]!);
    const trajectory = { problem, grid, end, jumps, stopped, ts: times, ys: states };
    const kept = tape?.bytes ?? { checkpoints: 0, stages: 0, tape: 0 };
    const peakBytes = {
      checkpoints: kept.checkpoints,
      stages: kept.stages + placed.stageBytes,
      tape: kept.tape + slotBytes(field),
      total: kept.checkpoints + kept.stages + kept.tape + (path?.bytes ?? 0) + scratch.held,
    };
    const status = stopped ? "stopped" : (failure?.code ?? "done");
    const own = {
      ts: times,
      ys: states,
      grid,
      t: grid[grid.length - 1]!,
      y: end[0]!,
      status,
      error: failure,
      stats: Object.assign(stats, { peakBytes }),
      rejections: outcome.rejections,
      events: records,
      nextStep: outcome.nextStep,
    } as const;
    solution = new Solution(trajectory, tape, adjoint?.lossOf, path, own, arithmetic.dispose && arithmetic);
    return solution;
  } finally {
    scratch.release();
    if (!solution) {
      arithmetic.dispose?.();
      tape?.dispose?.();
    }
  }
}

/** The output times and states that were reached; a terminal event's time and state come last. */
function reached(
  { ts, y0 }: Problem,
  { outputs, stopped, grid }: Outcome,
  ys: FloatArray,
  last: FloatArray,
): { ts: Float64Array; ys: FloatArray } {
  const end = grid[grid.length - 1]!;
  const rows = stopped && ts[outputs - 1] !== end ? outputs + 1 : outputs;
  if (!stopped && rows === ts.length) return { ts, ys };
  const times = ts.slice(0, rows);
  if (stopped) {
    times[rows - 1] = end;
    ys.set(last, (rows - 1) * y0.length);
  }
  return { ts: times, ys: ys.slice(0, rows * y0.length) };
}
