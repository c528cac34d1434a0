// Which part of a step must be run again to have some of its vectors back.
import { type Instruction, instructionsOf, operationsOf, type PlacedScheme } from "../program/program.ts";
import { inputsOf, isComputed, type Variable } from "../solvers/scheme.ts";

/**
 * The instructions of a step that `wanted` depends on, for even and odd steps; `dense`: with its continuous extension.
 * The start state and what is `known` are given. Evaluations that are not wanted are left out of their instructions.
 */
export function replay(
  placed: PlacedScheme,
  dense: boolean,
  wanted: Iterable<Variable>,
  known: Iterable<Variable> = [],
): readonly [Instruction[], Instruction[]] {
  const operations = operationsOf(placed.scheme, dense);
  const given = new Set(known);
  const live = new Set(wanted);
  const parts: { position: number; combines: boolean; evaluates: boolean }[] = [];
  for (let position = operations.length - 1; position >= 0; position--) {
    const operation = operations[position]!;
    const { out, evaluate } = operation;
    const evaluates = evaluate !== undefined && live.has(evaluate.k);
    if (evaluates) live.add(out);
    const combines = isComputed(operation) && live.has(out) && !given.has(out);
    if (!evaluates && !combines) continue;
    parts.unshift({ position, combines, evaluates });
    if (!combines) continue;
    for (const variable of inputsOf(operation)) live.add(variable);
  }
  const livePart = (parity: 0 | 1): Instruction[] => {
    const all = instructionsOf(placed.programs[parity], dense);
    return parts.map(({ position, combines, evaluates }) => {
      const { terms, solve, k, ...rest } = all[position]!;
      const parts = combines ? { terms, solve } : { terms: undefined, solve: undefined };
      return { ...rest, ...parts, k: evaluates ? k : undefined };
    });
  };
  return [livePart(0), livePart(1)];
}
