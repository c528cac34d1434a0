// Networks as functions that equations call.
import { type CallableNetwork, rowLengthOf } from "../../fields/callable-network.ts";
import { elementsOf } from "./arrays.ts";
import { asNumber } from "./operators.ts";
import type { Tracer } from "./tracer.ts";
import { ArrayValue, Builtin, type Value } from "./values.ts";

/** The network number `index` of a field; it is called with a row, as numbers or as one array, and returns an array. */
export function networkOf(tracer: Tracer, name: string, network: CallableNetwork, index: number): Builtin {
  const width = rowLengthOf(network);
  const outputs = network.layers.at(-1)!;
  return new Builtin(name, (list): Value => {
    const row = list.length === 1 && list[0] instanceof ArrayValue ? elementsOf(tracer, list[0]) : list;
    if (row.length !== width)
      tracer.fail(`${name} is called with ${row.length} numbers`, `Give it the ${width} numbers of a row.`);
    const numbers = row.map((value) => asNumber(tracer, value));
    const call = { kind: "value", network: index, params: false } as const;
    return tracer.array(tracer.graph.call(call, [numbers], outputs).outputs, true);
  });
}
