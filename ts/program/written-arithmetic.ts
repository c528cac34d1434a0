// The arithmetic of a step written out as text: combinations and the norm of the error, in the order of operations of
// assembly/combine.ts and norm.ts.
import type { Operation, Scheme } from "../solvers/scheme.ts";

/** The statements of a step: `head` names its vectors, `body` runs it from `t` over `h` to `stageEnd`. */
export interface Text {
  readonly names: ReadonlyMap<object, string>;
  readonly elements: readonly number[];
  readonly head: readonly string[];
  readonly body: string[];
}

/** `square`: the square of the error's scaled norm. */
export function squareText(
  { error, start: [y], end: [y1] }: Scheme,
  length: number,
  { names, elements }: Text,
): string[] {
  const lines: string[] = [];
  const [before, after] = [names.get(y!)!, names.get(y1!)!];
  error!.forEach(({ weight }, j) => {
    lines.push(`const w${j} = h * ${literal(weight)};`);
  });
  for (const i of elements) {
    const estimate = error!.map(({ variable }, j) => `w${j} * ${names.get(variable)}_${i}`).join(" + ");
    lines.push(`const e${i} = ${estimate}, a${i} = Math.abs(${before}_${i}), b${i} = Math.abs(${after}_${i});`);
    // As in norm.ts: no error needs no tolerance, and 0·y₁ shows a result that is not finite.
    lines.push(`const r${i}_ = e${i} / (rtol * (a${i} > b${i} ? a${i} : b${i}) + atol);`);
    lines.push(`const q${i} = (e${i} === 0 ? 0 : r${i}_ * r${i}_) + 0 * ${after}_${i};`);
  }
  lines.push(`const square = (${elements.map((i) => `q${i}`).join(" + ")}) * ${literal(1 / length)};`);
  return lines;
}

/** array ← base + Σ (h·weight) variable, and every element in a variable out_0, …. */
export function combination(
  { base, terms, unit }: Operation,
  out: string,
  names: ReadonlyMap<object, string>,
  elements: readonly number[],
  lines: string[],
  array: string = out,
): void {
  if (!base && terms.length === 0) {
    for (const i of elements) lines.push(`const ${out}_${i} = ${out}[${i}];`);
    return;
  }
  terms.forEach(({ weight }, j) => {
    lines.push(`const ${out}w${j} = ${unit ? "" : "h * "}${literal(weight)};`);
  });
  for (const i of elements) {
    const products = terms.map(({ variable }, j) => `${out}w${j} * ${names.get(variable)}_${i}`);
    const sum = products.join(" + ") || "0";
    lines.push(
      `const ${out}_${i} = ${base ? `${names.get(base)}_${i} + (${sum})` : sum}; ${array}[${i}] = ${out}_${i};`,
    );
  }
}

/** A number that reads back as itself. */
export const literal = (value: number): string => (value < 0 ? `(${value})` : String(value));
