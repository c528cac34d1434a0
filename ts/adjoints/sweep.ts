// The exact transpose of a step: reverse-mode differentiation of its straight-line program. For a Runge–Kutta scheme it is
//   k̄_i = h (b_i λ + Σ_{j>i} a_ji X̄_j),   (X̄_i, θ̄_i, τ_i) = vjp(t_n + c_i h, X_i, k̄_i),   λ_n = λ + Σ X̄_i,
// the partner method of the symplectic adjoint (Matsubara et al. 2021) without its division by b_i. For a reversible scheme
// it is the backward pass of McCallum & Foster 2024.

import type { FloatArray } from "../base/dtype.ts";
import { type Waiting, wait } from "../base/waiting.ts";
import { type BoundField, RECOMPUTE } from "../fields/field.ts";
import type { TransposedSystem } from "../problem/implicit.ts";
import { operationsOf, type PlacedScheme, prepare, stageTime } from "../program/program.ts";
import { denseSlopes, denseWeights } from "../solvers/dense-weights.ts";
import type { Variable } from "../solvers/scheme.ts";
import type { Arithmetic, Terms, Vector } from "../vectors/arithmetic.ts";
import { type Gather, type Injection, type Places, type Sides, sidesOf } from "./transposition.ts";

/** ∂L/∂t_n and ∂L/∂t_{n+1} of the steps swept, with all other grid points held fixed. */
export interface StepTimes {
  atStart: number;
  atEnd: number;
}

/** A backward pass: the field that cotangents are pulled through, and how often they have been. */
export interface Pass {
  readonly field: BoundField;
  /** Of implicit solvers. */
  readonly system?: TransposedSystem | undefined;
  vjps: number;
  /** ∂L/∂t and ∂L/∂h of the step in work so far. */
  dt: number;
  dh: number;
}

/** A step to be swept, from t over h. */
export interface SweptStep {
  readonly parity: number;
  /** The times that stages count from, and that stages at the end are evaluated at; see `stageTime`. */
  readonly stageStart: number;
  readonly h: number;
  readonly stageEnd: number;
  /** Whether outputs lie inside it. */
  readonly dense: boolean;
  /** Whether each evaluation's tape is in its tape slot, else it is evaluated anew. */
  readonly tapes: boolean;
  /** Where time gradients are asked for. */
  readonly times: StepTimes | undefined;
}

const nothing = (): number => 0;

/** The transposed scheme with its vectors. Declare it before the lease. */
export class Sweep {
  private readonly arithmetic: Arithmetic;
  private readonly placed: PlacedScheme;
  private readonly slope: Vector;
  private readonly nothing: Terms;
  /** The loss's cotangent at one output. */
  private readonly cotangent: Vector;
  private readonly once: Terms;
  private readonly injection: Injection | undefined;
  private readonly plain: Sides;
  private readonly extended: Sides | undefined;

  /** `dense`: whether steps may have outputs inside them. */
  constructor(arithmetic: Arithmetic, placed: PlacedScheme, dense: boolean) {
    const { scheme } = placed;
    const vector = (): Vector => arithmetic.vector();
    this.arithmetic = arithmetic;
    this.placed = placed;
    this.slope = vector();
    this.nothing = arithmetic.terms([], []);
    this.cotangent = vector();
    this.once = arithmetic.terms([this.cotangent], [1]);
    const places: Places = {
      kBar: vector(),
      xBars: operationsOf(scheme, dense).map(({ evaluate }) => (evaluate ? vector() : undefined)),
      bars: new Map(),
      solved: operationsOf(scheme, dense).map(({ solve }) => (solve ? ([vector(), vector()] as const) : undefined)),
      startBar: scheme.systems && vector(),
    };
    const even = scheme.start.map(vector);
    const odd = scheme.start.map(vector);
    this.plain = sidesOf(arithmetic, placed, even, odd, places, undefined);
    if (!dense || !scheme.dense) return;
    const { ks } = scheme.dense;
    this.injection = { ks: ks.map(vector), state: vector(), weights: new Float64Array(ks.length) };
    this.extended = sidesOf(arithmetic, placed, even, odd, places, this.injection);
  }

  /** Where the cotangents of a step's end state are put, part by part. */
  endBar(parity: number): readonly Vector[] {
    return this.plain.programs[parity]!.endBar;
  }

  /** Where `step` leaves the cotangents of the step's start state. */
  startBar(parity: number): readonly Vector[] {
    return this.plain.programs[parity]!.startBar;
  }

  /**
   * What must be in place before `step`, beside the start state: the terms of the stage inputs that are differentiated, and,
   * for time gradients, the terms of the slopes.
   */
  needed(dense: boolean, times: boolean): Set<Variable> {
    const { active, sloped } = (dense ? this.extended : this.plain)!;
    const used = new Set<Variable>();
    operationsOf(this.placed.scheme, dense).forEach(({ out, base, terms, solve }, i) => {
      if (active.has(i)) used.add(solve ? out : (base ?? out));
      if (active.has(i) || (times && sloped.has(i))) for (const { variable } of terms) used.add(variable);
    });
    if (times && dense) for (const k of this.placed.scheme.dense!.ks) used.add(k);
    return used;
  }

  /** The derivatives whose evaluations `step` pulls a cotangent through. */
  pulled(dense: boolean): Set<Variable> {
    const { active } = (dense ? this.extended : this.plain)!;
    return new Set(
      operationsOf(this.placed.scheme, dense).flatMap(({ evaluate }, i) =>
        evaluate && active.has(i) ? [evaluate.k] : [],
      ),
    );
  }

  /** Makes a state's cotangent 0. */
  clear(bar: Vector): void {
    this.arithmetic.combine(bar, undefined, this.nothing, 1);
  }

  /** Adds the loss's cotangent at an output to a state's. */
  add(bar: Vector, cotangent: FloatArray): void {
    this.arithmetic.copyIn(this.cotangent, cotangent);
    this.arithmetic.combine(bar, bar, this.once, 1);
  }

  /** Starts a step with outputs inside it. */
  beginOutputs(): void {
    const { ks, state } = this.injection!;
    for (const k of ks) this.clear(k);
    this.clear(state);
  }

  /** Adds the cotangent of the output interpolated at t + s h. */
  addOutput(s: number, h: number, cotangent: FloatArray): void {
    const { ks, state, weights } = this.injection!;
    const { arithmetic, once } = this;
    this.add(state, cotangent);
    denseWeights(this.placed.scheme.dense!, s, weights);
    for (let i = 0; i < ks.length; i++) arithmetic.combine(ks[i]!, ks[i]!, once, h * weights[i]!);
  }

  /** ∂L/∂(the time) of the output added last; the step's derivatives must be in place. */
  *outputTime(parity: number, s: number, times: StepTimes): Waiting<number> {
    const { weights } = this.injection!;
    const dense = this.placed.scheme.dense!;
    const value = yield* this.project(parity, weights);
    denseSlopes(dense, s, weights);
    const rate = yield* this.project(parity, weights);
    const dh = value - s * rate;
    times.atEnd += dh;
    times.atStart -= dh + rate;
    return rate;
  }

  /** cotangent · Σ weightsᵢ kᵢ */
  private *project(parity: number, weights: Float64Array): Waiting<number> {
    const { arithmetic } = this;
    const { terms } = this.placed.programs[parity]!.dense!;
    terms.set(weights);
    arithmetic.combine(this.slope, undefined, terms, 1);
    return yield* wait(arithmetic.dot(this.cotangent, this.slope));
  }

  /**
   * Pulls the cotangents of the step's end state back to its start state, from `endBar(parity)` to `startBar(parity)`;
   * the field accumulates ∂L/∂θ. The step's start state, its derivatives k, and any end state that is a stage input must
   * be in their places. Returns what is left to do where a VJP is pending.
   */
  step(pass: Pass, step: SweptStep): Waiting<void> | undefined {
    pass.dt = 0;
    pass.dh = 0;
    return this.execute(pass, step, 0);
  }

  /** A plain function, because engines optimise it better than a generator. */
  private execute(pass: Pass, step: SweptStep, from: number): Waiting<void> | undefined {
    const { arithmetic } = this;
    const { field } = pass;
    const { parity, stageStart, h, stageEnd, dense, tapes, times } = step;
    const { actions } = (dense ? this.extended : this.plain)!.programs[parity]!;
    for (let i = from; i < actions.length; i++) {
      const action = actions[i]!;
      if (action.kind === "gather") {
        this.collect(action.gather, h);
      } else if (action.kind === "vjp") {
        const { gather, xBar, instruction } = action;
        this.collect(gather, h);
        prepare(arithmetic, instruction, h);
        const at = stageTime(instruction.c, stageStart, h, stageEnd);
        const tau = field.vjp(at, instruction.out, gather.bar, xBar, tapes ? instruction.tapeSlot : RECOMPUTE);
        pass.vjps++;
        if (typeof tau !== "number") return this.wait(pass, step, tau, 1, instruction.c, i + 1);
        pass.dt += tau;
        pass.dh += instruction.c * tau;
      } else if (action.kind === "solve") {
        const start = this.placed.programs[parity]!.instructions[0]!;
        const pending = pass.system!.solveTransposed(
          action.stage,
          action.bar,
          action.solved,
          action.product,
          start,
          stageStart,
          h,
        );
        if (pending) return this.wait(pass, step, pending.then(nothing), 0, 0, i);
      } else if (action.kind === "start") {
        const start = this.placed.programs[parity]!.instructions[0]!;
        const motion = times && pass;
        const tau = pass.system!.pullStart(action.stages, start, stageStart, h, action.xBar, motion);
        if (typeof tau !== "number") return this.wait(pass, step, tau, 1, 0, i + 1);
        pass.dt += tau;
      } else if (times) {
        arithmetic.combine(this.slope, undefined, action.terms, 1);
        const slope = arithmetic.dot(action.outBar, this.slope);
        if (typeof slope !== "number") return this.wait(pass, step, slope, 0, 1, i + 1);
        pass.dh += slope;
      }
    }
    if (times) {
      times.atStart += pass.dt - pass.dh;
      times.atEnd += pass.dh;
    }
    return undefined;
  }

  /** Goes on once a number is there that counts in ∂L/∂t and ∂L/∂h with these weights. */
  private *wait(
    pass: Pass,
    step: SweptStep,
    pending: Promise<number>,
    inTime: number,
    inStep: number,
    next: number,
  ): Waiting<void> {
    const value = (yield pending) as number;
    pass.dt += inTime * value;
    pass.dh += inStep * value;
    const rest = this.execute(pass, step, next);
    if (rest) yield* rest;
  }

  private collect({ bar, base, unit, scaled }: Gather, h: number): void {
    const { arithmetic } = this;
    if (unit || !scaled) arithmetic.combine(bar, base, unit ?? this.nothing, 1);
    if (scaled) arithmetic.combine(bar, unit ? bar : base, scaled, h);
  }
}
