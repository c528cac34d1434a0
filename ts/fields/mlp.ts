// A multilayer perceptron as a field: SIMD kernels evaluate it and its vector–Jacobian product in one call each, on
// weights that are packed once per solve.

import { type ArrayOf, bytesOf, type Dtype, type FloatArray, zeros } from "../base/dtype.ts";
import { checkOptions, invalid } from "../base/errors.ts";
import { uniform } from "../base/random.ts";
import { vectorsOf } from "../vectors/kernels-f32.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { type BindRequest, type BoundField, type Field, RECOMPUTE } from "./field.ts";
import { NETWORKS, type NetworkKernels } from "./mlp-kernels.ts";
import { ACTIVATIONS, type Activation, kernelLayout, parameterLayout, type Shape } from "./mlp-layout.ts";
import { PackedParams } from "./mlp-packed.ts";

export type { Activation } from "./mlp-layout.ts";

export interface MlpOptions {
  /** Widths from state to state, at least two; the first equals the last. */
  readonly layers: readonly number[];
  /** After every layer but the last; "tanh" by default. "gelu" is the erf form, "elu" has α = 1. */
  readonly activation?: Activation;
  /** Whether t is one more input of the first layer, by the last column of W₁; false by default. */
  readonly time?: boolean;
  /** "float32" by default. */
  readonly dtype?: Dtype;
  /**
   * θ: W₁, b₁, W₂, b₂, …, each W row-major [out × in]. A typed array of the dtype is used itself, anything else copied
   * into one. Without it every layer starts uniform in ±1/√fan-in (PyTorch's Linear), from `seed`.
   */
  readonly params?: ArrayLike<number>;
  /** An integer, 0 by default. */
  readonly seed?: number;
}

/** What `mlp` returns: a field on batches of rows [batch × layers[0]], with its parameters. */
export interface Mlp<D extends Dtype = Dtype> extends Field {
  readonly dtype: D;
  readonly layers: readonly number[];
  readonly activation: Activation;
  readonly time: boolean;
  readonly dim: number;
  readonly params: ArrayOf<D>;
}

const NONE = 0;

class BoundMlp implements BoundField<HostVector> {
  readonly tapeLength: number;
  readonly tape: HostVector | undefined;
  readonly paramsBar: HostVector | undefined;
  private readonly scratch: Scratch;
  private readonly dtype: Dtype;
  private readonly params: FloatArray;
  private readonly packed: PackedParams;
  /** θ̇, where tangents are wanted and it is not zero. */
  private readonly paramsDot: ArrayLike<number> | undefined;
  private readonly packedDot: PackedParams | undefined;
  /** The tape of a VJP that evaluates anew. */
  private readonly spare: HostVector | undefined;
  // Everything the hot path needs, as plain numbers and functions, from `load`.
  private at = NONE;
  private dotAt = NONE;
  private tapes = NONE;
  private readonly tapeBytes: number;
  private spareAt = NONE;
  private paramsBarAt = NONE;
  private forward!: NetworkKernels["mlpForwardF32"];
  private backward!: NetworkKernels["mlpBackwardF32"];
  private push!: NetworkKernels["mlpJvpF32"];

  constructor(scratch: Scratch, { length, params, slots, gradient, tangent }: BindRequest, field: MlpField) {
    const { dtype, activation } = field;
    const layout = kernelLayout(field, activation, dtype, length / field.dim, gradient);
    const vector = (n: number): HostVector => scratch.vector(n, dtype);
    this.scratch = scratch;
    this.dtype = dtype;
    this.params = params ?? field.params;
    this.tapeLength = layout.tapeLength;
    this.tape = slots * layout.tapeLength > 0 ? vector(slots * layout.tapeLength) : undefined;
    this.tapeBytes = layout.tapeLength * bytesOf(dtype);
    const count = this.params.length;
    this.packed = new PackedParams(scratch, layout, dtype, count, layout.workLength);
    this.paramsDot = tangent?.params;
    if (this.paramsDot) {
      const forwardOnly = kernelLayout(field, activation, dtype, length / field.dim, false);
      this.packedDot = new PackedParams(scratch, forwardOnly, dtype, count, layout.blockLength);
    }
    if (!gradient) return;
    this.paramsBar = vector(this.params.length);
    if (layout.tapeLength > 0) this.spare = vector(layout.tapeLength);
  }

  load(): void {
    const kernels = NETWORKS.on(this.scratch.memory);
    const single = this.dtype === "float32";
    this.forward = single ? kernels.mlpForwardF32 : kernels.mlpForwardF64;
    this.backward = single ? kernels.mlpBackwardF32 : kernels.mlpBackwardF64;
    this.push = single ? kernels.mlpJvpF32 : kernels.mlpJvpF64;
    this.tapes = this.tape?.address ?? NONE;
    this.spareAt = this.spare?.address ?? NONE;
    this.paramsBarAt = this.paramsBar?.address ?? NONE;
    this.at = this.packed.load(this.params);
    this.dotAt = this.packedDot?.load(this.paramsDot!) ?? NONE;
  }

  evaluate(t: number, x: HostVector, dx: HostVector, slot: number): void {
    this.forward(this.at, t, x.address, dx.address, this.slotAt(slot));
  }

  vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector, slot: number): number {
    let tape = this.slotAt(slot);
    if (slot === RECOMPUTE) {
      tape = this.spareAt;
      // A null output: only the tape is wanted. A network of one layer has none.
      if (tape !== NONE) this.forward(this.at, t, x.address, NONE, tape);
    }
    return this.backward(this.at, t, x.address, cotangent.address, xBar.address, this.paramsBarAt, tape);
  }

  jvp(t: number, x: HostVector, xDot: HostVector, out: HostVector, slot: number): void {
    this.push(this.at, this.dotAt, t, x.address, xDot.address, out.address, this.slotAt(slot));
  }

  private slotAt(slot: number): number {
    return slot < 0 || this.tapes === NONE ? NONE : this.tapes + slot * this.tapeBytes;
  }
}

class MlpField implements Mlp, Shape {
  readonly layers: readonly number[];
  readonly activation: Activation;
  readonly time: boolean;
  readonly dtype: Dtype;
  readonly vectors: Field["vectors"];
  readonly dim: number;
  readonly params: FloatArray;
  readonly differentiable = true;
  readonly hasJvp = true;
  /** Widths of all hidden layers together. */
  private readonly hidden: number;

  constructor(shape: Shape, activation: Activation, dtype: Dtype, params: FloatArray) {
    this.layers = shape.layers;
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
    return parameterLayout(this).dense.flatMap(({ inputs, outputs }, l) => [
      outputs * (inputs + (this.time && l === 0 ? 1 : 0)),
      outputs,
    ]);
  }

  tapeLength(length: number): number {
    return (length / this.dim) * this.hidden;
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return new BoundMlp(scratch, request, this);
  }
}

/** Weights and biases uniform in ±1/√fan-in, as PyTorch's Linear starts. */
function initialParams(shape: Shape, dtype: Dtype, seed: number): FloatArray {
  const { dense, length } = parameterLayout(shape);
  const params = zeros(dtype, length);
  const random = uniform(seed);
  dense.forEach(({ inputs, weights }, l) => {
    const bound = 1 / Math.sqrt(inputs + (shape.time && l === 0 ? 1 : 0));
    const end = dense[l + 1]?.weights ?? length;
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
      `${length} numbers, W₁, b₁, W₂, b₂, … for layers [${widths}]${shape.time ? " and time" : ""}`,
    );
  }
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(given[i])) throw invalid(`mlp option params, element ${i},`, given[i], "finite numbers");
  }
  if (dtype === "float32") return given instanceof Float32Array ? given : Float32Array.from(given);
  return given instanceof Float64Array ? given : Float64Array.from(given);
}

function checkedLayers(layers: readonly number[]): number[] {
  const allowed = "an array of at least two integers ≥ 1, the widths from state to state, the first equal to the last";
  const isWidth = (width: unknown): boolean => Number.isInteger(width) && (width as number) >= 1;
  const isList = Array.isArray(layers) && layers.length >= 2 && Array.from(layers).every(isWidth);
  if (!isList || layers[0] !== layers.at(-1)) throw invalid("mlp option layers", layers, allowed);
  return [...layers];
}

/**
 * A multilayer perceptron dy/dt = W_n act(… act(W₁ y + b₁) …) + b_n as a differentiable field, for batches of rows
 * [batch × layers[0]]. Throws `SolveError` "invalid" for bad options.
 */
export function mlp(options: MlpOptions & { readonly dtype: "float64" }): Mlp<"float64">;
export function mlp(options: MlpOptions & { readonly dtype?: "float32" }): Mlp<"float32">;
export function mlp(options: MlpOptions): Mlp;
export function mlp(options: MlpOptions): Mlp {
  // A saved network may have more keys.
  checkOptions("mlp", options, ["layers", "activation", "time", "dtype", "params", "seed"], false);
  const { activation = "tanh", time = false, dtype = "float32", params, seed = 0 } = options;
  const layers = checkedLayers(options.layers);
  if (!ACTIVATIONS.includes(activation)) throw invalid("mlp option activation", activation, ACTIVATIONS.join(", "));
  if (typeof time !== "boolean") throw invalid("mlp option time", time, "true or false");
  if (dtype !== "float32" && dtype !== "float64") throw invalid("mlp option dtype", dtype, '"float32" or "float64"');
  if (!Number.isSafeInteger(seed)) throw invalid("mlp option seed", seed, "an integer");
  const shape = { layers, time };
  const theta = params === undefined ? initialParams(shape, dtype, seed) : checkedParams(shape, dtype, params);
  return new MlpField(shape, activation, dtype, theta);
}
