// The continuous adjoint (optimise-then-discretise): the adjoint equations are solved backwards in time beside the state,
// from output to output, in memory that does not depend on the number of steps. The gradient is approximate, within the
// tolerances. By default only the state and its adjoint vote on the step size (Kidger et al. 2021, seminorms), since a_θ
// and a_t feed nothing back.

import { type FloatArray, zeros } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { Paper } from "../base/papers.ts";
import { type Waiting, wait } from "../base/waiting.ts";
import { integrate } from "../integration/integrate.ts";
import { load, type Setup, setUp } from "../integration/setup.ts";
import { type Controller, pid } from "../problem/controller.ts";
import type { Steps } from "../problem/problem.ts";
import { firstTime, type Problem } from "../problem/problem.ts";
import { evaluationsOf } from "../program/program.ts";
import type { Solver } from "../solvers/runge-kutta.ts";
import type { Arithmetic, Measure, Segment, Terms, Vector } from "../vectors/arithmetic.ts";
import { Scratch } from "../wasm/scratch.ts";
import type { Adjoint, Gradients, Tape, Trajectory } from "./adjoint.ts";
import { AugmentedField, type AugmentedLayout, type BoundAugmented } from "./augmented.ts";
import { onlyFinite } from "./finite-gradients.ts";

const FULL_NORM: readonly Paper[] = ["chen2018"];
const SEMINORM: readonly Paper[] = [...FULL_NORM, "kidger2021seminorms"];

const NORMS = ["seminorm", "full", "seminorm-strict"] as const;

export interface ContinuousOptions {
  /**
   * What the error norm of the backward solve sees: "seminorm" (default) state, adjoint and time term; "full" each
   * parameter tensor too; "seminorm-strict" state and adjoint only.
   */
  readonly norm?: (typeof NORMS)[number];
  /** Of the backward solve; the forward solve's by default. */
  readonly rtol?: number;
  readonly atol?: number;
  readonly solver?: Solver;
  readonly controller?: Controller;
  /**
   * Integrate a_θ not as part of the state but by a quadrature rule on the accepted steps of (x, a_x): the solver's own
   * weights b_i at its own stages, of the solver's order p. Rejected steps then cost nothing in it and stages combine no
   * parameters. Implies a seminorm.
   */
  readonly quadrature?: boolean;
}

/** The gradient by the continuous adjoint; throws `invalid` for bad options. */
export function continuous(options: ContinuousOptions = {}): Adjoint {
  const { norm = "seminorm", rtol, atol, solver, controller, quadrature = false } = options;
  const allowed = ["norm", "rtol", "atol", "solver", "controller", "quadrature"];
  for (const [name, value] of Object.entries(options)) {
    if (!allowed.includes(name)) throw invalid(`continuous option ${name}`, value, allowed.join(", "));
  }
  if (!NORMS.includes(norm)) throw invalid("continuous option norm", norm, NORMS.join(", "));
  if (quadrature && norm === "full")
    throw invalid("continuous option norm", norm, "a seminorm where quadrature is true");
  for (const [name, value] of Object.entries({ rtol, atol })) {
    if (value !== undefined && !(value >= 0 && Number.isFinite(value))) {
      throw invalid(`continuous option ${name}`, value, "a finite number ≥ 0");
    }
  }
  if (solver !== undefined && !(typeof solver === "object" && "scheme" in solver)) {
    throw invalid("continuous option solver", solver, "a solver value such as dopri5");
  }
  if (controller !== undefined) pid(controller);
  return {
    name: "continuous",
    papers: [...(norm === "full" ? FULL_NORM : SEMINORM), ...(solver?.papers ?? [])],
    slots: () => 0,
    tape: (): Tape => ({
      keepsTapes: false,
      bytes: { checkpoints: 0, stages: 0, tape: 0 },
      accept() {},
      pullback: (trajectory, cotangent, times) =>
        solveBackwards(trajectory, cotangent, times, { ...options, norm, quadrature }),
    }),
  };
}

type Checked = ContinuousOptions & Required<Pick<ContinuousOptions, "norm" | "quadrature">>;

/** The measure of the augmented state: x and a_x by the forward norm, a_t by itself, each parameter tensor by itself. */
function measureOf(
  { field, measure }: Problem,
  layout: AugmentedLayout,
  options: Checked,
  wantTimes: boolean,
): Measure {
  const { kind, segments } = measure;
  const all: Segment[] = [
    ...segments,
    ...segments.map((segment) => ({ ...segment, start: segment.start + layout.adjoint })),
  ];
  if (wantTimes && options.norm !== "seminorm-strict") all.push({ start: layout.time, length: 1, weight: 1 });
  if (options.norm === "full") {
    let start = layout.theta;
    for (const length of field.tensors ?? [layout.params]) {
      if (length > 0) all.push({ start, length, weight: 1 });
      start += length;
    }
  }
  const tolerance = (given: number | undefined, forward: number | ArrayLike<number>): number | Float64Array => {
    if (given !== undefined) return given;
    if (typeof forward === "number") return forward;
    const least = Math.min(...Array.from(forward).slice(0, field.dim ?? layout.state));
    return Float64Array.from({ length: layout.length }, (_, i) =>
      i < layout.time ? forward[i % layout.state]! : least,
    );
  };
  return {
    kind,
    segments: all,
    rtol: tolerance(options.rtol, measure.rtol),
    atol: tolerance(options.atol, measure.atol),
  };
}

/** The grid points of the forward solve between two output times, backwards, where the forward steps were given. */
function segmentGrid(grid: Float64Array, from: number, to: number): Float64Array {
  const low = Math.min(from, to);
  const high = Math.max(from, to);
  const inside = grid.filter((t) => t > low && t < high);
  return Float64Array.from([from, ...inside.reverse(), to]);
}

function* solveBackwards(
  trajectory: Trajectory,
  cotangent: FloatArray,
  wantTimes: boolean,
  options: Checked,
): Waiting<Gradients> {
  const { problem, ts, ys, grid } = trajectory;
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
    y0: state,
    direction,
    measure: measureOf(problem, layout, options, wantTimes),
    steps,
    extended: false,
    dense: false,
    events: [],
    onStep: undefined,
  };
  const scratch = new Scratch();
  const slots = options.quadrature ? evaluationsOf(solver.scheme, false) : 0;
  const setup = setUp(base, scratch, slots);
  const { arithmetic } = setup.machine;
  const augmented = setup.machine.field as BoundAugmented;
  const quadrature = options.quadrature ? new Quadrature(scratch, setup, solver) : undefined;
  const rows = zeros(inner.dtype, 2 * layout.length);
  const count = { evaluations: 0, accepted: 0, rejected: 0 };
  const tsBar = new Float64Array(ts.length);
  try {
    scratch.lease();
    load(setup, base);
    quadrature?.load();
    let firstStep: number | undefined;
    for (let i = ts.length - 1; i >= 0; i--) {
      // The stored output replaces the state that was integrated backwards, and the loss's cotangent there is added.
      state.set(ys.subarray(i * n, (i + 1) * n));
      for (let j = 0; j < n; j++) state[layout.adjoint + j]! += cotangent[i * n + j]!;
      if (i === 0) break;
      const slope = yield* startSlope(setup, firstTime(base, ts[i]!), state);
      count.evaluations++;
      if (wantTimes) {
        // How the loss changes with the output time itself: f(t_i, y_i) · ∂L/∂y_i.
        const rate = zeros(inner.dtype, layout.length);
        arithmetic.copyOut(slope, rate);
        yield* wait(arithmetic.arrived());
        for (let j = 0; j < n; j++) tsBar[i]! += rate[j]! * cotangent[i * n + j]!;
        state[layout.time]! -= tsBar[i]!;
      }
      const [from, to] = [ts[i]!, ts[i - 1]!];
      const within = [...problem.jumps].filter((t) => (t - from) * direction > 0 && (to - t) * direction > 0);
      const segment: Problem = {
        ...base,
        ts: Float64Array.of(from, to),
        stops: Float64Array.from([...within, to]).sort((a, b) => (a - b) * direction),
        steps: steps.kind === "given" ? { kind: "given", grid: segmentGrid(grid, from, to) } : { ...steps, firstStep },
      };
      if (steps.kind === "adaptive") setup.control!.load(steps.controller, solver.errorOrder);
      const outcome = yield* integrate({ setup, problem: segment, known: true, ys: rows, tape: quadrature });
      count.evaluations += outcome.stats.evaluations;
      count.accepted += outcome.stats.accepted;
      count.rejected += outcome.stats.rejected;
      if (outcome.failure) throw outcome.failure;
      yield* wait(arithmetic.arrived());
      state.set(rows.subarray(layout.length));
      if (!given) firstStep = outcome.nextStep;
    }
    // A terminal event's time is a result, not an input.
    if (trajectory.slopes) tsBar[ts.length - 1] = 0;
    tsBar[0] = state[layout.time]!;
    const gradients: Gradients = {
      y0: state.slice(layout.adjoint, layout.adjoint + n),
      params: quadrature ? yield* quadrature.result() : state.slice(layout.theta),
      ...(wantTimes && { ts: tsBar }),
      stats: {
        adjoint: "continuous",
        ...count,
        vjps: augmented.vjps,
        peakBytes: {
          checkpoints: 0,
          stages: setup.placed.stageBytes,
          tape: augmented.tapeBytes,
          total: scratch.held + state.byteLength + rows.byteLength,
        },
      },
    };
    return yield* onlyFinite({ gradients, finite: false });
  } finally {
    scratch.release();
  }
}

/** Evaluates the augmented field at the start of a segment, in the place of its first step's first derivative. */
function* startSlope({ machine, placed }: Setup, t: number, state: FloatArray): Waiting<Vector> {
  const { out, k, slot } = placed.programs[0].instructions[0]!;
  machine.arithmetic.copyIn(out, state);
  const pending = machine.field.evaluate(t, out, k!, slot);
  if (pending) yield pending;
  return k!;
}

/** a_θ by the solver's own weights, step by accepted step; listens to the backward solve as a tape does. */
class Quadrature {
  readonly keepsTapes = true;
  private readonly arithmetic: Arithmetic;
  private readonly theta: Vector;
  private readonly terms: readonly [Terms, Terms];
  private readonly even: unknown;

  constructor(scratch: Scratch, { machine, placed: { programs } }: Setup, { tableau, scheme }: Solver) {
    if (!tableau)
      throw invalid("continuous option quadrature", true, "false for solvers that are not Runge–Kutta methods");
    const { slopes } = machine.field as BoundAugmented;
    this.arithmetic = machine.arithmetic.like(scratch, slopes[0]!.length);
    this.theta = this.arithmetic.vector();
    const evaluations = scheme.operations.flatMap(({ evaluate }, i) => (evaluate ? [i] : []));
    const termsOf = (parity: 0 | 1): Terms =>
      this.arithmetic.terms(
        evaluations.map((i) => slopes[programs[parity].instructions[i]!.slot]!),
        tableau.b,
      );
    this.terms = [termsOf(0), termsOf(1)];
    this.even = programs[0];
  }

  load(): void {
    this.arithmetic.load();
    this.arithmetic.fill(this.theta, 0);
  }

  accept(program: unknown, h: number): void {
    this.arithmetic.combine(this.theta, this.theta, this.terms[program === this.even ? 0 : 1]!, h);
  }

  *result(): Waiting<FloatArray> {
    const numbers = zeros(this.arithmetic.dtype, this.theta.length);
    this.arithmetic.copyOut(this.theta, numbers);
    yield* wait(this.arithmetic.arrived());
    return numbers;
  }
}
