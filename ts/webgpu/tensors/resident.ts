// A field made of tensor functions whose solve's vectors are on the GPU: states are copied there into tensors, results
// back into the solve's block, and nothing is waited for but, now and then, the GPU itself.
import type { Tensor } from "@tensorflow/tfjs-core";
import type { FloatArray } from "../../base/dtype.ts";
import { invalid } from "../../base/errors.ts";
import type { Awaitable } from "../../base/waiting.ts";
import type { BindRequest, BoundField, Field } from "../../fields/field.ts";
import type { Scratch, Vector } from "../../wasm/scratch.ts";
import { assertBackend, type TensorDevice } from "../device/exchange.ts";
import { WebGpu } from "../device/gpu.ts";
import { GpuInput } from "../device/gpu-exchange.ts";
import { Pace } from "../device/pace.ts";
import { bufferOf } from "../device/tfjs.ts";
import type { BlockVector } from "../vectors/block.ts";
import { BlockArithmetic } from "../vectors/block-arithmetic.ts";
import { BoundTensorField, sizeOf, type TensorField } from "./bound.ts";

class ResidentTensorField implements BoundField {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: BlockVector | undefined;
  readonly tau: BlockVector | undefined;
  private readonly field: TensorField;
  private readonly gpu: WebGpu;
  private readonly arithmetic: BlockArithmetic;
  private readonly scratch: Scratch;
  private readonly params: FloatArray | undefined;
  private readonly shape: readonly number[];
  private readonly times: boolean;
  private readonly pace: Pace;
  /** t, on its way to its tensor. */
  private readonly time: BlockVector;
  /** Gradients of single weights, on their way to their place in the sum. */
  private readonly part: BlockVector | undefined;
  // From `load`, until the block is given back.
  private readonly inputs: GpuInput[] = [];
  private t!: GpuInput;
  private y!: GpuInput;
  private cotangent: GpuInput | undefined;
  private weights: readonly Tensor[] = [];

  constructor(scratch: Scratch, { length, params, gradient, times, arithmetic }: BindRequest, field: TensorField) {
    this.field = field;
    this.arithmetic = arithmetic as BlockArithmetic;
    const { block } = this.arithmetic;
    this.gpu = block.gpu;
    this.scratch = scratch;
    this.params = params;
    this.times = times ?? false;
    this.pace = new Pace(this.gpu);
    this.shape = [length / sizeOf(field.shape), ...field.shape];
    this.time = block.vector(1);
    if (!gradient) return;
    this.tau = block.vector(1);
    if (!params) return;
    this.paramsBar = block.vector(params.length);
    this.part = block.vector(params.length);
  }

  load(): void {
    const { field, scratch, params, gpu } = this;
    assertBackend(gpu.tf, "webgpu");
    scratch.onRelease(() => this.close());
    this.t = this.input([]);
    this.y = this.input(this.shape);
    if (this.paramsBar || this.tau) this.cotangent = this.input(this.shape);
    let at = 0;
    this.weights = field.weightShapes.map((shape) => {
      const weight = this.input(shape);
      const start = at;
      at += sizeOf(shape);
      weight.write(params!.subarray(start, at) as Float32Array);
      return weight.tensor;
    });
  }

  private input(shape: readonly number[]): GpuInput {
    const input = new GpuInput(this.gpu, shape);
    this.inputs.push(input);
    return input;
  }

  /** Runs the user's function: its tensors end with it, and what the device refuses of it fails the solve. */
  private guarded(work: () => void): void {
    this.arithmetic.readback.guard(() => this.gpu.tf.tidy(work));
  }

  private write(t: number, x: Vector): void {
    this.arithmetic.set(this.time, t);
    this.fill(this.t, this.time);
    this.fill(this.y, x);
  }

  private fill(input: GpuInput, x: Vector): void {
    const { buffer, offset, byteLength } = x as BlockVector;
    this.gpu.commands.copy(buffer, offset, input.buffer, 0, byteLength);
  }

  private store(tensor: Tensor, into: Vector): void {
    const { buffer, offset, byteLength } = into as BlockVector;
    const { commands, backend } = this.gpu;
    commands.copy(bufferOf(backend, tensor), 0, buffer, offset, byteLength);
  }

  evaluate(t: number, x: Vector, dx: Vector): Awaitable<void> {
    this.write(t, x);
    this.guarded(() => {
      const value = this.field.f.value(this.t.tensor, this.y.tensor, this.weights);
      this.store(this.checked(value, "the tensor that the field returned"), dx);
    });
    return this.pace.step();
  }

  vjp(t: number, x: Vector, cotangent: Vector, xBar: Vector): Awaitable<number> {
    const { arithmetic } = this;
    this.write(t, x);
    this.fill(this.cotangent!, cotangent);
    this.guarded(() => {
      const bars = this.field.f.pull(this.t.tensor, this.y.tensor, this.weights, this.cotangent!.tensor);
      if (bars.y) this.store(this.checked(bars.y, "the gradient by y that vjp returned"), xBar);
      else arithmetic.clear(xBar);
      if (bars.t) this.store(bars.t, this.tau!);
      else arithmetic.clear(this.tau!);
      this.accumulate(bars.weights ?? []);
    });
    return this.times ? arithmetic.number(this.tau!) : (this.pace.step()?.then(() => 0) ?? 0);
  }

  /** Adds the weights' gradients to their sum in the block. */
  private accumulate(bars: readonly (Tensor | null | undefined)[]): void {
    const { arithmetic, paramsBar, part } = this;
    if (!paramsBar || !part) return;
    let at = 0;
    this.field.weightShapes.forEach((shape, i) => {
      const size = sizeOf(shape);
      const bar = bars[i];
      const stretch = arithmetic.part(part, at, size);
      at += size;
      if (!bar) {
        arithmetic.clear(stretch);
        return;
      }
      if (bar.size !== size)
        throw invalid(`the gradient by weight ${i} that vjp returned`, bar.shape, `the weight's shape [${shape}]`);
      this.store(bar, stretch);
    });
    arithmetic.add(paramsBar, part);
  }

  private checked(result: Tensor, what: string): Tensor {
    const size = sizeOf(this.shape);
    if (result?.size !== size) throw invalid(what, result?.shape, `the state's shape [${this.shape}]`);
    return result;
  }

  private close(): void {
    for (const input of this.inputs.splice(0)) input.close();
  }
}

/** The arithmetic of a device's own states, where it is a GPU. */
export const residentOn = (device: TensorDevice): Field["resident"] =>
  device instanceof WebGpu ? (scratch, length) => BlockArithmetic.on(device, scratch, length) : undefined;

/** Binds a tensor field where the solve's vectors are. */
export const bindTensors = (scratch: Scratch, request: BindRequest, field: TensorField): BoundField =>
  request.arithmetic?.remote
    ? new ResidentTensorField(scratch, request, field)
    : new BoundTensorField(scratch, request, field);
