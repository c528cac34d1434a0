// A tensor field of a solve whose vectors are in WebAssembly memory: states travel to tfjs and results back, one exchange
// an evaluation. The gradients of its weights are summed where tfjs keeps them, on the GPU if there is one.
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Awaitable } from "../../base/waiting.ts";
import type { BindRequest, BoundField } from "../../fields/field.ts";
import type { HostVector, Scratch } from "../../wasm/scratch.ts";
import type { Exchange, Input } from "../device/exchange.ts";
import { TensorCall, type TensorField, type TensorPullback } from "./tensor-field.ts";

export class HostTensorField implements BoundField<HostVector> {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: HostVector | undefined;
  private readonly field: TensorField;
  private readonly scratch: Scratch;
  private readonly request: BindRequest;
  private readonly time = new Float32Array(1);
  // From `load`, until the block is given back.
  private exchange!: Exchange;
  private call!: TensorCall<Input>;
  /** Σ of the weights' gradients since the last flush. */
  private sums: Tensor[] | undefined;

  constructor(scratch: Scratch, request: BindRequest, field: TensorField) {
    const { params, gradient } = request;
    this.field = field;
    this.scratch = scratch;
    this.request = request;
    if (gradient && params) this.paramsBar = scratch.vector(params.length, field.dtype);
  }

  load(): void {
    const { field, scratch, request } = this;
    const exchange = field.device.exchange(scratch);
    scratch.onRelease(() => this.close());
    this.exchange = exchange;
    this.call = new TensorCall(field, request, (shape) => exchange.input(shape));
  }

  private write(t: number, x: HostVector): void {
    this.time[0] = t;
    this.call.t.write(this.time);
    this.call.y.write(x.view as Float32Array);
  }

  evaluate(t: number, x: HostVector, dx: HostVector): Awaitable<void> {
    this.write(t, x);
    return this.exchange.compute(
      () => [this.call.value()],
      ([value]) => dx.view.set(value!),
    );
  }

  vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector): Awaitable<number> {
    const { call } = this;
    this.write(t, x);
    call.cotangent!.write(cotangent.view as Float32Array);
    let dependsOnY = false;
    return this.exchange.compute(
      () => {
        const bars = call.pull();
        this.accumulate(bars.weights ?? []);
        dependsOnY = Boolean(bars.y);
        const parts = bars.y ? [bars.y] : [];
        // Something must come back, so that errors and the end of the work are noticed.
        return bars.t || !bars.y ? [...parts, bars.t ?? call.t.tensor] : parts;
      },
      (parts) => {
        if (dependsOnY) xBar.view.set(parts[0]!);
        else xBar.view.fill(0);
        return parts[dependsOnY ? 1 : 0]?.[0] ?? 0;
      },
    );
  }

  /** Adds to the sums. */
  private accumulate(bars: NonNullable<TensorPullback["weights"]>): void {
    const { device, weightShapes } = this.field;
    const { tf } = device;
    const sums = weightShapes.map((shape, i) => {
      const sum = this.sums?.[i];
      const bar = bars[i];
      if (!bar) return sum?.clone() ?? tf.fill([...shape], 0);
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

  private close(): void {
    this.exchange.close();
    this.field.device.tf.dispose(this.sums ?? []);
    this.sums = undefined;
  }
}
