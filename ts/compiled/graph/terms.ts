// The terms of a graph: constants, inputs, answers of operations. Every value is there once, whatever was written twice.
import { type Along, CARRY, INDEX, joined, type Loop, NO_LOOPS, NOWHERE, type Position } from "./loops.ts";
import { CONSTANT, FOLD, INPUT, type Operation } from "./operations.ts";

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
  readonly along: readonly Along[];
  /** The loops in whose rounds it differs. */
  readonly loops: readonly Loop[];
  /** Of a fold. */
  readonly loop: Loop | undefined;
  /** Another one with the same hash. */
  readonly next: Term | undefined;
}

/** A number of the graph, or one that is known. */
export type Scalar = number | Term;
/** A truth value of the graph, or one that is known. */
export type Truth = boolean | Term;

const NONE: readonly Term[] = [];

/** How the names of a program's own arrays begin. */
const OWN = "#";
export const isOwn = (array: string): boolean => array.startsWith(OWN);

/**
 * A call of a network: its value, its tangent (x, ẋ), or its pullback (x, w), which answers the cotangents of x. What it
 * answers is read from an array of its own.
 */
export interface Call {
  readonly kind: "value" | "push" | "pull";
  /** Which of the field's networks. */
  readonly network: number;
  readonly operands: readonly (readonly Term[])[];
  /** Whether a tangent of the network's parameters takes part, or cotangents of them are added up. */
  readonly params: boolean;
  readonly array: string;
  readonly outputs: readonly Term[];
}

export interface OwnArray {
  readonly length: number;
  /** Of a table; none: it is temporary. */
  readonly values: Float64Array | undefined;
}

/** The terms of a graph, each made once. */
export class Terms {
  readonly terms: Term[] = [];
  private readonly constants = new Map<unknown, Term>();
  private readonly inputs = new Map<string, Term[]>();
  private readonly moving = new Map<string, Term>();
  private loopCount = 0;
  /** The program's own arrays, by name. */
  readonly arrays: Map<string, OwnArray> = new Map();
  /** The calls of networks, by the names of their arrays. */
  readonly calls: Map<string, Call> = new Map();
  /** The latest term of each hash of operation and arguments; the others follow by `next`. */
  private readonly hashed = new Map<number, Term>();

  /** Number `index` of an array that the field is given, or the numbers that loops come to from there. */
  input(array: string, index: number, along: readonly Along[] = NOWHERE): Term {
    if (along.length > 0) return this.movingInput(array, index, along);
    const known = this.inputs.get(array) ?? [];
    this.inputs.set(array, known);
    known[index] ??= this.append(INPUT, NONE, { array, index });
    return known[index]!;
  }

  private movingInput(array: string, index: number, along: readonly Along[]): Term {
    const key = `${array} ${index} ${along.map(({ loop, stride }) => `${loop.id}*${stride}`).join()}`;
    let term = this.moving.get(key);
    if (!term) {
      term = this.append(INPUT, NONE, { array, index, along, loops: along.map(({ loop }) => loop) });
      this.moving.set(key, term);
    }
    return term;
  }

  /** A call of a network, the one that is there already, if it is; `count`: how many numbers it answers. */
  call(
    { kind, network, params }: Pick<Call, "kind" | "network" | "params">,
    given: readonly (readonly Scalar[])[],
    count: number,
  ): Call {
    const operands = given.map((list) => list.map((value) => this.term(value)));
    const list = operands.flat();
    const array = `@${kind} ${network} ${params} ${list.map(({ id }) => id).join()}`;
    let call = this.calls.get(array);
    if (!call) {
      // What is answered is no operation on the operands, but depends on them.
      const outputs = Array.from({ length: count }, (_, index) => this.append(INPUT, list, { array, index }));
      this.inputs.set(array, outputs);
      call = { kind, network, operands, params, array, outputs };
      this.calls.set(array, call);
    }
    return call;
  }

  /** The call that answers a term. */
  callOf({ array, list }: Term): Call | undefined {
    return array && list.length > 0 ? this.calls.get(array) : undefined;
  }

  /** The name of a new array of the program's own: a table of `values`, or a temporary one that blocks fill. */
  array(length: number, values?: Float64Array): string {
    const name = `${OWN}${this.arrays.size}`;
    this.arrays.set(name, { length, values });
    return name;
  }

  get hasLoops(): boolean {
    return this.loopCount > 0;
  }

  /** A new loop. */
  loop(count: number): Loop {
    return { id: this.loopCount++, count };
  }

  /** A counter: an integer that is affine in the rounds of loops. */
  counter({ index, along }: Position): Scalar {
    return along.length === 0 ? index : this.input(INDEX, index, along);
  }

  /** What a fold along a loop has summed up before each round. */
  carry(loop: Loop): Term {
    return this.append(INPUT, NONE, { array: CARRY, index: this.terms.length, loops: [loop] });
  }

  /** What is carried after the last round: `init` before the first one, `next` after each. It may only be added to. */
  fold(loop: Loop, carry: Term, next: Scalar, init: Scalar, inAnyOrder = false): Scalar {
    if (next === carry) return init;
    const list = [this.term(next), carry, this.term(init)];
    const loops = list.reduce<readonly Loop[]>((all, term) => joined(all, term.loops), NO_LOOPS);
    return this.append(FOLD, list, { loops: loops.filter((own) => own !== loop), loop, value: Number(inAnyOrder) });
  }

  /** A known value as a term. */
  term(value: Scalar | Truth): Term {
    if (typeof value === "object") return value;
    const number = Number(value);
    // A map takes −0 for 0.
    const key = Object.is(number, -0) ? "-0" : number;
    let term = this.constants.get(key);
    if (!term) {
      term = this.append(CONSTANT, NONE, { value: number });
      this.constants.set(key, term);
    }
    return term;
  }

  private append(
    operation: Operation,
    list: readonly Term[],
    { value = 0, array = "", index = 0, along = NOWHERE, loops = NO_LOOPS, loop, next }: Partial<Term>,
  ): Term {
    const term: Term = { id: this.terms.length, operation, list, value, array, index, along, loops, loop, next };
    this.terms.push(term);
    return term;
  }

  /** The value of an operation on numbers and truth values: the term that is there already, if it is. */
  apply(operation: Operation, a: Scalar | Truth, b?: Scalar | Truth, c?: Scalar | Truth): Scalar | Truth {
    if (typeof a !== "object" && typeof b !== "object" && typeof c !== "object")
      return operation.apply(a, b as number, c as number);
    const [list, hash, found] = this.find(operation, a, b, c);
    if (found) return found;
    let { loops } = list[0]!;
    for (let i = 1; i < list.length; i++) loops = joined(loops, list[i]!.loops);
    const made = this.append(operation, list, { loops, next: this.hashed.get(hash) });
    this.hashed.set(hash, made);
    return made;
  }

  /** The arguments of an operation as terms, their hash, and the term of the operation if it is there. */
  protected find(
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
}

/** Whether a number is a counter of loops, affine in their rounds. */
export const isCounter = (value: unknown): value is Term => (value as Term | null)?.array === INDEX;

/** A counter or an integer, as an element of INDEX. */
export function positionOf(value: Scalar): Position | undefined {
  if (typeof value === "number") return Number.isInteger(value) ? { index: value, along: NOWHERE } : undefined;
  return isCounter(value) ? value : undefined;
}

/** Whether a value is the answer of an operation. */
export function isOperation(value: unknown, operation: Operation): value is Term {
  return typeof value === "object" && (value as Term | null)?.operation === operation;
}

/** A constant as its number, so that it folds. */
export const known = (term: Term): Scalar => (term.operation === CONSTANT ? term.value : term);
