// The linear systems of a step of a small state written out as JavaScript: W = I − h γ J is eliminated in local variables. Rows
// are not exchanged: where a pivot is far smaller than what is below it, the kernels take the step instead, which do that.
import type { Solve, WrittenSystems } from "../scheme.ts";

/** How much larger than a pivot what it eliminates may be. */
const MOST_GROWTH = 1e6;

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** `known`: an expression for J, row-major, and ∂f/∂t, undefined where they are not there. */
function factors(n: number, gamma: number, known: string): string[] {
  const lines = [`const J = ${known};`, `if (J === undefined) break step;`, `const hg = h * ${gamma};`];
  for (const i of range(0, n)) {
    for (const j of range(0, n)) lines.push(`let w${i}${j} = ${i === j ? "1 " : ""}- hg * J[${i * n + j}];`);
    lines.push(`const ft${i} = J[${n * n + i}];`);
  }
  for (const k of range(0, n)) {
    const below = range(k + 1, n).map((i) => `Math.abs(w${i}${k})`);
    const largest = below.length > 1 ? `Math.max(${below.join(", ")})` : (below[0] ?? "0");
    lines.push(
      `if (!(${MOST_GROWTH} * Math.abs(w${k}${k}) > ${largest} && Math.abs(w${k}${k}) < Infinity)) break step;`,
      `const p${k} = 1 / w${k}${k};`,
    );
    for (const i of range(k + 1, n)) {
      lines.push(`const l${i}${k} = w${i}${k} * p${k};`);
      for (const j of range(k + 1, n)) lines.push(`w${i}${j} -= l${i}${k} * w${k}${j};`);
    }
  }
  return lines;
}

function solution(n: number, out: string, k: string, sum: string | undefined, { gamma, slope }: Solve): string[] {
  const lines: string[] = [];
  for (const i of range(0, n)) {
    const parts = [`${k}_${i}`, ...(sum ? [`${sum}_${i}`] : []), ...(slope === 0 ? [] : [`h * ${slope} * ft${i}`])];
    const done = range(0, i).map((j) => ` - l${i}${j} * ${out}r${j}`);
    lines.push(`const ${out}r${i} = ${gamma} * (${parts.join(" + ")})${done.join("")};`);
  }
  for (const i of range(0, n).reverse()) {
    const done = range(i + 1, n).map((j) => ` - w${i}${j} * ${out}_${j}`);
    lines.push(`const ${out}_${i} = (${out}r${i}${done.join("")}) * p${i}; ${out}[${i}] = ${out}_${i};`);
  }
  return lines;
}

export const writtenSystems: WrittenSystems = (n, operation, operations, names, out, sum, fresh) => {
  const solve = operation.solve!;
  const systems = operations.filter((other) => other.solve);
  const [start] = operations;
  const arrays = `${names.get(start!.out)}, ${names.get(start!.evaluate!.k)}`;
  const known = `system.linearised(t, h, ${arrays}, ${fresh}, ${systems.length})`;
  const prepared = operation === systems[0] ? factors(n, solve.gamma, known) : [];
  return [...prepared, ...solution(n, out, names.get(solve.k)!, sum, solve)];
};
