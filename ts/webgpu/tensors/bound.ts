// A field made of tensor functions, bound to one leased block: it evaluates and pulls back through tfjs, and sums the
// gradients of its weights where tfjs keeps them, on the GPU if there is one.
import type { Tensor } from "@tensorflow/tfjs-core";
import type { FloatArray } from "../../base/dtype.ts";
import { invalid } from "../../base/errors.ts";
import type { Awaitable } from "../../base/waiting.ts";
import type { BindRequest, BoundField, Field } from "../../fields/field.ts";
import type { Scratch, Vector } from "../../wasm/scratch.ts";
import type { Exchange, Input, TensorDevice } from "../device/exchange.ts";

/** What a vector–Jacobian product gives: ∂/∂y, ∂/∂weights and ∂/∂t of cotangent · f; nothing where f does not depend on it. */
export interface TensorPullback {
  readonly y?: Tensor | null | undefined;
  readonly weights?: readonly (Tensor | null | undefined)[];
  readonly t?: Tensor | null | undefined;
}

/** A field in tensors: t is a scalar, y and its cotangent are [batch, …shape]. */
export interface TensorFunction {
  value(t: Tensor, y: Tensor, weights: readonly Tensor[]): Tensor;
  pull(t: Tensor, y: Tensor, weights: readonly Tensor[], cotangent: Tensor): TensorPullback;
}

/** What a tensor field is made of, beside the contract of every field. */
export interface TensorField extends Field {
  readonly device: TensorDevice;
  /** Shape of one row of the state. */
  readonly shape: readonly number[];
  /** Shapes of the weights that `params` holds one after the other. */
  readonly weightShapes: readonly (readonly number[])[];
  readonly f: TensorFunction;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, width) => product * width, 1);

export class BoundTensorField implements BoundField {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: Vector | undefined;
  private readonly field: TensorField;
  private readonly scratch: Scratch;
  private readonly params: FloatArray | undefined;
  private readonly shape: readonly number[];
  private readonly gradient: boolean;
  private readonly time = new Float32Array(1);
  // From `load`, until the block is given back.
  private exchange!: Exchange;
  private t!: Input;
  private y!: Input;
  private cotangent: Input | undefined;
  private weights: readonly Tensor[] = [];
  /** Σ of the weights' gradients since the last flush. */
  private sums: Tensor[] | undefined;

  constructor(scratch: Scratch, { length, params, gradient }: BindRequest, field: TensorField) {
    this.field = field;
    this.scratch = scratch;
    this.params = params;
    this.gradient = gradient;
    this.shape = [length / sizeOf(field.shape), ...field.shape];
    if (gradient && params) this.paramsBar = scratch.vector(params.length, field.dtype);
  }

  load(): void {
    const { field, scratch, params } = this;
    const exchange = field.device.exchange(scratch);
    scratch.onRelease(() => this.close());
    this.exchange = exchange;
    this.t = exchange.input([]);
    this.y = exchange.input(this.shape);
    if (this.gradient) this.cotangent = exchange.input(this.shape);
    let at = 0;
    this.weights = field.weightShapes.map((shape) => {
      const weight = exchange.input(shape);
      const start = at;
      at += sizeOf(shape);
      weight.write(params!.subarray(start, at) as Float32Array);
      return weight.tensor;
    });
  }

  private write(t: number, x: Vector): void {
    this.time[0] = t;
    this.t.write(this.time);
    this.y.write(x.view as Float32Array);
  }

  evaluate(t: number, x: Vector, dx: Vector): Awaitable<void> {
    this.write(t, x);
    return this.exchange.compute(
      () => {
        const value = this.field.f.value(this.t.tensor, this.y.tensor, this.weights);
        return [this.checked(value, "the tensor that the field returned")];
      },
      ([value]) => dx.view.set(value!),
    );
  }

  vjp(t: number, x: Vector, cotangent: Vector, xBar: Vector): Awaitable<number> {
    this.write(t, x);
    this.cotangent!.write(cotangent.view as Float32Array);
    let dependsOnY = false;
    return this.exchange.compute(
      () => {
        const bars = this.field.f.pull(this.t.tensor, this.y.tensor, this.weights, this.cotangent!.tensor);
        this.accumulate(bars.weights ?? []);
        dependsOnY = Boolean(bars.y);
        const parts = bars.y ? [this.checked(bars.y, "the gradient by y that vjp returned")] : [];
        // Something must come back, so that errors and the end of the work are noticed.
        return bars.t || !bars.y ? [...parts, bars.t ?? this.t.tensor] : parts;
      },
      (parts) => {
        if (dependsOnY) xBar.view.set(parts[0]!);
        else xBar.view.fill(0);
        return parts[dependsOnY ? 1 : 0]?.[0] ?? 0;
      },
    );
  }

  /** Adds to the sums: new ones first, all of them or none. */
  private accumulate(bars: NonNullable<TensorPullback["weights"]>): void {
    const { device, weightShapes } = this.field;
    const { tf } = device;
    const sums = weightShapes.map((shape, i) => {
      const sum = this.sums?.[i];
      const bar = bars[i];
      if (!bar) return sum?.clone() ?? tf.fill([...shape], 0);
      if (bar.size !== sizeOf(shape))
        throw invalid(`the gradient by weight ${i} that vjp returned`, bar.shape, `the weight's shape [${shape}]`);
      // Not the gradient itself: it may share its numbers with an input.
      return tf.add(sum ?? tf.fill([...shape], 0), tf.reshape(bar, [...shape]));
    });
    device.tf.dispose(this.sums ?? []);
    this.sums = sums.map((sum) => tf.keep(sum));
  }

  flush(): Awaitable<void> {
    const { sums } = this;
    if (!sums?.length) return undefined;
    this.sums = undefined;
    const { view } = this.paramsBar!;
    try {
      return this.exchange.compute(
        () => sums,
        (parts) => {
          let at = 0;
          for (const part of parts) for (let i = 0; i < part.length; i++) view[at++]! += part[i]!;
        },
      );
    } finally {
      this.field.device.tf.dispose(sums);
    }
  }

  private checked(result: Tensor, what: string): Tensor {
    const size = sizeOf(this.shape);
    if (result?.size !== size) throw invalid(what, result?.shape, `the state's shape [${this.shape}]`);
    return result;
  }

  private close(): void {
    this.exchange.close();
    this.field.device.tf.dispose(this.sums ?? []);
    this.sums = undefined;
  }
}
