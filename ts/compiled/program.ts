// A traced field with its derivatives, each made when it is first asked for, and the code that computes them.

import type { Dtype } from "../base/dtype.ts";
import { invalid, SolveError } from "../base/errors.ts";
import { functionFromText } from "../base/function-from-text.ts";
import type { CallableNetwork } from "../fields/callable-network.ts";
import type { FieldText } from "../fields/field.ts";
import { javascriptOf, statementsOf } from "./emission/javascript.ts";
import { type Schedule, scheduleOf } from "./emission/schedule.ts";
import { type Signature, webassemblyOf } from "./emission/webassembly.ts";
import { ARRAYS, jacobianOfField, type Kind, storesOf, widthOf } from "./functions.ts";
import type { Jacobian } from "./graph/jacobian.ts";
import { stagesOf } from "./stages.ts";
import type { TracedField } from "./tracing/field.ts";

type Numbers = ArrayLike<number>;

/** A function of t and arrays. */
export type OnArrays = (
  t: number,
  ...arrays: readonly { [index: number]: number; readonly length: number }[]
) => number;
/** A function of t, the addresses of arrays, and the number of rows. */
export type OnMemory = (t: number, ...addresses: readonly number[]) => number;

/** States up to this length are computed by JavaScript: a call into WebAssembly takes longer than their arithmetic. */
const SMALL = 4;
/** A written step takes in fields of so many operations, several times each. */
const FEW = 100;
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

/** A schedule as a function on memories. */
export function emitted(schedule: Schedule, signature: Signature): (memory: WebAssembly.Memory) => OnMemory {
  const { bytes, imports } = webassemblyOf(schedule, signature);
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

export class Program {
  readonly dim: number;
  /** How many parameters there are, those of networks that it calls not counted. */
  readonly parameters: number;
  readonly traced: TracedField;
  private readonly schedules = new Map<Kind, Schedule>();
  private readonly functions = new Map<Kind, OnArrays>();
  private readonly modules = new Map<string, (memory: WebAssembly.Memory) => OnMemory>();
  private entries: Jacobian | undefined;
  private taken: FieldText | undefined;

  constructor(traced: TracedField, parameters: number) {
    this.traced = traced;
    this.dim = traced.dim;
    this.parameters = parameters;
  }

  /** Whether it calls networks: then its functions go by stages (stages.ts). */
  get callsNetworks(): boolean {
    return this.traced.graph.calls.size > 0;
  }

  /** Whether JavaScript computes it: it is small, and functions may be made from text. */
  get isJavaScript(): boolean {
    return (
      !this.callsNetworks &&
      this.dim <= SMALL &&
      this.schedule("f").steps.length <= SHORT &&
      this.onArrays("f") !== undefined
    );
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
    if (this.callsNetworks) throw invalid("text(target)", "js", "of a field that calls no networks");
    return javascriptOf(this.schedule(kind), ["t", ...ARRAYS[kind]]);
  }

  /** The field's text, for steps that take it in; undefined where it is too long for that. */
  get fieldText(): FieldText | undefined {
    const schedule = this.schedule("f");
    if (schedule.steps.length > FEW) return undefined;
    const params = Array.from({ length: this.parameters }, (_, j) => `const p_${j}=params[${j}];`);
    this.taken ??= {
      head: params.join(""),
      at: (t, y, dy) => {
        const statements = statementsOf(schedule, (array, i) =>
          array === "t" ? "T" : array === "dy" ? `${dy}_${i}=${dy}[${i}]` : `${array === "y" ? y : "p"}_${i}`,
        );
        return `const T=${t};${statements.join("")}`;
      },
    };
    return this.taken;
  }

  /** A function in WebAssembly on a memory, for one row or for the rows of a batch. */
  onMemory(kind: Kind, dtype: Dtype, batched: boolean, memory: WebAssembly.Memory): OnMemory {
    const key = `${kind} ${dtype} ${batched}`;
    const made = this.modules.get(key) ?? this.compile(kind, dtype, batched);
    this.modules.set(key, made);
    return made(memory);
  }

  private compile(kind: Kind, dtype: Dtype, batched: boolean): (memory: WebAssembly.Memory) => OnMemory {
    return emitted(this.schedule(kind), this.signatureOf(kind, dtype, batched));
  }

  private signatureOf(kind: Kind, dtype: Dtype, batched: boolean): Signature {
    const arrays = ARRAYS[kind];
    const widths = arrays.map((array) => this.widthOf(array));
    return { arrays, widths, dtype, batched, sums: arrays.includes("pBar") };
  }

  /** The module of a function, for the rows of a batch; other threads call it, too (threads/compiled-code.ts). */
  moduleOf(kind: Kind, dtype: Dtype): ReturnType<typeof webassemblyOf> {
    return webassemblyOf(this.schedule(kind), this.signatureOf(kind, dtype, true));
  }

  /** How many operations an evaluation of a row has. */
  get operations(): number {
    return this.schedule("f").steps.length;
  }

  /** What is compared with the user's function, where that is not the outputs. */
  get checked(): TracedField["checked"] {
    return this.traced.checked;
  }

  /** What is compared with the user's function, operation by operation, and the largest finite value on the way. */
  evaluate(
    t: number,
    y: Numbers,
    p: Numbers,
    networks: readonly CallableNetwork[],
  ): { values: number[]; largest: number } {
    const { graph, outputs, checked } = this.traced;
    const wanted = checked?.values ?? outputs;
    const given: Record<string, Numbers> = { t: [t], y, p };
    const found = Float64Array.from(graph.terms, ({ value }) => value);
    let largest = 0;
    const stores = wanted.map((value, index) => ({ array: "", index, value }));
    for (const stage of stagesOf(graph, stores, [])) {
      for (const step of scheduleOf(stage.stores, graph.terms.length).steps) {
        if ("store" in step) continue;
        const { id, operation, list, array, index } = step.term;
        const [a, b, c] = list.map((part) => found[part.id]!);
        const value = array ? given[array]![index]! : Number(operation.apply(a!, b!, c!));
        found[id] = value;
        if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
      }
      for (const { network, array, operands } of stage.calls)
        given[array] = networks[network]!(operands[0]!.map(({ id }) => found[id]!));
    }
    const values = wanted.map((value) => (typeof value === "object" ? found[value.id]! : value));
    return { values, largest };
  }

  /** ∂f/∂y, made when it is first asked for. */
  readonly jacobian = (): Jacobian => {
    this.entries ??= jacobianOfField(this.traced);
    return this.entries;
  };

  /** How many numbers of a function's array belong to a row of a batch; 0: all rows share it. */
  widthOf(array: string): number {
    return widthOf(array, this.traced, this.jacobian);
  }

  /** The values of the graph that a function computes, and where they go. */
  private schedule(kind: Kind): Schedule {
    let schedule = this.schedules.get(kind);
    if (!schedule) {
      const stores = storesOf(this.traced, kind, this.parameters, this.jacobian);
      schedule = scheduleOf(stores, this.traced.graph.terms.length);
      this.schedules.set(kind, schedule);
    }
    return schedule;
  }
}
