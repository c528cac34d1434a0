// What the reader makes of a function's text: the part of JavaScript that equations are written in, and that minifiers make
// of it. Patterns are expressions, too: `[a, b = 1]` reads the same on both sides of an assignment.

interface At {
  /** Where it begins in the text. */
  readonly at: number;
}

export type Expression = At &
  (
    | { readonly kind: "value"; readonly value: number | string | boolean | null }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "array"; readonly list: List }
    | { readonly kind: "object"; readonly properties: readonly Property[] }
    | FunctionText
    /** Whether `optional`: `a?.b`, undefined where a is missing. */
    | { readonly kind: "member"; readonly of: Expression; readonly key: Expression; readonly optional: boolean }
    /** A call, also by `new`. */
    | { readonly kind: "call"; readonly of: Expression; readonly list: List; readonly optional: boolean }
    | { readonly kind: "unary"; readonly operator: string; readonly of: Expression }
    | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: "conditional";
        readonly test: Expression;
        readonly whenTrue: Expression;
        readonly whenFalse: Expression;
      }
    /** `target = value`, `target += value`, and in a pattern a default value; `++` and `--` add and subtract 1. */
    | {
        readonly kind: "assign";
        readonly operator: string;
        readonly target: Expression;
        readonly value: Expression;
        /** Of `++target`, and of `target++`, whose value is what the target was. */
        readonly step: "before" | "after" | undefined;
      }
    | { readonly kind: "sequence"; readonly list: List }
    | { readonly kind: "spread"; readonly of: Expression }
    /** `text${part}text`: strings and parts in turn. */
    | { readonly kind: "template"; readonly list: List }
  );

/** Items between commas; holes are undefined. */
export type List = readonly (Expression | undefined)[];

/** A property of an object; without a key, `...value`. */
export interface Property {
  readonly key: Expression | undefined;
  readonly value: Expression;
}

export interface FunctionText extends At {
  readonly kind: "function";
  readonly name: string | undefined;
  readonly parameters: List;
  readonly body: readonly Statement[];
  /** The names that its `var`s declare. */
  readonly variables: readonly string[];
  /** Whether it is an arrow function without brackets around it, after which no expression goes on. */
  readonly isBare: boolean;
}

export interface Case {
  /** None: `default`. */
  readonly test: Expression | undefined;
  readonly body: readonly Statement[];
}

export type Statement = At &
  (
    | {
        /** By "var", "let" or "const". */
        readonly kind: "declare";
        readonly as: string;
        readonly list: readonly (readonly [target: Expression, value: Expression | undefined])[];
      }
    | { readonly kind: "define"; readonly name: string; readonly value: FunctionText }
    | { readonly kind: "evaluate"; readonly of: Expression }
    | {
        readonly kind: "if";
        readonly test: Expression;
        readonly whenTrue: Statement;
        readonly whenFalse: Statement | undefined;
      }
    | {
        readonly kind: "loop";
        readonly start: Statement | undefined;
        readonly test: Expression | undefined;
        readonly update: Expression | undefined;
        readonly body: Statement;
        /** do … while: the test comes after the body. */
        readonly bodyFirst: boolean;
      }
    | {
        /** for … of, and for … in where `keys`. */
        readonly kind: "each";
        readonly as: string | undefined;
        readonly target: Expression;
        readonly keys: boolean;
        readonly of: Expression;
        readonly body: Statement;
      }
    | { readonly kind: "return"; readonly of: Expression | undefined }
    | { readonly kind: "break" | "continue"; readonly label: string | undefined }
    | { readonly kind: "throw" }
    | { readonly kind: "switch"; readonly of: Expression; readonly cases: readonly Case[] }
    | { readonly kind: "block"; readonly body: readonly Statement[] }
    | { readonly kind: "label"; readonly name: string; readonly body: Statement }
  );
