// The template form: compiled.js`(t, y, dy) => { dy[0] = -${mu} * y[0]; }`. Its text is what was written, whatever a build
// does to the program around it, and takes values from outside by ${…}.
import { invalid } from "../base/errors.ts";
import type { Source } from "./reader/refusal.ts";
import { type Networks, networksIn, readUses } from "./uses.ts";

/** The text of a field and the values that it takes from outside. */
export class Equation {
  /** The function's text, with a name in place of each value. */
  readonly text: string;
  /** By the names that stand for them in the text. */
  readonly given: ReadonlyMap<string, unknown>;

  /** `compiled.js` makes them. */
  constructor(strings: readonly string[], values: readonly unknown[]) {
    // A name that nobody has used yet.
    let prefix = "given";
    while (strings.some((string) => string.includes(prefix))) prefix += "_";
    this.given = new Map(values.map((value, i) => [`${prefix}${i}`, value]));
    this.text = strings.reduce((text, string, i) => `${text}${prefix}${i - 1} ${string}`);
  }

  /** The function itself; undefined where a page's policy forbids making it. */
  get function(): unknown {
    try {
      return new Function(...this.given.keys(), `return ${this.text}`)(...this.given.values());
    } catch {
      return undefined;
    }
  }
}

/** A user's function: its text, what it takes from outside, and itself, where it can be called. */
export interface Reading<F> {
  readonly source: Source;
  readonly given: ReadonlyMap<string, unknown>;
  readonly function: F | undefined;
  /** The networks that it may call, by name. */
  readonly networks: Networks;
}

/** Reads what was given to `option`, a function or its text; `name` stands for it in messages. */
export function readingOf<F>(option: string, f: unknown, allowed: string, name: string, uses: unknown): Reading<F> {
  if (typeof f !== "function" && !(f instanceof Equation)) throw invalid(option, f, `${allowed}, or compiled.js\`…\``);
  const { given, networks } = readUses(uses);
  if (!(f instanceof Equation)) return { source: { text: String(f), name }, given, networks, function: f as F };
  for (const [own, value] of f.given) given.set(own, value);
  const taken = [...f.given.values()].flatMap((value, i) => networksIn(`net${i}`, value));
  const all = [...networks, ...taken.filter(([, network]) => networks.every(([, known]) => known !== network))];
  return { source: { text: f.text, name }, given, networks: all, function: f.function as F | undefined };
}
