// compiled(): the user's own equation as a field with exact derivatives.
import type { Dtype } from "../base/dtype.ts";
import type { CompiledField } from "./compiled-field.ts";
import { Equation, type Reading, readingOf } from "./equation.ts";
import { GraphField } from "./graph-field.ts";
import { checkOptions, parametersOf } from "./options.ts";
import { type TracedField, traceField } from "./tracing/field.ts";
import type { NamedParams, NamedValues } from "./tracing/parameters.ts";

/** dy ← f(t, y, params), or f returns the derivative. It is read, not only called: see `compiled`. */
export type EquationFunction<P> = (t: number, y: Float64Array, dy: Float64Array, params: P) => void | ArrayLike<number>;

/** What the options of `compiled` have in common. */
export interface EquationOptions<D extends Dtype> {
  /**
   * What f takes from outside: `() => ({ mu, masses, hill, net })`, constants, arrays of them, functions, and float64 networks of
   * `mlp`, which f calls as `net(x, y)`. Read once. A network's parameters become a part of `field.params`, which `net.params` is
   * from then on, so one network is one field's.
   */
  readonly uses?: (() => object) | undefined;
  /** Numbers in a row of the state, for batches; without it the whole state is one row. */
  readonly dim?: number | undefined;
  /** The precision of states and parameters, "float64" by default. */
  readonly dtype?: D | undefined;
}

/** Options of `compiled` with parameters in one array, or none. */
export interface CompiledOptions<D extends Dtype = "float64"> extends EquationOptions<D> {
  /** θ; used itself if it is a typed array of the dtype and f calls no networks, copied into one otherwise. */
  readonly params?: ArrayLike<number> | undefined;
}

/** Options of `compiled` with parameters by name. */
export interface NamedOptions<P extends NamedParams, D extends Dtype = "float64"> extends EquationOptions<D> {
  /** θ by name: numbers, and arrays of numbers. */
  readonly params: P;
}

class FieldOfEquation extends GraphField {
  private readonly reading: Reading<EquationFunction<unknown>>;

  constructor(f: unknown, options: CompiledOptions<Dtype>) {
    const { uses, dim, dtype = "float64" } = options;
    const reading = readingOf<EquationFunction<unknown>>(
      "compiled(f)",
      f,
      "a function (t, y, dy, params) => void",
      "f",
      uses,
    );
    super(dtype, dim, ...parametersOf(options, reading.networks));
    this.reading = reading;
    this.begin(reading.source);
  }

  override trace(dim: number, keepsLoops = false): TracedField {
    // Networks are called in straight-line code.
    return traceField(this.reading, dim, this.layout, keepsLoops && this.layout.networks.length === 0);
  }

  original(t: number, y: Float64Array, params: unknown): ArrayLike<number> | undefined {
    const dy = new Float64Array(y.length);
    const f = this.reading.function;
    return f && (f(t, y, dy, params) ?? dy);
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
  checkOptions("compiled", options);
  return new FieldOfEquation(f, options);
};

/**
 * A field from an ordinary JavaScript function f(t, y, dy, params) that fills `dy` or returns the derivative. The function's
 * text is read, run once on symbols and differentiated, so that the field has exact vector–Jacobian and Jacobian–vector
 * products: for every adjoint, and for `jvp`. Loops, conditions on the state, local functions, arrays and patterns are
 * understood; what f takes from outside is handed in by `uses` and read once. Whatever is not understood is refused with
 * its line and a remedy, and what was compiled is compared with f itself where it is first evaluated.
 *
 * Loops of 16 rounds and more stay loops, in code that does not grow with them, where they read and write arrays at indices
 * that are affine in their counters (also modulo, with Math.min and Math.max, and under conditions on counters that change a few
 * times), and hand on nothing but sums. Other loops are compiled round by round.
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
