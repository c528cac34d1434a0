// Reads expressions, the loosest-binding operators first. What no equation needs is refused where it stands.
import { Lexer } from "./lexer.ts";
import type { Expression, FunctionText, List, Property, Statement } from "./syntax.ts";

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
const ASSIGNMENT = /^([-+*/%&|^]|\*\*|<<|>>>?|\?\?|\|\||&&)?=$/;
const PREFIX = /^([-+!~]|typeof|void|delete)$/;
const UNREADABLE = /^(this|super|class|await|yield|import|async|arguments|try|with|debugger)$/;

/** Reads the expressions of one function; its statements are read by the class that extends this. */
export abstract class ExpressionReader extends Lexer {
  /** The `var`s of the function being read. */
  protected variables: string[] = [];

  /** `{ … }`, after a function's parameters. */
  protected abstract block(): Statement[];

  /** An expression with commas. */
  protected expression(): Expression {
    const { at } = this;
    const first = this.assignment();
    if (!this.is(",")) return first;
    const list = [first];
    while (this.take(",")) list.push(this.assignment());
    return { kind: "sequence", list, at };
  }

  protected assignment(): Expression {
    const { at } = this;
    const left = this.binary(0);
    if (this.take("?")) {
      const whenTrue = this.assignment();
      this.expect(":");
      return { kind: "conditional", test: left, whenTrue, whenFalse: this.assignment(), at };
    }
    const { text } = this;
    return this.kind === "mark" && ASSIGNMENT.test(text) ? this.assigned(text.slice(0, -1), left, at) : left;
  }

  /** An assignment, at its mark. */
  private assigned(operator: string, target: Expression, at: number): Expression {
    this.next();
    return { kind: "assign", operator, target, value: this.assignment(), step: undefined, at };
  }

  private binary(level: number): Expression {
    const { at } = this;
    let left = this.unary();
    for (;;) {
      const operator = this.text;
      const own = this.kind === "string" ? undefined : PRECEDENCE.get(operator);
      if (own === undefined || own < level) return left;
      this.next();
      left = { kind: "binary", operator, left, right: this.binary(own + 1), at };
    }
  }

  private unary(): Expression {
    const { at, text: operator } = this;
    if (this.kind !== "string" && PREFIX.test(operator)) {
      this.next();
      return { kind: "unary", operator, of: this.unary(), at };
    }
    const one: Expression = { kind: "value", value: 1, at };
    const step = (mark: string, target: Expression, when: "before" | "after"): Expression => ({
      kind: "assign",
      operator: mark[0]!,
      target,
      value: one,
      step: when,
      at,
    });
    const isBefore = this.take("++") || this.take("--");
    const base = this.primary();
    if (base.kind === "function" && base.isBare) return base;
    let whole = this.postfix(base, at, true);
    const { text: mark } = this;
    if (isBefore) whole = step(operator, whole, "before");
    else if (!this.newLine && (this.take("++") || this.take("--"))) whole = step(mark, whole, "after");
    return this.take("**") ? { kind: "binary", operator: "**", left: whole, right: this.unary(), at } : whole;
  }

  /** Members of `base`, and, with `calls`, calls. */
  private postfix(base: Expression, at: number, calls: boolean): Expression {
    let of = base;
    for (;;) {
      const optional = this.take("?.");
      if (this.take("[")) {
        of = { kind: "member", of, key: this.expression(), optional, at };
        this.expect("]");
      } else if (calls && this.take("(")) {
        of = { kind: "call", of, list: this.items(")"), optional, at };
      } else if (optional || this.take(".")) {
        of = { kind: "member", of, key: { kind: "value", value: this.name(), at }, optional, at };
      } else if (this.is("`")) {
        this.fail();
      } else return of;
    }
  }

  /** Items between commas up to the closing mark. */
  private items(end: string): (Expression | undefined)[] {
    const items: (Expression | undefined)[] = [];
    while (!this.take(end)) {
      const { at } = this;
      if (this.is(",")) items.push(undefined);
      else items.push(this.take("...") ? { kind: "spread", of: this.assignment(), at } : this.assignment());
      if (!this.is(end)) this.expect(",");
    }
    return items;
  }

  protected primary(): Expression {
    const { kind, text, at } = this;
    if (kind === "mark" && text === "`") return this.template(at);
    this.next();
    if (kind === "string") return { kind: "value", value: text, at };
    if (kind === "number") {
      if (text.endsWith("n")) this.fail("this is a BigInt", at);
      return { kind: "value", value: Number(text.replaceAll("_", "")), at };
    }
    if (kind === "name") return this.word(text, at);
    if (text === "[") return { kind: "array", list: this.items("]"), at };
    if (text === "{") return this.object(at);
    if (text !== "(") this.fail(undefined, at);
    const list = this.items(")");
    if (this.is("=>")) return this.arrow(list, at);
    const [first] = list;
    if (list.length !== 1 || !first) return { kind: "sequence", list, at };
    // In brackets it can be called.
    return first.kind === "function" ? { ...first, isBare: false } : first;
  }

  private word(text: string, at: number): Expression {
    const name: Expression = { kind: "name", name: text, at };
    if (this.is("=>")) return this.arrow([name], at);
    if (text === "true" || text === "false") return { kind: "value", value: text === "true", at };
    if (text === "null") return { kind: "value", value: null, at };
    if (text === "function") return this.function(this.is("(") ? undefined : this.name(), at);
    if (text === "new") {
      const of = this.postfix(this.primary(), at, false);
      return { kind: "call", of, list: this.take("(") ? this.items(")") : [], optional: false, at };
    }
    if (UNREADABLE.test(text)) this.fail(`"${text}" cannot be compiled`, at);
    return name;
  }

  private template(at: number): Expression {
    const list: Expression[] = [];
    for (;;) {
      const [value, goesOn] = this.stretch();
      list.push({ kind: "value", value, at });
      this.next();
      if (!goesOn) return { kind: "template", list, at };
      list.push(this.expression());
      if (!this.is("}")) this.fail();
    }
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
    const { at, kind, text } = this;
    if (this.take("...")) return { key: undefined, value: this.assignment() };
    const key = this.key();
    if (this.take(":")) return { key, value: this.assignment() };
    if (this.is("(")) return { key, value: this.function(undefined, at) };
    // Also `get name() {}` ends here.
    if (kind !== "name" || this.kind === "name") this.fail();
    const name: Expression = { kind: "name", name: text, at };
    // `{ a = 1 }` is a pattern.
    return { key, value: this.is("=") ? this.assigned("", name, at) : name };
  }

  /** A property's key; a computed one is an expression. */
  private key(): Expression {
    const { at, kind, text } = this;
    this.next();
    if (kind === "name" || kind === "string") return { kind: "value", value: text, at };
    if (kind === "number") return { kind: "value", value: String(Number(text)), at };
    if (text !== "[") this.fail(undefined, at);
    const key = this.assignment();
    this.expect("]");
    return key;
  }

  /** A function, at its parameters. */
  protected function(name: string | undefined, at: number): FunctionText {
    this.expect("(");
    return this.functionOf(name, this.items(")"), false, at);
  }

  private arrow(parameters: List, at: number): FunctionText {
    this.next();
    return this.functionOf(undefined, parameters, true, at);
  }

  /** A function whose parameters have been read. */
  protected functionOf(name: string | undefined, parameters: List, isArrow: boolean, at: number): FunctionText {
    const outside = this.variables;
    const variables: string[] = [];
    this.variables = variables;
    const isExpression = isArrow && !this.is("{");
    const body: Statement[] = isExpression ? [{ kind: "return", of: this.assignment(), at: this.at }] : this.block();
    this.variables = outside;
    return { kind: "function", name, parameters, body, variables, isBare: isArrow, at };
  }
}
