// A traced field with its derivatives, each made when it is first asked for, and the code that computes them.

import type { Dtype, FloatArray } from "../base/dtype.ts";
import { invalid, SolveError } from "../base/errors.ts";
import { functionFromText } from "../base/function-from-text.ts";
import type { CallableNetwork } from "../fields/callable-network.ts";
import type { FieldText } from "../fields/field.ts";
import type { Signature } from "./emission/access.ts";
import { evaluateSteps, workOf } from "./emission/evaluation.ts";
import { javascriptOf, statementsOf } from "./emission/javascript.ts";
import { ownArraysIn, type Step, scheduleOf } from "./emission/schedule.ts";
import { webassemblyOf } from "./emission/webassembly.ts";
import { wgslOf } from "./emission/wgsl.ts";
import { ARRAYS, blocksOf, hasLoopsFor, isLooped, jacobianOfField, type Kind, widthOf } from "./functions.ts";
import { straight } from "./graph/blocks.ts";
import { NotGathered } from "./graph/gathering.ts";
import type { Jacobian } from "./graph/jacobian.ts";
import { operandOf, stagesOf } from "./stages.ts";
import type { TracedField } from "./tracing/field.ts";

type Numbers = ArrayLike<number>;

/** A function of t and arrays. */
export type OnArrays = (
  t: number,
  ...arrays: readonly { [index: number]: number; readonly length: number }[]
) => number;
/** A function of t, the addresses of arrays, the number of rows, and, where it has some, the address of its own arrays. */
export type OnMemory = (t: number, ...addresses: readonly number[]) => number;

/** States up to this length are computed by JavaScript: a call into WebAssembly takes longer than their arithmetic. */
const SMALL = 4;
/** A written step takes in fields of so many operations, several times each. */
const FEW = 100;
/** And so many operations: engines do not optimise long functions. */
const SHORT = 1000;

/** So many operations are not evaluated one by one. */
const MUCH = 3_000_000;

function moduleFrom(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    const reason = `the engine refuses a module of ${bytes.length} bytes (${String(cause)})`;
    throw new SolveError("invalid", `compiled: ${reason}. Make the equations smaller`, { cause });
  }
}

/** Steps as a function on memories. */
export function emitted(steps: readonly Step[], signature: Signature): (memory: WebAssembly.Memory) => OnMemory {
  const { bytes, imports } = webassemblyOf(steps, signature);
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
  private readonly trace: (keepsLoops: boolean) => TracedField;
  private unrolled: TracedField | undefined;
  private readonly schedules = new Map<Kind, readonly Step[]>();
  private readonly functions = new Map<Kind, OnArrays>();
  private readonly modules = new Map<string, (memory: WebAssembly.Memory) => OnMemory>();
  /** Where each of the program's own arrays begins in the memory for them. */
  private readonly places = new Map<string, number>();
  private ownLength = 0;
  private entries: Jacobian | undefined;
  private taken: FieldText | undefined;

  constructor(trace: (keepsLoops: boolean) => TracedField, parameters: number) {
    this.trace = trace;
    this.traced = trace(true);
    this.dim = this.traced.dim;
    this.parameters = parameters;
    if (!isLooped(this.traced)) this.unrolled = this.traced;
  }

  /** The field without loops. */
  private get straight(): TracedField {
    this.unrolled ??= this.trace(false);
    return this.unrolled;
  }

  /** Whether it calls networks: then its functions go by stages (stages.ts). */
  get callsNetworks(): boolean {
    return this.traced.graph.calls.size > 0;
  }

  /** Whether JavaScript computes it: it is small, and functions may be made from text. */
  get isJavaScript(): boolean {
    return (
      !this.callsNetworks &&
      this.unrolled === this.traced &&
      this.dim <= SMALL &&
      this.steps("f").length <= SHORT &&
      this.onArrays("f") !== undefined
    );
  }

  /** How many numbers of its own functions need: tables and temporary arrays, as `fill` leaves them. */
  ownFor(kinds: readonly Kind[]): number {
    for (const kind of kinds) this.steps(kind);
    return this.ownLength;
  }

  /** Puts the tables into the memory of the program's own arrays. */
  fill(own: FloatArray): void {
    const { arrays } = this.traced.graph;
    for (const [name, place] of this.places) {
      const { values } = arrays.get(name)!;
      if (values && place < own.length) own.set(values, place);
    }
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
    this.refuseCalls("js");
    const steps = this.steps(kind);
    const { arrays } = this.traced.graph;
    const own = [...ownArraysIn(steps)].map((name) => [name, arrays.get(name)!] as const);
    return javascriptOf(steps, ["t", ...ARRAYS[kind]], new Map(own));
  }

  /** The field's text in WGSL. */
  get wgsl(): string {
    this.refuseCalls("wgsl");
    const { dim, parameters, straight: field } = this;
    return wgslOf(this.scheduled(field, "f"), { dim, parameters, outputs: field.outputs.length });
  }

  private refuseCalls(target: string): void {
    if (this.callsNetworks) throw invalid("text(target)", target, "of a field that calls no networks");
  }

  /** The field's text, for steps that take it in; undefined where it is too long for that. */
  get fieldText(): FieldText | undefined {
    const steps = this.steps("f");
    if (steps.length > FEW) return undefined;
    const params = Array.from({ length: this.parameters }, (_, j) => `const p_${j}=params[${j}];`);
    this.taken ??= {
      head: params.join(""),
      at: (t, y, dy) => {
        const statements = statementsOf(steps, (array, i) =>
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
    return emitted(this.steps(kind), this.signatureOf(kind, dtype, batched));
  }

  private signatureOf(kind: Kind, dtype: Dtype, batched: boolean): Signature {
    const arrays = ARRAYS[kind];
    const widths = arrays.map((array) => this.widthOf(array));
    return { arrays, widths, dtype, batched, sums: arrays.includes("pBar"), own: this.places };
  }

  /** The module of a function, for the rows of a batch; other threads call it, too (threads/compiled-code.ts). */
  moduleOf(kind: Kind, dtype: Dtype): ReturnType<typeof webassemblyOf> {
    return webassemblyOf(this.steps(kind), this.signatureOf(kind, dtype, true));
  }

  /** How many operations an evaluation of a row has. */
  get operations(): number {
    return workOf(this.steps("f"));
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
  ): { values: Numbers; largest: number } {
    const { graph, outputs, checked } = this.traced;
    if (!checked && isLooped(this.traced)) return this.evaluateLoops(t, y, p);
    const wanted = checked?.values ?? outputs;
    const given: Record<string, Numbers> = { t: [t], y, p };
    const stores = wanted.map((value, index) => ({ array: "dy", index, value }));
    let largest = 0;
    for (const stage of stagesOf(graph, stores, [])) {
      for (const { array } of stage.stores) given[array] ??= [];
      largest = Math.max(largest, evaluateSteps(scheduleOf(graph, [straight(stage.stores, 0)]), graph, given));
      for (const { network, array, operands } of stage.calls)
        given[array] = networks[network]!(operands[0]!.map((_, i) => given[operandOf({ array }, 0)]![i]!));
    }
    return { values: given.dy!, largest };
  }

  /** Where loops make many operations, by JavaScript, which keeps no account of what is on the way. */
  private evaluateLoops(t: number, y: Numbers, p: Numbers): { values: Numbers; largest: number } {
    const steps = this.steps("f");
    const dy = new Float64Array(this.dim);
    if (workOf(steps) < MUCH)
      return { values: dy, largest: evaluateSteps(steps, this.traced.graph, { t: [t], y, p, dy }) };
    const arrays = [y, dy, p] as never as [Float64Array];
    this.onArrays("f")?.(t, ...arrays);
    return { values: dy, largest: Math.max(...[...Array.from(y), ...dy].filter(Number.isFinite).map(Math.abs)) };
  }

  /** ∂f/∂y, made when it is first asked for. */
  readonly jacobian = (): Jacobian => {
    this.entries ??= jacobianOfField(this.straight);
    return this.entries;
  };

  /** How many numbers of a function's array belong to a row of a batch; 0: all rows share it. */
  widthOf(array: string): number {
    return widthOf(array, this.traced, this.jacobian);
  }

  /** The steps that compute a function; by loops, where there are some and they have its derivative. */
  private steps(kind: Kind): readonly Step[] {
    let steps = this.schedules.get(kind);
    if (!steps) {
      steps = (hasLoopsFor(kind) && this.byLoops(kind)) || this.scheduled(this.straight, kind);
      this.schedules.set(kind, steps);
    }
    for (const name of ownArraysIn(steps)) {
      if (this.places.has(name)) continue;
      this.places.set(name, this.ownLength);
      this.ownLength += this.traced.graph.arrays.get(name)!.length;
    }
    return steps;
  }

  private scheduled(field: TracedField, kind: Kind): readonly Step[] {
    return scheduleOf(field.graph, blocksOf(field, kind, this.parameters, this.jacobian));
  }

  private byLoops(kind: Kind): readonly Step[] | undefined {
    try {
      return this.scheduled(this.traced, kind);
    } catch (error) {
      if (error instanceof NotGathered) return undefined;
      throw error;
    }
  }
}
