// The operations that a field is a graph of: what each is called, what it answers, and how JavaScript writes it.
// Booleans are values of their own kind, answered by comparisons and taken by `select`.

/** What an operation works on while it is computed: in an array of numbers, true is 1 and false is 0. */
type Operand = number | boolean;

export interface Operation {
  /** The number of the operation, its place in `OPERATIONS`. */
  readonly code: number;
  readonly name: string;
  readonly arity: number;
  /** Whether it answers true or false. */
  readonly isBoolean: boolean;
  apply(a: Operand, b: Operand, c: Operand): Operand;
  /** As JavaScript, from the text of its arguments. */
  text(a: string, b: string, c: string): string;
}

export const OPERATIONS: Operation[] = [];

function operation(
  name: string,
  arity: number,
  apply: (...list: never[]) => Operand,
  text: Operation["text"],
  isBoolean = false,
): Operation {
  const code = OPERATIONS.length;
  const made = { code, name, arity, isBoolean, apply: apply as Operation["apply"], text };
  OPERATIONS.push(made);
  return made;
}

const infix = (mark: string, apply: (a: number, b: number) => Operand, isBoolean = false): Operation =>
  operation(mark, 2, apply, (a, b) => `(${a}${mark}${b})`, isBoolean);

// Leaves.
export const CONSTANT: Operation = operation(
  "constant",
  0,
  () => 0,
  () => "",
);
export const INPUT: Operation = operation(
  "input",
  0,
  () => 0,
  () => "",
);

/** Carried through the rounds of a loop: what is carried after a round, what it was before, and what it was at first. */
export const FOLD: Operation = operation(
  "fold",
  3,
  () => 0,
  () => "",
);

export const ADD: Operation = infix("+", (a, b) => a + b);
export const SUBTRACT: Operation = infix("-", (a, b) => a - b);
export const MULTIPLY: Operation = infix("*", (a, b) => a * b);
export const DIVIDE: Operation = infix("/", (a, b) => a / b);
export const REMAINDER: Operation = infix("%", (a, b) => a % b);
// In brackets: `- -a`, and no decrement.
export const NEGATE: Operation = operation(
  "negate",
  1,
  (a: number) => -a,
  (a) => `(- ${a})`,
);

export const LESS: Operation = infix("<", (a, b) => a < b, true);
export const AT_MOST: Operation = infix("<=", (a, b) => a <= b, true);
export const EQUAL: Operation = infix("===", (a, b) => a === b, true);
export const NOT: Operation = operation(
  "not",
  1,
  (a: Operand) => !a,
  (a) => `!${a}`,
  true,
);
export const AND: Operation = operation(
  "and",
  2,
  (a: Operand, b: Operand) => a && b,
  (a, b) => `(${a}&&${b})`,
  true,
);
export const SELECT: Operation = operation(
  "select",
  3,
  (a: Operand, b: Operand, c: Operand) => (a ? b : c),
  (a, b, c) => `(${a}?${b}:${c})`,
);

/** The functions of Math that are known, by their names there. */
export const MATHS: Record<string, Operation> = {};

const UNARY =
  "abs acos acosh asin asinh atan atanh cbrt ceil cos cosh exp expm1 floor fround log log10 log1p log2 round sign sin sinh sqrt tan tanh trunc";
for (const [names, arity] of [
  [UNARY, 1],
  ["atan2 hypot max min pow", 2],
] as const) {
  for (const name of names.split(" ")) {
    const apply = Math[name as "atan2"] as (...list: never[]) => number;
    // Of Math.hypot only as many arguments are taken as were written.
    const exact = arity === 1 ? (a: never) => apply(a) : (a: never, b: never) => apply(a, b);
    MATHS[name] = operation(name, arity, exact, (a, b) => `Math.${name}(${arity === 1 ? a : `${a},${b}`})`);
  }
}
