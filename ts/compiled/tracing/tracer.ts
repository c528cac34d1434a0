// What the parts of the tracing interpreter know of each other.
import type { Graph } from "../graph/graph.ts";
import type { Expression } from "../reader/syntax.ts";
import { refusal, type Source } from "../refusal.ts";
import type { Heap } from "./heap.ts";
import { ArrayValue, type Scope, type Value } from "./values.ts";

export abstract class Tracer {
  readonly graph: Graph;
  readonly heap: Heap;
  /** The text that is being traced, for messages. */
  source: Source;

  constructor(graph: Graph, heap: Heap, source: Source) {
    this.graph = graph;
    this.heap = heap;
    this.source = source;
  }

  fail(at: number, problem: string, remedy: string): never {
    throw refusal(this.source, at, problem, remedy);
  }

  array(values: readonly Value[], typed = false, fixed?: string): ArrayValue {
    const { heap } = this;
    const items = values.map((value) => heap.place(value));
    return new ArrayValue(items, heap.place(items.length), typed, fixed);
  }

  /** Builtins and what was handed in, where no variable of the function has this name. */
  abstract global(name: string, at: number): Value;

  abstract evaluate(expression: Expression, scope: Scope): Value;

  abstract call(callee: Value, list: readonly Value[], at: number): Value;
}
