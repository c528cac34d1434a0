// The functions of a program that calls networks, on one leased block: its stages, and the networks between them, each called
// once for all rows of a batch.

import { RECOMPUTE } from "../fields/field.ts";
import type { BoundMlp } from "../fields/mlp-bound.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { scheduleOf } from "./emission/schedule.ts";
import { ARRAYS, type Kind, storesOf } from "./functions.ts";
import { straight } from "./graph/blocks.ts";
import type { Call } from "./graph/terms.ts";
import { emitted, type OnMemory, type Program } from "./program.ts";
import { operandOf, type Stage, stagesOf } from "./stages.ts";
import type { NetworkPlace } from "./tracing/parameters.ts";

/** A function as its stages, compiled when they are first computed, and the arrays that its calls read and leave. */
interface Plan {
  readonly stages: readonly Stage[];
  /** Lengths of a row, by name. */
  readonly arrays: ReadonlyMap<string, number>;
  readonly compiled: Map<boolean, readonly ((memory: WebAssembly.Memory) => OnMemory)[]>;
}

const NO_ARRAYS: ReadonlyMap<string, number> = new Map();

const plans = new WeakMap<Program, Map<Kind, Plan>>();

function planOf(program: Program, kind: Kind): Plan {
  const known = plans.get(program) ?? new Map<Kind, Plan>();
  plans.set(program, known);
  let plan = known.get(kind);
  if (!plan) {
    const { graph } = program.traced;
    const stores = storesOf(program.traced, kind, program.parameters, program.jacobian);
    const adds = ARRAYS[kind].includes("pBar");
    const effects = adds ? [...graph.calls.values()].filter((call) => call.kind === "pull" && call.params) : [];
    const stages = stagesOf(graph, stores, effects);
    const arrays = new Map<string, number>();
    for (const call of stages.flatMap(({ calls }) => calls)) {
      call.operands.forEach((list, operand) => arrays.set(operandOf(call, operand), list.length));
      arrays.set(call.array, call.outputs.length);
    }
    plan = { stages, arrays, compiled: new Map() };
    known.set(kind, plan);
  }
  return plan;
}

function compiledStages(
  program: Program,
  kind: Kind,
  batched: boolean,
): Plan["compiled"] extends Map<boolean, infer F> ? F : never {
  const plan = planOf(program, kind);
  let compiled = plan.compiled.get(batched);
  if (!compiled) {
    const arrays = [...plan.arrays.keys(), ...ARRAYS[kind]];
    const widths = [...plan.arrays.values(), ...ARRAYS[kind].map((array) => program.widthOf(array))];
    const sums = ARRAYS[kind].includes("pBar");
    const signature = { arrays, widths, dtype: "float64", batched, sums, own: NO_ARRAYS } as const;
    const { graph } = program.traced;
    const { length } = graph.terms;
    compiled = plan.stages.map(({ stores }) => emitted(scheduleOf(graph, [straight(stores, length)]), signature));
    plan.compiled.set(batched, compiled);
  }
  return compiled;
}

/** Calls at the same operands share a tape. */
const pointOf = ({ network, operands }: Call): string => `${network} ${operands[0]!.map(({ id }) => id).join()}`;

/** Calls a function with a list of arguments: it takes no notice of what is more than it has. Spreading takes much longer. */
function applied(f: OnMemory, t: number, a: readonly number[]): number {
  if (a.length > 14) return f(t, ...a);
  const [p, q] = [a[12]!, a[13]!];
  return f(t, a[0]!, a[1]!, a[2]!, a[3]!, a[4]!, a[5]!, a[6]!, a[7]!, a[8]!, a[9]!, a[10]!, a[11]!, p, q);
}

interface Bound {
  readonly bound: BoundMlp;
  /** θ and θ̇ as the network is bound to them. */
  readonly params: Float64Array;
  readonly paramsDot: Float64Array | undefined;
  readonly start: number;
}

export class CalledNetworks {
  private readonly scratch: Scratch;
  private readonly program: Program;
  private readonly rows: number;
  private readonly vectors = new Map<Kind, ReadonlyMap<string, HostVector>>();
  private readonly bound: readonly Bound[];
  /** The slots of tapes, by what is evaluated. */
  private readonly slots = new Map<string, number>();
  /** Where values go that nobody wants, but their tapes. */
  private readonly unused: readonly HostVector[];
  /** Where cotangents of all parameters are added to in the call in work. */
  private paramsBarAt = 0;

  /** `moves`: whether tangents of parameters are pushed. */
  constructor(
    scratch: Scratch,
    program: Program,
    places: readonly NetworkPlace[],
    rows: number,
    kinds: readonly Kind[],
    moves: boolean,
  ) {
    this.scratch = scratch;
    this.program = program;
    this.rows = rows;
    const calls: Call[] = [];
    for (const kind of kinds) {
      const { stages, arrays } = planOf(program, kind);
      calls.push(...stages.flatMap((stage) => stage.calls));
      const vectors = Array.from(arrays, ([name, width]) => [name, scratch.vector(rows * width, "float64")] as const);
      this.vectors.set(kind, new Map(vectors));
    }
    for (const call of calls) {
      const point = pointOf(call);
      if (!this.slots.has(point)) this.slots.set(point, this.slots.size);
    }
    this.bound = places.map(({ network, width, start, length }, i) => {
      const own = calls.filter((call) => call.network === i);
      const params = new Float64Array(length);
      const paramsDot = moves ? new Float64Array(length) : undefined;
      const bound = network.bindRows(scratch, {
        length: rows * width,
        params,
        slots: own.length > 0 ? this.slots.size : 0,
        gradient: own.some(({ kind }) => kind === "pull"),
        ...(own.some(({ kind }) => kind === "push") && { tangent: { params: paramsDot } }),
      });
      return { bound, params, paramsDot, start };
    });
    this.unused = places.map(({ network }) => scratch.vector(rows * network.layers.at(-1)!, "float64"));
  }

  /** Packs the networks' parts of all parameters, and of their tangent; after the lease. */
  load(params: ArrayLike<number>, paramsDot?: ArrayLike<number>): void {
    for (const own of this.bound) {
      for (let i = 0; i < own.params.length; i++) {
        own.params[i] = params[own.start + i]!;
        if (own.paramsDot) own.paramsDot[i] = paramsDot?.[own.start + i] ?? 0;
      }
      own.bound.load();
    }
  }

  /** A function of the program, as `Program.onMemory` has them. */
  on(kind: Kind): OnMemory {
    const { program, rows, scratch } = this;
    const functions = compiledStages(program, kind, rows > 1).map((stage) => stage(scratch.memory));
    const { stages } = planOf(program, kind);
    const vectors = this.vectors.get(kind)!;
    const barAt = ARRAYS[kind].indexOf("pBar");
    const evaluated = new Set<string>();
    const calls = stages.map((stage) => stage.calls.map((call) => this.called(call, vectors, evaluated)));
    // The arrays of calls, which stay, then those of the function, then the number of rows.
    const list = Array.from(vectors.values(), ({ address }) => address);
    const first = list.length;
    const last = first + ARRAYS[kind].length;
    return (t, a, b, c, d, e, f, g) => {
      list[first] = a!;
      list[first + 1] = b!;
      list[first + 2] = c!;
      list[first + 3] = d!;
      list[first + 4] = e!;
      list[first + 5] = f!;
      list[first + 6] = g!;
      list[last] = rows;
      if (barAt >= 0) this.paramsBarAt = list[first + barAt]!;
      let sum = 0;
      for (let i = 0; i < functions.length; i++) {
        sum += applied(functions[i]!, t, list) ?? 0;
        for (const call of calls[i]!) call();
      }
      return sum;
    };
  }

  /** What a call does; `evaluated`: the points whose tapes are left by then. */
  private called(call: Call, vectors: ReadonlyMap<string, HostVector>, evaluated: Set<string>): () => void {
    const { bound, start } = this.bound[call.network]!;
    const [x, other] = call.operands.map((_, operand) => vectors.get(operandOf(call, operand))!);
    const out = vectors.get(call.array)!;
    const point = pointOf(call);
    const slot = this.slots.get(point)!;
    const isLeft = evaluated.has(point);
    if (call.kind === "pull") {
      const tape = isLeft ? slot : RECOMPUTE;
      return () => {
        bound.paramsBarAt = call.params ? this.paramsBarAt + 8 * start : 0;
        bound.vjp(0, x!, other!, out, tape);
      };
    }
    evaluated.add(point);
    if (call.kind === "value") return () => bound.evaluate(0, x!, out, slot);
    const unused = this.unused[call.network]!;
    return () => {
      if (!isLeft) bound.evaluate(0, x!, unused, slot);
      const { dot } = bound;
      if (!call.params) bound.dot = 0;
      bound.jvp(0, x!, other!, out, slot);
      bound.dot = dot;
    };
  }
}
