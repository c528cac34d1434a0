// A field as a graph of operations on numbers: every value is computed once, whatever was written twice. What is folded while
// the field itself is traced changes no bit of a value; derivatives are `relaxed`: there 0·x is 0.
import {
  ADD,
  AND,
  CONSTANT,
  DIVIDE,
  EQUAL,
  INPUT,
  LESS,
  MATHS,
  MULTIPLY,
  NEGATE,
  NOT,
  type Operation,
  SELECT,
  SUBTRACT,
} from "./operations.ts";

/** A value of the graph. Its number is larger than those of its arguments. */
export interface Term {
  readonly id: number;
  readonly operation: Operation;
  readonly list: readonly Term[];
  /** Of a constant. */
  readonly value: number;
  /** Of an input: which array it is read from, and where; t is an array of one. */
  readonly array: string;
  readonly index: number;
  /** Another one with the same hash. */
  readonly next: Term | undefined;
}

/** A number of the graph, or one that is known. */
export type Scalar = number | Term;
/** A truth value of the graph, or one that is known. */
export type Truth = boolean | Term;

const NONE: readonly Term[] = [];

export class Graph {
  readonly terms: Term[] = [];
  /** Whether 0·x is 0 and x + 0 is x: for derivatives, whose zeros are no −0, NaN or ∞ in disguise. */
  relaxed = false;
  private readonly constants = new Map<unknown, Term>();
  private readonly inputs = new Map<string, Term[]>();
  /** The latest term of each hash of operation and arguments; the others follow by `next`. */
  private readonly hashed = new Map<number, Term>();

  /** What `make` makes of derivatives: relaxed while it works. */
  derive<T>(make: () => T): T {
    const { relaxed } = this;
    this.relaxed = true;
    const made = make();
    this.relaxed = relaxed;
    return made;
  }

  /** Number `index` of an array that the field is given. */
  input(array: string, index: number): Term {
    const known = this.inputs.get(array) ?? [];
    this.inputs.set(array, known);
    known[index] ??= this.append(INPUT, NONE, 0, array, index);
    return known[index]!;
  }

  /** A known value as a term. */
  term(value: Scalar | Truth): Term {
    if (typeof value === "object") return value;
    const number = Number(value);
    // A map takes −0 for 0.
    const key = Object.is(number, -0) ? "-0" : number;
    let term = this.constants.get(key);
    if (!term) {
      term = this.append(CONSTANT, NONE, number, "", 0);
      this.constants.set(key, term);
    }
    return term;
  }

  private append(
    operation: Operation,
    list: readonly Term[],
    value: number,
    array: string,
    index: number,
    next?: Term,
  ): Term {
    const term: Term = { id: this.terms.length, operation, list, value, array, index, next };
    this.terms.push(term);
    return term;
  }

  /** The value of an operation on numbers and truth values: the term that is there already, if it is. */
  apply(operation: Operation, a: Scalar | Truth, b?: Scalar | Truth, c?: Scalar | Truth): Scalar | Truth {
    if (typeof a !== "object" && typeof b !== "object" && typeof c !== "object")
      return operation.apply(a, b as number, c as number);
    const [list, hash, found] = this.find(operation, a, b, c);
    if (found) return found;
    const made = this.append(operation, list, 0, "", 0, this.hashed.get(hash));
    this.hashed.set(hash, made);
    return made;
  }

  /** The arguments of an operation as terms, their hash, and the term of the operation if it is there. */
  private find(
    operation: Operation,
    a: Scalar | Truth,
    b?: Scalar | Truth,
    c?: Scalar | Truth,
  ): [list: Term[], hash: number, found: Term | undefined] {
    const x = this.term(a);
    const y = b === undefined ? undefined : this.term(b);
    const z = c === undefined ? undefined : this.term(c);
    const hash =
      Math.imul(Math.imul(operation.code ^ (x.id << 5), 0x9e3779b1) ^ (y?.id ?? 0), 0x85ebca6b) ^ (z?.id ?? 0);
    const list = z ? [x, y!, z] : y ? [x, y] : [x];
    let found = this.hashed.get(hash);
    const isFound = ({ operation: own, list: [p, q, r] }: Term): boolean =>
      own === operation && p === x && q === y && r === z;
    while (found && !isFound(found)) found = found.next;
    return [list, hash, found];
  }

  private number(operation: Operation, a: Scalar, b?: Scalar, c?: Scalar): Scalar {
    return this.apply(operation, a, b, c) as Scalar;
  }

  /** Of a commutative operation: known values last, then the older term first, so that a + b and b + a are one. */
  private commuted(operation: Operation, a: Scalar, b: Scalar): Scalar {
    const turned = typeof b === "object" && (typeof a !== "object" || a.id > b.id);
    return turned ? this.number(operation, b, a) : this.number(operation, a, b);
  }

  add(a: Scalar, b: Scalar): Scalar {
    // x + −0 is x, whatever x is; x + 0 is not where x is −0.
    if (Object.is(b, -0) || (b === 0 && this.relaxed)) return a;
    if (Object.is(a, -0) || (a === 0 && this.relaxed)) return b;
    if (isOperation(b, NEGATE)) return this.subtract(a, b.list[0]!);
    return isOperation(a, NEGATE) ? this.subtract(b, a.list[0]!) : this.commuted(ADD, a, b);
  }

  subtract(a: Scalar, b: Scalar): Scalar {
    if (Object.is(b, 0)) return a;
    if (Object.is(a, -0) || (a === 0 && this.relaxed)) return this.negate(b);
    return isOperation(b, NEGATE) ? this.add(a, b.list[0]!) : this.number(SUBTRACT, a, b);
  }

  multiply(a: Scalar, b: Scalar): Scalar {
    if (typeof a === "number" && typeof b !== "number") return this.multiply(b, a);
    if (b === 1) return a;
    if (b === -1) return this.negate(a);
    if (this.relaxed) {
      if (b === 0) return 0;
      // Signs wander outwards, where sums take them in; constants meet.
      if (isOperation(a, NEGATE)) return this.negate(this.multiply(a.list[0]!, b));
      if (isOperation(b, NEGATE)) return this.negate(this.multiply(a, b.list[0]!));
      if (typeof b === "number" && b < 0) return this.negate(this.multiply(a, -b));
      if (typeof b === "number" && isOperation(a, MULTIPLY) && a.list[1]!.operation === CONSTANT)
        return this.multiply(a.list[0]!, a.list[1]!.value * b);
    }
    // (p − q)² is (q − p)²: of two bodies one of them serves both.
    if (a === b && isOperation(a, SUBTRACT)) {
      const turned = this.find(SUBTRACT, a.list[1]!, a.list[0])[2];
      if (turned && turned.id < a.id) return this.multiply(turned, turned);
    }
    return this.commuted(MULTIPLY, a, b);
  }

  divide(a: Scalar, b: Scalar): Scalar {
    if (b === 1) return a;
    if (b === -1) return this.negate(a);
    // Multiplying by the inverse of a power of two gives the same bits in a third of the time.
    if (typeof b === "number" && isPowerOfTwo(b)) return this.multiply(a, 1 / b);
    if (this.relaxed) {
      if (a === 0) return 0;
      if (isOperation(a, NEGATE)) return this.negate(this.divide(a.list[0]!, b));
      // What is divided by once is often divided by again, in every derivative.
      if (a !== 1) return this.multiply(this.divide(1, b), a);
    }
    return this.number(DIVIDE, a, b);
  }

  negate(a: Scalar): Scalar {
    return isOperation(a, NEGATE) ? a.list[0]! : this.number(NEGATE, a);
  }

  /** A function of Math. */
  math(name: string, a: Scalar, b?: Scalar): Scalar {
    return this.number(MATHS[name]!, a, b);
  }

  /** a ** b: Math.pow takes 40 ns, so small powers are products and roots, right to 4 units in the last place. */
  power(a: Scalar, b: Scalar): Scalar {
    if (typeof a === "number" || typeof b !== "number") return this.math("pow", a, b);
    const size = Math.abs(b);
    if (!Number.isInteger(2 * size) || size > (b < 0 ? 3.5 : 4.5)) return this.math("pow", a, b);
    if (b < 0) return this.divide(1, this.power(a, size));
    if (size === 0) return 1;
    if (!Number.isInteger(size))
      return size < 1 ? this.math("sqrt", a) : this.multiply(this.power(a, size - 0.5), this.math("sqrt", a));
    const half = size === 1 ? a : this.power(a, size >> 1);
    if (size === 1) return a;
    const even = this.multiply(half, half);
    return size % 2 === 0 ? even : this.multiply(even, a);
  }

  compare(operation: Operation, a: Scalar, b: Scalar): Truth {
    return this.apply(operation, a, b) as Truth;
  }

  equal(a: Scalar, b: Scalar): Truth {
    return this.compare(EQUAL, a, b);
  }

  not(a: Truth): Truth {
    return isOperation(a, NOT) ? a.list[0]! : (this.apply(NOT, a) as Truth);
  }

  and(a: Truth, b: Truth): Truth {
    if (a === false || b === false || a === this.not(b)) return false;
    if (a === true || implies(b, a)) return b;
    return b === true || implies(a, b) ? a : (this.apply(AND, a, b) as Truth);
  }

  or(a: Truth, b: Truth): Truth {
    return this.not(this.and(this.not(a), this.not(b)));
  }

  select(condition: Truth, whenTrue: Scalar, whenFalse: Scalar): Scalar {
    if (typeof condition !== "object") return condition ? whenTrue : whenFalse;
    if (Object.is(whenTrue, whenFalse)) return whenTrue;
    if (isOperation(condition, NOT)) return this.select(condition.list[0]!, whenFalse, whenTrue);
    // What the same condition chooses once more is known.
    if (isOperation(whenTrue, SELECT) && whenTrue.list[0] === condition)
      return this.select(condition, known(whenTrue.list[1]!), whenFalse);
    if (isOperation(whenFalse, SELECT) && whenFalse.list[0] === condition)
      return this.select(condition, whenTrue, known(whenFalse.list[2]!));
    return this.number(SELECT, condition as unknown as Scalar, whenTrue, whenFalse);
  }

  /** `condition ? whenTrue : whenFalse` of truth values. */
  selectTruth(condition: Truth, whenTrue: Truth, whenFalse: Truth): Truth {
    return this.or(this.and(condition, whenTrue), this.and(this.not(condition), whenFalse));
  }

  /** Whether a number counts as true: neither 0 nor NaN. */
  isTrue(a: Scalar): Truth {
    return this.or(this.compare(LESS, a, 0), this.compare(LESS, 0, a));
  }
}

/** Whether a value is the answer of an operation. */
export function isOperation(value: unknown, operation: Operation): value is Term {
  return typeof value === "object" && (value as Term | null)?.operation === operation;
}

/** A constant as its number, so that it folds. */
export const known = (term: Term): Scalar => (term.operation === CONSTANT ? term.value : term);

/** Whether a conjunction is the other truth value, or has it as a part. */
export const implies = (a: Truth, b: Truth): boolean =>
  a === b || (isOperation(a, AND) && a.list.some((part) => implies(part, b)));

/** Whether it is one and has an inverse that is not denormal. */
function isPowerOfTwo(value: number): boolean {
  const exponent = Math.log2(Math.abs(value));
  return Number.isInteger(exponent) && Math.abs(exponent) < 1022 && 2 ** exponent === Math.abs(value);
}
