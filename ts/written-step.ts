// A step of a small state written out as JavaScript: for up to four numbers and a JavaScript field, calls into WebAssembly
// cost more than the arithmetic between two evaluations. The text is made from the scheme, once for each length, in the order
// of operations of assembly/combine.ts and norm.ts, so that the numbers are the same to the bit. Where a page's policy forbids
// making functions from text, the kernels do it all.
import type { FillingField } from "./fields/field.ts";
import type { Instruction } from "./program.ts";
import type { Operation, Scheme } from "./solvers/scheme.ts";

const LARGEST = 4;

/** Where a written step's numbers lie: in an array, since numbers passed to a function that is not inlined are boxed. */
export const AT = { t: 0, h: 1, last: 2, rtol: 3, atol: 4, square: 5 } as const;

/**
 * Runs a step from operation `from` (0, or 1 where the first derivative is in its place). `arrays`: the vectors of the
 * scheme's variables in the order that they first occur as an operation's `out` and `k`. `answer` is called where the field
 * returned something instead of filling. Leaves the square of the error's scaled rms norm, for one rtol and one atol, among
 * the numbers; NaN where the scheme estimates no error.
 */
export type WrittenStep = (
  field: FillingField["f"],
  params: unknown,
  arrays: readonly Float64Array[],
  numbers: Float64Array,
  from: number,
  answer: (result: unknown, k: Float64Array) => void,
) => void;

const written = new WeakMap<Scheme, (WrittenStep | undefined)[]>();

/** The step of a scheme for states of `length` numbers; undefined where there is none. */
export function writtenStep(scheme: Scheme, length: number): WrittenStep | undefined {
  // A state of several parts has starts that no operation puts anything in; it is rare, and left to the kernels.
  if (length > LARGEST || scheme.start.length > 1) return undefined;
  const known = written.get(scheme) ?? [];
  written.set(scheme, known);
  if (!(length in known)) known[length] = compile(scheme, length);
  return known[length];
}

function compile(scheme: Scheme, length: number): WrittenStep | undefined {
  try {
    const step: unknown = new Function(
      "field",
      "params",
      "arrays",
      "numbers",
      "from",
      "answer",
      source(scheme, length),
    );
    return step as WrittenStep;
  } catch {
    return undefined;
  }
}

/** The vectors that a written step works on, one place for each variable. */
export function arraysOf(scheme: Scheme, instructions: readonly Instruction[]): Float64Array[] {
  const arrays: Float64Array[] = [];
  scheme.operations.forEach(({ evaluate }, i) => {
    arrays.push(instructions[i]!.out.view as Float64Array);
    if (evaluate) arrays.push(instructions[i]!.k!.view as Float64Array);
  });
  return arrays;
}

function source({ operations, error, start: [y], end: [y1] }: Scheme, length: number): string {
  const elements = Array.from({ length }, (_, i) => i);
  const names = new Map<object, string>();
  const lines = Object.entries(AT)
    .filter(([number]) => number !== "square")
    .map(([number, at]) => `const ${number} = numbers[${at}];`);
  let place = 0;
  const name = (variable: object, prefix: string): string => {
    const own = `${prefix}${place}`;
    names.set(variable, own);
    lines.push(`const ${own} = arrays[${place++}];`);
    return own;
  };
  const places = operations.map(({ out, evaluate }) => ({ out: name(out, "x"), k: evaluate && name(evaluate.k, "k") }));
  // Every number is read into a variable of its own once it is there: a call of the field may change any array, as far as
  // the engine knows.
  const read = (array: string): void => {
    for (const i of elements) lines.push(`const ${array}_${i} = ${array}[${i}];`);
  };
  const start = operations[0]!;
  read(places[0]!.out);
  operations.forEach((operation, index) => {
    const { out, k } = places[index]!;
    if (operation !== start) combination(operation, out, names, elements, lines);
    if (!k) return;
    const { c } = operation.evaluate!;
    const at = c === 1 ? "last" : `t + ${literal(c)} * h`;
    const call = `const r${index} = field(${at}, ${out}, ${k}, params); if (r${index} !== undefined) answer(r${index}, ${k});`;
    lines.push(operation === start ? `if (from === 0) { ${call} }` : call);
    read(k);
  });
  if (!error) return [...lines, `numbers[${AT.square}] = NaN;`].join("\n");
  const [before, after] = [names.get(y!)!, names.get(y1!)!];
  error.forEach(({ weight }, j) => {
    lines.push(`const w${j} = h * ${literal(weight)};`);
  });
  for (const i of elements) {
    const estimate = error.map(({ variable }, j) => `w${j} * ${names.get(variable)}_${i}`).join(" + ");
    lines.push(`const e${i} = ${estimate}, a${i} = Math.abs(${before}_${i}), b${i} = Math.abs(${after}_${i});`);
    // As in norm.ts: no error needs no tolerance, and 0·y₁ shows a result that is not finite.
    lines.push(`const r${i}_ = e${i} / (rtol * (a${i} > b${i} ? a${i} : b${i}) + atol);`);
    lines.push(`const q${i} = (e${i} === 0 ? 0 : r${i}_ * r${i}_) + 0 * ${after}_${i};`);
  }
  lines.push(`numbers[${AT.square}] = (${elements.map((i) => `q${i}`).join(" + ")}) * ${literal(1 / length)};`);
  return lines.join("\n");
}

/** out ← base + Σ (h·weight) variable, and every element in a variable. */
function combination(
  { base, terms, unit }: Operation,
  out: string,
  names: ReadonlyMap<object, string>,
  elements: readonly number[],
  lines: string[],
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
    lines.push(`const ${out}_${i} = ${base ? `${names.get(base)}_${i} + (${sum})` : sum}; ${out}[${i}] = ${out}_${i};`);
  }
}

/** A number that reads back as itself. */
const literal = (value: number): string => (value < 0 ? `(${value})` : String(value));
