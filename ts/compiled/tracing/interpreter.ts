// Runs a function on values of the graph, once: what it computes is the field's graph.

import { type CallableNetwork, isCallable } from "../../fields/callable-network.ts";
import { Graph } from "../graph/graph.ts";
import { readFunction } from "../reader/reader.ts";
import type { Source } from "../reader/refusal.ts";
import type { Expression } from "../reader/syntax.ts";
import { evaluateIn } from "./expressions.ts";
import { globalsOf } from "./globals.ts";
import { Heap } from "./heap.ts";
import { networkOf } from "./networks.ts";
import { assign } from "./patterns.ts";
import { runAll } from "./statements.ts";
import { Tracer } from "./tracer.ts";
import { Builtin, Choice, Closure, ObjectValue, type Place, Scope, type Value } from "./values.ts";

/** Calls within calls, at most: a recursion whose end depends on the state has none. */
const DEEPEST = 100;
/** Expressions evaluated, at most: some second. */
const MOST_WORK = 4_000_000;
/** Operations of a graph, at most. */
const LARGEST = 400_000;

export class Interpreter extends Tracer {
  private readonly globals: Map<string, Value>;
  /** What has been handed in, by the names it has in the texts. */
  private readonly given: ReadonlyMap<string, unknown>;
  private readonly networks: readonly CallableNetwork[];
  private readonly taken = new Map<unknown, Value>();
  private depth = 0;
  private work = 0;

  constructor(
    source: Source,
    given: ReadonlyMap<string, unknown>,
    keepsLoops: boolean,
    networks: readonly CallableNetwork[],
  ) {
    const graph = new Graph();
    super(graph, new Heap(graph), source, keepsLoops);
    this.given = given;
    this.networks = networks;
    this.globals = globalsOf(this);
  }

  global(name: string): Value {
    if (this.given.has(name)) return this.take(this.given.get(name), name);
    if (this.globals.has(name)) return this.globals.get(name);
    return this.fail(
      `${name} is not known here`,
      `If it is yours, hand it in: compiled(f, { uses: () => ({ ${name} }) }).`,
    );
  }

  isGlobal(name: string): boolean {
    return this.given.has(name) || this.globals.has(name);
  }

  /** A value from outside: numbers, arrays and objects of them, and functions, whose texts are read. */
  private take(value: unknown, name: string): Value {
    if (typeof value !== "object" && typeof value !== "function") return value as Value;
    if (value === null) return null;
    const known = this.taken.get(value);
    if (known !== undefined) return known;
    const made = this.made(value, name);
    this.taken.set(value, made);
    return made;
  }

  private made(value: object, name: string): Value {
    const { heap } = this;
    if (isCallable(value)) return networkOf(this, name, value, this.networks.indexOf(value));
    if ("bind" in value && "dtype" in value)
      this.fail(
        `${name} is a field that equations cannot call`,
        'Hand in networks made with mlp({ dtype: "float64" }).',
      );
    if (typeof value === "function") {
      const builtin = this.builtin(value as never);
      if (builtin) return builtin;
      const source = { text: String(value), name };
      return new Closure(readFunction(source), new Scope(), source);
    }
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      const elements = Array.from(value as unknown as ArrayLike<unknown>, (element) => this.take(element, name));
      return this.array(elements, !Array.isArray(value), name);
    }
    const fields = new Map<string, Place>();
    const object = new ObjectValue(fields, name);
    this.taken.set(value, object);
    for (const [key, own] of Object.entries(value)) fields.set(key, heap.place(this.take(own, `${name}.${key}`)));
    return object;
  }

  /** The function of Math that was handed in by itself. */
  private builtin(given: (...list: never[]) => unknown): Value {
    const math = this.globals.get("Math") as Builtin;
    return given.name in math.members && Math[given.name as "sin"] === given ? math.members[given.name] : undefined;
  }

  attempt(run: () => void): void {
    const { at, source, depth, kept, blocks } = this;
    const [loops, before] = [kept.length, blocks.length];
    try {
      this.heap.attempt(run);
    } catch (error) {
      this.at = at;
      this.source = source;
      this.depth = depth;
      kept.length = loops;
      blocks.length = before;
      throw error;
    }
  }

  evaluate(expression: Expression, scope: Scope): Value {
    const { at } = this;
    this.at = expression.at;
    if (this.work++ > MOST_WORK || this.graph.terms.length > LARGEST)
      this.fail(
        "this is too much to compile",
        "Loops stay loops where indices are affine in counters and rounds hand on sums alone; of others every round is compiled. Pass the function itself to solve, or vectorField with its vjp.",
      );
    const value = evaluateIn(this, expression, scope);
    this.at = at;
    return value;
  }

  call(callee: Value, list: readonly Value[]): Value {
    if (callee instanceof Builtin) return callee.call(list);
    if (callee instanceof Choice) {
      return this.heap.choose(
        callee.condition,
        () => this.call(callee.whenTrue, list),
        () => this.call(callee.whenFalse, list),
      );
    }
    if (!(callee instanceof Closure)) return this.fail("this is no function", "Call functions only.");
    if (this.depth > DEEPEST)
      this.fail("functions call each other without end", "A recursion must end by what is known before the solve.");
    return this.enter(callee, list);
  }

  private enter({ text, scope, source }: Closure, list: readonly Value[]): Value {
    const { source: outside, at } = this;
    this.source = source;
    this.depth++;
    const inside = new Scope(scope);
    if (text.name) inside.define(text.name, this.heap.place(new Closure(text, scope, source)));
    const parameters: Expression = { kind: "array", list: text.parameters, at: text.at };
    assign(this, parameters, this.array(list), inside, true);
    for (const name of text.variables) if (!inside.has(name)) inside.define(name, this.heap.place(undefined));
    const first = this.heap.waiting;
    const completion = this.heap.settle(first, isReturn, runAll(this, text.body, inside));
    this.depth--;
    this.source = outside;
    this.at = at;
    return completion?.value;
  }
}

const isReturn = ({ kind }: { kind: string }): boolean => kind === "return";
