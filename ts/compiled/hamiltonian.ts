// hamiltonian(): the canonical equations of a scalar H(q, p), which is all that is written.
import type { Dtype } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { CompiledOptions, NamedOptions } from "./compiled.ts";
import type { CompiledField } from "./compiled-field.ts";
import { type Equation, type Reading, readingOf } from "./equation.ts";
import { reverse } from "./graph/derivatives.ts";
import { GraphField } from "./graph-field.ts";
import { checkOptions, parametersOf } from "./options.ts";
import { inputs, type TracedField, tracerOf } from "./tracing/field.ts";
import { asNumber } from "./tracing/operators.ts";
import type { NamedParams, NamedValues } from "./tracing/parameters.ts";

/** H(q, p, params) of coordinates q and momenta p, as many. It is read, not only called: see `compiled`. */
export type HamiltonianFunction<P> = (q: Float64Array, p: Float64Array, params: P) => number;

class HamiltonianField extends GraphField {
  private readonly reading: Reading<HamiltonianFunction<unknown>>;

  constructor(h: unknown, options: CompiledOptions<Dtype>) {
    const { uses, dim, dtype = "float64" } = options;
    const reading = readingOf<HamiltonianFunction<unknown>>(
      "hamiltonian(H)",
      h,
      "a function (q, p, params) => number",
      "H",
      uses,
    );
    super(dtype, dim, ...parametersOf(options, reading.networks));
    this.reading = reading;
    this.begin(reading.source);
  }

  protected override get isDerivative(): boolean {
    return true;
  }

  trace(dim: number): TracedField {
    if (dim % 2 === 1) throw invalid("y0", `${dim} numbers`, "for a hamiltonian, coordinates and as many momenta");
    const half = dim / 2;
    const { tracer, params, call } = tracerOf(this.reading, this.layout);
    const { graph } = tracer;
    const [q, p] = [inputs(tracer, "y", 0, half, "the state q"), inputs(tracer, "y", half, half, "the state p")];
    const energy = asNumber(tracer, call(q, p, params));
    const bar = reverse(graph, [energy], [1], ["y"]);
    const outputs = Array.from({ length: dim }, (_, i) =>
      i < half ? bar("y", half + i) : graph.negate(bar("y", i - half)),
    );
    return { graph, outputs, dim, checked: { values: [energy], name: () => "H" } };
  }

  original(_t: number, y: Float64Array, params: unknown): ArrayLike<number> | undefined {
    const half = y.length / 2;
    const h = this.reading.function;
    return h && [h(y.subarray(0, half), y.subarray(half), params)];
  }
}

/**
 * The field of y = (q, p) with q' = ∂H/∂p, p' = −∂H/∂q, from an ordinary JavaScript function H(q, p, params) that returns a
 * number (Hamilton 1835). It has everything that a field of `compiled` has; its VJP and JVP pass through ∇H exactly. The
 * state has an even number of numbers, coordinates first; `dim`: all of them, in a row of a batch. Options, what is understood,
 * and errors are those of `compiled`; H itself is what the compiled one is compared with.
 */
export function hamiltonian<D extends Dtype = "float64">(
  h: HamiltonianFunction<Float64Array> | Equation,
  options?: CompiledOptions<D>,
): CompiledField<Float64Array, D>;
/** The same with parameters by name. */
export function hamiltonian<P extends NamedParams, D extends Dtype = "float64">(
  h: HamiltonianFunction<NamedValues<P>> | Equation,
  options: NamedOptions<P, D>,
): CompiledField<NamedValues<P>, D>;
export function hamiltonian(h: unknown, options: CompiledOptions<Dtype> = {}): unknown {
  checkOptions("hamiltonian", options);
  return new HamiltonianField(h, options);
}
