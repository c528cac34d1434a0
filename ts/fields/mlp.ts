// A multilayer perceptron as a field: SIMD kernels evaluate it and its vector–Jacobian product in one call each, on
// weights that are packed once per solve. Outside solves it is a function, of one row or of a batch.

import { type ArrayOf, type Dtype, type FloatArray, type NumberSink, zeros } from "../base/dtype.ts";
import { checkOptions, invalid } from "../base/errors.ts";
import { uniform } from "../base/random.ts";
import { vectorsOf } from "../vectors/kernels-f32.ts";
import { type HostVector, Scratch } from "../wasm/scratch.ts";
import { type BindRequest, type BoundField, type Field, RECOMPUTE } from "./field.ts";
import { BoundMlp, type Network } from "./mlp-bound.ts";
import { BoundDriven, type InputFunction } from "./mlp-driven.ts";
import { ACTIVATIONS, type Activation, parameterLayout, type Shape } from "./mlp-layout.ts";

export type { InputFunction } from "./mlp-driven.ts";
export type { Activation } from "./mlp-layout.ts";

/** Options of `mlp`. */
export interface MlpOptions {
  /** Widths from the state to the outputs, at least two; as the field of a solve the first equals the last. */
  readonly layers: readonly number[];
  /** So many inputs more in a row, after the state and before t; in a solve its option `inputs` gives them. 0 by default. */
  readonly inputs?: number | undefined;
  /** After every layer but the last; "tanh" by default. "gelu" is the erf form, "elu" has α = 1. */
  readonly activation?: Activation | undefined;
  /** Whether t is one more input of the first layer, by the last column of W₁; false by default. */
  readonly time?: boolean | undefined;
  /** "float32" by default. */
  readonly dtype?: Dtype | undefined;
  /**
   * θ: W₁, b₁, W₂, b₂, …, each W row-major [out × in]. A typed array of the dtype is used itself, anything else copied
   * into one. Without it every layer starts uniform in ±1/√fan-in (PyTorch's Linear), from `seed`.
   */
  readonly params?: ArrayLike<number> | undefined;
  /** Of the random start, an integer; 0 by default. The same seed gives the same numbers everywhere. */
  readonly seed?: number | undefined;
}

/** A field on batches of rows [batch × layers[0]] with the options and parameters of a multilayer perceptron. */
export interface MlpField<D extends Dtype = Dtype> extends Field {
  /** The precision of states, parameters and arithmetic. */
  readonly dtype: D;
  /** Widths from the state to the outputs. */
  readonly layers: readonly number[];
  /** After every layer but the last. */
  readonly activation: Activation;
  /** Whether t is one more input. */
  readonly time: boolean;
  /** Width of one row of the state. */
  readonly dim: number;
  /** θ: W₁, b₁, W₂, b₂, …, each W row-major [out × in]; optimisers update it in place. */
  readonly params: ArrayOf<D>;
}

/** What `mlp` returns: a field, and a function of rows. Weights are packed anew at each call, which a solve does once. */
export interface Mlp<D extends Dtype = Dtype> extends MlpField<D> {
  /** How many inputs a row has after the state. */
  readonly inputs: number;
  /** The outputs for one row: state, inputs, and t where `time` is true. */
  (...row: readonly number[]): ArrayOf<D>;
  /** The same for a row in an array. */
  (row: ArrayLike<number>): ArrayOf<D>;
  /**
   * The outputs [batch × layers.at(-1)] for y, rows of state and inputs [batch × (layers[0] + inputs)]; `out` is filled and
   * returned where it is given. Throws `SolveError` "invalid" for other lengths.
   */
  evaluate(t: number, y: ArrayLike<number>): ArrayOf<D>;
  /** The same, into `out`. */
  evaluate<A extends NumberSink>(t: number, y: ArrayLike<number>, out: A): A;
  /**
   * Adds cotangentᵀ ∂outputs/∂y, cotangentᵀ ∂outputs/∂params and cotangent · ∂outputs/∂t to the last argument, with `params`
   * in place of the network's own; y as in `evaluate`, the cotangent [batch × layers.at(-1)].
   */
  vjp(
    t: number,
    y: ArrayLike<number>,
    params: ArrayLike<number>,
    cotangent: ArrayLike<number>,
    outputs: { readonly y: NumberSink; readonly params: NumberSink; readonly t: NumberSink },
  ): void;
}

class Perceptron implements MlpField, Network {
  readonly layers: readonly number[];
  readonly inputs: number;
  readonly activation: Activation;
  readonly time: boolean;
  readonly dtype: Dtype;
  readonly vectors: Field["vectors"];
  readonly dim: number;
  /** A part of another field's, once an equation there calls this network. */
  params: FloatArray;
  readonly differentiable = true;
  readonly hasJvp = true;
  readonly rowwise = true;
  /** Widths of all hidden layers together. */
  private readonly hidden: number;

  constructor(shape: Required<Shape>, activation: Activation, dtype: Dtype, params: FloatArray) {
    this.layers = shape.layers;
    this.inputs = shape.inputs;
    this.time = shape.time;
    this.activation = activation;
    this.dtype = dtype;
    this.vectors = vectorsOf(dtype);
    this.dim = shape.layers[0]!;
    this.hidden = shape.layers.slice(1, -1).reduce((sum, width) => sum + width, 0);
    this.params = params;
  }

  /** W₁, b₁, W₂, b₂, … */
  get tensors(): readonly number[] {
    const { dense, length } = parameterLayout(this);
    return dense.flatMap(({ outputs, weights }, l) => [(dense[l + 1]?.weights ?? length) - weights - outputs, outputs]);
  }

  tapeLength(length: number): number {
    return (length / this.dim) * this.hidden;
  }

  inSolve(inputs: unknown, times: readonly number[]): Field {
    const { layers, dim } = this;
    if (layers.at(-1) !== dim)
      throw invalid("layers", layers, `in a solve, those of an mlp whose last width is its first, ${dim}`);
    const taken = this.inputs;
    if (taken > 0 ? typeof inputs !== "function" : inputs !== undefined)
      throw invalid(
        "inputs",
        inputs,
        taken > 0 ? `a function (t, out) that fills ${taken} inputs` : "undefined for an mlp without inputs",
      );
    if (taken === 0) return this;
    const drive = { inputs: inputs as InputFunction, times: Float64Array.from(new Set(times)).sort() };
    const bind: Field["bind"] = (scratch, request) => new BoundDriven(scratch, request, this, drive);
    return Object.assign(Object.create(this), { bind });
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return new BoundMlp(scratch, request, this);
  }

  /** The same network with its inputs, and t unless it is `time`, as parts of its rows. */
  private onRows(width: number, time: boolean): Network {
    return Object.assign(Object.create(this), { layers: [width, ...this.layers.slice(1)], inputs: 0, time });
  }

  /** Binds it for rows of state, inputs and t. */
  bindRows(scratch: Scratch, request: BindRequest): BoundMlp {
    return new BoundMlp(scratch, request, this.onRows(this.dim + this.inputs + (this.time ? 1 : 0), false));
  }

  /** `net(…)`. */
  answer(list: readonly [ArrayLike<number>] | readonly number[]): FloatArray {
    const row = typeof list[0] === "object" ? Array.from(list[0]) : (list as number[]);
    const length = this.dim + this.inputs;
    if (row.length !== length + (this.time ? 1 : 0))
      throw invalid("net(…)", row, `${length} numbers${this.time ? " and t" : ""}`);
    return this.evaluate(row[length] ?? 0, row.slice(0, length));
  }

  evaluate<A extends NumberSink>(t: number, y: ArrayLike<number>, out?: A): A {
    return this.alone(y, false, this.params, (bound, x, outputs) => {
      bound.evaluate(t, x, outputs, RECOMPUTE);
      const filled = (out ?? zeros(this.dtype, outputs.length)) as A;
      for (let i = 0; i < outputs.length; i++) filled[i] = outputs.view[i]!;
      return filled;
    });
  }

  vjp(
    t: number,
    y: ArrayLike<number>,
    params: ArrayLike<number>,
    cotangent: ArrayLike<number>,
    sums: { readonly y: NumberSink; readonly params: NumberSink; readonly t: NumberSink },
  ): void {
    const add = (to: NumberSink, view: FloatArray): void => {
      for (let i = 0; i < view.length; i++) to[i]! += view[i]!;
    };
    this.alone(y, true, params, (bound, x, outputs, xBar) => {
      bound.paramsBar!.view.fill(0);
      outputs.view.set(cotangent);
      sums.t[0]! += bound.vjp(t, x, outputs, xBar, RECOMPUTE);
      add(sums.y, xBar.view);
      add(sums.params, bound.paramsBar!.view);
    });
  }

  /** Binds the network to memory for these rows alone. */
  private alone<T>(
    y: ArrayLike<number>,
    gradient: boolean,
    params: ArrayLike<number>,
    use: (bound: BoundMlp, x: HostVector, outputs: HostVector, xBar: HostVector) => T,
  ): T {
    const { dtype, layers } = this;
    const { length } = y;
    const width = layers[0]! + this.inputs;
    const network = this.onRows(width, this.time);
    if (!(length > 0 && length % width === 0)) throw invalid("y", y, `rows of ${width} numbers`);
    const scratch = new Scratch();
    const request = { length, params: checkedParams(this, dtype, params), slots: 0, gradient };
    const bound = new BoundMlp(scratch, request, network);
    const x = scratch.vector(length, dtype);
    const outputs = scratch.vector((length / width) * layers.at(-1)!, dtype);
    const xBar = scratch.vector(gradient ? length : 0, dtype);
    scratch.lease();
    try {
      bound.load();
      x.view.set(y);
      return use(bound, x, outputs, xBar);
    } finally {
      scratch.release();
    }
  }
}

/** The network as the function that it is, too. */
function callable(network: Perceptron): Perceptron {
  const net = (...list: number[]): FloatArray => (net as unknown as Perceptron).answer(list);
  return Object.assign(Object.setPrototypeOf(net, Perceptron.prototype), network);
}

/** Weights and biases uniform in ±1/√fan-in, as PyTorch's Linear starts. */
function initialParams(shape: Shape, dtype: Dtype, seed: number): FloatArray {
  const { dense, length } = parameterLayout(shape);
  const params = zeros(dtype, length);
  const random = uniform(seed);
  dense.forEach(({ outputs, weights }, l) => {
    const end = dense[l + 1]?.weights ?? length;
    const bound = 1 / Math.sqrt((end - weights) / outputs - 1);
    for (let i = weights; i < end; i++) params[i] = bound * (2 * random() - 1);
  });
  return params;
}

function checkedParams(shape: Shape, dtype: Dtype, given: ArrayLike<number>): FloatArray {
  const { length } = parameterLayout(shape);
  if (given?.length !== length) {
    const widths = shape.layers.join(", ");
    throw invalid(
      "mlp option params",
      given,
      `${length} numbers, W₁, b₁, W₂, b₂, … for layers [${widths}]${shape.inputs ? `, ${shape.inputs} inputs` : ""}${shape.time ? " and time" : ""}`,
    );
  }
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(given[i])) throw invalid(`mlp option params, element ${i},`, given[i], "finite numbers");
  }
  if (dtype === "float32") return given instanceof Float32Array ? given : Float32Array.from(given);
  return given instanceof Float64Array ? given : Float64Array.from(given);
}

function checkedLayers(layers: readonly number[]): number[] {
  const allowed = "an array of at least two integers ≥ 1, the widths from the state to the outputs";
  const isWidth = (width: unknown): boolean => Number.isInteger(width) && (width as number) >= 1;
  const isList = Array.isArray(layers) && layers.length >= 2 && Array.from(layers).every(isWidth);
  if (!isList) throw invalid("mlp option layers", layers, allowed);
  return [...layers];
}

/**
 * A multilayer perceptron dy/dt = W_n act(… act(W₁ y + b₁) …) + b_n as a differentiable field, for batches of rows
 * [batch × layers[0]], and as a function: `net(x1, x2, …)`. Throws `SolveError` "invalid" for bad options.
 */
export function mlp(options: MlpOptions & { readonly dtype: "float64" }): Mlp<"float64">;
/** The same in float32, the default. */
export function mlp(options: MlpOptions & { readonly dtype?: "float32" | undefined }): Mlp<"float32">;
/** The same in either precision. */
export function mlp(options: MlpOptions): Mlp;
export function mlp(options: MlpOptions): Mlp {
  // A saved network may have more keys.
  checkOptions("mlp", options, ["layers", "inputs", "activation", "time", "dtype", "params", "seed"], false);
  const { inputs = 0, activation = "tanh", time = false, dtype = "float32", params, seed = 0 } = options;
  const layers = checkedLayers(options.layers);
  if (!ACTIVATIONS.includes(activation)) throw invalid("mlp option activation", activation, ACTIVATIONS.join(", "));
  if (typeof time !== "boolean") throw invalid("mlp option time", time, "true or false");
  if (dtype !== "float32" && dtype !== "float64") throw invalid("mlp option dtype", dtype, '"float32" or "float64"');
  if (!Number.isSafeInteger(seed)) throw invalid("mlp option seed", seed, "an integer");
  if (!(Number.isSafeInteger(inputs) && inputs >= 0)) throw invalid("mlp option inputs", inputs, "an integer ≥ 0");
  const shape = { layers, inputs, time };
  const theta = params === undefined ? initialParams(shape, dtype, seed) : checkedParams(shape, dtype, params);
  return callable(new Perceptron(shape, activation, dtype, theta)) as unknown as Mlp;
}
