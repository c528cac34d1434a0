// odegrad/webgpu: fields whose networks run on the GPU, through TensorFlow.js.
import { fromLayers } from "./tensors/layers.ts";
import { tfjsField as field } from "./tensors/tfjs-field.ts";

/** `tfjsField(f, options)`, and `tfjsField.fromLayers(model)`. */
export const tfjsField: typeof field & { fromLayers: typeof fromLayers } = Object.assign(field, { fromLayers });

export type { AdapterReport } from "./device/adapter.ts";
export type { GpuCounts } from "./device/counts.ts";
export { type TensorDevice, tfjs } from "./device/exchange.ts";
export { type WebGpu, type WebGpuOptions, webgpu } from "./device/gpu.ts";
export type { Tfjs } from "./device/tfjs.ts";
export { type GpuMlp, type GpuMlpOptions, mlp } from "./networks/mlp.ts";
export type { FromLayersOptions, LayersModel, ModelField } from "./tensors/layers.ts";
export type { TensorField, TensorFunction, TensorPullback } from "./tensors/tensor-field.ts";
export type { TensorFieldFunction, TensorVjp, TfjsField, TfjsFieldOptions, Weight } from "./tensors/tfjs-field.ts";
