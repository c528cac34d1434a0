// The template form: compiled.js`(t, y, dy) => { dy[0] = -${mu} * y[0]; }`. Its text is what was written, whatever a build
// does to the program around it, and takes values from outside by ${…}.

/** The text of a field and the values that it takes from outside. */
export class Equation {
  readonly text: string;
  /** By the names that stand for them in the text. */
  readonly given: ReadonlyMap<string, unknown>;

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
