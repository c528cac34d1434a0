// `vectorField`: JavaScript functions with their vector–Jacobian and Jacobian–vector products. A module of its own, so that bare
// functions do not bring it.

import { checkOptions, invalid } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { refuseReturned } from "./answers.ts";
import type { BindRequest, BoundField, Field } from "./field.ts";
import { BoundFunction, FILLS, type FieldFunction, FunctionField, isPromise, RETURNS, UNKNOWN } from "./function.ts";
import type { GivenDerivatives, VjpOutputs } from "./given-derivatives.ts";

/** Adds cotangentᵀ ∂f/∂y, cotangentᵀ ∂f/∂params and cotangent · ∂f/∂t to the outputs. */
export type VjpFunction = (
  t: number,
  y: Float64Array,
  params: Float64Array,
  cotangent: Float64Array,
  outputs: VjpOutputs,
) => Awaitable<void>;

/** A direction to differentiate along: ẏ, and θ̇ (zeros where the parameters stay). */
export interface JvpInputs {
  /** ẏ, [state]. */
  readonly y: Float64Array;
  /** θ̇, [parameters]. */
  readonly params: Float64Array;
}

/** Fills `dy` with ∂f/∂y · tangent.y + ∂f/∂params · tangent.params. */
export type JvpFunction = (
  t: number,
  y: Float64Array,
  params: Float64Array,
  tangent: JvpInputs,
  dy: Float64Array,
) => Awaitable<void>;

/** Options of `vectorField`. */
export interface VectorFieldOptions extends GivenDerivatives {
  /** Fills all of `dy`, or returns the derivative (slower), or a promise of either. */
  readonly f: (...arguments_: Parameters<FieldFunction<Float64Array>>) => Awaitable<void | ArrayLike<number>>;
  /** For adjoints; it must add to its outputs, never set them. `checkDerivatives` compares it with differences. */
  readonly vjp?: VjpFunction | undefined;
  /** For `jvp(solution, tangent)`. */
  readonly jvp?: JvpFunction | undefined;
  /** θ; used itself if it is a Float64Array, copied into one otherwise. None by default. */
  readonly params?: ArrayLike<number> | undefined;
  /** Width of one row of the state, where the field insists on one; any length by default. */
  readonly dim?: number | undefined;
}

/** A differentiable JavaScript field. */
export interface VectorField extends Field {
  /** JavaScript functions compute in float64. */
  readonly dtype: "float64";
  /** θ, which optimisers update in place; empty without parameters. */
  readonly params: Float64Array;
}

const UNUSED = new Float64Array(0);

class BoundVectorField extends BoundFunction {
  override readonly paramsBar: HostVector | undefined;
  private readonly field: DifferentiatedField;
  private vjpAnswers = UNKNOWN;
  private readonly tBar = new Float64Array(1);
  private readonly inPlace = new Map<HostVector, VjpOutputs>();
  private readonly tangent: JvpInputs | undefined;
  /** For a VJP that must not see the views, as `own` for the function. */
  private readonly ownCotangent: Float64Array;
  private readonly ownOutputs: VjpOutputs;

  constructor(scratch: Scratch, request: BindRequest, field: DifferentiatedField) {
    super(scratch, request, field);
    const { length, params, gradient, tangent } = request;
    this.field = field;
    const count = params?.length ?? 0;
    this.paramsBar = gradient ? scratch.vector(count, "float64") : undefined;
    this.tangent = tangent && {
      y: new Float64Array(length),
      params: Float64Array.from(tangent.params ?? new Float64Array(count)),
    };
    const array = (n: number): Float64Array => (gradient ? new Float64Array(n) : UNUSED);
    this.ownCotangent = array(length);
    this.ownOutputs = vjpOutputs(array(length), array(count), this.tBar);
  }

  override vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector): Awaitable<number> {
    const params = this.params as Float64Array;
    const { tBar } = this;
    tBar[0] = 0;
    if (this.vjpAnswers === FILLS) {
      xBar.view.fill(0);
      const outputs = this.outputsAt(xBar);
      const result = this.field.vjp!(t, x.view as Float64Array, params, cotangent.view as Float64Array, outputs);
      if (result !== undefined) refuseReturned(result);
      return tBar[0];
    }
    const { own, ownCotangent, ownOutputs } = this;
    own.y.set(x.view);
    ownCotangent.set(cotangent.view);
    ownOutputs.y.fill(0);
    ownOutputs.params.fill(0);
    const result = this.field.vjp!(t, own.y, params, ownCotangent, ownOutputs);
    const collect = (returned: unknown): number => {
      if (returned !== undefined) refuseReturned(returned);
      if (this.scratch.leased) {
        xBar.view.set(ownOutputs.y);
        const paramsBar = this.paramsBar!.view;
        ownOutputs.params.forEach((value, i) => {
          paramsBar[i]! += value;
        });
      }
      return tBar[0]!;
    };
    this.vjpAnswers = isPromise(result) ? RETURNS : FILLS;
    return isPromise(result) ? result.then(collect) : collect(result);
  }

  /** Where a VJP for this vector adds in place: there are few such vectors, and they stay. */
  private outputsAt(xBar: HostVector): VjpOutputs {
    let outputs = this.inPlace.get(xBar);
    if (!outputs) {
      outputs = vjpOutputs(xBar.view as Float64Array, this.paramsBar!.view as Float64Array, this.tBar);
      this.inPlace.set(xBar, outputs);
    }
    return outputs;
  }

  jvp(t: number, x: HostVector, xDot: HostVector, out: HostVector): Awaitable<void> {
    const { y, dy } = this.own;
    const tangent = this.tangent!;
    y.set(x.view);
    tangent.y.set(xDot.view);
    dy.fill(Number.NaN);
    const result = this.field.jvp!(t, y, this.params as Float64Array, tangent, dy);
    return this.receive(isPromise(result) ? result.then(() => dy) : dy, out);
  }
}

/** Frozen: a VJP that replaces these arrays, instead of adding to them, throws. */
const vjpOutputs = (y: Float64Array, params: Float64Array, t: Float64Array): VjpOutputs =>
  Object.freeze({ y, params, t });

class DifferentiatedField extends FunctionField implements VectorField {
  override readonly dim: number | undefined;
  override readonly params: Float64Array;
  override readonly differentiable: boolean;
  readonly vjp: VjpFunction | undefined;
  readonly jvp: JvpFunction | undefined;
  /** For implicit solvers. */
  readonly given: GivenDerivatives;

  constructor(options: VectorFieldOptions, params: Float64Array) {
    const { f, vjp, jvp, dim } = options;
    super(f, undefined);
    this.given = options;
    this.dim = dim;
    this.params = params;
    this.differentiable = vjp !== undefined;
    this.vjp = vjp;
    this.jvp = jvp;
  }

  get hasJvp(): boolean {
    return this.jvp !== undefined;
  }

  override bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return new BoundVectorField(scratch, request, this);
  }
}

/**
 * A float64 field from a function and its vector–Jacobian and Jacobian–vector products: `f(t, y, dy, params)` fills `dy`,
 * `vjp(t, y, params, cotangent, { y, params, t })` adds to the three, `jvp(t, y, params, { y, params }, dy)` fills `dy`.
 */
export function vectorField(options: VectorFieldOptions): VectorField {
  checkOptions("vectorField", options, ["f", "vjp", "jvp", "jacobian", "sparsity", "second", "params", "dim"]);
  const { f, vjp, jvp, params = [], dim } = options;
  if (typeof f !== "function") throw invalid("vectorField option f", f, "a function (t, y, dy, params) => void");
  if (vjp !== undefined && typeof vjp !== "function") {
    throw invalid("vectorField option vjp", vjp, "a function (t, y, params, cotangent, { y, params, t }) => void");
  }
  if (jvp !== undefined && typeof jvp !== "function") {
    throw invalid("vectorField option jvp", jvp, "a function (t, y, params, { y, params }, dy) => void");
  }
  for (const name of ["jacobian", "second"] as const) {
    const given = options[name];
    if (given !== undefined && typeof given !== "function")
      throw invalid(`vectorField option ${name}`, given, "a function");
  }
  const isDim = dim === undefined || (Number.isInteger(dim) && dim > 0);
  if (!isDim) throw invalid("vectorField option dim", dim, "a positive integer");
  if (typeof params !== "object" || params === null || !("length" in params))
    throw invalid("vectorField option params", params, "an array of numbers");
  const theta = params instanceof Float64Array ? params : Float64Array.from(params);
  return new DifferentiatedField(options, theta);
}
