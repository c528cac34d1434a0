// A function that calls networks, in stages: each computes what the next calls are given, for all rows of a batch, and then the
// networks are called, once for all rows. What several stages need is computed in each.
import type { Store } from "./graph/blocks.ts";
import type { Graph } from "./graph/graph.ts";
import type { Call } from "./graph/terms.ts";

export interface Stage {
  readonly stores: readonly Store[];
  /** Values first: what is left for derivatives at the same operands is there then. */
  readonly calls: readonly Call[];
}

/** The name of the array that a call reads an operand from. */
export const operandOf = (call: { readonly array: string }, operand: number): string => `${call.array}/${operand}`;

/** The stages of a function with these stores and, whatever its stores need, the calls `effects`. */
export function stagesOf({ terms, calls }: Graph, stores: readonly Store[], effects: readonly Call[]): Stage[] {
  // How many calls a term waits for, one after the other.
  const levels = new Uint16Array(terms.length);
  for (const { id, list, array } of terms) {
    let level = 0;
    for (const part of list) level = Math.max(level, levels[part.id]!);
    levels[id] = level + (array && list.length > 0 ? 1 : 0);
  }
  const needed = new Uint8Array(terms.length);
  for (const { value } of stores) if (typeof value === "object") needed[value.id] = 1;
  for (const { outputs } of effects) needed[outputs[0]!.id] = 1;
  for (let i = terms.length - 1; i >= 0; i--) if (needed[i]) for (const { id } of terms[i]!.list) needed[id] = 1;
  const stages: { stores: Store[]; calls: Call[] }[] = [];
  for (const call of calls.values()) {
    if (!call.outputs.some(({ id }) => needed[id])) continue;
    const level = levels[call.outputs[0]!.id]! - 1;
    while (stages.length <= level) stages.push({ stores: [], calls: [] });
    const stage = stages[level]!;
    stage.calls.push(call);
    call.operands.forEach((list, operand) => {
      const array = operandOf(call, operand);
      stage.stores.push(...list.map((value, index) => ({ array, index, value })));
    });
  }
  for (const { calls: own } of stages) own.sort((a, b) => Number(b.kind === "value") - Number(a.kind === "value"));
  return [...stages, { stores: [...stores], calls: [] }];
}
