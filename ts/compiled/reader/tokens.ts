// A function's text as tokens. Regular expressions are no part of equations, so a slash always divides.
import { refusal, type Source } from "../refusal.ts";

export interface Token {
  readonly kind: "number" | "string" | "template" | "name" | "mark" | "end";
  /** The name or the mark as written; of a string, its characters. */
  readonly text: string;
  readonly at: number;
  /** Whether a line ends before it, where a semicolon may be missing. */
  readonly newLine: boolean;
  /** Of a template: its characters between the parts, and the tokens of each part. */
  readonly strings?: readonly string[];
  readonly parts?: readonly (readonly Token[])[];
}

const SPACE = /(?:\s+|\/\/[^\n]*|\/\*.*?\*\/)*/sy;
const TOKEN =
  /((?:0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?)n?)|([\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Nd}$_]*)|("(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*')|(=>|\.{3}|(?:>>>|&&|\|\||\?\?|\*\*|<<|>>)=?|[=!]==|\?\.(?!\d)|\+\+|--|[-+*/%&|^=!<>]=|[-+*/%&|^!~<>=?:,;.()[\]{}`])/isuy;
const ESCAPED: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", 0: "\0", "\n": "" };

/** The characters that a string's text stands for. */
const unescaped = (text: string): string =>
  text.replace(/\\(?:u\{(\w+)\}|u(\w{4})|x(\w{2})|(.))/gsu, (_, braced, four, two, one) =>
    one === undefined ? String.fromCodePoint(Number.parseInt(braced ?? four ?? two, 16)) : (ESCAPED[one] ?? one),
  );

/** Reads tokens until the text ends, or the brace that closes a template's part. */
class Tokenizer {
  private at = 0;
  private readonly source: Source;

  constructor(source: Source) {
    this.source = source;
  }

  read(inTemplate: boolean): Token[] {
    const { text } = this.source;
    const tokens: Token[] = [];
    for (let depth = 0; ; ) {
      SPACE.lastIndex = this.at;
      const newLine = SPACE.exec(text)![0].includes("\n");
      const at = SPACE.lastIndex;
      const add = (kind: Token["kind"], written: string): number => tokens.push({ kind, text: written, at, newLine });
      TOKEN.lastIndex = at;
      const [whole, number, name, string, mark] = TOKEN.exec(text) ?? [];
      this.at = TOKEN.lastIndex;
      if (number) add("number", number);
      else if (name) add("name", name);
      else if (string) add("string", unescaped(string.slice(1, -1)));
      else if (mark === "`") tokens.push(this.template(at, newLine));
      else if (!whole && at < text.length)
        throw refusal(this.source, at, "this is no part of an equation", "Write it in ordinary JavaScript.");
      else {
        if (!mark || (inTemplate && mark === "}" && depth === 0)) {
          add("end", "");
          return tokens;
        }
        depth += mark === "{" ? 1 : mark === "}" ? -1 : 0;
        add("mark", mark);
      }
    }
  }

  private template(at: number, newLine: boolean): Token {
    const strings: string[] = [];
    const parts: Token[][] = [];
    const { text } = this.source;
    const stretch = /((?:\\.|\$(?!\{)|[^\\`$])*)(`|\$\{)/sy;
    for (;;) {
      stretch.lastIndex = this.at;
      const [, characters, end] = stretch.exec(text) ?? [];
      this.at = stretch.lastIndex;
      strings.push(unescaped(characters ?? ""));
      if (end !== "${") return { kind: "template", text: "`", at, newLine, strings, parts };
      parts.push(this.read(true));
    }
  }
}

/** All tokens of a text, and one of kind "end". */
export const tokensOf = (source: Source): Token[] => new Tokenizer(source).read(false);
