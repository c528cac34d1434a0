// A schedule as the text of a JavaScript function: what is used once is written where it is used, what is used more often
// has a variable.
import type { Term } from "../graph/graph.ts";
import { INPUT } from "../graph/operations.ts";
import type { Schedule } from "./schedule.ts";

/** Brackets in brackets, at most. */
const DEEPEST = 24;

const literal = (value: number): string => {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.startsWith("-") ? `(${text})` : text;
};

/** The statements that store what a schedule stores. `element`: an element of an array as an expression that can be set. */
export function statementsOf(
  { steps, uses }: Schedule,
  element: (array: string, index: number) => string,
): readonly string[] {
  const lines: string[] = [];
  const texts = new Map<number, string>();
  const depths = new Map<number, number>();
  const of = (value: Term | number): string =>
    typeof value === "number" ? literal(value) : (texts.get(value.id) ?? literal(value.value));
  for (const step of steps) {
    if ("store" in step) {
      const { array, index, value, adds } = step.store;
      lines.push(`${element(array, index)}${adds ? "+=" : "="}${of(value)};`);
      continue;
    }
    const { operation, list, id, array, index } = step.term;
    const [a, b, c] = list.map(of);
    const text = operation === INPUT ? element(array, index) : operation.text(a!, b!, c!);
    const depth = 1 + Math.max(0, ...list.map((part) => depths.get(part.id) ?? 0));
    const isInline = uses[id] === 1 && depth < DEEPEST;
    if (!isInline) lines.push(`const v${id}=${text};`);
    texts.set(id, isInline ? text : `v${id}`);
    depths.set(id, isInline ? depth : 0);
  }
  return lines;
}

/** The text of an arrow function that stores what the schedule stores; it returns `sum` where something is added to it. */
export function javascriptOf(schedule: Schedule, parameters: readonly string[]): string {
  const lines = statementsOf(schedule, (array, index) =>
    array === "t" || array === "sum" ? array : `${array}[${index}]`,
  );
  // A pullback answers a number on every way.
  const sums = parameters.includes("pBar") ? ["let sum=0;", ...lines, "return sum;"] : lines;
  return `(${parameters.join(",")})=>{\n${sums.join("\n")}\n}`;
}
