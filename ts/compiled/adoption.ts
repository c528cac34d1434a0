// Networks whose parameters have become a part of a field's: from then on net.params is that part of field.params.
import type { FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { CallableNetwork } from "../fields/callable-network.ts";
import type { Layout } from "./tracing/parameters.ts";

const adopted = new WeakSet<CallableNetwork>();

/** The flat array of all parameters, of which the networks' are parts; `own`: those of the equation. */
export function adopt({ networks, length, total }: Layout, own: FloatArray): FloatArray {
  if (networks.length === 0) return own;
  for (const { name, network } of networks) {
    if (network.dtype !== "float64")
      throw invalid(`compiled option uses, dtype of ${name}`, network.dtype, '"float64" for networks in equations');
    if (adopted.has(network))
      throw invalid(`compiled option uses, ${name}`, network, "a network that no other compiled field uses");
  }
  if (!(own instanceof Float64Array))
    throw invalid("compiled option dtype", "float32", '"float64" for equations that call networks');
  const params = new Float64Array(total);
  params.set(own.subarray(0, length));
  for (const { network, start, length: count } of networks) {
    params.set(network.params, start);
    network.params = params.subarray(start, start + count);
    adopted.add(network);
  }
  return params;
}

/** Another field may use the networks: this one could not be made. */
export function release({ networks }: Layout): void {
  for (const { network } of networks) adopted.delete(network);
}

/** Computes with the networks' parts of other parameters. */
export function withParams<T>({ networks }: Layout, params: Float64Array, compute: () => T): T {
  const before = networks.map(({ network }) => network.params);
  for (const { network, start, length } of networks) network.params = params.subarray(start, start + length);
  try {
    return compute();
  } finally {
    networks.forEach(({ network }, i) => (network.params = before[i]!));
  }
}
