// What an adjoint is: something that watches the forward pass and can afterwards pull a cotangent back through it.

import type { FloatArray } from "../base/dtype.ts";
import type { Paper } from "../base/papers.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BoundField } from "../fields/field.ts";
import type { StepListener } from "../integration/integrate.ts";
import type { Jump } from "../problem/event.ts";
import type { Problem } from "../problem/problem.ts";
import type { PlacedScheme } from "../program/program.ts";
import type { Arithmetic } from "../vectors/arithmetic.ts";

/** Measured peak bytes by what they hold. */
export interface PeakBytes {
  /** States kept so that the backward pass can start from them. */
  readonly checkpoints: number;
  /** Stage inputs and derivatives. */
  readonly stages: number;
  /** What evaluations keep for their VJPs: activations. */
  readonly tape: number;
  /** All of it and everything else: the leased block and every array kept. */
  readonly total: number;
}

/** Options of `pullback`. */
export interface PullbackOptions {
  /** Also ∂L/∂ts; false by default. */
  readonly times?: boolean | undefined;
  /** ∂L/∂t_e for the time t_e of the event that stopped the solve; 0 by default. */
  readonly stopTime?: number | undefined;
}

/** ∂L/∂y0, ∂L/∂θ and, if asked for, ∂L/∂ts, with what they cost. */
export interface Gradients<Y extends FloatArray = FloatArray> {
  /** [state], in the field's dtype. */
  readonly y0: Y;
  /** [parameters], in the field's dtype; empty for a field without parameters. */
  readonly params: Y;
  /** [ts.length]; interior grid points are held fixed. */
  readonly ts?: Float64Array;
  /** What it took. */
  readonly stats: GradientStats;
}

/** Counts and measured bytes of a pullback. */
export interface GradientStats {
  /** The name of the adjoint used, which is the one that `auto` chose. */
  readonly adjoint: string;
  /** Evaluations of the field, values recomputed inside VJPs included. */
  readonly evaluations: number;
  /** Vector–Jacobian products of the field. */
  readonly vjps: number;
  /** Implicit solvers: where the second derivatives came from that their gradient needs. */
  readonly second?: "exact" | "differences" | undefined;
  /** Steps of the backward pass. */
  readonly accepted: number;
  /** Steps that a backward solve tried again; 0 for exact adjoints. */
  readonly rejected: number;
  /** Most bytes held at once. */
  readonly peakBytes: PeakBytes;
  /** Reversible solvers: largest gap between a reconstructed and a stored pair, over max(1, ‖y0‖∞). */
  readonly reconstructionError?: number;
}

/** The forward pass as an adjoint sees it. */
export interface Forward {
  readonly problem: Problem;
  readonly placed: PlacedScheme;
  readonly field: BoundField;
  readonly arithmetic: Arithmetic;
}

/** A finished forward pass. */
export interface Trajectory {
  readonly problem: Problem;
  /** Times of the accepted steps, the start included. */
  readonly grid: Float64Array;
  /** The output times reached. */
  readonly ts: Float64Array;
  readonly ys: FloatArray;
  /** The state at the grid's end, part by part. */
  readonly end: readonly FloatArray[];
  /** Events that changed the state or ended the solve, in order. */
  readonly jumps: readonly Jump[];
  /** Whether the last of them ended it. */
  readonly stopped: boolean;
}

/** What is pulled back. */
export interface Loss {
  /** ∂L/∂ys, in its shape and dtype. */
  readonly cotangent: FloatArray;
  /** ∂L/∂t_e for the time of the event that stopped the solve. */
  readonly stopTime: number;
  /** Whether ∂L/∂ts is asked for. */
  readonly times: boolean;
}

/** What one solve keeps for its backward passes. */
export interface Tape extends StepListener {
  /** What evaluates in place of the bound field, where more becomes of evaluations' tapes. */
  readonly field?: BoundField | undefined;
  /** Gives up what it keeps elsewhere than in arrays; a pullback may then evaluate anew. */
  dispose?(): void;
  /** Bytes kept now, by kind. */
  readonly bytes: Omit<PeakBytes, "total">;
  pullback(trajectory: Trajectory, loss: Loss): Waiting<Gradients>;
}

/** An adjoint value, passed as `adjoint`. */
export interface Adjoint {
  /** Its name, as it is exported. */
  readonly name: string;
  /** The papers that describe it, for `citations`. */
  readonly papers: readonly Paper[];
  /** @internal Checks what is to be pulled back. */
  readonly lossOf: (trajectory: Trajectory, cotangent: ArrayLike<number>, options: PullbackOptions) => Loss;
  /** Whether it goes back by the solver's own inverse, so that only reversible solvers will do. */
  readonly undoesSteps?: boolean;
  /** Whether it integrates a larger problem backwards by the solve's own solver, so that only explicit solvers will do. */
  readonly integrates?: boolean;
  /** @internal Tape slots that the forward pass needs. */
  readonly slots: (problem: Problem) => number;
  /** @internal Starts the tape of one solve, after the lease. */
  readonly tape: (forward: Forward) => Tape;
}
