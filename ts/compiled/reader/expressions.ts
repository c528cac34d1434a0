// Reads expressions, the loosest-binding operators first. What no equation needs is refused where it stands.
import { refusal, type Source } from "../refusal.ts";
import type { Expression, FunctionText, Property, Statement } from "./syntax.ts";
import { type Token, tokensOf } from "./tokens.ts";

const LEVELS = [
  "??",
  "||",
  "&&",
  "|",
  "^",
  "&",
  "== != === !==",
  "< > <= >= in instanceof",
  "<< >> >>>",
  "+ -",
  "* / %",
];
const PRECEDENCE = new Map(LEVELS.flatMap((marks, level) => marks.split(" ").map((mark) => [mark, level] as const)));
const LOGICAL = /^(\?\?|\|\||&&)/;
const ASSIGNMENT = /^(=|[-+*/%&|^]=|\*\*=|<<=|>>>?=|\?\?=|\|\|=|&&=)$/;
const PREFIX = /^([-+!~]|typeof|void|delete)$/;

const UNREADABLE: Record<string, string> = {
  this: "Equations take what they need from their arguments, or from the option uses.",
  super: "Write the equations as a plain function.",
  class: "Write the equations as a plain function.",
  await: "Equations answer at once: hand in what you wait for by the option uses.",
  yield: "Write the equations as a plain function.",
  import: "Hand in what you import by the option uses.",
  async: "Equations answer at once: leave async away.",
  arguments: "Name the arguments.",
};

/** Reads the expressions of one function; its statements are read by the class that extends this. */
export abstract class ExpressionReader {
  protected readonly source: Source;
  protected tokens: readonly Token[];
  protected place = 0;
  /** The `var`s of the function being read. */
  protected variables: string[] = [];
  /** Inside the head of a for, where `in` begins its second part. */
  protected noIn = false;

  constructor(source: Source) {
    this.source = source;
    this.tokens = tokensOf(source);
  }

  /** `{ … }`, after a function's parameters. */
  protected abstract block(): Statement[];

  protected get token(): Token {
    return this.tokens[this.place]!;
  }

  protected fail(problem: string, remedy: string, at: number = this.token.at): never {
    throw refusal(this.source, at, problem, remedy);
  }

  /** Whether the token is this mark or keyword; a string of the same text is not. */
  protected is(text: string, token: Token = this.token): boolean {
    return token.text === text && (token.kind === "mark" || token.kind === "name");
  }

  protected take(text: string): boolean {
    const taken = this.is(text);
    if (taken) this.place++;
    return taken;
  }

  protected expect(text: string): void {
    if (!this.take(text)) this.fail(`"${text}" is missing`, "Write it in ordinary JavaScript.");
  }

  protected name(): string {
    const { kind, text } = this.token;
    if (kind !== "name") this.fail("a name is missing", "Write it in ordinary JavaScript.");
    this.place++;
    return text;
  }

  /** An expression with commas. */
  protected expression(): Expression {
    const { at } = this.token;
    const first = this.assignment();
    if (!this.is(",")) return first;
    const items = [first];
    while (this.take(",")) items.push(this.assignment());
    return { kind: "sequence", items, at };
  }

  protected assignment(): Expression {
    const { at } = this.token;
    const arrow = this.arrow();
    if (arrow) return arrow;
    const test = this.binary(0);
    if (this.take("?")) {
      const { noIn } = this;
      this.noIn = false;
      const whenTrue = this.assignment();
      this.noIn = noIn;
      this.expect(":");
      return { kind: "conditional", test, whenTrue, whenFalse: this.assignment(), at };
    }
    const { kind, text } = this.token;
    if (kind !== "mark" || !ASSIGNMENT.test(text)) return test;
    this.place++;
    return { kind: "assign", operator: text.slice(0, -1), target: test, value: this.assignment(), at };
  }

  private binary(level: number): Expression {
    const { at } = this.token;
    let left = this.unary();
    for (;;) {
      const { text: operator, kind } = this.token;
      const own = kind === "mark" || kind === "name" ? (PRECEDENCE.get(operator) ?? -1) : -1;
      if (own < level || (operator === "in" && this.noIn)) return left;
      this.place++;
      const right = this.binary(own + 1);
      left = { kind: LOGICAL.test(operator) ? "logical" : "binary", operator, left, right, at };
    }
  }

  private unary(): Expression {
    const { at, text: operator, kind } = this.token;
    if (kind !== "string" && PREFIX.test(operator)) {
      this.place++;
      return { kind: "unary", operator, of: this.unary(), at };
    }
    if (this.is("++") || this.is("--")) {
      this.place++;
      return { kind: "update", operator: operator[0]!, prefix: true, of: this.unary(), at };
    }
    const base = this.postfix(this.primary(), at);
    if (!this.token.newLine && (this.is("++") || this.is("--"))) {
      return { kind: "update", operator: this.tokens[this.place++]!.text[0]!, prefix: false, of: base, at };
    }
    return this.take("**") ? { kind: "binary", operator: "**", left: base, right: this.unary(), at } : base;
  }

  /** Members and calls of `base`. */
  private postfix(base: Expression, at: number, isNew = false): Expression {
    let whole = base;
    let chained = false;
    for (;;) {
      const optional = !isNew && this.take("?.");
      chained ||= optional;
      if (this.take("[")) {
        whole = { kind: "member", object: whole, key: this.expression(), optional, at };
        this.expect("]");
      } else if (!isNew && this.is("(")) {
        whole = { kind: "call", callee: whole, list: this.list(), optional, at };
      } else if (optional || this.take(".")) {
        const key: Expression = { kind: "value", value: this.name(), at: this.token.at };
        whole = { kind: "member", object: whole, key, optional, at };
      } else if (this.token.kind === "template") {
        this.fail("tagged templates cannot be compiled", "Write it in ordinary JavaScript.");
      } else return chained ? { kind: "chain", of: whole, at } : whole;
    }
  }

  /** `( … )`, arguments or parameters. */
  private list(): Expression[] {
    this.expect("(");
    return this.items(")") as Expression[];
  }

  /** Items between commas up to the closing mark; holes are undefined. */
  private items(end: string): (Expression | undefined)[] {
    const items: (Expression | undefined)[] = [];
    const { noIn } = this;
    this.noIn = false;
    while (!this.take(end)) {
      const { at } = this.token;
      if (this.is(",")) items.push(undefined);
      else if (this.take("...")) items.push({ kind: "spread", of: this.assignment(), at });
      else items.push(this.assignment());
      if (!this.is(end)) this.expect(",");
    }
    this.noIn = noIn;
    return items;
  }

  protected primary(): Expression {
    const { kind, text, at, strings, parts } = this.token;
    this.place++;
    if (kind === "string") return { kind: "value", value: text, at };
    if (kind === "number") {
      if (text.endsWith("n")) this.fail("a BigInt is no number of an equation", "Leave the n away.", at);
      return { kind: "value", value: Number(text.replaceAll("_", "")), at };
    }
    if (kind === "template") {
      return { kind: "template", strings: strings!, parts: parts!.map((part) => this.within(part)), at };
    }
    if (kind === "name") return this.word(text, at);
    if (text === "(") {
      const { noIn } = this;
      this.noIn = false;
      const inside = this.expression();
      this.noIn = noIn;
      this.expect(")");
      return inside;
    }
    if (text === "[") return { kind: "array", items: this.items("]"), at };
    if (text === "{") return this.object(at);
    this.place--;
    return this.fail("an expression is missing", "Write it in ordinary JavaScript.", at);
  }

  private word(text: string, at: number): Expression {
    if (text === "true" || text === "false") return { kind: "value", value: text === "true", at };
    if (text === "null") return { kind: "value", value: null, at };
    if (text === "function") {
      const name = this.is("(") ? undefined : this.name();
      return this.functionAfterName(name, at);
    }
    if (text === "new") {
      const callee = this.postfix(this.primary(), at, true);
      return { kind: "new", callee, list: this.is("(") ? this.list() : [], at };
    }
    if (Object.hasOwn(UNREADABLE, text)) this.fail(`"${text}" cannot be compiled`, UNREADABLE[text]!, at);
    return { kind: "name", name: text, at };
  }

  /** The tokens of a template's part, read in their own order. */
  private within(part: readonly Token[]): Expression {
    const { tokens, place } = this;
    this.tokens = part;
    this.place = 0;
    const expression = this.expression();
    this.tokens = tokens;
    this.place = place;
    return expression;
  }

  private object(at: number): Expression {
    const properties: Property[] = [];
    while (!this.take("}")) {
      properties.push(this.property());
      if (!this.is("}")) this.expect(",");
    }
    return { kind: "object", properties, at };
  }

  private property(): Property {
    const { at, kind, text } = this.token;
    if (this.take("...")) return { key: undefined, value: this.assignment() };
    const key = this.key();
    if (this.take(":")) return { key, value: this.assignment() };
    if (this.is("(")) return { key, value: this.functionAfterName(undefined, at) };
    if (kind !== "name" || (!this.is(",") && !this.is("}") && !this.is("=")))
      this.fail("getters, setters and generators cannot be compiled", "Write plain properties.", at);
    const target: Expression = { kind: "name", name: text, at };
    // `{ a = 1 }` is a pattern.
    if (!this.take("=")) return { key, value: target };
    return { key, value: { kind: "assign", operator: "", target, value: this.assignment(), at } };
  }

  /** A property's key; a computed one is an expression. */
  protected key(): Expression {
    const { at, kind, text } = this.token;
    this.place++;
    if (kind === "name" || kind === "string") return { kind: "value", value: text, at };
    if (kind === "number") return { kind: "value", value: String(Number(text)), at };
    if (text !== "[") this.fail("this is no name of a property", "Write plain properties.", at);
    const key = this.assignment();
    this.expect("]");
    return key;
  }

  /** A function whose parameters begin here. */
  protected functionAfterName(name: string | undefined, at: number): FunctionText {
    if (this.is("*")) this.fail("generators cannot be compiled", "Write a plain function.");
    return this.inFunction(name, at, this.list(), () => this.block());
  }

  private inFunction(
    name: string | undefined,
    at: number,
    parameters: Expression[],
    read: () => Statement[],
  ): FunctionText {
    const { variables, noIn } = this;
    const own: string[] = [];
    this.variables = own;
    this.noIn = false;
    const body = read();
    this.variables = variables;
    this.noIn = noIn;
    return { kind: "function", name, parameters, body, variables: own, at };
  }

  /** An arrow function, if one begins here. */
  private arrow(): FunctionText | undefined {
    const { kind, at, text } = this.token;
    const bare = kind === "name" && this.is("=>", this.tokens[this.place + 1]);
    if (!bare && !(this.is("(") && this.is("=>", this.tokens[this.closing() + 1]))) return undefined;
    if (bare) this.place++;
    const parameters: Expression[] = bare ? [{ kind: "name", name: text, at }] : this.list();
    this.expect("=>");
    return this.inFunction(undefined, at, parameters, () => {
      if (this.is("{")) return this.block();
      const begin = this.token.at;
      return [{ kind: "return", of: this.assignment(), at: begin }];
    });
  }

  /** Where the bracket that opens here is closed. */
  private closing(): number {
    let depth = 0;
    for (let i = this.place; ; i++) {
      const { kind, text } = this.tokens[i]!;
      if (kind === "end") return i - 1;
      if (kind !== "mark") continue;
      if ("([{".includes(text)) depth++;
      if (")]}".includes(text) && --depth === 0) return i;
    }
  }
}
