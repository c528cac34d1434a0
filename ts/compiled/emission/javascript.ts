// A schedule as the text of a JavaScript function. What is used once is written where it is used; what is used more often has
// a variable. Engines do not optimise functions of more than some 60 kB of bytecode, so long texts are cut into parts, which
// hand each other their variables in an array.

import type { Term } from "../graph/graph.ts";
import { INPUT } from "../graph/operations.ts";
import type { Schedule, Store } from "./schedule.ts";

/** Operations of one part, at most: an operation takes up to 12 bytes of bytecode. */
const LONGEST = 3000;
/** Brackets in brackets, at most. */
const DEEPEST = 24;

/** What a function is given and how it runs through the rows of a batch. */
export interface Signature {
  readonly parameters: readonly string[];
  /** The arrays that have one row for each of the batch, `dim` numbers long. */
  readonly rows: readonly string[];
  /** Numbers in a row, where there is more than one row to go through. */
  readonly dim: number | undefined;
  /** What is returned: the sum of `sum` over the rows, if the function has one. */
  readonly sums: boolean;
}

interface Written {
  readonly text: string;
  readonly depth: number;
  /** The variables that occur in it, by the numbers of their terms. */
  readonly reads: readonly number[];
}

interface Line {
  readonly text: string;
  readonly reads: readonly number[];
  /** The variable that it declares. */
  readonly declares?: number;
}

const literal = (value: number): string => {
  if (Number.isNaN(value)) return "NaN";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.startsWith("-") ? `(${text})` : text;
};

class Writer {
  private readonly written = new Map<number, Written>();
  private readonly signature: Signature;
  readonly lines: Line[] = [];

  constructor({ steps, uses }: Schedule, signature: Signature) {
    this.signature = signature;
    for (const step of steps) {
      if ("store" in step) this.store(step.store);
      else this.compute(step.term, uses[step.term.id]!);
    }
  }

  private element(array: string, index: number): string {
    if (array === "t") return "t";
    const { rows, dim } = this.signature;
    return dim !== undefined && rows.includes(array) ? `${array}[o+${index}]` : `${array}[${index}]`;
  }

  private of(term: Term): Written {
    return this.written.get(term.id) ?? { text: literal(term.value), depth: 0, reads: [] };
  }

  private compute(term: Term, uses: number): void {
    const { operation, list, id } = term;
    const parts = list.map((part) => this.of(part));
    const [a, b, c] = parts.map(({ text }) => text);
    const text = operation === INPUT ? this.element(term.array, term.index) : operation.text(a!, b!, c!);
    const depth = 1 + Math.max(0, ...parts.map((part) => part.depth));
    const reads = parts.flatMap((part) => part.reads);
    if (uses === 1 && depth < DEEPEST) {
      this.written.set(id, { text, depth, reads });
      return;
    }
    this.lines.push({ text, reads, declares: id });
    this.written.set(id, { text: `v${id}`, depth: 0, reads: [id] });
  }

  private store({ array, index, value, adds }: Store): void {
    const { text, reads } = typeof value === "object" ? this.of(value) : { text: literal(value), reads: [] };
    const target = array === "sum" ? "sum" : this.element(array, index);
    this.lines.push({ text: `${target}${adds ? "+=" : "="}${text};`, reads });
  }
}

/** Groups of consecutive lines, none with more operations than one part may have. */
function partsOf(lines: readonly Line[]): Line[][] {
  const parts: Line[][] = [[]];
  let size = 0;
  for (const line of lines) {
    // Every operation stands in brackets.
    size += line.text.split("(").length;
    if (size > LONGEST) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(line);
  }
  return parts;
}

/** The lines of a part, with what it takes from earlier parts and leaves to later ones, by the variables' places. */
function bodyOf(part: readonly Line[], shared: ReadonlyMap<number, number>): string {
  const known = new Set<number>();
  return part
    .map(({ text, reads, declares }) => {
      const fetched = [...new Set(reads)].filter((id) => !known.has(id));
      for (const id of fetched) known.add(id);
      const before = fetched.map((id) => `const v${id}=s[${shared.get(id)}];`).join("");
      if (declares === undefined) return before + text;
      known.add(declares);
      const place = shared.get(declares);
      return `${before}const v${declares}=${text};${place === undefined ? "" : `s[${place}]=v${declares};`}`;
    })
    .join("\n");
}

/** The variables that a later part reads, and their places. */
function sharedOf(parts: readonly Line[][]): Map<number, number> {
  const home = new Map<number, Line[]>();
  const shared = new Map<number, number>();
  for (const part of parts) {
    for (const { reads, declares } of part) {
      for (const id of reads) if (home.get(id) !== part && !shared.has(id)) shared.set(id, shared.size);
      if (declares !== undefined) home.set(declares, part);
    }
  }
  return shared;
}

/** The text of an expression whose value is the function. */
export function javascriptOf(schedule: Schedule, signature: Signature): string {
  const { parameters, dim, sums } = signature;
  const { lines } = new Writer(schedule, signature);
  const parts = partsOf(lines);
  const shared = sharedOf(parts);
  const list = parameters.join(",");
  const inLoop = (body: string): string =>
    dim === undefined ? body : `for(let o=0;o<${signature.rows[0]}.length;o+=${dim}){\n${body}\n}`;
  const [start, end] = sums ? ["let sum=0;", "return sum;"] : ["", ""];
  if (parts.length === 1) return `(${list})=>{${start}\n${inLoop(bodyOf(parts[0]!, shared))}\n${end}}`;
  // Sums are kept in the array, too.
  const given = `${list}${dim === undefined ? "" : ",o"}`;
  const texts = parts.map((part, i) => {
    const body = bodyOf(part, shared).replace(/^sum\+=/gm, `s[${shared.size}]+=`);
    return `const p${i}=(${given})=>{\n${body}\n};`;
  });
  const calls = parts.map((_, i) => `p${i}(${given});`).join("");
  const clear = sums ? `s[${shared.size}]=0;` : "";
  const result = sums ? `return s[${shared.size}];` : "";
  return `(()=>{const s=new Float64Array(${shared.size + 1});\n${texts.join("\n")}\nreturn (${list})=>{${clear}${inLoop(calls)}${result}};})()`;
}
