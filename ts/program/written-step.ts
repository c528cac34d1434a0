// A step of a small state written out as JavaScript: for up to four numbers and a JavaScript field, calls into WebAssembly
// cost more than the arithmetic between two evaluations. The text is made from the scheme, once for each length, in the order
// of operations of assembly/combine.ts and norm.ts, so that the numbers are the same to the bit. Where a page's policy forbids
// making functions from text, the kernels do it all.

import { functionFromText } from "../base/function-from-text.ts";
import type { Times } from "../base/times.ts";
import type { FieldText, FillingField } from "../fields/field.ts";
import type { StepSystem } from "../problem/implicit.ts";
import type { Scheme } from "../solvers/scheme.ts";
import type { HostArithmetic } from "../vectors/arithmetic.ts";
import type { Instruction } from "./program.ts";
import { combination, literal, squareText, type Text } from "./written-arithmetic.ts";

const LARGEST = 4;

/** Where a written step's numbers lie: in an array, since numbers passed to a function that is not inlined are boxed. */
export const AT = { t: 0, h: 1, stageEnd: 2, rtol: 3, atol: 4, square: 5 } as const;
/** Indices into a second array, of a controlled run: more than 64 bytes in one are far more work to allocate. */
export const RUN = { size: 0, target: 1, direction: 2, minStep: 3, maxStep: 4, rejected: 5, fresh: 6 } as const;

/** A step that would end within this fraction of its size before a stop ends at the stop. */
export const SNAP = 1e-12;
/** Steps below this fraction of t are mostly rounding. */
export const LEAST: number = 16 * Number.EPSILON;

/**
 * Runs a step from operation `from` (0, or 1 where the first derivative is in its place). `arrays`: the vectors of the
 * scheme's variables in the order that they first occur as an operation's `out` and `k`. `answer` is called where the field
 * returned something instead of filling. Leaves the square of the error's scaled rms norm, for one rtol and one atol, among
 * the numbers; NaN where the scheme estimates no error, −1 where its systems want the kernels: then the step was not taken.
 */
export type WrittenStep = (
  field: FillingField["f"],
  params: unknown,
  arrays: readonly Float64Array[],
  numbers: Float64Array,
  from: number,
  answer: (result: unknown, k: Float64Array) => void,
  system: StepSystem | undefined,
) => void;

/**
 * Takes the steps that end at given[from] … given[to − 1] on the same vectors, without an error estimate: the state stays
 * where the first step's start is. `firstKnown`: whether the first derivative is in its place. Stops before a step whose
 * result is not finite, or whose size is 0. Returns how many steps were taken.
 */
export type WrittenSteps = (
  field: FillingField["f"],
  params: unknown,
  arrays: readonly Float64Array[],
  given: Float64Array,
  from: number,
  to: number,
  firstKnown: boolean,
  answer: (result: unknown, k: Float64Array) => void,
) => number;

/**
 * Tries steps under error control from numbers' t, the first of size `size`, until one would end at the target, be too small
 * or be one more than `most`. `sides`: the vectors of even and of odd steps, `parity` the first step's.
 * Leaves t, the wanted size, h and square of the step tried last, how many were rejected, each handed to `reject`, and how
 * many evaluated the field at their start. Returns how many were accepted.
 */
export type WrittenRun = (
  field: FillingField["f"],
  params: unknown,
  sides: readonly (readonly Float64Array[])[],
  numbers: Float64Array,
  run: Float64Array,
  parity: number,
  firstKnown: boolean,
  most: number,
  grid: Times,
  judge: (controller: number, square: number, h: number) => number,
  controller: number,
  reject: (t: number, h: number) => void,
  answer: (result: unknown, k: Float64Array) => void,
  system: StepSystem | undefined,
) => number;

/**
 * The functions written for a scheme, by the field's text (of a field that is called, the scheme again) and the state's
 * length; they are collected with scheme and field.
 */
type Written<T> = WeakMap<Scheme, WeakMap<object, (T | undefined)[]>>;
const writtenOnce: Written<WrittenStep> = new WeakMap();
const writtenInLoops: Written<WrittenSteps> = new WeakMap();
const writtenRuns: Written<WrittenRun> = new WeakMap();

/** The step of a scheme for states of `length` numbers, which takes the field's text in; undefined where there is none. */
export const writtenStep = (scheme: Scheme, length: number, field?: FieldText): WrittenStep | undefined =>
  write(writtenOnce, scheme, length, field, ["numbers", "from"], source);

/** The loop over given steps of a scheme without linear systems; undefined where there is none. */
export const writtenSteps = (scheme: Scheme, length: number, field?: FieldText): WrittenSteps | undefined =>
  write(writtenInLoops, scheme, length, field, ["given", "from", "to", "firstKnown"], loopSource);

/** The loop over steps under error control, for schemes that estimate their error once. */
export const writtenRun = (scheme: Scheme, length: number, field?: FieldText): WrittenRun | undefined =>
  scheme.error && !scheme.steadyingError
    ? write(writtenRuns, scheme, length, field, RUN_PARAMETERS, runSource)
    : undefined;

const RUN_PARAMETERS = ["numbers", "run", "parity", "firstKnown", "most", "grid", "judge", "controller", "reject"];

function write<T>(
  written: Written<T>,
  scheme: Scheme,
  length: number,
  field: FieldText | undefined,
  own: readonly string[],
  text: (scheme: Scheme, length: number, field: FieldText | undefined) => string,
): T | undefined {
  // A state of several parts has starts that no operation puts anything in; it is rare, and left to the kernels.
  if (length > LARGEST || scheme.start.length > 1) return undefined;
  const byField = written.get(scheme) ?? new WeakMap();
  written.set(scheme, byField);
  const byLength = byField.get(field ?? scheme) ?? [];
  byField.set(field ?? scheme, byLength);
  if (!(length in byLength)) byLength[length] = compile(own, text(scheme, length, field)) as T | undefined;
  return byLength[length];
}

const compile = (own: readonly string[], text: string): unknown =>
  functionFromText(["field", "params", "arrays", ...own, "answer", "system"], text);

/** The vectors that a written step works on, one place for each variable. */
export function arraysOf(scheme: Scheme, instructions: readonly Instruction[], host: HostArithmetic): Float64Array[] {
  const arrays: Float64Array[] = [];
  scheme.operations.forEach(({ evaluate }, i) => {
    arrays.push(host.view(instructions[i]!.out) as Float64Array);
    if (evaluate) arrays.push(host.view(instructions[i]!.k!) as Float64Array);
  });
  return arrays;
}

/** "break step;" in the text of a linear system gives the step up, before anything of it counts. */
function textOf(
  { operations, systems }: Scheme,
  length: number,
  field: FieldText | undefined,
  firstKnown: string,
): Text {
  const elements = Array.from({ length }, (_, i) => i);
  const names = new Map<object, string>();
  const head: string[] = field ? [field.head] : [];
  const lines: string[] = [];
  let place = 0;
  const name = (variable: object, prefix: string): string => {
    const own = `${prefix}${place}`;
    names.set(variable, own);
    head.push(`const ${own} = arrays[${place++}];`);
    return own;
  };
  const places = operations.map(({ out, evaluate }) => ({ out: name(out, "x"), k: evaluate && name(evaluate.k, "k") }));
  // Each number is read into a variable as soon as it is there: for the engine, a call of the field may change any
  // array.
  const read = (array: string, word = "const"): void => {
    for (const i of elements) lines.push(`${word} ${array}_${i} = ${array}[${i}];`);
  };
  const start = operations[0]!;
  read(places[0]!.out);
  operations.forEach((operation, index) => {
    const { out, k } = places[index]!;
    if (systems && operation.solve) {
      const sum = operation.terms.length > 0 ? `${out}s` : undefined;
      if (sum) combination(operation, sum, names, elements, lines, out);
      lines.push(...systems(length, operation, operations, names, out, sum, `!(${firstKnown})`));
    } else if (operation !== start) combination(operation, out, names, elements, lines);
    if (!k) return;
    const { c } = operation.evaluate!;
    const at = c === 1 ? "stageEnd" : `t + ${literal(c)} * h`;
    // The field's text sets these variables itself.
    if (field) read(k, "let");
    const call = field
      ? `{ ${field.at(at, out, k)} }`
      : `const r${index} = field(${at}, ${out}, ${k}, params); if (r${index} !== undefined) answer(r${index}, ${k});`;
    lines.push(operation === start ? `if (!(${firstKnown})) { ${call} }` : call);
    if (!field) read(k);
  });
  return { names, elements, head, body: lines };
}

function loopSource(scheme: Scheme, length: number, field: FieldText | undefined): string {
  const { start, end, fsal } = scheme;
  const { names, elements, head, body } = textOf(scheme, length, field, "firstKnown");
  const copy = (to: object, from: object): string[] =>
    elements.map((i) => `${names.get(to)}[${i}] = ${names.get(from)}_${i};`);
  const keeps = keepsLast(scheme);
  return [
    ...head,
    "let at = from;",
    "for (; at < to; at++) {",
    "const t = given[at - 1], stageEnd = given[at], h = stageEnd - t;",
    ...body,
    `if (${elements.map((i) => `0 * ${names.get(end[0]!)}_${i}`).join(" + ")} !== 0 || h === 0) break;`,
    ...copy(start[0]!, end[0]!),
    ...(keeps ? copy(fsal!.first, fsal!.last) : []),
    `firstKnown = ${keeps};`,
    "}",
    "return at - from;",
  ].join("\n");
}

/** Whether a step leaves the first derivative of the next behind. */
const keepsLast = ({ operations, fsal }: Scheme): boolean =>
  fsal !== undefined && operations.some(({ evaluate }) => evaluate?.k === fsal.last);

/** Statements that read numbers by their names. */
const readNumbers = (array: string, places: Record<string, number>, names: readonly string[]): string[] =>
  names.map((name) => `const ${name} = ${array}[${places[name]}];`);

function source(scheme: Scheme, length: number, field: FieldText | undefined): string {
  const text = textOf(scheme, length, field, "from !== 0");
  const squared = scheme.error ? squareText(scheme, length, text) : ["const square = NaN;"];
  const numbers = readNumbers("numbers", AT, ["t", "h", "stageEnd", "rtol", "atol"]);
  const set = (square: string): string => `numbers[${AT.square}] = ${square};`;
  return [...numbers, ...text.head, set("-1"), "step: {", ...text.body, ...squared, set("square"), "}"].join("\n");
}

function runSource(scheme: Scheme, length: number, field: FieldText | undefined): string {
  const text = textOf(scheme, length, field, "firstKnown");
  return [
    "const sides = arrays;",
    ...readNumbers("numbers", AT, ["rtol", "atol"]),
    ...readNumbers("run", RUN, ["target", "direction", "minStep", "maxStep"]),
    `let t = numbers[${AT.t}], size = run[${RUN.size}], tried = numbers[${AT.h}], measured = NaN;`,
    "let accepted = 0, rejected = 0, fresh = 0;",
    "step: while (accepted + rejected < most) {",
    // As in Stepping's `propose`.
    "const wanted = size < maxStep ? size : maxStep;",
    `if (!(wanted < Math.abs(target - t) * ${literal(1 - SNAP)})) break;`,
    "const stageEnd = t + wanted * direction, h = stageEnd - t;",
    `if (wanted < minStep || wanted < ${literal(LEAST)} * Math.abs(t) || h === 0 || stageEnd === target) break;`,
    "const arrays = sides[parity];",
    "if (!firstKnown) fresh++;",
    ...text.head,
    ...text.body,
    ...squareText(scheme, length, text),
    "const factor = judge(controller, square, h);",
    "tried = h;",
    "measured = square;",
    "if (factor < 0) {",
    "rejected++;",
    "reject(t, h);",
    "size = Math.abs(h) * -factor;",
    "firstKnown = true;",
    "continue;",
    "}",
    "size = Math.abs(h) * factor;",
    "if (size < minStep) size = minStep;",
    "grid.push(stageEnd);",
    "t = stageEnd;",
    "parity ^= 1;",
    "accepted++;",
    `firstKnown = ${keepsLast(scheme)};`,
    "}",
    `numbers[${AT.t}] = t; numbers[${AT.h}] = tried; numbers[${AT.square}] = measured;`,
    `run[${RUN.size}] = size; run[${RUN.rejected}] = rejected; run[${RUN.fresh}] = fresh;`,
    "return accepted;",
  ].join("\n");
}
