// The values that a function computes with while it is traced: JavaScript's own, and numbers and truth values of the graph.
import type { Term } from "../graph/graph.ts";
import type { Loop, Position } from "../graph/loops.ts";
import type { Source } from "../reader/refusal.ts";
import type { FunctionText } from "../reader/syntax.ts";

/** What an element of dy is until it is set. */
export const UNSET: unique symbol = Symbol("not set");

export type Value =
  | number
  | string
  | boolean
  | null
  | undefined
  | typeof UNSET
  | Term
  | Choice
  | ArrayValue
  | ObjectValue
  | Spread
  | Closure
  | Builtin;

/** Where a value is kept: a variable, an element or a property. Written by `Heap.write` alone. */
export interface Place {
  value: Value;
  /** Which of all places it is, in the order of their making. */
  readonly born: number;
}

/** What the rounds of loops find where each finds another array or object; the last loop's rounds fastest. */
export class Spread {
  readonly values: readonly Value[];
  readonly loops: readonly Loop[];

  constructor(values: readonly Value[], loops: readonly Loop[]) {
    this.values = values;
    this.loops = loops;
  }
}

/** What values ask of the tracer that they belong to. */
interface Keeper {
  readonly heap: { place(value: Value): Place; write(place: Place, value: Value): void };
  /** The loops that are being traced: what is read in their rounds must not be what others write. */
  readonly kept: readonly { readonly reads: { readonly array: ArrayValue; readonly index: Position | undefined }[] }[];
  fail(problem: string, remedy: string): never;
}

/** One of two values that are not both numbers, by a condition on the state. */
export class Choice {
  readonly condition: Term;
  readonly whenTrue: Value;
  readonly whenFalse: Value;

  constructor(condition: Term, whenTrue: Value, whenFalse: Value) {
    this.condition = condition;
    this.whenTrue = whenTrue;
    this.whenFalse = whenFalse;
  }
}

const changed = (tracer: Keeper, fixed: string | undefined): void => {
  if (fixed) tracer.fail(`${fixed} is changed`, "Copy it to a local array first.");
};

/** An array. Elements beyond its length may be left over in `items`. */
export class ArrayValue {
  readonly items: Place[];
  readonly length: Place;
  /** Whether it is a typed array: its length is fixed, and its elements are numbers. */
  readonly typed: boolean;
  /** What it is, if it must not be changed. */
  readonly fixed: string | undefined;

  constructor(items: Place[], length: Place, typed: boolean, fixed?: string) {
    this.items = items;
    this.length = length;
    this.typed = typed;
    this.fixed = fixed;
  }

  /** How many elements there are, which must not depend on the state. */
  size(tracer: Keeper): number {
    const { value } = this.length;
    return typeof value === "number"
      ? value
      : tracer.fail("the length of an array depends on the state", "Use arrays of one length.");
  }

  values(tracer: Keeper): Value[] {
    if (!this.fixed) tracer.kept.at(-1)?.reads.push({ array: this, index: undefined });
    return this.items.slice(0, this.size(tracer)).map((place) => place.value);
  }

  /** To be called before it is changed. */
  change(tracer: Keeper): void {
    changed(tracer, this.fixed);
  }

  /** Sets an element, or appends one. */
  set(tracer: Keeper, index: number, value: Value): void {
    this.change(tracer);
    const { heap } = tracer;
    while (this.items.length <= index) this.items.push(heap.place(undefined));
    heap.write(this.items[index]!, value);
    if (index >= (this.length.value as number)) this.resize(tracer, index + 1);
  }

  /** Elements beyond the length become undefined, as those between are when the array grows again. */
  resize(tracer: Keeper, length: number): void {
    changed(tracer, this.fixed);
    const { heap } = tracer;
    for (const place of this.items.slice(length)) heap.write(place, undefined);
    heap.write(this.length, length);
  }
}

export class ObjectValue {
  readonly fields: Map<string, Place>;
  readonly fixed: string | undefined;

  constructor(fields: Map<string, Place>, fixed?: string) {
    this.fields = fields;
    this.fixed = fixed;
  }

  /** To be called before it is changed. */
  change(tracer: Keeper): void {
    changed(tracer, this.fixed);
  }
}

/** A function with the variables around it. */
export class Closure {
  readonly text: FunctionText;
  readonly scope: Scope;
  readonly source: Source;

  constructor(text: FunctionText, scope: Scope, source: Source) {
    this.text = text;
    this.scope = scope;
    this.source = source;
  }
}

/** A function of the language. */
export class Builtin {
  readonly name: string;
  readonly call: (list: readonly Value[]) => Value;
  /** As a namespace or a constructor: its members. */
  readonly members: Readonly<Record<string, Value>>;

  constructor(name: string, call: Builtin["call"], members: Readonly<Record<string, Value>> = {}) {
    this.name = name;
    this.call = call;
    this.members = members;
  }
}

export class Scope {
  private readonly names = new Map<string, Place>();
  private readonly around: Scope | undefined;

  constructor(around?: Scope) {
    this.around = around;
  }

  find(name: string): Place | undefined {
    let scope: Scope | undefined = this;
    while (scope) {
      const place = scope.names.get(name);
      if (place) return place;
      scope = scope.around;
    }
    return undefined;
  }

  /** Whether the name is a variable of this very scope. */
  has(name: string): boolean {
    return this.names.has(name);
  }

  define(name: string, place: Place): void {
    this.names.set(name, place);
  }

  /** The same variables in places of their own, as every round of a loop has them. */
  copy(place: (value: Value) => Place): Scope {
    const copy = new Scope(this.around);
    for (const [name, { value }] of this.names) copy.define(name, place(value));
    return copy;
  }
}

/** A number or truth value of the graph. */
export const isTerm = (value: unknown): value is Term =>
  typeof value === "object" && value !== null && "operation" in value;
