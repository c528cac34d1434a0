// odegrad/webgpu: fields whose networks run on the GPU, through TensorFlow.js.
import { fromLayers } from "./layers.ts";
import { tfjsField as field } from "./tfjs-field.ts";

/** `tfjsField(f, options)`, and `tfjsField.fromLayers(model)`. */
export const tfjsField: typeof field & { fromLayers: typeof fromLayers } = Object.assign(field, { fromLayers });

export type { AdapterReport } from "./adapter.ts";
export type { TensorField, TensorFunction, TensorPullback } from "./bound.ts";
export { type TensorDevice, tfjs } from "./exchange.ts";
export { type GpuCounts, type WebGpu, type WebGpuOptions, webgpu } from "./gpu.ts";
export type { FromLayersOptions, LayersModel, ModelField } from "./layers.ts";
export { type GpuMlp, type GpuMlpOptions, mlp } from "./mlp.ts";
export type { Tfjs } from "./tfjs.ts";
export type { TensorFieldFunction, TensorVjp, TfjsField, TfjsFieldOptions, Weight } from "./tfjs-field.ts";
