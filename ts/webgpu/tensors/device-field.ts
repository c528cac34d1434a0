// A tensor field of a solve whose vectors are on the GPU: states are copied there into tensors, results back into the solve's
// block, and nothing is waited for but, now and then, the GPU itself.
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Awaitable } from "../../base/waiting.ts";
import type { BindRequest, DeviceBoundField } from "../../fields/field.ts";
import type { Scratch } from "../../wasm/scratch.ts";
import { assertBackend } from "../device/exchange.ts";
import type { WebGpu } from "../device/gpu.ts";
import { GpuInput } from "../device/gpu-exchange.ts";
import { Pace } from "../device/pace.ts";
import { bufferOf } from "../device/tfjs.ts";
import type { BlockVector } from "../vectors/block.ts";
import type { BlockArithmetic } from "../vectors/block-arithmetic.ts";
import { sizeOf, TensorCall, type TensorField, type TensorPullback } from "./tensor-field.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;

export class DeviceTensorField implements DeviceBoundField {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: BlockVector | undefined;
  readonly tau: BlockVector | undefined;
  private readonly field: TensorField;
  private readonly gpu: WebGpu;
  private readonly arithmetic: BlockArithmetic;
  private readonly scratch: Scratch;
  private readonly request: BindRequest;
  private readonly pace: Pace;
  /** t, on its way to its tensor. */
  private readonly time: BlockVector;
  /** Gradients of single weights, on their way to their place in the sum. */
  private readonly part: BlockVector | undefined;
  // From `load`, until the block is given back.
  private readonly inputs: GpuInput[] = [];
  private call!: TensorCall<GpuInput>;

  constructor(scratch: Scratch, arithmetic: BlockArithmetic, request: BindRequest, field: TensorField) {
    const { block } = arithmetic;
    const { params, gradient } = request;
    this.field = field;
    this.arithmetic = arithmetic;
    this.gpu = block.gpu;
    this.scratch = scratch;
    this.request = request;
    this.pace = new Pace(this.gpu);
    this.time = block.vector(1);
    if (!gradient) return;
    this.tau = block.vector(1);
    if (!params) return;
    this.paramsBar = block.vector(params.length);
    this.part = block.vector(params.length);
  }

  load(): void {
    const { field, scratch, request, gpu, inputs } = this;
    assertBackend(gpu.tf, "webgpu");
    scratch.onRelease(() => this.close());
    this.call = new TensorCall(field, request, (shape) => {
      const input = new GpuInput(gpu, shape);
      inputs.push(input);
      return input;
    });
  }

  /** Runs the user's function: its tensors end with it, and what the device refuses of it fails the solve. */
  private guarded(work: () => void): void {
    this.arithmetic.readback.guard(() => this.gpu.tf.tidy(work));
  }

  private write(t: number, x: BlockVector): void {
    this.arithmetic.fill(this.time, t);
    this.give(this.call.t, this.time);
    this.give(this.call.y, x);
  }

  private give(input: GpuInput, { buffer, offset, length }: BlockVector): void {
    this.gpu.commands.copy(buffer, offset, input.buffer, 0, length * BYTES);
  }

  private store(tensor: Tensor, { buffer, offset, length }: BlockVector): void {
    const { commands, backend } = this.gpu;
    commands.copy(bufferOf(backend, tensor), 0, buffer, offset, length * BYTES);
  }

  evaluate(t: number, x: BlockVector, dx: BlockVector): Awaitable<void> {
    this.write(t, x);
    this.guarded(() => this.store(this.call.value(), dx));
    return this.pace.step();
  }

  vjp(t: number, x: BlockVector, cotangent: BlockVector, xBar: BlockVector): Awaitable<number> {
    const { arithmetic, call } = this;
    this.write(t, x);
    this.give(call.cotangent!, cotangent);
    this.guarded(() => {
      const bars = call.pull();
      this.storeOr0(bars.y, xBar);
      this.storeOr0(bars.t, this.tau!);
      this.accumulate(bars.weights ?? []);
    });
    return this.request.times ? arithmetic.number(this.tau!) : (this.pace.step()?.then(() => 0) ?? 0);
  }

  private storeOr0(bar: Tensor | null | undefined, into: BlockVector): void {
    if (bar) this.store(bar, into);
    else this.arithmetic.fill(into, 0);
  }

  /** Adds the weights' gradients to their sum in the block. */
  private accumulate(bars: NonNullable<TensorPullback["weights"]>): void {
    const { arithmetic, paramsBar, part } = this;
    if (!paramsBar || !part) return;
    let at = 0;
    this.field.weightShapes.forEach((shape, i) => {
      const size = sizeOf(shape);
      this.storeOr0(bars[i], arithmetic.part(part, at, size));
      at += size;
    });
    arithmetic.add(paramsBar, part);
  }

  private close(): void {
    for (const input of this.inputs.splice(0)) input.close();
  }
}
