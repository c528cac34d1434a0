// JavaScript functions as fields. They are float64 and see the whole state at once: in views of the leased block if they
// answer at once, in separate arrays if they answer later. vector-field.ts adds derivatives.

import { invalid } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { store, storeNumbers } from "./answers.ts";
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

/**
 * A field function as it is often written first, in terms of `number[]`. What it gets are Float64Arrays: methods that change an
 * array's length (`push`, `concat`, …) are not there.
 */
// biome-ignore lint/suspicious/noExplicitAny: as above
export type NumbersFieldFunction<P = any> = (
  t: number,
  y: number[],
  dy: number[],
  params: P,
) => void | ArrayLike<number>;

/** A field function that answers later, with a promise. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AsyncFieldFunction<P = any> = (
  ...arguments_: Parameters<FieldFunction<P>>
) => Promise<void | ArrayLike<number>>;

/** A function of either kind. */
export type BareField = (...arguments_: Parameters<FieldFunction>) => Awaitable<void | ArrayLike<number>>;

export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

/** How a function answers. Its first call, on separate arrays, decides. */
export const UNKNOWN = 0;
/** Fills its outputs and returns nothing: it may use the views. */
export const FILLS = 1;
/** Returns an array or a promise: it never sees a view. */
export const RETURNS = 2;

/** A function bound to a solve; vector-field.ts has one with derivatives. */
export class BoundFunction implements BoundField<HostVector> {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: HostVector | undefined;
  filling: FillingField | "unknown" | undefined = "unknown";
  protected readonly scratch: Scratch;
  protected readonly params: unknown;
  /** Arrays for a function that must not see the views. */
  protected readonly own: { readonly y: Float64Array; readonly dy: Float64Array };
  private readonly f: BareField;
  private answers = UNKNOWN;

  constructor(scratch: Scratch, { length, params }: BindRequest, { f, argument }: FunctionField) {
    this.scratch = scratch;
    this.f = f;
    this.params = params ?? argument;
    this.own = { y: new Float64Array(length), dy: new Float64Array(length) };
    this.paramsBar = undefined;
  }

  load(): void {}

  evaluate(t: number, x: HostVector, dx: HostVector): Awaitable<void> {
    if (this.answers === FILLS) {
      const result = this.f(t, x.view as Float64Array, dx.view as Float64Array, this.params);
      return result === undefined ? undefined : this.receive(result, dx);
    }
    const { y, dy } = this.own;
    y.set(x.view);
    // Unfilled elements show as NaN, which the solver reports, instead of as whatever was there.
    dy.fill(Number.NaN);
    const result = this.f(t, y, dy, this.params);
    const fills = result === undefined;
    this.answers = fills ? FILLS : RETURNS;
    this.filling = fills ? { f: this.f, params: this.params, answer: storeNumbers } : undefined;
    return this.receive(result ?? dy, dx);
  }

  protected receive(result: Awaitable<void | ArrayLike<number>>, dx: HostVector): Awaitable<void> {
    if (!isPromise(result)) return store(result as ArrayLike<number>, dx);
    return result.then((value) => {
      // After an abort the block may belong to another solve.
      if (this.scratch.leased) store((value as ArrayLike<number> | undefined) ?? this.own.dy, dx);
    });
  }

  vjp(..._: Parameters<BoundField<HostVector>["vjp"]>): Awaitable<number> {
    throw new Error("a bare function has no derivatives");
  }
}

/** A bare function as a field. */
export class FunctionField implements Field {
  readonly dtype = "float64";
  readonly dim: number | undefined = undefined;
  readonly params: Float64Array | undefined = undefined;
  readonly differentiable: boolean = false;
  readonly f: BareField;
  /** What it receives as its fourth argument, where the field has no parameters of its own. */
  readonly argument: unknown;

  constructor(f: BareField, argument: unknown) {
    this.f = f;
    this.argument = argument;
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return new BoundFunction(scratch, request, this);
  }
}

/** A field from what `solve` was given. */
export function asField(given: Field | BareField, params: unknown): Field {
  // Every function has a `bind` of its own, and some fields are functions.
  if (!("dtype" in Object(given))) {
    if (typeof given === "function") return new FunctionField(given, params);
    throw invalid("field", given, "a function (t, y, dy, params) => void, or a field from vectorField or mlp");
  }
  const field = given as Field;
  if (params !== undefined && field.params === undefined)
    throw invalid("params", params, "undefined for a field without parameters");
  return field;
}
