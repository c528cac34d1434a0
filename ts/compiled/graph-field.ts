// What all compiled fields are: a graph for each length of a state, its functions in solves and outside, and its check
// against the function that it was made from.
import { type Dtype, type FloatArray, type NumberSink, zeros } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { BindRequest, BoundField, Field, SparsityPattern } from "../fields/field.ts";
import { vectorsOf } from "../vectors/kernels-f32.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { release, withParams } from "./adoption.ts";
import { bind, type Compilation } from "./bound.ts";
import { Calls } from "./calls.ts";
import { compare } from "./check.ts";
import type { CompiledField, CotangentOutputs } from "./compiled-field.ts";
import { Program } from "./program.ts";
import { readFunction } from "./reader/reader.ts";
import type { Source } from "./reader/refusal.ts";
import type { TracedField } from "./tracing/field.ts";
import { argumentOf, flatOf, type Layout, namedOf, namesOf } from "./tracing/parameters.ts";

export abstract class GraphField implements CompiledField<unknown, Dtype>, Compilation {
  readonly dtype: Dtype;
  readonly vectors: Field["vectors"];
  readonly dim: number | undefined;
  readonly params: never;
  readonly names: readonly string[];
  readonly differentiable: boolean;
  readonly hasJvp: boolean;
  readonly hasJacobian: boolean;
  readonly hasSecond: boolean;
  readonly layout: Layout;
  private readonly programs = new Map<number, Program>();
  private readonly calls = new Map<Program, Calls>();
  /** The programs that have been checked at other states than the first. */
  private readonly checked = new Set<Program>();

  constructor(dtype: Dtype, dim: number | undefined, layout: Layout, params: FloatArray) {
    this.dtype = dtype;
    this.vectors = vectorsOf(dtype);
    this.dim = dim;
    this.layout = layout;
    this.params = params as never;
    this.names = namesOf(layout);
    // Of networks that equations call there are first derivatives alone.
    const isPlain = layout.networks.length === 0;
    this.hasSecond = isPlain;
    this.differentiable = isPlain || !this.isDerivative;
    this.hasJvp = this.differentiable;
    this.hasJacobian = this.differentiable;
  }

  /** Whether its values are derivatives of what the user wrote. */
  protected get isDerivative(): boolean {
    return false;
  }

  /** The graph for states of `dim` numbers; where `keepsLoops`, what can stay a loop may. */
  abstract trace(dim: number, keepsLoops?: boolean): TracedField;

  /** What the user's own function gives for what of the graph is compared with it; undefined where it cannot be asked. */
  abstract original(t: number, y: Float64Array, params: unknown): ArrayLike<number> | undefined;

  get sparsity(): SparsityPattern | undefined {
    return this.first?.jacobian().pattern;
  }

  private get first(): Program | undefined {
    return this.dim === undefined ? this.programs.values().next().value : this.programFor(this.dim);
  }

  named(array: ArrayLike<number> = this.params): unknown {
    const { layout } = this;
    if (array?.length !== layout.total)
      throw invalid("named(array)", array, `${layout.total} numbers, one for each of the parameters`);
    return namedOf(layout, array);
  }

  flat(params: unknown): FloatArray {
    return flatOf(this.layout, params);
  }

  text(target: "js" | "wgsl"): string {
    if (target !== "js" && target !== "wgsl") throw invalid("text(target)", target, '"js" or "wgsl"');
    const { first } = this;
    if (!first) throw invalid("compiled option dim", undefined, "the length of the state, for the text of its field");
    return target === "js" ? first.text("f") : first.wgsl;
  }

  programFor(length: number): Program {
    const dim = this.dim ?? length;
    let program = this.programs.get(dim);
    if (!program) {
      program = new Program((keepsLoops) => this.trace(dim, keepsLoops), this.layout.length);
      this.programs.set(dim, program);
    }
    return program;
  }

  check(program: Program, t: number, y: FloatArray, params: FloatArray, values: FloatArray): void {
    this.compare(program, t, y, params, values);
    if (this.checked.has(program)) return;
    this.checked.add(program);
    // Other ways through its conditions, where f has values there.
    for (const scale of [-1, 0.3, 1.7])
      this.compare(
        program,
        t + scale,
        Float64Array.from(y, (value, i) => scale * value + (1 + (i % 3)) * 0.1),
        params,
      );
  }

  /** Sees whether f can be compiled: what cannot be read is refused now, the rest as soon as the state's length is known. */
  protected begin(source: Source): void {
    try {
      if (this.dim === undefined) readFunction(source);
      else this.programFor(this.dim);
    } catch (error) {
      release(this.layout);
      throw error;
    }
  }

  /** Compares f itself with what was computed, or, where it was not, with the graph. */
  private compare(program: Program, t: number, y: FloatArray, params: FloatArray, values?: FloatArray): void {
    const { layout } = this;
    const copy = Float64Array.from(params);
    withParams(layout, copy, () => {
      const result = this.original(t, Float64Array.from(y), argumentOf(layout, copy));
      if (!result) return;
      const networks = layout.networks.map(({ network }) => network);
      const graph = (): ReturnType<Program["evaluate"]> => program.evaluate(t, y, params, networks);
      const { checked } = program;
      const got = checked ? undefined : values;
      compare(t, y, got ?? graph().values, result, this.dtype, () => graph().largest, checked?.name);
    });
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return bind(scratch, request, this);
  }

  /** The functions for y, at which the field is compared with f if it has not been. */
  private at(t: number, y: ArrayLike<number>, params: unknown): Calls {
    if (!(y?.length > 0) || y.length % (this.dim ?? 1) !== 0)
      throw invalid("y", y, this.dim === undefined ? "the numbers of a state" : `rows of ${this.dim} numbers`);
    const program = this.programFor(y.length);
    const calls = this.calls.get(program) ?? new Calls(program, this.layout, this.dtype);
    this.calls.set(program, calls);
    const given = params === undefined ? this.params : flatOf(this.layout, params);
    calls.point(t, y, given);
    if (!this.checked.has(program)) {
      const one = Float64Array.from({ length: program.dim }, (_, i) => y[i]!);
      const values = calls.run("f", {}, (of) => of("dy").slice(0, program.dim));
      this.check(program, t, one, given, values);
    }
    return calls;
  }

  evaluate(t: number, y: ArrayLike<number>, out?: FloatArray, params?: unknown): never {
    return this.at(t, y, params).run("f", {}, (of) => {
      const dy = of("dy");
      out?.set(dy);
      return out ?? dy.slice();
    }) as never;
  }

  vjp(t: number, y: ArrayLike<number>, params: unknown, w: ArrayLike<number>, outputs: CotangentOutputs): void {
    this.at(t, y, params).run("vjp", { w }, addTo(outputs));
  }

  jvp(
    t: number,
    y: ArrayLike<number>,
    params: unknown,
    tangent: { y: ArrayLike<number>; params?: ArrayLike<number> },
    out: NumberSink,
  ): void {
    const { y: yDot, params: pDot } = tangent;
    this.at(t, y, params).run(pDot ? "jvp" : "stateJvp", { yDot, ...(pDot && { pDot }) }, (of) => copy(of("out"), out));
  }

  jacobian(t: number, y: ArrayLike<number>, params?: unknown, out?: FloatArray, dfdt?: NumberSink): never {
    const calls = this.at(t, y, params);
    const { size, rows, columns } = calls.program.jacobian().pattern;
    const [count, batch] = [columns.length, y.length / size];
    if (out && out.length !== batch * count && out.length !== batch * size * size)
      throw invalid(
        "jacobian, out",
        out,
        `an array of ${batch * size * size} numbers, or of its ${batch * count} entries`,
      );
    const whole = out ?? zeros(this.dtype, batch * size * size);
    return calls.run(dfdt ? "jacobianAndTime" : "jacobian", {}, (of) => {
      const values = of("jacobian");
      if (dfdt) copy(of("dfdt"), dfdt);
      if (whole.length === values.length) whole.set(values);
      else {
        whole.fill(0);
        for (let i = 0; i < values.length; i++) {
          const k = i % count;
          whole[(Math.floor(i / count) * size + rows[k]!) * size + columns[k]!] = values[i]!;
        }
      }
      return whole;
    }) as never;
  }

  second(
    t: number,
    y: ArrayLike<number>,
    params: unknown,
    tangent: { y: ArrayLike<number>; t?: number },
    w: ArrayLike<number>,
    outputs: CotangentOutputs,
  ): void {
    const { y: yDot, t: tDot = 0 } = tangent;
    this.at(t, y, params).run("second", { yDot, tDot: [tDot], w }, addTo(outputs));
  }
}

function copy(from: ArrayLike<number>, to: NumberSink): void {
  if (to.length !== from.length) throw invalid("out", to, `an array of ${from.length} numbers`);
  for (let i = 0; i < from.length; i++) to[i] = from[i]!;
}

function add(name: string, from: ArrayLike<number>, to: NumberSink): void {
  if (to.length !== from.length) throw invalid(`outputs.${name}`, to, `an array of ${from.length} numbers`);
  for (let i = 0; i < from.length; i++) to[i]! += from[i]!;
}

const addTo =
  ({ y, params, t }: CotangentOutputs) =>
  (of: (name: string) => FloatArray, tBar: number): void => {
    add("y", of("yBar"), y);
    add("params", of("pBar"), params);
    t[0]! += tBar;
  };
