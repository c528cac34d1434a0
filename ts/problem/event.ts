// Events as users declare them, as a solution lists them, and as gradients go through them.
import type { FloatArray } from "../base/dtype.ts";

/** Where the pullback of an effect adds: arrays of the state's and the parameters' length, and of one element, all zero. */
export interface EffectOutputs {
  /** ∂L/∂y before the effect, [state]. */
  readonly y: FloatArray;
  /** ∂L/∂θ, [parameters]. */
  readonly params: FloatArray;
  /** ∂L/∂t, one element. */
  readonly t: Float64Array;
}

/** A direction that the inputs of an effect move in. */
export interface EffectTangent {
  /** ẏ before the effect, [state]. */
  readonly y: FloatArray;
  /** θ̇, [parameters]. */
  readonly params: FloatArray;
  /** ṫ, how the time of the event moves. */
  readonly t: number;
}

/**
 * Changes the state in place; what it returns is nothing, or "stop" to end the solve there. `params`: the field's parameters,
 * or, with a bare function, the option `params`.
 */
// biome-ignore lint/suspicious/noExplicitAny: whatever the user passes as `params`
export type EffectFunction = (t: number, y: FloatArray, params: any) => void | "stop";

/** An effect that gradients pass through. */
export interface Effect {
  /** Changes the state. */
  readonly apply: EffectFunction;
  /** Adds cotangentᵀ ∂y⁺/∂(y, params, t) at the state before the effect to the outputs. */
  readonly vjp: (
    t: number,
    yBefore: FloatArray,
    params: FloatArray,
    cotangent: FloatArray,
    outputs: EffectOutputs,
  ) => void;
  /** Fills `out` with the derivative of y⁺ along the tangent; without it `vjp` is asked once for each element of the state. */
  readonly jvp?:
    | ((t: number, yBefore: FloatArray, params: FloatArray, tangent: EffectTangent, out: FloatArray) => void)
    | undefined;
}

/**
 * A function of time and state that is an event where its sign changes. A step is looked at in eight places (and between
 * them where a dip shows), so two sign changes closer together than an eighth of a step may pass unseen: `maxStep` bounds
 * the step. A zero without a change of sign is no event.
 */
export interface SolveEvent {
  /** A finite number wherever the solution is; `y` is a view to read now and never to write to. */
  readonly root: (t: number, y: FloatArray) => number;
  /** 1: only from negative to positive along the integration, −1: only from positive to negative; both by default. */
  readonly direction?: 1 | -1 | undefined;
  /** End the solve there, with status "stopped": `true` the first time, a number n the n-th time; false by default. */
  readonly terminal?: boolean | number | undefined;
  /** What happens to the state there; the solve goes on from what it makes of it. Nothing by default. */
  readonly effect?: EffectFunction | Effect | undefined;
  /** Writes ∂root/∂y to `out`, for gradients; they take differences of `root` without it. */
  readonly gradient?: ((t: number, y: FloatArray, out: Float64Array) => void) | undefined;
}

/** An event that occurred. */
export interface EventRecord {
  /** Which of `events`. */
  readonly index: number;
  /** When it occurred. */
  readonly t: number;
  /** The state there, before any effect. */
  readonly y: FloatArray;
  /** The state after this event's own effect, where it has one. */
  readonly yAfter?: FloatArray;
}

/** An event that changed or ended the solve, as gradients see it. */
export interface Jump {
  readonly index: number;
  readonly t: number;
  /** Its place in the grid. */
  readonly n: number;
  /** Whether a step was shortened to end at it: then the step's end moves with it. */
  readonly ends: boolean;
  /** Whether its time is given, as that of an event at the start is. */
  readonly fixed: boolean;
  readonly before: FloatArray;
  /** The other parts of the state before all that happens there: a reversible method has one. */
  readonly others: readonly FloatArray[];
  /** The state after its effect; undefined where the solve shows none: it has none, or it ended the solve. */
  readonly after: FloatArray | undefined;
}
