// What users may write of a field's derivatives for implicit solvers.
/** Where a VJP accumulates: ∂/∂y, ∂/∂params and ∂/∂t of cotangent · f. */
export interface VjpOutputs {
  /** [state] */
  readonly y: Float64Array;
  /** [parameters] */
  readonly params: Float64Array;
  /** One element. */
  readonly t: Float64Array;
}

/**
 * Fills `J`, all zero before, with ∂f/∂y, dense and row-major. It may fill `dfdt` with ∂f/∂t, which is differenced otherwise:
 * NaN there means "not filled".
 */
// biome-ignore lint/suspicious/noExplicitAny: parameters are whatever the user passes
export type JacobianFunction<P = any> = (
  t: number,
  y: Float64Array,
  params: P,
  J: Float64Array,
  dfdt: Float64Array,
) => void;

/** Adds the gradient by (y, params, t) of s = cotangent · (∂f/∂y tangent.y + ∂f/∂t tangent.t) to the outputs. */
export type SecondFunction = (
  t: number,
  y: Float64Array,
  params: Float64Array,
  tangent: { readonly y: Float64Array; readonly t: number },
  cotangent: Float64Array,
  outputs: VjpOutputs,
) => void;

/** Derivatives that implicit solvers take from a field, where a user has written them. */
export interface GivenDerivatives {
  /** Where ∂f/∂y may differ from 0, as in the option `sparsity` of a solve. */
  readonly sparsity?: { readonly lower: number; readonly upper: number } | undefined;
  /** For the steps of implicit solvers; in the layout of `sparsity`, where that is given. */
  readonly jacobian?: JacobianFunction<Float64Array> | undefined;
  /** For gradients through implicit solvers. */
  readonly second?: SecondFunction | undefined;
}
