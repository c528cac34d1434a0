// The activations of `mlp` in tensor operations, with their derivatives.
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Activation } from "../../fields/mlp.ts";
import type { Tfjs } from "../device/tfjs.ts";

/** A number as a tensor. Written as plain numbers, operands would be uploaded anew, each through a new GPU buffer. */
type Constant = (value: number) => Tensor;

/** An activation a = σ(z), and σ′ from z and a. */
export interface TensorActivation {
  value(z: Tensor, constant: Constant): Tensor;
  slope(z: Tensor, a: Tensor, constant: Constant): Tensor;
}

/** The constants of one evaluation, made on the device. */
export function constantsOf(tf: Tfjs): Constant {
  const made = new Map<number, Tensor>();
  return (value) => {
    const tensor = made.get(value) ?? tf.fill([], value);
    made.set(value, tensor);
    return tensor;
  };
}

const INVERSE_SQRT_TAU = 1 / Math.sqrt(2 * Math.PI);

export const ACTIVATIONS: Record<Activation, (tf: Tfjs) => TensorActivation> = {
  identity: (tf) => ({ value: (z) => z, slope: (z) => tf.onesLike(z) }),
  tanh: (tf) => ({ value: (z) => tf.tanh(z), slope: (_, a, constant) => tf.sub(constant(1), tf.square(a)) }),
  relu: (tf) => ({ value: (z) => tf.relu(z), slope: (_, a) => tf.step(a) }),
  // σ(z) is 1 − exp(−a) without its cancellation for small a.
  softplus: (tf) => ({ value: (z) => tf.softplus(z), slope: (z) => tf.sigmoid(z) }),
  sigmoid: (tf) => ({ value: (z) => tf.sigmoid(z), slope: (_, a) => tf.sub(a, tf.square(a)) }),
  silu: (tf) => ({
    value: (z) => tf.mul(z, tf.sigmoid(z)),
    slope: (z, a) => {
      const s = tf.sigmoid(z);
      return tf.add(s, tf.sub(a, tf.mul(a, s)));
    },
  }),
  elu: (tf) => ({
    value: (z) => tf.elu(z),
    slope: (_, a, constant) => tf.add(tf.minimum(a, constant(0)), constant(1)),
  }),
  gelu: (tf) => {
    const distribution = (z: Tensor, constant: Constant): Tensor =>
      tf.mul(constant(0.5), tf.add(constant(1), tf.erf(tf.mul(z, constant(Math.SQRT1_2)))));
    const density = (z: Tensor, constant: Constant): Tensor =>
      tf.mul(constant(INVERSE_SQRT_TAU), tf.exp(tf.mul(constant(-0.5), tf.square(z))));
    return {
      value: (z, constant) => tf.mul(z, distribution(z, constant)),
      slope: (z, _, constant) => tf.add(distribution(z, constant), tf.mul(z, density(z, constant))),
    };
  },
};
