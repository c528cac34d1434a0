// Reads statements, and functions as `Function.prototype.toString` gives them.
import type { Source } from "../refusal.ts";
import { ExpressionReader } from "./expressions.ts";
import type { Case, Declaration, Expression, FunctionText, Statement } from "./syntax.ts";

/** The names that a pattern binds. */
function namesOf(pattern: Expression | undefined): string[] {
  switch (pattern?.kind) {
    case "name":
      return [pattern.name];
    case "array":
      return pattern.items.flatMap(namesOf);
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
  function(): FunctionText {
    const { at } = this.token;
    if (this.source.text.includes("[native code]"))
      this.fail("it has no text: it is native or bound", "Pass an arrow function that calls it.");
    if (this.is("async") && !this.is("(", this.tokens[this.place + 1])) this.assignment();
    const [, next] = this.tokens;
    const isMethod = next && this.is("(", next) && !this.is("function") && !this.is("(") && !this.is("async");
    if (isMethod || this.is("[") || this.token.kind === "string") {
      this.key();
      return this.functionAfterName(undefined, at);
    }
    const read = this.assignment();
    if (read.kind === "function" && this.token.kind === "end") return read;
    return this.fail("this is no plain function", "Pass an arrow function (t, y, dy, params) => { … }.", at);
  }

  protected override block(): Statement[] {
    this.expect("{");
    const body: Statement[] = [];
    while (!this.take("}")) {
      const statement = this.statement();
      if (statement) body.push(statement);
    }
    return body;
  }

  /** Nothing for a semicolon alone. */
  private statement(): Statement | undefined {
    const { at, text, kind } = this.token;
    if (this.take(";")) return undefined;
    if (this.is("{")) return { kind: "block", body: this.block(), at };
    if (kind === "name") {
      if (this.is(":", this.tokens[this.place + 1])) {
        this.place += 2;
        return { kind: "label", name: text, body: this.body(), at };
      }
      const special = this.special(text, at);
      if (special) return special;
    }
    const of = this.expression();
    this.end();
    return { kind: "evaluate", of, at };
  }

  /** The statement that begins with a keyword, if this is one. */
  private special(word: string, at: number): Statement | undefined {
    const declares = word === "var" || word === "const" || (word === "let" && this.isDeclared());
    if (declares) {
      const declaration = this.declaration(word as Declaration);
      this.end();
      return declaration;
    }
    switch (word) {
      case "function": {
        this.place++;
        const name = this.name();
        return { kind: "define", name, value: this.functionAfterName(name, at), at };
      }
      case "if": {
        this.place++;
        const test = this.inBrackets();
        const whenTrue = this.body();
        return { kind: "if", test, whenTrue, whenFalse: this.take("else") ? this.body() : undefined, at };
      }
      case "for":
        this.place++;
        return this.for(at);
      case "while": {
        this.place++;
        const test = this.inBrackets();
        return { kind: "loop", start: undefined, test, update: undefined, body: this.body(), bodyFirst: false, at };
      }
      case "do": {
        this.place++;
        const body = this.body();
        this.expect("while");
        const test = this.inBrackets();
        this.take(";");
        return { kind: "loop", start: undefined, test, update: undefined, body, bodyFirst: true, at };
      }
      case "return": {
        this.place++;
        const of = this.ends() ? undefined : this.expression();
        this.end();
        return { kind: "return", of, at };
      }
      case "break":
      case "continue": {
        this.place++;
        const label = this.ends() ? undefined : this.name();
        this.end();
        return { kind: word, label, at };
      }
      case "switch":
        this.place++;
        return { kind: "switch", of: this.inBrackets(), cases: this.cases(), at };
      case "throw":
        this.place++;
        this.expression();
        this.end();
        return { kind: "throw", at };
      case "try":
      case "with":
      case "debugger":
        return this.fail(`"${word}" cannot be compiled`, "Leave it away.");
      default:
        return undefined;
    }
  }

  private isDeclared(): boolean {
    const next = this.tokens[this.place + 1]!;
    return next.kind === "name" || this.is("[", next) || this.is("{", next);
  }

  private declaration(as: Declaration): Statement {
    const { at } = this.token;
    const list: [Expression, Expression | undefined][] = [];
    do {
      this.place++;
      const target = this.primary();
      if (as === "var") this.variables.push(...namesOf(target));
      list.push([target, this.take("=") ? this.assignment() : undefined]);
    } while (this.is(","));
    return { kind: "declare", as, list, at };
  }

  private for(at: number): Statement {
    this.expect("(");
    this.noIn = true;
    const word = this.token.text;
    const as = word === "var" || word === "const" || (word === "let" && this.isDeclared()) ? word : undefined;
    const begin = this.token.at;
    let start: Statement | undefined;
    if (as) start = this.declaration(as as Declaration);
    else if (!this.is(";")) start = { kind: "evaluate", of: this.expression(), at: begin };
    this.noIn = false;
    const keys = this.is("in");
    if (keys || this.is("of")) {
      this.place++;
      const target = start!.kind === "declare" ? start!.list[0]![0] : (start as { of: Expression }).of;
      const of = this.expression();
      this.expect(")");
      return { kind: "each", as: as as Declaration | undefined, target, keys, of, body: this.body(), at };
    }
    this.expect(";");
    const test = this.is(";") ? undefined : this.expression();
    this.expect(";");
    const update = this.is(")") ? undefined : this.expression();
    this.expect(")");
    return { kind: "loop", start, test, update, body: this.body(), bodyFirst: false, at };
  }

  private cases(): Case[] {
    const cases: Case[] = [];
    this.expect("{");
    while (!this.take("}")) {
      const isDefault = this.take("default");
      if (!isDefault) this.expect("case");
      const test = isDefault ? undefined : this.expression();
      this.expect(":");
      const body: Statement[] = [];
      while (!this.is("case") && !this.is("default") && !this.is("}")) {
        const statement = this.statement();
        if (statement) body.push(statement);
      }
      cases.push({ test, body });
    }
    return cases;
  }

  /** The statement that a head governs. */
  private body(): Statement {
    const { at } = this.token;
    return this.statement() ?? { kind: "block", body: [], at };
  }

  private inBrackets(): Expression {
    this.expect("(");
    const inside = this.expression();
    this.expect(")");
    return inside;
  }

  /** Whether a statement may end here without a semicolon. */
  private ends(): boolean {
    const { newLine, kind } = this.token;
    return newLine || kind === "end" || this.is(";") || this.is("}");
  }

  private end(): void {
    if (!this.ends()) this.fail("this cannot be read", "Write it in ordinary JavaScript.");
    this.take(";");
  }
}

/** Reads the text of a function; throws `SolveError` "invalid" with line and remedy where it cannot. */
export const readFunction = (source: Source): FunctionText => new Reader(source).function();
