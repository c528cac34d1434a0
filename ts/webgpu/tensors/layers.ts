// A tf.LayersModel as a field: the model maps a batch of states to their derivatives.
import type { Tensor } from "@tensorflow/tfjs-core";
import { invalid } from "../../base/errors.ts";
import type { TensorDevice } from "../device/exchange.ts";
import type { WebGpu } from "../device/gpu.ts";
import { deviceOf, type TfjsField, tfjsField } from "./tfjs-field.ts";

/** A weight of a layer; `val` is the variable that the layer computes with. */
interface LayerWeight {
  val: Tensor;
  write(value: Tensor): unknown;
}

/** What is used of a tf.LayersModel. */
export interface LayersModel {
  /** One input, [batch, …shape]. */
  readonly inputs: readonly { readonly shape: readonly (number | null)[] }[];
  /** One output of the same shape. */
  readonly outputs: readonly { readonly shape: readonly (number | null)[] }[];
  /** The weights that `field.params` starts from. */
  readonly trainableWeights: readonly unknown[];
  /** Computes the output. */
  apply(inputs: Tensor): unknown;
}

/** Options of `tfjsField.fromLayers`. */
export interface FromLayersOptions<Device extends TensorDevice = WebGpu> {
  /** By default the GPU of the last `await webgpu()`. */
  readonly device?: Device | undefined;
}

/** A field that stands for a model. */
export interface ModelField {
  /** Writes `field.params` back into the model's weights. */
  store(): void;
}

/**
 * The field dy/dt = model(y); its parameters start as copies of the model's trainable weights. The model must map
 * [batch, …shape] to the same shape. Layers behave as in inference.
 */
export async function fromLayers<Device extends TensorDevice = WebGpu>(
  model: LayersModel,
  options: FromLayersOptions<Device> = {},
): Promise<TfjsField<Device> & ModelField> {
  const device = deviceOf("tfjsField.fromLayers", options.device);
  const shape = rowShape(model);
  const variables = model.trainableWeights as readonly LayerWeight[];
  const weights = await Promise.all(
    variables.map(async ({ val }) => ({ shape: val.shape, values: await val.data<"float32">() })),
  );
  const f = (_t: Tensor, y: Tensor, ...given: Tensor[]): Tensor =>
    withWeights(variables, given, () => model.apply(y) as Tensor);
  const field = tfjsField(f, { shape, weights, device: device as Device });
  const store = (): void => {
    let at = 0;
    variables.forEach((variable, i) => {
      const { shape, values } = weights[i]!;
      const tensor = device.tf.tensor(field.params.slice(at, at + values.length), shape);
      variable.write(tensor);
      tensor.dispose();
      at += values.length;
    });
  };
  return Object.assign(field, { store });
}

/** Lets the model's layers see other weights during one call, so that solves with different ones do not disturb each other. */
function withWeights<T>(variables: readonly LayerWeight[], weights: readonly Tensor[], call: () => T): T {
  const own = variables.map(({ val }) => val);
  variables.forEach((variable, i) => (variable.val = weights[i]!));
  try {
    return call();
  } finally {
    variables.forEach((variable, i) => (variable.val = own[i]!));
  }
}

function rowShape(model: LayersModel): number[] {
  const allowed = "a tf.LayersModel with one input and one output of the same shape [null, …]";
  const { inputs, outputs } = model ?? {};
  if (inputs?.length !== 1 || outputs?.length !== 1) throw invalid("tfjsField.fromLayers' model", model, allowed);
  const [input, output] = [inputs[0]!.shape.slice(1), outputs[0]!.shape.slice(1)];
  if (input.includes(null) || input.join() !== output.join()) {
    throw invalid("tfjsField.fromLayers' model", `${JSON.stringify(input)} to ${JSON.stringify(output)}`, allowed);
  }
  return input as number[];
}
