// A traced field with its derivatives, each made when it is first asked for, and the code that computes them.

import type { Dtype } from "../base/dtype.ts";
import { SolveError } from "../base/errors.ts";
import { functionFromText } from "../base/function-from-text.ts";
import { javascriptOf } from "./emission/javascript.ts";
import { type Schedule, type Store, scheduleOf } from "./emission/schedule.ts";
import { webassemblyOf } from "./emission/webassembly.ts";
import { forward, reverse } from "./graph/derivatives.ts";
import type { Scalar } from "./graph/graph.ts";
import type { TracedField } from "./tracing/field.ts";

type Numbers = ArrayLike<number>;

/** What can be computed: the field, its VJP, its JVP, and the JVP where the parameters stay. */
export type Kind = "f" | "vjp" | "jvp" | "stateJvp";

/**
 * dy ← f(t, y, p); yBar ← Jᵀ w, pBar += Fᵀ w, and ∂f/∂t · w is returned; out ← J yDot + F pDot. Of each function the arrays
 * that it is given after t, in order.
 */
export const ARRAYS: Record<Kind, readonly string[]> = {
  f: ["y", "dy", "p"],
  vjp: ["y", "p", "w", "yBar", "pBar"],
  jvp: ["y", "p", "yDot", "pDot", "out"],
  stateJvp: ["y", "p", "yDot", "pDot", "out"],
};

/** A function of t and arrays. */
export type OnArrays = (
  t: number,
  ...arrays: readonly { [index: number]: number; readonly length: number }[]
) => number;
/** A function of t, the addresses of arrays, and the number of rows. */
export type OnMemory = (t: number, ...addresses: readonly number[]) => number;

/** States up to this length are computed by JavaScript: a call into WebAssembly takes longer than their arithmetic. */
const SMALL = 4;
/** And so many operations: engines do not optimise long functions. */
const SHORT = 1000;

function moduleFrom(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    const reason = `the engine refuses a module of ${bytes.length} bytes (${String(cause)})`;
    throw new SolveError("invalid", `compiled: ${reason}. Make the equations smaller`, { cause });
  }
}

export class Program {
  readonly dim: number;
  private readonly traced: TracedField;
  private readonly parameters: number;
  private readonly schedules = new Map<Kind, Schedule>();
  private readonly functions = new Map<Kind, OnArrays>();
  private readonly modules = new Map<string, (memory: WebAssembly.Memory) => OnMemory>();

  constructor(traced: TracedField, parameters: number) {
    this.traced = traced;
    this.dim = traced.outputs.length;
    this.parameters = parameters;
  }

  /** Whether JavaScript computes it: it is small, and functions may be made from text. */
  get isJavaScript(): boolean {
    return this.dim <= SMALL && this.schedule("f").steps.length <= SHORT && this.onArrays("f") !== undefined;
  }

  /** A function in JavaScript; undefined where a page's policy forbids it. */
  onArrays(kind: Kind): OnArrays | undefined {
    let made = this.functions.get(kind);
    if (made) return made;
    made = (functionFromText([], `return ${this.text(kind)}`) as (() => OnArrays) | undefined)?.();
    if (made) this.functions.set(kind, made);
    return made;
  }

  /** The text of a function in JavaScript. */
  text(kind: Kind): string {
    return javascriptOf(this.schedule(kind), ["t", ...ARRAYS[kind]]);
  }

  /** A function in WebAssembly on a memory, for one row or for the rows of a batch. */
  onMemory(kind: Kind, dtype: Dtype, batched: boolean, memory: WebAssembly.Memory): OnMemory {
    const key = `${kind} ${dtype} ${batched}`;
    const made = this.modules.get(key) ?? this.compile(kind, dtype, batched);
    this.modules.set(key, made);
    return made(memory);
  }

  private compile(kind: Kind, dtype: Dtype, batched: boolean): (memory: WebAssembly.Memory) => OnMemory {
    const arrays = ARRAYS[kind];
    const rows = arrays.filter((name) => !name.startsWith("p"));
    const signature = { arrays, rows, dim: this.dim, dtype, batched, sums: kind === "vjp" };
    const { bytes, imports } = webassemblyOf(this.schedule(kind), signature);
    const module = moduleFrom(bytes);
    // One instance a memory, for as long as the memory is there.
    const instances = new WeakMap<WebAssembly.Memory, OnMemory>();
    return (memory) => {
      let run = instances.get(memory);
      if (!run) {
        const given = Object.fromEntries(imports.map(({ name, apply }) => [name, apply]));
        const { exports } = new WebAssembly.Instance(module, { m: { memory, ...given } });
        run = exports.run as OnMemory;
        instances.set(memory, run);
      }
      return run;
    };
  }

  /** The field's values, operation by operation, and the largest finite value on the way. */
  evaluate(t: number, y: Numbers, p: Numbers): { values: number[]; largest: number } {
    const { outputs, graph } = this.traced;
    const given: Record<string, Numbers> = { t: [t], y, p };
    const found = Float64Array.from(graph.terms, ({ value }) => value);
    let largest = 0;
    for (const step of this.schedule("f").steps) {
      if ("store" in step) continue;
      const { id, operation, list, array, index } = step.term;
      const [a, b, c] = list.map((part) => found[part.id]!);
      const value = array ? given[array]![index]! : Number(operation.apply(a!, b!, c!));
      found[id] = value;
      if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    }
    const values = outputs.map((value) => (typeof value === "object" ? found[value.id]! : value));
    return { values, largest };
  }

  /** The values of the graph that a function computes, and where they go. */
  private schedule(kind: Kind): Schedule {
    let schedule = this.schedules.get(kind);
    if (!schedule) {
      const stores =
        kind === "f" ? this.into("dy", this.traced.outputs) : kind === "vjp" ? this.pulled() : this.pushed(kind);
      schedule = scheduleOf(stores, this.traced.graph.terms.length);
      this.schedules.set(kind, schedule);
    }
    return schedule;
  }

  private into(array: string, values: readonly Scalar[], adds = false): Store[] {
    return values.map((value, index) => ({ array, index, value, adds })).filter(({ value }) => !adds || value !== 0);
  }

  private pulled(): Store[] {
    const { graph, outputs } = this.traced;
    const cotangents = outputs.map((_, i) => graph.input("w", i));
    const bar = reverse(graph, outputs, cotangents, ["t", "y", "p"]);
    const bars = (array: string, length: number): Scalar[] => Array.from({ length }, (_, index) => bar(array, index));
    return [
      ...this.into("sum", bars("t", 1), true),
      ...this.into("yBar", bars("y", this.dim)),
      ...this.into("pBar", bars("p", this.parameters), true),
    ];
  }

  private pushed(kind: Kind): Store[] {
    const { graph, outputs } = this.traced;
    const moves = kind === "jvp" ? ["y", "p"] : ["y"];
    const tangent = (array: string, index: number): Scalar | undefined =>
      moves.includes(array) ? graph.input(`${array}Dot`, index) : undefined;
    return this.into("out", forward(graph, outputs, tangent));
  }
}
