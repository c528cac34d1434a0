// What the reader makes of a function's text: the part of JavaScript that equations are written in, and that minifiers make
// of it. Patterns are expressions, too: `[a, b = 1]` reads the same on both sides of an assignment.

interface At {
  /** Where it begins in the text. */
  readonly at: number;
}

export type Expression = At &
  (
    | { readonly kind: "value"; readonly value: number | string | boolean | null | undefined }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "array"; readonly items: readonly (Expression | undefined)[] }
    | { readonly kind: "object"; readonly properties: readonly Property[] }
    | FunctionText
    | {
        readonly kind: "member";
        readonly object: Expression;
        readonly key: Expression;
        /** `a?.b` */
        readonly optional: boolean;
      }
    | {
        readonly kind: "call";
        readonly callee: Expression;
        readonly list: readonly Expression[];
        readonly optional: boolean;
      }
    /** `a?.b.c`: undefined where a is. */
    | { readonly kind: "chain"; readonly of: Expression }
    | { readonly kind: "new"; readonly callee: Expression; readonly list: readonly Expression[] }
    | { readonly kind: "unary"; readonly operator: string; readonly of: Expression }
    | { readonly kind: "update"; readonly operator: string; readonly prefix: boolean; readonly of: Expression }
    | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
    | { readonly kind: "logical"; readonly operator: string; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: "conditional";
        readonly test: Expression;
        readonly whenTrue: Expression;
        readonly whenFalse: Expression;
      }
    /** `target = value`, `target += value`; in a pattern, a default value. */
    | { readonly kind: "assign"; readonly operator: string; readonly target: Expression; readonly value: Expression }
    | { readonly kind: "sequence"; readonly items: readonly Expression[] }
    | { readonly kind: "spread"; readonly of: Expression }
    | { readonly kind: "template"; readonly strings: readonly string[]; readonly parts: readonly Expression[] }
  );

/** A property of an object; without a key, `...value`. */
export interface Property {
  readonly key: Expression | undefined;
  readonly value: Expression;
}

export interface FunctionText extends At {
  readonly kind: "function";
  readonly name: string | undefined;
  readonly parameters: readonly Expression[];
  readonly body: readonly Statement[];
  /** The names that its `var`s declare. */
  readonly variables: readonly string[];
}

export type Declaration = "var" | "let" | "const";

export interface Case {
  /** None: `default`. */
  readonly test: Expression | undefined;
  readonly body: readonly Statement[];
}

export type Statement = At &
  (
    | {
        readonly kind: "declare";
        readonly as: Declaration;
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
        readonly as: Declaration | undefined;
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
