// The activations of `mlp` in tensor operations, with their derivatives.
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Activation } from "../fields/mlp.ts";
import type { Tfjs } from "./tfjs.ts";

/** An activation a = σ(z), and σ′ from z and a. */
export interface TensorActivation {
  value(z: Tensor): Tensor;
  slope(z: Tensor, a: Tensor): Tensor;
}

const SQRT_HALF = Math.SQRT1_2;
const INVERSE_SQRT_TAU = 1 / Math.sqrt(2 * Math.PI);

export const ACTIVATIONS: Record<Activation, (tf: Tfjs) => TensorActivation> = {
  identity: (tf) => ({ value: (z) => z, slope: (z) => tf.onesLike(z) }),
  tanh: (tf) => ({ value: (z) => tf.tanh(z), slope: (_, a) => tf.sub(1, tf.square(a)) }),
  relu: (tf) => ({ value: (z) => tf.relu(z), slope: (_, a) => tf.step(a) }),
  // 1 − exp(−a) = σ(z), without its cancellation for small a.
  softplus: (tf) => ({ value: (z) => tf.softplus(z), slope: (z) => tf.sigmoid(z) }),
  sigmoid: (tf) => ({ value: (z) => tf.sigmoid(z), slope: (_, a) => tf.mul(a, tf.sub(1, a)) }),
  silu: (tf) => ({
    value: (z) => tf.mul(z, tf.sigmoid(z)),
    slope: (z, a) => {
      const s = tf.sigmoid(z);
      return tf.add(s, tf.mul(a, tf.sub(1, s)));
    },
  }),
  elu: (tf) => ({ value: (z) => tf.elu(z), slope: (_, a) => tf.add(tf.minimum(a, 0), 1) }),
  gelu: (tf) => {
    const distribution = (z: Tensor): Tensor => tf.mul(0.5, tf.add(1, tf.erf(tf.mul(z, SQRT_HALF))));
    const density = (z: Tensor): Tensor => tf.mul(INVERSE_SQRT_TAU, tf.exp(tf.mul(-0.5, tf.square(z))));
    return {
      value: (z) => tf.mul(z, distribution(z)),
      slope: (z) => tf.add(distribution(z), tf.mul(z, density(z))),
    };
  },
};
