// The core's `mlp` on the GPU: the same options, parameters and start, computed by shaders of our own or by tfjs, there with
// a VJP in a dozen operations that needs no registered gradients.
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { invalid } from "../../base/errors.ts";
import type { BindRequest, BoundField, Field } from "../../fields/field.ts";
import { type Activation, mlp as coreMlp, type MlpField, type MlpOptions } from "../../fields/mlp.ts";
import { VECTORS_F32 } from "../../vectors/kernels-f32.ts";
import type { HostVector, Scratch } from "../../wasm/scratch.ts";
import type { TensorDevice } from "../device/exchange.ts";
import { WebGpu } from "../device/gpu.ts";
import type { Tfjs } from "../device/tfjs.ts";
import { ACTIVATIONS, constantsOf, type TensorActivation } from "../tensors/activations.ts";
import { DeviceTensorField } from "../tensors/device-field.ts";
import { HostTensorField } from "../tensors/host-field.ts";
import type { TensorField, TensorFunction, TensorPullback } from "../tensors/tensor-field.ts";
import { deviceOf, type Placed } from "../tensors/tfjs-field.ts";
import { onGpu } from "../vectors/block-space.ts";
import { DeviceFusedMlp } from "./fused-device.ts";
import { HostFusedMlp } from "./fused-host.ts";

/** Options of `mlp` on a GPU: those of the core's `mlp`, and where it computes. */
export interface GpuMlpOptions<Device extends TensorDevice = WebGpu> extends MlpOptions {
  /** GPUs compute in float32 only. */
  readonly dtype?: "float32" | undefined;
  /** By default the GPU of the last `await webgpu()`. */
  readonly device?: Device | undefined;
  /**
   * What computes it: a few shaders made for it, by default on a GPU, or tfjs's operations, as ever elsewhere. The first
   * need fewer dispatches, keep what VJPs need, and are several times faster (BENCHMARKS.md).
   */
  readonly kernels?: "fused" | "tfjs" | undefined;
}

/** What `mlp` returns; see the core's. */
export type GpuMlp<Device extends TensorDevice = WebGpu> = Placed<
  MlpField & TensorField & { readonly params: Float32Array },
  Device
>;

/** Weights come as W₁, b₁, W₂, b₂, …, each W as [out, in]; with time the last column of W₁ is that of t. */
class MlpFunction implements TensorFunction {
  private readonly tf: Tfjs;
  private readonly activation: TensorActivation;
  private readonly time: boolean;
  private readonly fuses: boolean;

  constructor(tf: Tfjs, activation: Activation, time: boolean) {
    this.tf = tf;
    this.fuses = tf.getBackend() === "webgpu";
    this.activation = ACTIVATIONS[activation](tf);
    this.time = time;
  }

  private input(t: Tensor, y: Tensor): Tensor {
    return this.time ? this.tf.concat([y, this.tf.broadcastTo(t, [y.shape[0]!, 1])], 1) : y;
  }

  private affine(x: Tensor, weights: readonly Tensor[], l: number): Tensor {
    const { tf } = this;
    const a = x as Tensor2D;
    const b = weights[2 * l] as Tensor2D;
    const bias = weights[2 * l + 1]!;
    // One shader instead of two; but on its wasm backend tfjs adds wrong numbers here from the second row on.
    if (this.fuses) return tf.fused.matMul({ a, b, transposeB: true, bias });
    return tf.add(tf.matMul(a, b, false, true), bias);
  }

  value(t: Tensor, y: Tensor, weights: readonly Tensor[]): Tensor {
    const constant = constantsOf(this.tf);
    let a = this.input(t, y);
    const last = weights.length / 2 - 1;
    for (let l = 0; l < last; l++) a = this.activation.value(this.affine(a, weights, l), constant);
    return this.affine(a, weights, last);
  }

  pull(t: Tensor, y: Tensor, weights: readonly Tensor[], cotangent: Tensor): TensorPullback {
    const { tf, activation } = this;
    const constant = constantsOf(tf);
    const last = weights.length / 2 - 1;
    const inputs = [this.input(t, y)];
    const slopes: Tensor[] = [];
    for (let l = 0; l < last; l++) {
      const z = this.affine(inputs[l]!, weights, l);
      const a = activation.value(z, constant);
      inputs.push(a);
      slopes.push(activation.slope(z, a, constant));
    }
    const bars: Tensor[] = [];
    let delta = cotangent;
    for (let l = last; l >= 0; l--) {
      bars[2 * l] = tf.matMul(delta, inputs[l]!, true, false);
      bars[2 * l + 1] = tf.sum(delta, 0);
      delta = tf.matMul(delta, weights[2 * l]!);
      if (l > 0) delta = tf.mul(delta, slopes[l - 1]!);
    }
    if (!this.time) return { y: delta, weights: bars };
    const [yBar, tBars] = tf.split(delta, [y.shape[1]!, 1], 1);
    return { y: yBar, weights: bars, t: tf.sum(tBars!) };
  }
}

class GpuMlpField implements MlpField, TensorField {
  readonly dtype = "float32";
  readonly vectors = VECTORS_F32;
  readonly asynchronous = true;
  readonly differentiable = true;
  readonly layers: readonly number[];
  readonly activation: Activation;
  readonly time: boolean;
  readonly dim: number;
  readonly params: Float32Array;
  readonly tensors: readonly number[];
  readonly device: TensorDevice;
  readonly shape: readonly number[];
  readonly weightShapes: readonly (readonly number[])[];
  readonly f: TensorFunction;
  /** The GPU whose own shaders compute it; undefined where tfjs does. */
  private readonly fusing: WebGpu | undefined;

  constructor(core: MlpField, device: TensorDevice, fusing: WebGpu | undefined) {
    const { layers, activation, time, dim } = core;
    this.layers = layers;
    this.activation = activation;
    this.time = time;
    this.dim = dim;
    this.params = core.params as Float32Array;
    this.tensors = core.tensors!;
    this.device = device;
    this.shape = [dim];
    this.weightShapes = layers
      .slice(1)
      .flatMap((outputs, l) => [[outputs, layers[l]! + (time && l === 0 ? 1 : 0)], [outputs]]);
    this.f = new MlpFunction(device.tf, activation, time);
    this.fusing = fusing;
  }

  get onDevice(): Field["onDevice"] {
    return onGpu(this.device, (scratch, arithmetic, request) =>
      this.fusing
        ? new DeviceFusedMlp(arithmetic, request, this, this.activation)
        : new DeviceTensorField(scratch, arithmetic, request, this),
    );
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return this.fusing
      ? new HostFusedMlp(this.fusing, scratch, request, this, this.activation)
      : new HostTensorField(scratch, request, this);
  }
}

/**
 * A multilayer perceptron as a field on the GPU, with the options, the parameter layout and the start of the core's `mlp`.
 * `field.params` stays an ordinary typed array of yours; a solve uploads it when it starts. Throws `SolveError` "invalid"
 * for bad options, float64 among them.
 */
export function mlp<Device extends TensorDevice = WebGpu>(options: GpuMlpOptions<Device>): GpuMlp<Device> {
  const { device: given, kernels, ...core } = options ?? {};
  const device = deviceOf("mlp", given);
  const gpu = device instanceof WebGpu ? device : undefined;
  if (kernels !== undefined && kernels !== "tfjs" && !(kernels === "fused" && gpu))
    throw invalid(
      "mlp option kernels",
      kernels,
      gpu ? '"fused" or "tfjs"' : '"tfjs" here; "fused" needs a WebGPU device',
    );
  const { dtype = "float32" } = core;
  if (dtype !== "float32")
    throw invalid("mlp option dtype", dtype, '"float32" on a GPU; for float64 use mlp from odegrad');
  const network = coreMlp({ ...core, dtype });
  const { layers, inputs } = network;
  if (inputs > 0) throw invalid("mlp option inputs", inputs, "0 on a GPU; mlp from odegrad takes inputs");
  if (layers.at(-1) !== layers[0]) throw invalid("mlp option layers", layers, "on a GPU, the last width as the first");
  return new GpuMlpField(network, device, kernels === "tfjs" ? undefined : gpu) as MlpField &
    TensorField as GpuMlp<Device>;
}
