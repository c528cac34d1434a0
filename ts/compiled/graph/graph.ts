// A field as a graph of operations on numbers. What is folded while the field itself is traced changes no bit of a value;
// derivatives are `relaxed`: there 0·x is 0.
import { boundsOf, type Loop, moved, NOWHERE } from "./loops.ts";
import {
  ADD,
  AND,
  CONSTANT,
  DIVIDE,
  EQUAL,
  LESS,
  MATHS,
  MULTIPLY,
  NEGATE,
  NOT,
  type Operation,
  SELECT,
  SUBTRACT,
} from "./operations.ts";
import { isCounter, isOperation, known, positionOf, type Scalar, Terms, type Truth } from "./terms.ts";

export { isOperation, known, type Scalar, type Term, type Truth } from "./terms.ts";

export class Graph extends Terms {
  /** Whether 0·x is 0 and x + 0 is x: for derivatives, whose zeros are no −0, NaN or ∞ in disguise. */
  relaxed = false;
  private readonly sums = new Map<string, Scalar>();

  /** What `make` makes of derivatives: relaxed while it works. */
  derive<T>(make: () => T): T {
    const { relaxed } = this;
    this.relaxed = true;
    try {
      return make();
    } finally {
      this.relaxed = relaxed;
    }
  }

  /** An operation on other arguments, folded where it can be. */
  remade(operation: Operation, [a, b, c]: readonly Scalar[]): Scalar {
    switch (operation) {
      case ADD:
        return this.add(a!, b!);
      case SUBTRACT:
        return this.subtract(a!, b!);
      case MULTIPLY:
        return this.multiply(a!, b!);
      case DIVIDE:
        return this.divide(a!, b!);
      case NEGATE:
        return this.negate(a!);
      case SELECT:
        return this.select(a as unknown as Truth, b!, c!);
      case NOT:
        return this.not(a as unknown as Truth) as Scalar;
      case AND:
        return this.and(a as unknown as Truth, b as unknown as Truth) as Scalar;
      default:
        return this.apply(operation, a!, b, c) as Scalar;
    }
  }

  /** The sum of a value over all rounds of loops, in whatever order. */
  sum(loops: readonly Loop[], value: Scalar): Scalar {
    return loops.reduceRight<Scalar>((inner, loop) => {
      if (typeof inner === "number" || !inner.loops.includes(loop)) return this.multiply(inner, loop.count);
      const key = `${loop.id} ${inner.id}`;
      let sum = this.sums.get(key);
      if (sum === undefined) {
        const carry = this.carry(loop);
        sum = this.fold(loop, carry, this.apply(ADD, carry, inner) as Scalar, 0, true);
        this.sums.set(key, sum);
      }
      return sum;
    }, value);
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
    const counter = this.combined(a, b, 1);
    if (counter !== undefined) return counter;
    if (isOperation(b, NEGATE)) return this.subtract(a, b.list[0]!);
    return isOperation(a, NEGATE) ? this.subtract(b, a.list[0]!) : this.commuted(ADD, a, b);
  }

  /** a + factor · b of counters and integers. */
  private combined(a: Scalar, b: Scalar, factor: number): Scalar | undefined {
    if (!isCounter(a) && !isCounter(b)) return undefined;
    const [x, y] = [positionOf(a), positionOf(b)];
    return x && y && this.counter(moved(x, y, factor));
  }

  subtract(a: Scalar, b: Scalar): Scalar {
    if (Object.is(b, 0)) return a;
    if (Object.is(a, -0) || (a === 0 && this.relaxed)) return this.negate(b);
    const counter = this.combined(a, b, -1);
    if (counter !== undefined) return counter;
    return isOperation(b, NEGATE) ? this.add(a, b.list[0]!) : this.number(SUBTRACT, a, b);
  }

  multiply(a: Scalar, b: Scalar): Scalar {
    if (typeof a === "number" && typeof b !== "number") return this.multiply(b, a);
    if (b === 1) return a;
    if (isCounter(a) && Number.isInteger(b)) {
      const [least, most] = boundsOf(a);
      // 0 · −1 is −0.
      if (b === 0 ? least >= 0 : (b as number) > 0 || least * most > 0)
        return this.counter(moved({ index: 0, along: NOWHERE }, a, b as number));
    }
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

/** Whether a conjunction is the other truth value, or has it as a part. */
export const implies = (a: Truth, b: Truth): boolean =>
  a === b || (isOperation(a, AND) && a.list.some((part) => implies(part, b)));

/** Whether it is one and has an inverse that is not denormal. */
function isPowerOfTwo(value: number): boolean {
  const exponent = Math.log2(Math.abs(value));
  return Number.isInteger(exponent) && Math.abs(exponent) < 1022 && 2 ** exponent === Math.abs(value);
}
