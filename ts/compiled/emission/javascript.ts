// Steps as the text of a JavaScript function: what is used once is written where it is used, what is used more often has a
// variable.
import type { Store } from "../graph/blocks.ts";
import type { Term } from "../graph/graph.ts";
import { INDEX, type Position } from "../graph/loops.ts";
import { INPUT, type Operation } from "../graph/operations.ts";
import { isOwn, type OwnArray } from "../graph/terms.ts";
import type { LoopStep, Step, TermStep } from "./schedule.ts";

/** Brackets in brackets, at most. */
const DEEPEST = 24;

const literal = (value: number): string => {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.startsWith("-") ? `(${text})` : text;
};

/** Where it is in its array. */
const placeOf = ({ index, along }: Position): string =>
  [index, ...along.map(({ loop, stride }) => `${stride}*i${loop.id}`)].join("+");

/** An element of an array as an expression that can be set. */
type Element = (array: string, position: Position) => string;

/** How statements are written. */
export interface Language {
  /** What a variable that does not change is declared with. */
  readonly word: string;
  literal(value: number): string;
  text(operation: Operation, a: string, b: string, c: string): string;
}

const JAVASCRIPT: Language = { word: "const", literal, text: (operation, a, b, c) => operation.text(a, b, c) };

class Writer {
  readonly lines: string[] = [];
  private readonly element: Element;
  private readonly language: Language;
  private readonly texts = new Map<number, string>();
  private readonly depths = new Map<number, number>();

  constructor(element: Element, language: Language) {
    this.element = element;
    this.language = language;
  }

  private of(value: Term | number): string {
    const { literal } = this.language;
    return typeof value === "number" ? literal(value) : (this.texts.get(value.id) ?? literal(value.value));
  }

  write(steps: readonly Step[]): void {
    for (const step of steps) {
      if ("store" in step) this.store(step.store);
      else if ("loop" in step) this.loop(step);
      else this.term(step);
    }
  }

  private store({ array, index, along = [], value, adds }: Store): void {
    this.lines.push(`${this.element(array, { index, along })}${adds ? "+=" : "="}${this.of(value)};`);
  }

  private term({ term, uses, isHeld }: TermStep): void {
    const { operation, list, id, array } = term;
    const [a, b, c] = list.map((part) => this.of(part));
    const text = operation === INPUT ? this.element(array, term) : this.language.text(operation, a!, b!, c!);
    const depth = 1 + Math.max(0, ...list.map((part) => this.depths.get(part.id) ?? 0));
    const isInline = uses === 1 && !isHeld && depth < DEEPEST;
    if (!isInline) this.lines.push(`${this.language.word} v${id}=${text};`);
    this.texts.set(id, isInline ? text : `v${id}`);
    this.depths.set(id, isInline ? depth : 0);
  }

  private loop({ loop, folds, steps }: LoopStep): void {
    for (const { term } of folds) {
      const [, carry, init] = term.list;
      this.lines.push(`let v${carry!.id}=${this.of(init!)};`);
      for (const { id } of [carry!, term]) this.texts.set(id, `v${carry!.id}`);
    }
    this.lines.push(`for(let i${loop.id}=0;i${loop.id}<${loop.count};i${loop.id}++){`);
    this.write(steps);
    const carried = folds.map(({ term: { list } }) => `v${list[1]!.id}=${this.of(list[0]!)}`);
    this.lines.push(`${carried.join(",")}}`);
  }
}

/** The statements that store what straight steps store. */
export function statementsOf(
  steps: readonly Step[],
  element: (array: string, index: number) => string,
  language: Language = JAVASCRIPT,
): readonly string[] {
  const writer = new Writer((array, { index }) => element(array, index), language);
  writer.write(steps);
  return writer.lines;
}

const elementOf: Element = (array, position) => {
  if (array === INDEX) return `(${placeOf(position)})`;
  if (array === "t" || array === "sum") return array;
  return `${isOwn(array) ? `$${array.slice(1)}` : array}[${placeOf(position)}]`;
};

/**
 * The text of an arrow function that stores what the steps store; it returns `sum` where something is added to it. `own`: the
 * program's own arrays that it works with.
 */
export function javascriptOf(
  steps: readonly Step[],
  parameters: readonly string[],
  own: ReadonlyMap<string, OwnArray>,
): string {
  const writer = new Writer(elementOf, JAVASCRIPT);
  writer.write(steps);
  const arrays = Array.from(own, ([name, { length, values }]) => {
    const made = values ? `[${values.join()}]` : `new Float64Array(${length})`;
    return `const $${name.slice(1)}=${made};`;
  });
  const lines = [...arrays, ...writer.lines];
  // A pullback answers a number on every way.
  const sums = parameters.includes("pBar") ? ["let sum=0;", ...lines, "return sum;"] : lines;
  return `(${parameters.join(",")})=>{\n${sums.join("\n")}\n}`;
}
