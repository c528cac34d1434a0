// Reads statements, and functions as `Function.prototype.toString` gives them.

import { ExpressionReader } from "./expressions.ts";
import type { Source } from "./refusal.ts";
import type { Case, Expression, FunctionText, Statement } from "./syntax.ts";

/** The names that a pattern binds. */
function namesOf(pattern: Expression | undefined): string[] {
  switch (pattern?.kind) {
    case "name":
      return [pattern.name];
    case "array":
      return pattern.list.flatMap(namesOf);
    case "object":
      return pattern.properties.flatMap(({ value }) => namesOf(value));
    case "assign":
      return namesOf(pattern.target);
    case "spread":
      return namesOf(pattern.of);
    default:
      return [];
  }
}

class Reader extends ExpressionReader {
  /** An arrow function, a function or a method. */
  whole(): FunctionText {
    if (this.source.text.includes("[native code]")) this.fail("it is native or bound, without a text");
    const { at } = this;
    const read = this.assignment();
    // A method, `f(t, y, dy) { … }`, begins like a call.
    if (read.kind === "call" && this.is("{")) return this.functionOf(undefined, read.list, false, at);
    return read.kind === "function" && this.isEnd ? read : this.fail("this is no plain function", at);
  }

  protected override block(): Statement[] {
    this.expect("{");
    return this.statements(() => this.take("}"));
  }

  private statements(end: () => boolean): Statement[] {
    const body: Statement[] = [];
    while (!end()) body.push(this.statement());
    return body;
  }

  private statement(): Statement {
    const { at } = this;
    if (this.take(";")) return { kind: "block", body: [], at };
    if (this.is("{")) return { kind: "block", body: this.block(), at };
    if (this.declares()) {
      const declaration = this.declaration();
      this.end();
      return declaration;
    }
    if (this.take("function")) {
      const name = this.name();
      return { kind: "define", name, value: this.function(name, at), at };
    }
    if (this.take("if")) {
      const [test, whenTrue] = [this.inBrackets(), this.statement()];
      return { kind: "if", test, whenTrue, whenFalse: this.take("else") ? this.statement() : undefined, at };
    }
    if (this.take("for")) return this.for(at);
    if (this.take("while")) return this.loop(undefined, this.inBrackets(), undefined, at);
    if (this.take("do")) {
      const body = this.statement();
      this.expect("while");
      const test = this.inBrackets();
      this.take(";");
      return { kind: "loop", start: undefined, test, update: undefined, body, bodyFirst: true, at };
    }
    if (this.take("switch")) return { kind: "switch", of: this.inBrackets(), cases: this.cases(), at };
    return this.leaving(at);
  }

  /** A statement that an expression ends. */
  private leaving(at: number): Statement {
    const kind = this.text as "break" | "continue";
    let statement: Statement;
    if (this.take("return")) statement = { kind: "return", of: this.ends() ? undefined : this.expression(), at };
    else if (this.take("break") || this.take("continue"))
      statement = { kind, label: this.ends() ? undefined : this.name(), at };
    else if (this.take("throw")) {
      this.expression();
      statement = { kind: "throw", at };
    } else {
      const of = this.expression();
      if (of.kind === "name" && this.take(":")) return { kind: "label", name: of.name, body: this.statement(), at };
      statement = { kind: "evaluate", of, at };
    }
    this.end();
    return statement;
  }

  private declares(): boolean {
    return this.is("var") || this.is("let") || this.is("const");
  }

  private declaration(): Statement {
    const { at, text: as } = this;
    const list: [Expression, Expression | undefined][] = [];
    do {
      this.next();
      const target = this.primary();
      if (as === "var") this.variables.push(...namesOf(target));
      list.push([target, this.take("=") ? this.assignment() : undefined]);
    } while (this.is(","));
    return { kind: "declare", as, list, at };
  }

  private for(at: number): Statement {
    this.expect("(");
    const begin = this.at;
    const as = this.declares() ? this.text : undefined;
    let start: Statement | undefined;
    if (as) start = this.declaration();
    else if (!this.is(";")) start = { kind: "evaluate", of: this.expression(), at: begin };
    // `name in object` by itself is an expression.
    const pair =
      start?.kind === "evaluate" && start.of.kind === "binary" && start.of.operator === "in" ? start.of : undefined;
    const keys = this.take("in") || (pair !== undefined && this.is(")"));
    if (keys || this.take("of")) {
      const target = start!.kind === "declare" ? start!.list[0]![0] : (start as { of: Expression }).of;
      const of = pair?.right ?? this.expression();
      this.expect(")");
      return { kind: "each", as, target: pair?.left ?? target, keys, of, body: this.statement(), at };
    }
    this.expect(";");
    const test = this.is(";") ? undefined : this.expression();
    this.expect(";");
    const update = this.is(")") ? undefined : this.expression();
    this.expect(")");
    return this.loop(start, test, update, at);
  }

  private loop(
    start: Statement | undefined,
    test: Expression | undefined,
    update: Expression | undefined,
    at: number,
  ): Statement {
    return { kind: "loop", start, test, update, body: this.statement(), bodyFirst: false, at };
  }

  private cases(): Case[] {
    const cases: Case[] = [];
    this.expect("{");
    while (!this.take("}")) {
      const isDefault = this.take("default");
      if (!isDefault) this.expect("case");
      const test = isDefault ? undefined : this.expression();
      this.expect(":");
      cases.push({ test, body: this.statements(() => this.is("case") || this.is("default") || this.is("}")) });
    }
    return cases;
  }

  private inBrackets(): Expression {
    this.expect("(");
    const inside = this.expression();
    this.expect(")");
    return inside;
  }

  /** Whether a statement may end here without a semicolon. */
  private ends(): boolean {
    return this.newLine || this.isEnd || this.is(";") || this.is("}");
  }

  private end(): void {
    if (!this.ends()) this.fail();
    this.take(";");
  }
}

/** Reads the text of a function; throws `SolveError` "invalid" with line and remedy where it cannot. */
export const readFunction = (source: Source): FunctionText => new Reader(source).whole();
