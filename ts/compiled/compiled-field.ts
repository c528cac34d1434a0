// What users see of compiled fields, and what is promised of each method.
import type { ArrayOf, Dtype, NumberSink } from "../base/dtype.ts";
import type { Field, SparsityPattern } from "../fields/field.ts";

/** Where products with cotangents are added: of the lengths of y, of the parameters, and 1. */
export interface CotangentOutputs {
  /** ∂/∂y, [state]. */
  readonly y: NumberSink;
  /** ∂/∂θ, [parameters]. */
  readonly params: NumberSink;
  /** ∂/∂t, one element. */
  readonly t: NumberSink;
}

/**
 * A field that was compiled from an equation. `P` is what the equation is given as its fourth argument. Its methods compute
 * at one point, outside a solve: y is one row of the state, or the rows of a batch where the field has a `dim`; `params` is a
 * flat array or named, and stands in for `field.params` where it is given. They throw `SolveError` "invalid" for bad lengths.
 */
export interface CompiledField<P = Float64Array, D extends Dtype = "float64"> extends Field {
  /** The precision of states and parameters. */
  readonly dtype: D;
  /** θ as one flat array, in the order in which the parameters were given; those of networks that f calls follow. */
  readonly params: ArrayOf<D>;
  /** The names of the parameters in order, then of networks; none where they were given as one array and there are no networks. */
  readonly names: readonly string[];
  /**
   * The pattern of ∂f/∂y of one row: what is not in it is 0 at every point. Without `dim`, of the states that the field has
   * been computed for first, and undefined before.
   */
  readonly sparsity: SparsityPattern | undefined;
  /** The object of named parameters that a flat array is, such as a gradient's `params`; by default of `params`. */
  named(array?: ArrayLike<number>): P;
  /** f(t, y), in `out` if it is given. */
  evaluate(t: number, y: ArrayLike<number>, out?: ArrayOf<D>, params?: ArrayLike<number> | P): ArrayOf<D>;
  /** Adds cotangentᵀ ∂f/∂y, cotangentᵀ ∂f/∂θ and cotangent · ∂f/∂t to the outputs. */
  vjp(
    t: number,
    y: ArrayLike<number>,
    params: ArrayLike<number> | P | undefined,
    cotangent: ArrayLike<number>,
    outputs: CotangentOutputs,
  ): void;
  /** Fills `out` with ∂f/∂y · tangent.y + ∂f/∂θ · tangent.params. */
  jvp(
    t: number,
    y: ArrayLike<number>,
    params: ArrayLike<number> | P | undefined,
    tangent: { readonly y: ArrayLike<number>; readonly params?: ArrayLike<number> },
    out: NumberSink,
  ): void;
  /**
   * The exact ∂f/∂y, n × n and row-major, in `out` if it is given; if `out` has as many numbers as `sparsity` has entries,
   * these alone in its order. Of a batch the Jacobians of its rows, one after the other. `dfdt` is filled with ∂f/∂t.
   */
  jacobian(
    t: number,
    y: ArrayLike<number>,
    params?: ArrayLike<number> | P,
    out?: ArrayOf<D>,
    dfdt?: NumberSink,
  ): ArrayOf<D>;
  /**
   * Second derivatives: adds the gradient of cotangent · (∂f/∂y tangent.y + ∂f/∂t tangent.t) by y, θ and t to the outputs; J and
   * ∂f/∂t are not held fixed, the tangent and the cotangent are.
   */
  second(
    t: number,
    y: ArrayLike<number>,
    params: ArrayLike<number> | P | undefined,
    tangent: { readonly y: ArrayLike<number>; readonly t?: number },
    cotangent: ArrayLike<number>,
    outputs: CotangentOutputs,
  ): void;
  /**
   * The field as text: "js" is a function (t, y, dy, p) of flat parameters that fills dy; "wgsl" the function
   * `f(t: f32, y: array<f32, n>, p: array<f32, m>) -> array<f32, n>` (no p where there are no parameters), before it what
   * functions it needs, in float32 and with the accuracy that WGSL promises of its own functions. Throws "invalid" without
   * `dim`, for equations that call networks, and for WGSL where a constant is no float32.
   */
  text(target: "js" | "wgsl"): string;
}
