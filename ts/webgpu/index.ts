// odegrad/webgpu: fields whose networks run on the GPU, through TensorFlow.js.
import type { TensorDevice } from "./device/exchange.ts";
import type { WebGpu } from "./device/gpu.ts";
import { type FromLayersOptions, fromLayers, type LayersModel, type ModelField } from "./tensors/layers.ts";
import {
  tfjsField as field,
  type TensorFieldFunction,
  type TfjsField,
  type TfjsFieldOptions,
} from "./tensors/tfjs-field.ts";

/** Makes fields of tfjs functions, and of models. */
export interface MakeTfjsField {
  /**
   * A differentiable float32 field of any tfjs function. `field.params` holds the weights one after the other, for optimisers
   * to update; a solve uploads them when it starts. Throws `SolveError` "invalid" for bad options.
   */
  <Device extends TensorDevice = WebGpu>(f: TensorFieldFunction, options: TfjsFieldOptions<Device>): TfjsField<Device>;
  /**
   * The field dy/dt = model(y); its parameters start as copies of the model's trainable weights. The model must map
   * [batch, …shape] to the same shape. Layers behave as in inference.
   */
  fromLayers<Device extends TensorDevice = WebGpu>(
    model: LayersModel,
    options?: FromLayersOptions<Device>,
  ): Promise<TfjsField<Device> & ModelField>;
}

/** `tfjsField(f, options)`, and `tfjsField.fromLayers(model)`. */
export const tfjsField: MakeTfjsField = Object.assign(field, { fromLayers });

export type { Tensor } from "@tensorflow/tfjs-core";
export type { AdapterReport } from "./device/adapter.ts";
export type { GpuCounts } from "./device/counts.ts";
export { type TensorDevice, tfjs } from "./device/exchange.ts";
export { type WebGpu, type WebGpuOptions, webgpu } from "./device/gpu.ts";
export type { Tfjs } from "./device/tfjs.ts";
export { type GpuMlp, type GpuMlpOptions, mlp } from "./networks/mlp.ts";
export type { FromLayersOptions, LayersModel, ModelField } from "./tensors/layers.ts";
export type { TensorField, TensorFunction, TensorPullback } from "./tensors/tensor-field.ts";
export type {
  Placed,
  TensorFieldFunction,
  TensorVjp,
  TfjsField,
  TfjsFieldOptions,
  Weight,
} from "./tensors/tfjs-field.ts";
