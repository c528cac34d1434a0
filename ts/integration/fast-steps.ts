// The steps of small states, taken by functions that are written for their scheme (program/written-step.ts): one step a
// call where somebody looks at steps or is told of them, else all steps up to the next stop in one call. Steps and verdicts are the same
// as `Stepping`'s, to the bit. `Stepping` keeps the first step, the steps that end at a stop, and every failure.
import type { FloatArray } from "../base/dtype.ts";
import type { FillingField } from "../fields/field.ts";
import type { Problem } from "../problem/problem.ts";
import { evaluationsOf } from "../program/program.ts";
import {
  AT,
  arraysOf,
  RUN,
  type WrittenRun,
  type WrittenStep,
  type WrittenSteps,
  writtenRun,
  writtenStep,
  writtenSteps,
} from "../program/written-step.ts";
import type { HostArithmetic, Measure } from "../vectors/arithmetic.ts";
import type { Setup } from "./setup.ts";
import type { StepState } from "./step-state.ts";

export class FastSteps {
  private readonly setup: Setup;
  private readonly written: WrittenStep;
  /** Given steps in a loop. */
  private readonly loop: WrittenSteps | undefined;
  /** Steps under error control in a loop. */
  private readonly controlled: WrittenRun | undefined;
  /** The field's function, once it is known to fill its output at once. */
  private filling: FillingField | undefined;
  /**
   * The numbers of a written step. Tolerances and error are NaN if errors are not measured as a written step measures
   * them; then the kernels measure.
   */
  private readonly numbers: Float64Array = new Float64Array(6).fill(Number.NaN);
  private readonly run: Float64Array | undefined;
  /** Whether a loop may take only one step. */
  private readonly singly: boolean;
  /** For even and for odd steps: the vectors that a written step works on. */
  private readonly arrays: readonly Float64Array[][];
  private readonly evaluations: number;
  private readonly kept: boolean;

  /**
   * The fast steps of a problem, if it has any. `unseen`: whether nobody looks into the steps between stops; `told`: whether
   * somebody is told of each.
   */
  static of(problem: Problem, setup: Setup, unseen: boolean, told: boolean): FastSteps | undefined {
    const { field, arithmetic } = setup.machine;
    const { host } = arithmetic;
    if (setup.machine.system?.written === false) return undefined;
    const written = host && field.filling && writtenStep(setup.placed.scheme, problem.y0.length, field.text);
    return written && new FastSteps(problem, setup, host, unseen, told, written);
  }

  private constructor(
    { y0, measure, steps }: Problem,
    setup: Setup,
    host: HostArithmetic,
    unseen: boolean,
    told: boolean,
    written: WrittenStep,
  ) {
    const { scheme, programs, fsal } = setup.placed;
    const { text } = setup.machine.field;
    this.setup = setup;
    this.written = written;
    this.filling = undefined;
    this.arrays = programs.map(({ instructions }) => arraysOf(scheme, instructions, host));
    this.evaluations = evaluationsOf(scheme, false);
    this.kept = fsal === "step";
    const simple = !scheme.steadyingError && isSimple(measure, y0.length);
    if (simple) {
      this.numbers[AT.rtol] = measure.rtol as number;
      this.numbers[AT.atol] = measure.atol as number;
    }
    const given = steps.kind === "given";
    this.singly = told;
    this.loop = unseen && given && !told && !scheme.systems ? writtenSteps(scheme, y0.length, text) : undefined;
    this.controlled = unseen && simple && !given ? writtenRun(scheme, y0.length, text) : undefined;
    this.run = this.controlled && new Float64Array(Object.keys(RUN).length);
  }

  /**
   * Takes the whole step in work, once the field is known to fill its output at once. Returns the square of its scaled
   * error, NaN where that is not measured here.
   */
  step(state: StepState): number {
    if (this.filling === undefined) {
      const { filling } = this.setup.machine.field;
      if (typeof filling !== "object") return Number.NaN;
      this.filling = filling;
    }
    const { f, params, answer } = this.filling;
    const { numbers } = this;
    numbers[AT.t] = state.stageStart;
    numbers[AT.h] = state.h;
    numbers[AT.stageEnd] = state.stageEnd;
    const { system } = this.setup.machine;
    this.written(f, params, this.arrays[state.parity]!, numbers, state.next, answer, system);
    if (numbers[AT.square] === -1) {
      // The kernels go on behind the first derivative.
      state.runner.evaluations += 1 - state.next;
      state.next = 1;
      return Number.NaN;
    }
    state.runner.evaluations += this.evaluations - state.next;
    state.next = state.program.instructions.length;
    return numbers[AT.square]!;
  }

  /** Takes steps before the next stop, where there is a loop for them. Returns whether it took one that is to be told. */
  advance(state: StepState): boolean {
    const { filling, controlled, singly } = this;
    if (filling === undefined || state.stop >= state.problem.stops.length) return false;
    if (this.loop !== undefined) this.takeGiven(state, this.loop, filling);
    else if (controlled !== undefined) {
      const { maxSteps } = state.problem;
      let tried: number;
      do {
        const most = maxSteps - state.stats.steps;
        tried = this.takeControlled(state, controlled, filling, singly ? Math.min(1, most) : most);
      } while (singly && tried > 0 && state.wasRejected);
      return singly && tried > 0;
    }
    return false;
  }

  /**
   * Takes given steps: an even number, so that the state stays in its vector. `Stepping` takes the last step before the
   * stop, and a step whose result is not finite.
   */
  private takeGiven(state: StepState, loop: WrittenSteps, { f, params, answer }: FillingField): void {
    const { position, stats, firstKnown, problem, runner } = state;
    const given = state.given!;
    const place = given.indexOf(problem.stops[state.stop]!, position);
    // The grid ends before the stop where it has more than `maxSteps` steps.
    const before = (place < 0 ? given.length : place) - position;
    const count = Math.min(before, problem.maxSteps - stats.steps) & ~1;
    if (count <= 0) return;
    const taken = loop(f, params, this.arrays[state.parity]!, given, position, position + count, firstKnown, answer);
    const tried = Math.min(taken + 1, count);
    runner.evaluations += tried * this.evaluations - (firstKnown ? 1 : 0) - (this.kept ? tried - 1 : 0);
    if (taken === 0) return;
    state.grid.append(given, position, position + taken);
    stats.steps += taken;
    stats.accepted += taken;
    state.position += taken;
    state.firstKnown = this.kept;
    const odd = taken & 1;
    // The first of a written step's vectors is where it starts.
    const [left] = this.arrays[state.parity]!;
    state.startAt(given[state.position - 1]!, state.parity ^ odd);
    if (odd === 0) return;
    // The loop has left the state where it was.
    this.arrays[state.parity]![0]!.set(left!);
    state.firstKnown = false;
  }

  /** Tries `most` steps under control, or fewer; returns how many. */
  private takeControlled(
    state: StepState,
    controlled: WrittenRun,
    { f, params, answer }: FillingField,
    most: number,
  ): number {
    const { numbers, setup } = this;
    const { stats, problem, parity } = state;
    const { direction, stops } = problem;
    const { judgeSquareKernel, address } = setup.control!;
    const run = this.run!;
    numbers[AT.t] = state.t;
    numbers[AT.h] = state.h;
    run[RUN.size] = state.size;
    run[RUN.target] = stops[state.stop]!;
    run[RUN.direction] = direction;
    run[RUN.minStep] = state.minStep;
    run[RUN.maxStep] = state.maxStep;
    // biome-ignore format: the order of its parameters
    const accepted = controlled(f, params, this.arrays, numbers, run, parity, state.firstKnown, most, state.grid, judgeSquareKernel, address, state.noteRejection, answer, setup.machine.system);
    const rejected = run[RUN.rejected]!;
    const tried = accepted + rejected;
    state.runner.evaluations += tried * (this.evaluations - 1) + run[RUN.fresh]!;
    if (tried === 0) return 0;
    stats.steps += tried;
    stats.accepted += accepted;
    stats.rejected += rejected;
    state.h = numbers[AT.h]!;
    state.size = run[RUN.size]!;
    // The square of the step tried last. If that step was rejected, its first derivative is in its place.
    const square = numbers[AT.square]!;
    state.wasRejected = !(square <= 1);
    state.firstKnown = state.wasRejected || this.kept;
    state.errorWasNaN = Number.isNaN(square);
    state.startAt(numbers[AT.t]!, parity ^ (accepted & 1));
    state.stageEnd = state.t;
    return tried;
  }
}

/** Whether errors are measured as a written step does: by one rms norm over the whole state, with one tolerance for all. */
function isSimple({ kind, segments, rtol, atol }: Measure, length: number): boolean {
  const [segment] = segments;
  const whole = segments.length === 1 && segment!.weight === 1 && segment!.length === length;
  return kind === "rms" && whole && typeof rtol === "number" && typeof atol === "number";
}

/** Whether a small state is finite, without a call into WebAssembly, which would cost more than this. */
export function isFiniteFew(state: FloatArray): boolean {
  let zero = 0;
  for (let i = 0; i < state.length; i++) zero += 0 * state[i]!;
  return zero === 0;
}
