// A function's text, one token at a time. Regular expressions are no part of equations, so a slash always divides.
import { refusal, type Source } from "./refusal.ts";

const SPACE = /(?:\s+|\/\/[^\n]*|\/\*.*?\*\/)*/sy;
const TOKEN =
  /((?:0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?)n?)|((?:[\p{L}\p{N}$_]|\\u\w{4}|\\u\{\w+\})+)|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?:=>|\.{3}|(?:>>>|&&|\|\||\?\?|\*\*|<<|>>)=?|[=!]==|\?\.(?!\d)|\+\+|--|[-+*/%&|^=!<>]=|[-+*/%&|^!~<>=?:,;.()[\]{}`])/isuy;
const STRETCH = /((?:\\.|\$(?!\{)|[^\\`$])*)(`|\$\{)/sy;
const ESCAPED: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\n": "" };

/** The characters that a string's text stands for. */
const unescaped = (text: string): string =>
  text.replace(/\\(?:u\{(\w+)\}|u(\w{4})|x(\w{2})|(.))/gsu, (_, braced, four, two, one) =>
    one === undefined ? String.fromCodePoint(Number.parseInt(braced ?? four ?? two, 16)) : (ESCAPED[one] ?? one),
  );

export class Lexer {
  protected readonly source: Source;
  /** The kind of the present token; "mark" also at the end. */
  protected kind: "number" | "name" | "string" | "mark" = "mark";
  /** The token as written, of a string its characters; empty at the end. */
  protected text = "";
  /** Where the token begins. */
  protected at = 0;
  /** Whether a line ends before it, where a semicolon may be missing. */
  protected newLine = false;
  /** Where the rest of the text begins. */
  private rest = 0;

  constructor(source: Source) {
    this.source = source;
    this.next();
  }

  protected next(): void {
    const { text } = this.source;
    SPACE.lastIndex = this.rest;
    this.newLine = SPACE.exec(text)![0].includes("\n");
    this.at = SPACE.lastIndex;
    TOKEN.lastIndex = this.at;
    const [whole = "", number, name, string] = TOKEN.exec(text) ?? [];
    if (!whole && this.at < text.length) this.fail();
    this.rest = this.at + whole.length;
    this.kind = number ? "number" : name ? "name" : string ? "string" : "mark";
    // Builds may write names that are not ASCII with escapes.
    this.text = unescaped(string ? whole.slice(1, -1) : whole);
  }

  /** The characters of a template from the end of the present token on, and whether a part follows. */
  protected stretch(): [characters: string, goesOn: boolean] {
    STRETCH.lastIndex = this.rest;
    const [whole = "", characters = "", mark] = STRETCH.exec(this.source.text) ?? [];
    this.rest += whole.length;
    return [unescaped(characters), mark === "${"];
  }

  /** Whether the token is this mark or keyword; a string of the same text is not. */
  protected is(text: string): boolean {
    return this.text === text && this.kind !== "string";
  }

  protected get isEnd(): boolean {
    return this.kind === "mark" && this.text === "";
  }

  protected take(text: string): boolean {
    const taken = this.is(text);
    if (taken) this.next();
    return taken;
  }

  protected expect(text: string): void {
    if (!this.take(text)) this.fail();
  }

  protected name(): string {
    const { text } = this;
    if (this.kind !== "name") this.fail();
    this.next();
    return text;
  }

  /** Refuses the token, or what begins `at`. */
  protected fail(problem = "this cannot be read", at: number = this.at): never {
    throw refusal(
      this.source,
      at,
      problem,
      "Write f as a plain function of its arguments, and hand in what else it needs by the option uses.",
    );
  }
}
