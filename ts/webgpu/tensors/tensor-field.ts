// Fields made of tensor functions: what they are, and their functions with the tensors that they are called with during one
// solve, wherever its vectors are.
import type { Tensor } from "@tensorflow/tfjs-core";
import { invalid } from "../../base/errors.ts";
import type { BindRequest, Field } from "../../fields/field.ts";
import type { Input, TensorDevice } from "../device/exchange.ts";

/** What a vector–Jacobian product gives: ∂/∂y, ∂/∂weights and ∂/∂t of cotangent · f; nothing where f does not depend on it. */
export interface TensorPullback {
  /** cotangentᵀ ∂f/∂y, [batch, …shape]. */
  readonly y?: Tensor | null | undefined;
  /** cotangentᵀ ∂f/∂weight, each in its weight's shape. */
  readonly weights?: readonly (Tensor | null | undefined)[] | undefined;
  /** cotangent · ∂f/∂t, a scalar. */
  readonly t?: Tensor | null | undefined;
}

/** A field in tensors: t is a scalar, y and its cotangent are [batch, …shape]. */
export interface TensorFunction {
  /** dy/dt. */
  value(t: Tensor, y: Tensor, weights: readonly Tensor[]): Tensor;
  /** cotangentᵀ ∂f/∂(y, weights, t). */
  pull(t: Tensor, y: Tensor, weights: readonly Tensor[], cotangent: Tensor): TensorPullback;
}

/** What a tensor field is made of, beside the contract of every field. */
export interface TensorField extends Field {
  /** Where it computes. */
  readonly device: TensorDevice;
  /** Shape of one row of the state. */
  readonly shape: readonly number[];
  /** Shapes of the weights that `params` holds one after the other. */
  readonly weightShapes: readonly (readonly number[])[];
  /** The function and its VJP. */
  readonly f: TensorFunction;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, width) => product * width, 1);

/** The function of a tensor field with its arguments on the device, which are written before each call. */
export class TensorCall<I extends Input> {
  readonly t: I;
  readonly y: I;
  /** Where VJPs will be asked for. */
  readonly cotangent: I | undefined;
  private readonly field: TensorField;
  private readonly shape: readonly number[];
  private readonly weights: readonly Tensor[];

  /** `input` makes an argument of a shape; `params` holds the weights, which stay. */
  constructor(
    field: TensorField,
    { length, params, gradient }: Pick<BindRequest, "length" | "params" | "gradient">,
    input: (shape: readonly number[]) => I,
  ) {
    this.field = field;
    this.shape = [length / sizeOf(field.shape), ...field.shape];
    this.t = input([]);
    this.y = input(this.shape);
    if (gradient) this.cotangent = input(this.shape);
    let at = 0;
    this.weights = field.weightShapes.map((shape) => {
      const weight = input(shape);
      const start = at;
      at += sizeOf(shape);
      weight.write(params!.subarray(start, at) as Float32Array);
      return weight.tensor;
    });
  }

  /** f(t, y); throws `invalid` where its size is not the state's. */
  value(): Tensor {
    const value = this.field.f.value(this.t.tensor, this.y.tensor, this.weights);
    return this.ofState(value, "the tensor that the field returned");
  }

  /** The VJP of the cotangent; throws `invalid` where a gradient has not the size of what it is by. */
  pull(): TensorPullback {
    const { f, weightShapes } = this.field;
    const bars = f.pull(this.t.tensor, this.y.tensor, this.weights, this.cotangent!.tensor);
    if (bars.y) this.ofState(bars.y, "the gradient by y that vjp returned");
    weightShapes.forEach((shape, i) => {
      const bar = bars.weights?.[i];
      if (bar && bar.size !== sizeOf(shape))
        throw invalid(`the gradient by weight ${i} that vjp returned`, bar.shape, `the weight's shape [${shape}]`);
    });
    return bars;
  }

  private ofState(result: Tensor, what: string): Tensor {
    if (result?.size !== sizeOf(this.shape)) throw invalid(what, result?.shape, `the state's shape [${this.shape}]`);
    return result;
  }
}
