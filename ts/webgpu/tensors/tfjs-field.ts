// Any function of tensors as a field: `tfjsField(f, { weights, shape })`. Its VJP is given by hand, or comes from tfjs's own
// differentiation where the gradients of its operations are registered.
import type { Tensor } from "@tensorflow/tfjs-core";
import { invalid } from "../../base/errors.ts";
import type { AsyncField, BindRequest, BoundField, Field } from "../../fields/field.ts";
import { VECTORS_F32 } from "../../vectors/kernels-f32.ts";
import type { HostVector, Scratch } from "../../wasm/scratch.ts";
import type { TensorDevice } from "../device/exchange.ts";
import { currentGpu, type WebGpu } from "../device/gpu.ts";
import type { Tfjs } from "../device/tfjs.ts";
import { onGpu } from "../vectors/block-space.ts";
import { DeviceTensorField } from "./device-field.ts";
import { HostTensorField } from "./host-field.ts";
import { sizeOf, type TensorField, type TensorFunction, type TensorPullback } from "./tensor-field.ts";

/** dy/dt as a tensor, from the scalar t, the state [batch, …shape] and the weights. */
export type TensorFieldFunction = (t: Tensor, y: Tensor, ...weights: Tensor[]) => Tensor;

/** cotangentᵀ ∂f/∂(y, weights, t); what f does not depend on may be left out. */
export type TensorVjp = (t: Tensor, y: Tensor, weights: readonly Tensor[], cotangent: Tensor) => TensorPullback;

/** The shape and start of one weight: a tensor whose numbers tfjs can give at once, or the numbers themselves. */
export type Weight = Tensor | { readonly shape: readonly number[]; readonly values: ArrayLike<number> };

/** Options of `tfjsField`. */
export interface TfjsFieldOptions<Device extends TensorDevice = WebGpu> {
  /** Shape of one row of the state: [2] for batches of points in the plane, which f then sees as [batch, 2]. */
  readonly shape: readonly number[];
  /** Where weights start; they are copied into `field.params`, one after the other. None by default. */
  readonly weights?: readonly Weight[] | undefined;
  /** By default tfjs differentiates f, which needs gradients registered: import "@tensorflow/tfjs". */
  readonly vjp?: TensorVjp | undefined;
  /** By default the GPU of the last `await webgpu()`. */
  readonly device?: Device | undefined;
}

/** What `tfjsField` returns: on a synchronous device its solutions are there at once, on others promised. */
export type TfjsField<Device extends TensorDevice = WebGpu> = Placed<
  TensorField & { readonly params: Float32Array },
  Device
>;

/** A field on a device, asynchronous unless the device says otherwise. */
export type Placed<F, Device extends TensorDevice> = Device["synchronous"] extends true ? F : F & AsyncField;

/** The device to compute on; throws `invalid` where there is none. */
export function deviceOf(what: string, device: TensorDevice | undefined): TensorDevice {
  const chosen = device ?? currentGpu();
  const allowed = "what await webgpu() or tfjs(tf) returned; without it, await webgpu() must have been called";
  if (typeof chosen !== "object" || !("exchange" in chosen)) throw invalid(`${what} option device`, device, allowed);
  return chosen;
}

const GRADIENT_INSIDE =
  "a function without tf.grad inside, which tfjs cannot differentiate again; write the gradient out, or give vjp";

/** tfjs's own differentiation of f. */
class TapedFunction implements TensorFunction {
  private readonly tf: Tfjs;
  private readonly f: TensorFieldFunction;

  constructor(tf: Tfjs, f: TensorFieldFunction) {
    this.tf = tf;
    this.f = f;
  }

  value(t: Tensor, y: Tensor, weights: readonly Tensor[]): Tensor {
    return this.f(t, y, ...weights);
  }

  pull(t: Tensor, y: Tensor, weights: readonly Tensor[], cotangent: Tensor): TensorPullback {
    const { tf, f } = this;
    const engine = tf.engine();
    // Allowed not to depend on everything: few fields depend on t. With a gradient inside f, tfjs loses part of the outer one
    // under this permission and says nothing, so such a gradient is watched for.
    const { gradients } = engine;
    engine.gradients = () => {
      throw invalid("tfjsField's f", f, GRADIENT_INSIDE);
    };
    try {
      const value = (): Tensor => tf.reshape(f(t, y, ...weights), y.shape);
      const { grads } = gradients.call(engine, value, [t, y, ...weights], cotangent, true);
      return { t: grads[0]!, y: grads[1]!, weights: grads.slice(2) };
    } finally {
      engine.gradients = gradients;
    }
  }
}

class OwnField implements TensorField {
  readonly dtype = "float32";
  readonly vectors = VECTORS_F32;
  readonly asynchronous = true;
  readonly dim: number;
  readonly params: Float32Array;
  readonly tensors: readonly number[];
  readonly device: TensorDevice;
  readonly shape: readonly number[];
  readonly weightShapes: readonly (readonly number[])[];
  readonly f: TensorFunction;
  readonly differentiable: boolean;

  constructor(
    device: TensorDevice,
    shape: readonly number[],
    weights: readonly Weight[],
    f: TensorFunction,
    differentiable: boolean,
  ) {
    this.device = device;
    this.shape = [...shape];
    this.dim = sizeOf(shape);
    this.weightShapes = weights.map((weight) => [...weight.shape]);
    this.tensors = this.weightShapes.map(sizeOf);
    this.params = Float32Array.from(weights.flatMap((weight, i) => [...valuesOf(weight, i)]));
    this.f = f;
    this.differentiable = differentiable;
  }

  get onDevice(): Field["onDevice"] {
    return onGpu(this.device, (...place) => new DeviceTensorField(...place, this));
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return new HostTensorField(scratch, request, this);
  }
}

function valuesOf(weight: Weight, i: number): ArrayLike<number> & Iterable<number> {
  const allowed = "a tensor, or { shape, values } with as many numbers as the shape holds";
  if (!Array.isArray(weight?.shape)) throw invalid(`tfjsField option weights[${i}]`, weight, allowed);
  if ("dataSync" in weight) {
    try {
      return weight.dataSync<"float32">();
    } catch {
      throw invalid(
        `tfjsField option weights[${i}]`,
        weight,
        "{ shape, values: await tensor.data() } for a tensor on the GPU",
      );
    }
  }
  if (weight.values?.length !== sizeOf(weight.shape))
    throw invalid(`tfjsField option weights[${i}].values`, weight.values, allowed);
  return Array.from(weight.values);
}

/**
 * A differentiable float32 field of any tfjs function. `field.params` holds the weights one after the other, for
 * optimisers to update; a solve uploads them when it starts. Throws `SolveError` "invalid" for bad options.
 */
export function tfjsField<Device extends TensorDevice = WebGpu>(
  f: TensorFieldFunction,
  options: TfjsFieldOptions<Device>,
): TfjsField<Device> {
  if (typeof f !== "function") throw invalid("tfjsField's f", f, "a function (t, y, ...weights) => Tensor");
  if (typeof options !== "object" || options === null)
    throw invalid("tfjsField options", options, "an object with shape");
  const { shape, weights = [], vjp } = options;
  const device = deviceOf("tfjsField", options.device);
  if (!Array.isArray(shape) || !shape.every((width) => Number.isInteger(width) && width >= 1)) {
    throw invalid("tfjsField option shape", shape, "the shape of one row of the state, such as [2]");
  }
  if (!Array.isArray(weights))
    throw invalid("tfjsField option weights", weights, "an array of tensors or { shape, values }");
  if (vjp !== undefined && typeof vjp !== "function") {
    throw invalid("tfjsField option vjp", vjp, "a function (t, y, weights, cotangent) => ({ y, weights, t })");
  }
  const taped = new TapedFunction(device.tf, f);
  const own: TensorFunction = vjp ? { value: (t, y, w) => f(t, y, ...w), pull: vjp } : taped;
  const field = new OwnField(device, shape, weights, own, vjp !== undefined || hasGradients(device.tf));
  return field as TensorField as TfjsField<Device>;
}

/** Whether tfjs can differentiate: in Node and Deno its core alone cannot. */
const hasGradients = (tf: Tfjs): boolean => tf.getGradient("Add") !== undefined;
