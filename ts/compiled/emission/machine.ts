// A schedule run step by step, where a page's policy forbids making functions from text; some twenty times slower.

import type { Signature } from "./javascript.ts";
import type { Schedule } from "./schedule.ts";

type Numbers = { [index: number]: number; readonly length: number };

/** A function of the signature's parameters, like the one whose text `javascriptOf` writes; `see` is shown every value. */
export function machineOf(
  { steps, uses }: Schedule,
  { parameters, rows, dim, sums }: Signature,
  see?: (value: number) => void,
): (...list: never[]) => number | undefined {
  const values = new Float64Array(uses.length);
  for (const step of steps) {
    const list = "term" in step ? step.term.list : typeof step.store.value === "object" ? [step.store.value] : [];
    for (const part of list) if (part.operation.name === "constant") values[part.id] = part.value;
  }
  return (...list) => {
    const arrays = new Map<string, Numbers>(
      parameters.map((name, i) => [name, typeof list[i] === "number" ? [list[i]] : (list[i] as Numbers)]),
    );
    let sum = 0;
    const end = dim === undefined ? 1 : arrays.get(rows[0]!)!.length;
    for (let row = 0; row < end; row += dim ?? 1) {
      const from = (array: string): number => (dim !== undefined && rows.includes(array) ? row : 0);
      for (const step of steps) {
        if ("term" in step) {
          const { id, operation, list: parts, array, index } = step.term;
          const [a, b, c] = parts;
          values[id] = array
            ? arrays.get(array)![from(array) + index]!
            : Number(operation.apply(values[a?.id ?? 0]!, values[b?.id ?? 0]!, values[c?.id ?? 0]!));
          see?.(values[id]!);
          continue;
        }
        const { array, index, value, adds } = step.store;
        const number = typeof value === "object" ? values[value.id]! : value;
        if (array === "sum") sum += number;
        else {
          const into = arrays.get(array)!;
          const place = from(array) + index;
          into[place] = adds ? into[place]! + number : number;
        }
      }
    }
    return sums ? sum : undefined;
  };
}
