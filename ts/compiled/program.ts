// A traced field with its derivatives, each made when it is first asked for, and the functions that compute them.
import { javascriptOf, type Signature } from "./emission/javascript.ts";
import { machineOf } from "./emission/machine.ts";
import { type Schedule, type Store, scheduleOf } from "./emission/schedule.ts";
import { forward, reverse } from "./graph/derivatives.ts";
import type { Scalar } from "./graph/graph.ts";
import type { TracedField } from "./tracing/field.ts";

type Numbers = ArrayLike<number>;
type Output = { [index: number]: number };

/** dy ← f(t, y, p) */
export type Evaluation = (t: number, y: Numbers, dy: Output, p: Numbers) => void;
/** yBar ← Jᵀ w, pBar += Fᵀ w; returns ∂f/∂t · w. */
export type Pullback = (t: number, y: Numbers, p: Numbers, w: Numbers, yBar: Output, pBar: Output) => number;
/** out ← J yDot + F pDot */
export type Pushforward = (t: number, y: Numbers, p: Numbers, yDot: Numbers, pDot: Numbers, out: Output) => void;

/** What can be computed: the field, its VJP, its JVP, and the JVP where the parameters stay. */
interface Functions {
  f: Evaluation;
  vjp: Pullback;
  jvp: Pushforward;
  stateJvp: Pushforward;
}

const PARAMETERS: Record<keyof Functions, string> = {
  f: "t y dy p",
  vjp: "t y p w yBar pBar",
  jvp: "t y p yDot pDot out",
  stateJvp: "t y p yDot pDot out",
};
const ROWS = ["y", "dy", "w", "yBar", "yDot", "out"];

/** Whether functions may be made from text: asked once, since a page's policy may report every try. */
let mayCompile = true;

export class Program {
  readonly dim: number;
  private readonly traced: TracedField;
  private readonly parameters: number;
  private readonly made = new Map<string, unknown>();

  constructor(traced: TracedField, parameters: number) {
    this.traced = traced;
    this.dim = traced.outputs.length;
    this.parameters = parameters;
  }

  /** A function for one row of the state, or for all rows of a batch. */
  function<K extends keyof Functions>(kind: K, batched: boolean): Functions[K] {
    const key = `${kind} ${batched}`;
    const known = this.made.get(key) ?? this.make(kind, batched);
    this.made.set(key, known);
    return known as Functions[K];
  }

  /** The field's text, a JavaScript expression whose value is a function (t, y, dy, p). */
  get text(): string {
    return javascriptOf(this.schedule("f"), this.signature("f", false));
  }

  /** The largest finite value on the way to f's. */
  largest(t: number, y: Numbers, p: Numbers): number {
    let largest = 0;
    const see = (value: number): void => {
      if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    };
    const run = machineOf(this.schedule("f"), this.signature("f", false), see) as Evaluation;
    run(t, y, new Float64Array(this.dim), p);
    return largest;
  }

  private signature(kind: keyof Functions, batched: boolean): Signature {
    const parameters = PARAMETERS[kind].split(" ");
    const rows = parameters.filter((name) => ROWS.includes(name));
    return { parameters, rows, dim: batched ? this.dim : undefined, sums: kind === "vjp" };
  }

  private make(kind: keyof Functions, batched: boolean): unknown {
    const schedule = this.schedule(kind);
    const signature = this.signature(kind, batched);
    if (mayCompile) {
      const text = javascriptOf(schedule, signature);
      try {
        return new Function(`return ${text}`)();
      } catch {
        mayCompile = false;
      }
    }
    return machineOf(schedule, signature);
  }

  /** Where the values of the graph that a function computes go. */
  private schedule(kind: keyof Functions): Schedule {
    const stores = this[`${kind}Stores`]();
    return scheduleOf(stores, this.traced.graph.terms.length);
  }

  private fStores(): Store[] {
    return this.traced.outputs.map((value, index) => ({ array: "dy", index, value }));
  }

  private vjpStores(): Store[] {
    const { graph, outputs } = this.traced;
    const cotangents = outputs.map((_, i) => graph.input("w", i));
    const bar = reverse(graph, outputs, cotangents, ["t", "y", "p"]);
    const into = (array: string, from: string, length: number, adds: boolean): Store[] =>
      Array.from({ length }, (_, index) => ({ array, index, value: bar(from, index), adds })).filter(
        ({ value }) => !adds || value !== 0,
      );
    return [
      ...into("sum", "t", 1, true),
      ...into("yBar", "y", this.dim, false),
      ...into("pBar", "p", this.parameters, true),
    ];
  }

  private jvpStores(): Store[] {
    return this.tangents((array, index) => array !== "t" && this.traced.graph.input(`${array}Dot`, index));
  }

  private stateJvpStores(): Store[] {
    return this.tangents((array, index) => array === "y" && this.traced.graph.input("yDot", index));
  }

  private tangents(tangent: (array: string, index: number) => Scalar | false): Store[] {
    const { graph, outputs } = this.traced;
    const inputs = (array: string, index: number): Scalar | undefined =>
      ["t", "y", "p"].includes(array) ? tangent(array, index) || undefined : undefined;
    return forward(graph, outputs, inputs).map((value, index) => ({ array: "out", index, value }));
  }
}
