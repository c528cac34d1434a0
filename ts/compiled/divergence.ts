// The divergence of a compiled field, tr ∂f/∂y: by itself, and as one more number of the state, as in continuous normalising
// flows (Chen et al. 2018), whose log-density changes by it.
import type { Dtype } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { CompiledField } from "./compiled-field.ts";
import { jacobianOfField } from "./functions.ts";
import type { Scalar } from "./graph/graph.ts";
import { GraphField } from "./graph-field.ts";
import type { TracedField } from "./tracing/field.ts";

/** The sum of the Jacobian's diagonal. */
function traceOf(field: TracedField): Scalar {
  const { pattern, values } = jacobianOfField(field);
  const { graph } = field;
  return graph.derive(() =>
    values.reduce<Scalar>((sum, value, k) => (pattern.rows[k] === pattern.columns[k] ? graph.add(sum, value) : sum), 0),
  );
}

/** What a field and its divergence have in common. */
abstract class OfField extends GraphField {
  protected readonly field: GraphField;

  constructor(field: GraphField, dim: number | undefined) {
    super(field.dtype, dim, field.layout, field.params);
    this.field = field;
  }

  protected override get isDerivative(): boolean {
    return true;
  }

  /** What is compared is the field. */
  protected checkedOf({ outputs, checked }: TracedField): TracedField["checked"] {
    return checked ?? { values: outputs, name: (i) => `dy[${i}]` };
  }
}

class Divergence extends OfField {
  constructor(field: GraphField) {
    super(field, field.dim);
  }

  trace(dim: number): TracedField {
    const traced = this.field.trace(dim);
    return { ...traced, outputs: [traceOf(traced)], checked: this.checkedOf(traced) };
  }

  original(t: number, y: Float64Array, params: unknown): ArrayLike<number> | undefined {
    return this.field.original(t, y, params);
  }
}

class WithDivergence extends OfField {
  constructor(field: GraphField) {
    super(field, field.dim === undefined ? undefined : field.dim + 1);
    if (this.dim !== undefined) this.programFor(this.dim);
  }

  trace(dim: number): TracedField {
    const traced = this.field.trace(dim - 1);
    return { ...traced, dim, outputs: [...traced.outputs, traceOf(traced)], checked: this.checkedOf(traced) };
  }

  original(t: number, y: Float64Array, params: unknown): ArrayLike<number> | undefined {
    return this.field.original(t, y.slice(0, -1), params);
  }
}

function compiledField(what: string, field: unknown): GraphField {
  if (!(field instanceof GraphField))
    throw invalid(`${what}(field)`, field, "a field made with compiled or hamiltonian");
  return field;
}

/**
 * tr ∂f/∂y of a compiled field as a function of t, one row of the state, and parameters in place of the field's: exact, from
 * the field's equation. Throws `SolveError` "invalid" for any other field.
 */
export function divergence<P>(
  field: CompiledField<P, Dtype>,
): (t: number, y: ArrayLike<number>, params?: ArrayLike<number> | P) => number {
  const own = new Divergence(compiledField("divergence", field));
  return (t, y, params) => {
    if (own.dim !== undefined && y?.length !== own.dim)
      throw invalid("y", y, `${own.dim} numbers, one row of the state`);
    return (own.evaluate(t, y, undefined, params) as ArrayLike<number>)[0]!;
  };
}

/**
 * The field of rows (y, ℓ) with y' = f(t, y) and ℓ' = tr ∂f/∂y, for fields made with `compiled` or `hamiltonian`: a field like
 * theirs, with exact derivatives of the divergence too, on the same parameters. Its rows are one number longer than the
 * field's. Along a solution log p(y) falls by ℓ. Throws `SolveError` "invalid" for any other field.
 */
export function withDivergence<P, D extends Dtype>(field: CompiledField<P, D>): CompiledField<P, D> {
  return new WithDivergence(compiledField("withDivergence", field)) as unknown as CompiledField<P, D>;
}
