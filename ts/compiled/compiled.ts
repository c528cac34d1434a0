// compiled(): the user's own equation as a field with exact derivatives.
import type { ArrayOf, Dtype, FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { BindRequest, BoundField, Field } from "../fields/field.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { bind, type Compilation } from "./bound.ts";
import { compare } from "./check.ts";
import { Equation } from "./equation.ts";
import { Program } from "./program.ts";
import { readFunction } from "./reader/reader.ts";
import type { Source } from "./reader/refusal.ts";
import { traceField } from "./tracing/field.ts";
import { argumentOf, type Layout, layoutOf, type NamedParams, type NamedValues } from "./tracing/parameters.ts";
import { readUses } from "./uses.ts";

/** dy ← f(t, y, params), or f returns the derivative. It is read, not only called: see `compiled`. */
export type EquationFunction<P> = (t: number, y: Float64Array, dy: Float64Array, params: P) => void | ArrayLike<number>;

interface Options<D extends Dtype> {
  /** What f takes from outside: `() => ({ mu, masses, hill })`, constants, arrays of them and functions. Read once. */
  readonly uses?: () => object;
  /** Numbers in a row of the state, for batches; without it the whole state is one row. */
  readonly dim?: number;
  /** The precision of states and parameters, "float64" by default. */
  readonly dtype?: D;
}

export interface CompiledOptions<D extends Dtype = "float64"> extends Options<D> {
  /** θ; used itself if it is a typed array of the dtype, copied into one otherwise. */
  readonly params?: ArrayLike<number>;
}

export interface NamedOptions<P extends NamedParams, D extends Dtype = "float64"> extends Options<D> {
  /** θ by name: numbers, and arrays of numbers. */
  readonly params: P;
}

/** A field that was compiled from an equation. `P` is what the equation is given as its fourth argument. */
export interface CompiledField<P = Float64Array, D extends Dtype = "float64"> extends Field {
  readonly dtype: D;
  /** θ as one flat array, in the order in which the parameters were given. */
  readonly params: ArrayOf<D>;
  /** The names of the parameters in order; none where they were given as one array. */
  readonly names: readonly string[];
  /** The object of named parameters that a flat array is, such as a gradient's `params`; by default of `params`. */
  named(array?: ArrayLike<number>): P;
  /** The field as the text of a JavaScript function (t, y, dy, p) of flat parameters. Throws "invalid" without `dim`. */
  text(target: "js"): string;
}

class FieldOfEquation implements CompiledField<unknown, Dtype>, Compilation {
  readonly dtype: Dtype;
  readonly dim: number | undefined;
  readonly params: never;
  readonly names: readonly string[];
  readonly differentiable = true;
  readonly hasJvp = true;
  private readonly source: Source;
  private readonly given: ReadonlyMap<string, unknown>;
  private readonly layout: Layout;
  private readonly programs = new Map<number, Program>();
  private readonly original: EquationFunction<unknown> | undefined;
  /** The programs that have been checked at other states than the first. */
  private readonly checked = new Set<Program>();

  constructor(f: unknown, { params, uses, dim, dtype = "float64" }: CompiledOptions<Dtype>) {
    if (typeof f !== "function" && !(f instanceof Equation))
      throw invalid("compiled(f)", f, "a function (t, y, dy, params) => void, or compiled.js`…`");
    if (dtype !== "float64" && dtype !== "float32")
      throw invalid("compiled option dtype", dtype, '"float64" or "float32"');
    if (dim !== undefined && !(Number.isInteger(dim) && dim > 0))
      throw invalid("compiled option dim", dim, "a positive integer");
    this.dtype = dtype;
    this.dim = dim;
    const [layout, flat] = layoutOf(params, dtype === "float32" ? Float32Array : Float64Array);
    this.layout = layout;
    this.params = flat as never;
    this.names = layout.places?.map(({ name }) => name) ?? [];
    const given = readUses(uses);
    if (f instanceof Equation) for (const [name, value] of f.given) given.set(name, value);
    this.given = given;
    this.original = (f instanceof Equation ? f.function : f) as EquationFunction<unknown> | undefined;
    this.source = { text: f instanceof Equation ? f.text : String(f), name: "f" };
    // What cannot be read is refused here, and what cannot be compiled as soon as the state's length is known.
    if (dim === undefined) readFunction(this.source);
    else this.programFor(dim);
  }

  named(array: ArrayLike<number> = this.params): unknown {
    const { layout } = this;
    if (array?.length !== layout.length)
      throw invalid("named(array)", array, `${layout.length} numbers, one for each of the parameters`);
    return argumentOf(layout, array);
  }

  text(target: "js"): string {
    if (target !== "js") throw invalid("text(target)", target, '"js"');
    const [program] = this.dim === undefined ? this.programs.values() : [this.programFor(this.dim)];
    if (!program) throw invalid("compiled option dim", undefined, "the length of the state, for the text of its field");
    return program.text("f");
  }

  programFor(length: number): Program {
    const dim = this.dim ?? length;
    let program = this.programs.get(dim);
    if (!program) {
      program = new Program(traceField(this.source, this.given, dim, this.layout), this.layout.length);
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
        Float64Array.from(y, (value, i) => scale * value + (i % 3) * 0.1),
        params,
      );
  }

  /** Compares f itself with what was computed, or, where it was not, with the graph. */
  private compare(program: Program, t: number, y: FloatArray, params: FloatArray, values?: FloatArray): void {
    if (!this.original) return;
    const expected = new Float64Array(y.length);
    const argument = argumentOf(this.layout, Float64Array.from(params));
    const result = this.original(t, Float64Array.from(y), expected, argument) ?? expected;
    const graph = (): { values: number[]; largest: number } => program.evaluate(t, y, params);
    compare(t, y, values ?? graph().values, result, this.dtype, () => graph().largest);
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return bind(scratch, request, this);
  }
}

/** See `compiled`. */
export interface Compiled {
  <D extends Dtype = "float64">(
    f: EquationFunction<Float64Array> | Equation,
    options?: CompiledOptions<D>,
  ): CompiledField<Float64Array, D>;
  <P extends NamedParams, D extends Dtype = "float64">(
    f: EquationFunction<NamedValues<P>> | Equation,
    options: NamedOptions<P, D>,
  ): CompiledField<NamedValues<P>, D>;
  /** The text of a field, for builds that change functions beyond recognition; `${…}` takes values from outside. */
  js(strings: TemplateStringsArray, ...values: readonly unknown[]): Equation;
}

const compile = (f: unknown, options: CompiledOptions<Dtype> = {}): unknown => {
  if (typeof options !== "object" || options === null)
    throw invalid("compiled(f, options)", options, "an object of params, uses, dim and dtype");
  for (const name of Object.keys(options)) {
    if (!["params", "uses", "dim", "dtype"].includes(name))
      throw invalid(`compiled option ${name}`, options[name as never], "the options params, uses, dim, dtype");
  }
  return new FieldOfEquation(f, options);
};

/**
 * A field from an ordinary JavaScript function f(t, y, dy, params) that fills `dy` or returns the derivative. The function's
 * text is read, run once on symbols and differentiated, so that the field has exact vector–Jacobian and Jacobian–vector
 * products: for every adjoint, and for `jvp`. Loops, conditions on the state, local functions, arrays and patterns are
 * understood; what f takes from outside is handed in by `uses` and read once. Whatever is not understood is refused with
 * its line and a remedy, and what was compiled is compared with f itself where it is first evaluated.
 *
 * Values are f's to the bit where it uses + − × ÷, sqrt, x ** 2, exp, log, sin and cos; else within 4 units in the last place
 * of the largest value on the way. At kinks derivatives are those of one side: of the first argument of Math.max and
 * Math.min where both are equal; Math.abs has 0 at 0.
 *
 * Throws `SolveError` "invalid" for bad options and for what cannot be compiled: here where `dim` is given, else by `solve`.
 */
export const compiled: Compiled = Object.assign(compile, {
  js: (strings: TemplateStringsArray, ...values: readonly unknown[]): Equation => new Equation(strings.raw, values),
}) as unknown as Compiled;
