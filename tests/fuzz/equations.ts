// Random equations: fields f(t, y, dy, p) of the JavaScript that people write, with nested conditions on the state, loops,
// functions, patterns and early ends, and values that stay within a few orders of magnitude.
import { uniform } from "../../ts/base/random.ts";

export interface RandomEquation {
  /** An arrow function. */
  readonly text: string;
  readonly dim: number;
  readonly params: number;
}

interface Names {
  /** Variables that are numbers. */
  readonly numbers: string[];
  /** Those of them that may be assigned to. */
  readonly open: string[];
  /** Arrays of numbers that may be written to, with their lengths. */
  readonly arrays: [name: string, length: number][];
  /** Functions of numbers that answer a number, with their arities. */
  readonly functions: [name: string, arity: number][];
  /** Counters of loops, which are known. */
  readonly counters: string[];
}

/** How statements may be left early. */
interface Leave {
  readonly inLoop: boolean;
  /** Of the loops around. */
  readonly labels: readonly string[];
  /** Whether the function answers a number. */
  readonly answers: boolean;
}

const copyOf = (names: Names): Names => ({
  numbers: [...names.numbers],
  open: [...names.open],
  arrays: [...names.arrays],
  functions: [...names.functions],
  counters: [...names.counters],
});

class Writer {
  private readonly random: () => number;
  private readonly dim: number;
  private readonly params: number;
  private names = 0;
  /** Nested statements, and whether `return` would leave a value. */
  private depth = 0;

  constructor(random: () => number, dim: number, params: number) {
    this.random = random;
    this.dim = dim;
    this.params = params;
  }

  private int(n: number): number {
    return Math.floor(this.random() * n);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }

  private chance(p: number): boolean {
    return this.random() < p;
  }

  private name(): string {
    return `${this.pick(["a", "flux", "k", "rate", "v", "x", "tmp", "$u", "_w"])}${this.names++}`;
  }

  private constant(): string {
    return this.pick(["0.5", "1.5", ".25", "2", "3", "1e-1", "0.75", "1", "1_0", "0x2", "7e-1"]);
  }

  atom(names: Names): string {
    switch (this.int(7)) {
      case 0:
        return this.constant();
      case 1:
        return this.params > 0 ? `p[${this.int(this.params)}]` : "t";
      case 2:
        return names.arrays.length > 0 ? this.element(names) : `y[${this.int(this.dim)}]`;
      case 3:
        return names.counters.length > 0 ? `(${this.pick(names.counters)} + 1)` : "t";
      case 4:
        return `y[${this.int(this.dim)}]`;
      default:
        return names.numbers.length > 0 ? this.pick(names.numbers) : `y[${this.int(this.dim)}]`;
    }
  }

  private element(names: Names): string {
    const [name, length] = this.pick(names.arrays);
    const index =
      names.counters.length > 0 && this.chance(0.4) ? `${this.pick(names.counters)} % ${length}` : this.int(length);
    return `${name}[${index}]`;
  }

  /** A number, of moderate size if those that it is made of are. */
  number(names: Names, depth = 3): string {
    if (depth <= 0 || this.chance(0.2)) return this.atom(names);
    const a = (): string => this.number(names, depth - 1);
    switch (this.int(19)) {
      case 0:
      case 1:
        return `(${a()} + ${a()})`;
      case 2:
      case 3:
        return `(${a()} - ${a()})`;
      case 4:
        return `${a()} * Math.sin(${a()})`;
      case 5:
        return `(${a()} / (1.5 + Math.cos(${a()})))`;
      case 6:
        return `Math.${this.pick(["sin", "cos", "tanh", "atan", "abs", "cbrt", "asinh", "sign", "floor"])}(${a()})`;
      case 7:
        return `Math.exp(-Math.abs(${a()}))`;
      case 8:
        return `Math.sqrt(1 + ${this.chance(0.5) ? `(${a()}) ** 2` : `Math.abs(${a()})`})`;
      case 9:
        return `Math.${this.pick(["max", "min", "hypot", "atan2"])}(${a()}, ${a()})`;
      case 10:
      case 11:
        return `(${this.condition(names, depth - 1)} ? ${a()} : ${a()})`;
      case 12:
        return `-${this.atom(names)}`;
      case 13: {
        if (names.functions.length === 0) return a();
        const [name, arity] = this.pick(names.functions);
        return `${name}(${Array.from({ length: arity }, a).join(", ")})`;
      }
      case 14:
        return `Math.log(2 + Math.abs(${a()}))`;
      case 15:
        return names.open.length > 0 ? `(${this.pick(names.open)} = ${a()})` : a();
      case 16:
        return `[${a()}, ${a()}].reduce((s, v) => s + v * 0.5, 0)`;
      case 17:
        return names.open.length > 0
          ? `(${this.pick(names.open)} ${this.pick(["+=", "-=", "*="])} Math.sin(${a()}))`
          : a();
      default:
        return `(+(${this.condition(names, depth - 1)}) * ${a()})`;
    }
  }

  condition(names: Names, depth = 2): string {
    const a = (): string => this.number(names, depth - 1);
    if (depth > 0 && this.chance(0.3)) {
      const [b, c] = [this.condition(names, depth - 1), this.condition(names, depth - 1)];
      return this.chance(0.2) ? `!(${b})` : `(${b} ${this.pick(["&&", "||"])} ${c})`;
    }
    return `${a()} ${this.pick(["<", ">", "<=", ">="])} ${a()}`;
  }

  private simple(names: Names): string {
    switch (this.int(10)) {
      case 0:
      case 1: {
        const name = this.name();
        const word = this.pick(["let", "const", "var"]);
        const text = `${word} ${name} = ${this.number(names)};`;
        names.numbers.push(name);
        if (word !== "const") names.open.push(name);
        return text;
      }
      case 2: {
        const name = this.name();
        const length = 1 + this.int(3);
        const items = Array.from({ length }, () => this.number(names, 2));
        const text = `const ${name} = ${this.pick(["[", "Float64Array.of("])}${items.join(", ")}`;
        names.arrays.push([name, length]);
        return `${text}${text.includes("of(") ? ");" : "];"}`;
      }
      case 3: {
        const [a, b] = [this.name(), this.name()];
        // Terser drops a variable that only a default value changes, but not the change.
        const pure = { ...names, open: [], functions: [] };
        const text = this.chance(0.5)
          ? `let [${a}, ${b} = ${this.number(pure, 1)}] = [${this.number(names, 2)}${this.chance(0.5) ? `, ${this.number(names, 2)}` : ""}];`
          : `let { ${a}, own: ${b} = ${this.number(pure, 1)} } = { ${a}: ${this.number(names, 2)}${this.chance(0.5) ? `, own: ${this.number(names, 2)}` : ""} };`;
        names.numbers.push(a, b);
        names.open.push(a, b);
        return text;
      }
      case 4:
        if (names.open.length >= 2) {
          const [a, b] = [this.pick(names.open), this.pick(names.open)];
          if (a !== b) return `[${a}, ${b}] = [${b}, ${this.number(names, 2)}];`;
        }
        return `dy[${this.int(this.dim)}] = ${this.number(names)};`;
      case 5:
        if (names.arrays.length > 0)
          return `${this.element(names)} ${this.pick(["=", "+=", "-="])} ${this.number(names, 2)};`;
        return `dy[${this.int(this.dim)}] += ${this.number(names)};`;
      case 6:
        return `dy[${this.int(this.dim)}] ${this.pick(["=", "+=", "-="])} ${this.number(names)};`;
      case 7:
        return `${this.condition(names)} ${this.pick(["&&", "||"])} (${this.pick([...names.open, `dy[${this.int(this.dim)}]`])} = ${this.number(names)});`;
      case 8:
        return this.function(names);
      default:
        if (names.open.length === 0) return `dy[${this.int(this.dim)}] = ${this.number(names)};`;
        return this.chance(0.2)
          ? `${this.pick(names.open)}${this.pick(["++", "--"])};`
          : `${this.pick(names.open)} ${this.pick(["=", "=", "+=", "-="])} ${this.number(names)};`;
    }
  }

  private function(names: Names): string {
    const name = this.name();
    const arity = 1 + this.int(2);
    const parameters = Array.from({ length: arity }, () => this.name());
    const inside = copyOf(names);
    // Counters and variables that change later are left to the closures' own tests.
    inside.numbers.push(...parameters);
    inside.open.push(...parameters);
    const body =
      this.chance(0.4) || this.depth > 2
        ? undefined
        : this.nested(
            () =>
              `{ ${this.statements(inside, 1 + this.int(3), { inLoop: false, labels: [], answers: true })} return ${this.number(inside)}; }`,
          );
    const list = parameters.map((parameter, i) =>
      i > 0 && this.chance(0.3) ? `${parameter} = ${this.constant()}` : parameter,
    );
    const text =
      body && this.chance(0.4)
        ? `function ${name}(${list.join(", ")}) ${body}`
        : `const ${name} = (${list.join(", ")}) => ${body ?? this.number(inside, 2)};`;
    names.functions.push([name, arity]);
    return text;
  }

  private nested<T>(write: () => T): T {
    this.depth++;
    const written = write();
    this.depth--;
    return written;
  }

  /** Statements in a block of their own; `leave` is how it may be left early. */
  private block(names: Names, leave: Leave): string {
    return this.nested(() => this.statements(copyOf(names), 1 + this.int(2), leave));
  }

  statements(names: Names, count: number, leave: Leave): string {
    return Array.from({ length: count }, () => this.statement(names, leave)).join("\n");
  }

  private statement(names: Names, leave: Leave): string {
    if (leave.inLoop && this.chance(0.15)) return `if (${this.condition(names)}) ${this.leaving(names, leave)}`;
    if (this.depth > 3 || this.chance(0.5)) return this.simple(names);
    const label = this.chance(0.3) ? this.name() : undefined;
    const looped = { ...leave, inLoop: true, labels: label ? [...leave.labels, label] : leave.labels };
    const head = label ? `${label}: ` : "";
    switch (this.int(8)) {
      case 0:
      case 1:
      case 2: {
        const other = this.chance(0.5) ? ` else { ${this.block(names, leave)} }` : "";
        return `if (${this.condition(names)}) { ${this.block(names, leave)} }${other}`;
      }
      case 3:
        return `if (${this.condition(names)}) ${this.leaving(names, leave)}`;
      case 4: {
        const i = this.name();
        const inside = copyOf(names);
        inside.counters.push(i);
        const body = this.nested(() => this.statements(inside, 1 + this.int(4), looped));
        const rounds = 1 + this.int(4);
        return this.pick([
          `${head}for (let ${i} = 0; ${i} < ${rounds}; ${i}++) { ${body} }`,
          `${head}for (const ${i} of [0, ${Array.from({ length: rounds }, (_, k) => k).join(", ")}]) { ${body} }`,
          `${head}for (let ${i} = ${rounds}; ${i}--; ) { ${body} }`,
        ]);
      }
      case 5: {
        const i = this.name();
        const inside = copyOf(names);
        const body = this.nested(() => this.statements(inside, 1 + this.int(4), looped));
        const rounds = 1 + this.int(3);
        return this.chance(0.5)
          ? `let ${i} = 0; ${head}while (${i}++ < ${rounds}) { ${body} }`
          : `let ${i} = 0; ${head}do { ${body} } while (++${i} < ${rounds} && ${this.condition(names, 1)});`;
      }
      case 6: {
        const inside = copyOf(names);
        const [a, b] = [this.name(), this.name()];
        inside.numbers.push(a, b);
        const rows = Array.from({ length: 1 + this.int(2) }, () => `[${this.constant()}, ${this.number(names, 1)}]`);
        const body = this.nested(() => this.statements(inside, 1 + this.int(4), looped));
        return `${head}for (const [${a}, ${b}] of [${rows.join(", ")}]) { ${body} }`;
      }
      default:
        return `[${this.number(names, 1)}, ${this.number(names, 1)}].forEach((v, i) => { ${this.inCallback(names)} });`;
    }
  }

  private inCallback(names: Names): string {
    const inside = copyOf(names);
    inside.numbers.push("v");
    inside.counters.push("i");
    return this.nested(() => this.statements(inside, 1 + this.int(2), { inLoop: false, labels: [], answers: false }));
  }

  /** A statement that leaves a loop or the function early. */
  private leaving(names: Names, leave: Leave): string {
    const ways = leave.labels.flatMap((label) => [`break ${label};`, `continue ${label};`]);
    if (leave.inLoop) ways.push("break;", "continue;", "break;", "continue;");
    ways.push(leave.answers ? `return ${this.number(names, 2)};` : "return;");
    return this.pick(ways);
  }

  equation(): string {
    const names: Names = { numbers: [], open: [], arrays: [], functions: [], counters: [] };
    const start = this.chance(0.7)
      ? "dy.fill(0);"
      : Array.from({ length: this.dim }, (_, i) => `dy[${i}] = ${this.number(names, 2)};`).join("\n");
    const body = this.statements(names, 3 + this.int(6), { inLoop: false, labels: [], answers: false });
    const last = Array.from({ length: this.dim }, (_, i) => `dy[${i}] += ${this.number(names)};`).join("\n");
    return `(t, y, dy, p) => {\n${start}\n${body}\n${last}\n}`;
  }
}

/** The equation of a seed; always the same. */
export function randomEquation(seed: number): RandomEquation {
  const random = uniform(seed);
  const dim = 1 + Math.floor(random() * 3);
  const params = Math.floor(random() * 3);
  return { text: new Writer(random, dim, params).equation(), dim, params };
}
