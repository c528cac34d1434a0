// Random equations whose loops can stay loops, mostly: stencils in one and two dimensions, periodic and with edges, sums over
// all cells, tables, arrays between two loops, and conditions on counters and on the state.
import { uniform } from "../../ts/base/random.ts";
import type { RandomEquation } from "./equations.ts";

class Writer {
  private readonly random: () => number;
  /** Cells, numbers in each, and whether those lie side by side. */
  private readonly cells: number;
  private readonly species: number;
  private readonly interleaved: boolean;
  private readonly params: number;
  private names = 0;
  private arrays: string[] = [];

  constructor(random: () => number, params: number) {
    this.random = random;
    this.cells = 16 + this.int(9);
    this.species = 1 + this.int(2);
    this.interleaved = this.chance(0.5);
    this.params = params;
  }

  get dim(): number {
    return this.cells * this.species;
  }

  private int(n: number): number {
    return Math.floor(this.random() * n);
  }

  private chance(p: number): boolean {
    return this.random() < p;
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }

  private name(): string {
    return `${this.pick(["a", "flux", "v", "q", "_w"])}${this.names++}`;
  }

  /** Species s of a cell, as an element of y or dy. */
  private place(index: string, s = this.int(this.species)): string {
    if (this.species === 1) return index;
    return this.interleaved
      ? `2 * (${index}) + ${s}`
      : s === 0
        ? index
        : this.pick([`n + (${index})`, `(${index}) + n`]);
  }

  /** A number of a cell at or near `i`. */
  private cell(i: string): string {
    const k = 1 + this.int(2);
    const read = (index: string): string => {
      if (this.arrays.length > 0 && this.chance(0.4)) return `${this.pick(this.arrays)}[${index}]`;
      return `y[${this.place(index)}]`;
    };
    switch (this.int(12)) {
      case 0:
        return read(`(${i} + ${k}) % n`);
      case 1:
        return read(`(${i} + n - ${k}) % n`);
      case 2:
        return read(`Math.min(${i} + ${k}, n - 1)`);
      case 3:
        return read(`Math.max(${i} - ${k}, 0)`);
      case 4:
        return `(${i} >= ${k} ? ${read(`${i} - ${k}`)} : ${this.pick(["0.5", "t", read("0")])})`;
      case 5:
        return `(${i} + ${k} < n ? ${read(`${i} + ${k}`)} : ${this.pick(["1", read("n - 1")])})`;
      case 6:
        return `(${i} === ${this.pick(["0", "n - 1", "3"])} ? 0.25 : ${read(i)})`;
      case 7:
        return read(this.pick([`n - 1 - ${i}`, String(this.int(this.cells)), "n - 1"]));
      default:
        return read(i);
    }
  }

  private atom(i: string, numbers: readonly string[]): string {
    switch (this.int(8)) {
      case 0:
        return this.pick(["0.5", "1.5", "2", ".75"]);
      case 1:
        return this.params > 0 ? `p[${this.int(this.params)}]` : "t";
      case 2:
        return this.pick([`${i} * 0.125`, `(${i} / n)`, `m[${i}]`, "t", `m[n - 1 - ${i}]`]);
      case 3:
        return numbers.length > 0 ? this.pick(numbers) : this.cell(i);
      default:
        return this.cell(i);
    }
  }

  private number(i: string, numbers: readonly string[], depth = 2): string {
    if (depth <= 0 || this.chance(0.15)) return this.atom(i, numbers);
    const a = (): string => this.number(i, numbers, depth - 1);
    switch (this.int(11)) {
      case 0:
      case 1:
        return `(${a()} + ${a()})`;
      case 2:
      case 3:
        return `(${a()} - ${a()})`;
      case 4:
      case 5:
        return `${this.atom(i, numbers)} * ${this.pick(["Math.sin", "Math.tanh", ""])}(${a()})`;
      case 6:
        return `(${a()} / (1.5 + Math.cos(${a()})))`;
      case 7:
        return `(${a()} > ${a()} ? ${a()} : ${a()})`;
      case 8:
        return `Math.${this.pick(["max", "min", "hypot"])}(${a()}, ${a()})`;
      case 9:
        return `Math.sqrt(1 + (${a()}) ** 2)`;
      default:
        return `-${this.atom(i, numbers)}`;
    }
  }

  /** A sum over all cells, in a loop of its own. */
  private sum(i: string | undefined, numbers: readonly string[], list: string[]): string {
    const [s, j] = [this.name(), this.name()];
    const own = [...numbers];
    if (i) own.push(this.cell(i));
    const skip = i && this.chance(0.4) ? `if (${j} === ${i}) continue; ` : "";
    const guard = this.chance(0.2) ? `if (${this.number(j, own, 1)} > 0.3) ` : "";
    const step = this.pick(["+=", "-="]);
    const term = `0.1 * ${this.number(j, own)}`;
    const text = this.chance(0.25)
      ? `const ${s} = y.reduce((${s}s, ${s}v, ${j}) => ${s}s + ${s}v * 0.1, ${this.chance(0.5) ? "0" : "t"});`
      : `let ${s} = ${this.pick(["0", "0.5", "t"])}; for (let ${j} = 0; ${j} < n; ${j}++) { ${skip}${guard}${s} ${step} ${term}; }`;
    list.push(text);
    return s;
  }

  private body(i: string, outer: readonly string[], target: (s: number) => string): string {
    const lines: string[] = [];
    const numbers = [...outer];
    for (let k = this.int(3); k > 0; k--) {
      if (this.chance(0.3)) numbers.push(this.sum(i, numbers, lines));
      else {
        const name = this.name();
        lines.push(`${this.pick(["const", "let", "var"])} ${name} = ${this.number(i, numbers)};`);
        numbers.push(name);
      }
    }
    if (this.chance(0.15)) lines.push(`if (${this.number(i, numbers, 1)} > 0.9) continue;`);
    for (let s = 0; s < this.species; s++) {
      const value = this.number(i, numbers, 3);
      lines.push(
        this.chance(0.25)
          ? `if (${this.number(i, numbers, 1)} > ${this.number(i, numbers, 1)}) ${target(s)} += ${value}; else ${target(s)} -= ${this.number(i, numbers)};`
          : `${target(s)} ${this.pick(["+=", "-=", "+="])} ${value};`,
      );
    }
    return lines.join(" ");
  }

  private loop(outer: readonly string[], target: (i: string, s: number) => string): string {
    const i = this.name();
    const body = this.body(i, outer, (s) => target(i, s));
    return this.pick([
      `for (let ${i} = 0; ${i} < n; ${i}++) { ${body} }`,
      `for (var ${i} = 0; ${i} < n; ${i} += 1) { ${body} }`,
      `for (let ${i} = n - 1; ${i} >= 0; ${i}--) { ${body} }`,
      `for (let ${i} = 2; ${i} < n - 1; ++${i}) { ${body} }`,
      `y.slice(0, n).forEach((_, ${i}) => { ${body.replace(/continue;(?=[^}]*$)/, "return;").replaceAll("continue; for", "return; for")} });`,
    ]);
  }

  equation(): string {
    const lines = [`const n = ${this.cells};`, "dy.fill(0);"];
    const table = Array.from({ length: this.cells }, () => (this.int(40) - 20) / 8);
    lines.push(`const m = [${table.join(", ")}];`);
    const numbers: string[] = [];
    if (this.chance(0.3)) numbers.push(this.sum(undefined, [], lines));
    if (this.chance(0.4)) {
      const array = this.name();
      const i = this.name();
      lines.push(
        `const ${array} = new Float64Array(n); for (let ${i} = 0; ${i} < n; ${i}++) ${array}[${i}] = ${this.number(i, numbers)};`,
      );
      this.arrays.push(array);
    }
    for (let k = 1 + this.int(2); k > 0; k--) {
      const loop = this.loop(numbers, (i, s) => `dy[${this.place(i, s)}]`);
      lines.push(this.chance(0.1) ? `if (y[1] > 0.2) { ${loop} }` : loop);
    }
    if (this.chance(0.2)) lines.push(`dy[${this.int(this.dim)}] += dy[${this.int(this.dim)}];`);
    return `(t, y, dy, p) => {\n${lines.join("\n")}\n}`;
  }
}

/** A grid of random extents: neighbours in both directions. */
function grid(random: () => number): RandomEquation {
  const int = (n: number): number => Math.floor(random() * n);
  const [rows, columns] = [3 + int(14), 16 + int(2)];
  const at = (j: string, i: string): string => `y[(${j}) * ${columns} + ${i}]`;
  const edge = (condition: string, inside: string): string =>
    `(${condition} ? ${inside} : ${["0", "p[0]", "0.5", "y[3]"][int(4)]})`;
  const ways = [
    [edge("i > 0", at("j", "i - 1")), at("j", `(i + ${columns - 1}) % ${columns}`), at("j", "Math.max(i - 1, 0)")],
    [edge(`i < ${columns - 1}`, at("j", "i + 1")), at("j", `(i + 1) % ${columns}`)],
    [edge("j !== 0", at("j - 1", "i")), at(`(j + ${rows - 1}) % ${rows}`, "i"), at("Math.max(0, j - 1)", "i")],
    [edge(`j + 1 < ${rows}`, at("j + 1", "i")), at(`Math.min(j + 1, ${rows - 1})`, "i")],
  ].map((list) => list[int(list.length)]);
  const used = ways.filter(() => random() < 0.8);
  const k = `j * ${columns} + i`;
  const own = [`- 3 * y[k]`, `+ Math.sin(y[k]) * p[1]`, `- y[k] * y[k] * t`, `+ (y[k] > 0.3 ? y[k] * i : -j)`][int(4)];
  const sum = `dy[k] = p[0] * (${used.join(" + ") || "1"}) ${own};`;
  const loops = random() < 0.7 ? ["j", "i"] : ["i", "j"];
  const heads = loops.map((name) => `for (let ${name} = 0; ${name} < ${name === "j" ? rows : columns}; ${name}++)`);
  const again = random() < 0.3 ? `for (let k = 0; k < ${rows * columns}; k++) dy[k] -= 0.1 * y[k] * p[1];` : "";
  return {
    text: `(t, y, dy, p) => {\n${heads.join(" ")} { const k = ${k}; ${sum} }\n${again}\n}`,
    dim: rows * columns,
    params: 2,
  };
}

/** The equation of a seed; always the same. */
export function randomLoops(seed: number): RandomEquation {
  const random = uniform(seed);
  if (random() < 0.25) return grid(random);
  const params = Math.floor(random() * 3);
  const writer = new Writer(random, params);
  return { text: writer.equation(), dim: writer.dim, params };
}
