// Where an MLP's numbers lie: in its flat parameters, in a tape, and in the packed form and descriptor that the kernels
// of assembly/mlp.ts read.
import { bytesOf, type Dtype } from "../base/dtype.ts";
import * as at from "./descriptor-layout.ts";

/** What follows a layer: "gelu" is the erf form, "elu" has α = 1. */
export type Activation = "identity" | "tanh" | "relu" | "softplus" | "sigmoid" | "silu" | "elu" | "gelu";

/** The kernels' numbers of the activations. */
export const ACTIVATION_NUMBERS: Readonly<Record<Activation, number>> = {
  identity: at.IDENTITY,
  tanh: at.TANH,
  relu: at.RELU,
  softplus: at.SOFTPLUS,
  sigmoid: at.SIGMOID,
  silu: at.SILU,
  elu: at.ELU,
  gelu: at.GELU,
};
export const ACTIVATIONS: readonly Activation[] = /* @__PURE__ */ Object.keys(ACTIVATION_NUMBERS) as Activation[];

const VECTOR_BYTES = 16;
const LINE_BYTES = 64;
// From rows of this size on, a power-of-two stride would map the rows of a block to the same few cache sets.
const WIDE_ROW_BYTES = 1024;
const WORD_BYTES = 4;

export interface Shape {
  /** Widths from the state on, shared inputs not counted. */
  readonly layers: readonly number[];
  /** Inputs of the first layer that all rows share, after the state; none by default. */
  readonly inputs?: number;
  /** Whether t is one more of them, the last. */
  readonly time: boolean;
}

/** How many inputs all rows share. */
const sharedOf = ({ inputs = 0, time }: Shape): number => inputs + (time ? 1 : 0);

interface Dense {
  readonly inputs: number;
  readonly outputs: number;
  /** Place of W in θ; b follows it. */
  readonly weights: number;
}

/** The dense layers and how many parameters they have together. */
export function parameterLayout(shape: Shape): { dense: Dense[]; length: number } {
  const { layers } = shape;
  const dense: Dense[] = [];
  let length = 0;
  for (let l = 1; l < layers.length; l++) {
    const inputs = layers[l - 1]!;
    const outputs = layers[l]!;
    dense.push({ inputs, outputs, weights: length });
    length += outputs * (inputs + (l === 1 ? sharedOf(shape) : 0) + 1);
  }
  return { dense, length };
}

/** Everything in numbers of the dtype, but for the descriptor. */
export interface Layout {
  readonly tapeLength: number;
  /** Packed weights and biases. */
  readonly packedLength: number;
  readonly workLength: number;
  /** As many rows as the kernels take at a time, of the widest layer, the last one's included. */
  readonly blockLength: number;
  /** Where the values of shared inputs are in the packed form; their cotangents and their rates follow. */
  readonly values: number;
  readonly descriptorWords: number;
  /** Writes the descriptor for the given addresses. */
  describe(words: Uint32Array, addresses: { theta: number; packed: number; work: number }): void;
}

/** Lays out an MLP for `batch` rows; `gradient` packs the weights for the backward pass too. */
export function kernelLayout(
  shape: Shape,
  activation: Activation,
  dtype: Dtype,
  batch: number,
  gradient: boolean,
): Layout {
  const bytes = bytesOf(dtype);
  const lanes = VECTOR_BYTES / bytes;
  const padded = (width: number): number => Math.ceil(width / lanes) * lanes;
  const stride = (width: number): number => {
    const row = padded(width);
    const lineCount = Math.ceil((row * bytes) / LINE_BYTES);
    return row * bytes < WIDE_ROW_BYTES ? row : ((lineCount | 1) * LINE_BYTES) / bytes;
  };
  const { dense } = parameterLayout(shape);
  const hidden = dense.length - 1;
  const shared = sharedOf(shape);

  let packedLength = 0;
  let tapeLength = 0;
  let widest = 0;
  let values = 0;
  const pack = (length: number): number => {
    const place = packedLength;
    packedLength += length;
    return place;
  };
  const records = dense.map(({ inputs, outputs, weights }, l) => {
    const rowStride = l < hidden ? stride(outputs) : 0;
    const forward = pack(inputs * padded(outputs));
    const backward = gradient ? pack(outputs * padded(inputs)) : undefined;
    const here = l === 0 ? shared : 0;
    const bias = pack(padded(outputs) * (here > 0 ? here + 3 : 1));
    if (here > 0) values = pack(padded(3 * here));
    const record = { inputs, outputs, weights, forward, backward, bias, tape: tapeLength, rowStride };
    tapeLength += batch * rowStride;
    widest = Math.max(widest, rowStride);
    return record;
  });
  const buffer = Math.min(batch, at.BLOCK_ROWS) * widest;

  return {
    tapeLength,
    packedLength,
    workLength: at.WORK_BUFFERS * buffer,
    blockLength: Math.min(batch, at.BLOCK_ROWS) * Math.max(widest, shape.layers.at(-1)!),
    values,
    descriptorWords: (at.NETWORK_BYTES + at.LAYER_BYTES * records.length) / WORD_BYTES,
    describe(words, { theta, packed, work }) {
      let start = 0;
      const write = (place: number, value: number): void => {
        words[(start + place) / WORD_BYTES] = value;
      };
      write(at.NETWORK_LAYERS, records.length);
      write(at.NETWORK_BATCH, batch);
      write(at.NETWORK_ACTIVATION, ACTIVATION_NUMBERS[activation]);
      write(at.NETWORK_SHARED, shared);
      write(at.NETWORK_TIME, shape.time ? 1 : 0);
      write(at.NETWORK_PARAMS, theta);
      write(at.NETWORK_WORK, work);
      write(at.NETWORK_WORK_SIZE, buffer * bytes);
      records.forEach((record, l) => {
        start = at.NETWORK_BYTES + l * at.LAYER_BYTES;
        write(at.LAYER_INPUTS, record.inputs);
        write(at.LAYER_OUTPUTS, record.outputs);
        write(at.LAYER_WEIGHTS, record.weights * bytes);
        write(at.LAYER_FORWARD, packed + record.forward * bytes);
        write(at.LAYER_BACKWARD, record.backward === undefined ? 0 : packed + record.backward * bytes);
        write(at.LAYER_BIAS, packed + record.bias * bytes);
        write(at.LAYER_TAPE, record.tape * bytes);
        write(at.LAYER_STRIDE, record.rowStride * bytes);
      });
    },
  };
}
