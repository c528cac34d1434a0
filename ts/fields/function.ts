// JavaScript functions as fields: a bare function, or `vectorField` with its vector–Jacobian product. They are float64
// and see the whole state at once: in views of the leased block if they answer at once, in separate arrays if they
// answer later.

import { checkOptions, invalid } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { refuseReturned, store, storeNumbers } from "./answers.ts";
import type { BindRequest, BoundField, Field, FillingField } from "./field.ts";

/**
 * A field function: fills all of `dy`, which holds old numbers before, or returns the derivative (slower). `y` is to be read
 * only: what is written to it changes the solution. `params`: what the solve was given under that name.
 */
// biome-ignore lint/suspicious/noExplicitAny: parameters are whatever the user passes
export type FieldFunction<P = any> = (
  t: number,
  y: Float64Array,
  dy: Float64Array,
  params: P,
) => void | ArrayLike<number>;

/** A field function that answers later, with a promise. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AsyncFieldFunction<P = any> = (
  ...arguments_: Parameters<FieldFunction<P>>
) => Promise<void | ArrayLike<number>>;

/** A function of either kind. */
export type BareField = (...arguments_: Parameters<FieldFunction>) => Awaitable<void | ArrayLike<number>>;

/** Where a VJP accumulates: ∂/∂y, ∂/∂params and ∂/∂t of cotangent · f. */
export interface VjpOutputs {
  /** [state] */
  readonly y: Float64Array;
  /** [parameters] */
  readonly params: Float64Array;
  /** One element. */
  readonly t: Float64Array;
}

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
export interface VectorFieldOptions {
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

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

/** How a function answers. Its first call, on separate arrays, decides. */
const UNKNOWN = 0;
/** Fills its outputs and returns nothing: it may use the views. */
const FILLS = 1;
/** Returns an array or a promise: it never sees a view. */
const RETURNS = 2;

const UNUSED = new Float64Array(0);

class BoundFunction implements BoundField<HostVector> {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: HostVector | undefined;
  private readonly scratch: Scratch;
  private readonly field: FunctionField;
  private readonly params: unknown;
  filling: FillingField | "unknown" | undefined = "unknown";
  private fAnswers = UNKNOWN;
  private vjpAnswers = UNKNOWN;
  private readonly tBar = new Float64Array(1);
  private readonly inPlace = new Map<HostVector, VjpOutputs>();
  private readonly tangent: JvpInputs | undefined;
  /** Arrays for a function that must not see the views. */
  private readonly own: { y: Float64Array; dy: Float64Array; cotangent: Float64Array; outputs: VjpOutputs };

  constructor(scratch: Scratch, { length, params, gradient, tangent }: BindRequest, field: FunctionField) {
    this.scratch = scratch;
    this.field = field;
    this.params = params ?? field.argument;
    const count = params?.length ?? 0;
    if (gradient) this.paramsBar = scratch.vector(count, "float64");
    if (tangent)
      this.tangent = {
        y: new Float64Array(length),
        params: Float64Array.from(tangent.params ?? new Float64Array(count)),
      };
    const array = (n: number): Float64Array => (gradient ? new Float64Array(n) : UNUSED);
    this.own = {
      y: new Float64Array(length),
      dy: new Float64Array(length),
      cotangent: array(length),
      outputs: vjpOutputs(array(length), array(count), this.tBar),
    };
  }

  load(): void {}

  evaluate(t: number, x: HostVector, dx: HostVector): Awaitable<void> {
    if (this.fAnswers === FILLS) {
      const result = this.field.f(t, x.view as Float64Array, dx.view as Float64Array, this.params);
      return result === undefined ? undefined : this.receive(result, dx);
    }
    const { y, dy } = this.own;
    y.set(x.view);
    // Unfilled elements show as NaN, which the solver reports, instead of as whatever was there.
    dy.fill(Number.NaN);
    const result = this.field.f(t, y, dy, this.params);
    const fills = result === undefined;
    this.fAnswers = fills ? FILLS : RETURNS;
    this.filling = fills ? { f: this.field.f, params: this.params, answer: storeNumbers } : undefined;
    return this.receive(result ?? dy, dx);
  }

  private receive(result: Awaitable<void | ArrayLike<number>>, dx: HostVector): Awaitable<void> {
    if (!isPromise(result)) return store(result as ArrayLike<number>, dx);
    return result.then((value) => {
      // After an abort the block may belong to another solve.
      if (this.scratch.leased) store((value as ArrayLike<number> | undefined) ?? this.own.dy, dx);
    });
  }

  vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector): Awaitable<number> {
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
    const { own } = this;
    own.y.set(x.view);
    own.cotangent.set(cotangent.view);
    own.outputs.y.fill(0);
    own.outputs.params.fill(0);
    const result = this.field.vjp!(t, own.y, params, own.cotangent, own.outputs);
    const collect = (returned: unknown): number => {
      if (returned !== undefined) refuseReturned(returned);
      if (this.scratch.leased) {
        xBar.view.set(own.outputs.y);
        const paramsBar = this.paramsBar!.view;
        own.outputs.params.forEach((value, i) => {
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

class FunctionField implements Field {
  readonly dtype = "float64";
  readonly dim: number | undefined;
  readonly params: Float64Array | undefined;
  readonly f: BareField;
  readonly vjp: VjpFunction | undefined;
  readonly jvp: JvpFunction | undefined;
  /** What a bare function receives as its fourth argument. */
  readonly argument: unknown;

  constructor(
    f: BareField,
    { vjp, jvp }: Pick<VectorFieldOptions, "vjp" | "jvp">,
    params: Float64Array | undefined,
    dim: number | undefined,
    argument?: unknown,
  ) {
    this.f = f;
    this.vjp = vjp;
    this.jvp = jvp;
    this.params = params;
    this.dim = dim;
    this.argument = argument;
  }

  get differentiable(): boolean {
    return this.vjp !== undefined;
  }

  get hasJvp(): boolean {
    return this.jvp !== undefined;
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return new BoundFunction(scratch, request, this);
  }
}

/**
 * A float64 field from a function and its vector–Jacobian and Jacobian–vector products: `f(t, y, dy, params)` fills `dy`,
 * `vjp(t, y, params, cotangent, { y, params, t })` adds to the three, `jvp(t, y, params, { y, params }, dy)` fills `dy`.
 */
export function vectorField(options: VectorFieldOptions): VectorField {
  checkOptions("vectorField", options, ["f", "vjp", "jvp", "params", "dim"]);
  const { f, vjp, jvp, params = [], dim } = options;
  if (typeof f !== "function") throw invalid("vectorField option f", f, "a function (t, y, dy, params) => void");
  if (vjp !== undefined && typeof vjp !== "function") {
    throw invalid("vectorField option vjp", vjp, "a function (t, y, params, cotangent, { y, params, t }) => void");
  }
  if (jvp !== undefined && typeof jvp !== "function") {
    throw invalid("vectorField option jvp", jvp, "a function (t, y, params, { y, params }, dy) => void");
  }
  const isDim = dim === undefined || (Number.isInteger(dim) && dim > 0);
  if (!isDim) throw invalid("vectorField option dim", dim, "a positive integer");
  if (typeof params !== "object" || params === null || !("length" in params))
    throw invalid("vectorField option params", params, "an array of numbers");
  const theta = params instanceof Float64Array ? params : Float64Array.from(params);
  return new FunctionField(f, options, theta, dim) as VectorField;
}

/** A field from what `solve` was given. */
export function asField(given: Field | BareField, params: unknown): Field {
  // Every function has a `bind` of its own, and some fields are functions.
  if (!("dtype" in Object(given))) {
    if (typeof given === "function") return new FunctionField(given, {}, undefined, undefined, params);
    throw invalid("field", given, "a function (t, y, dy, params) => void, or a field from vectorField or mlp");
  }
  const field = given as Field;
  if (params !== undefined && field.params === undefined)
    throw invalid("params", params, "undefined for a field without parameters");
  return field;
}
