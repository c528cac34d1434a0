// Jacobians that fields give: their own entries, or products with vectors.
import type { Awaitable } from "../base/waiting.ts";
import type { BoundField, Field, SparsityPattern } from "../fields/field.ts";
import type { Band } from "../linear/banded.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { Differences, JacobianSource, Place } from "./jacobian.ts";

/** The field's own Jacobian, whose entries it has in the order of its pattern, row of the state after row. */
export class FieldJacobian implements JacobianSource {
  readonly evaluations = 0;
  readonly differences = 0;
  private readonly field: BoundField<HostVector>;
  private readonly values: HostVector;
  private readonly dfdt: HostVector;
  /** For each entry its place in a dense block; undefined where all entries come row-major. */
  private readonly places: Int32Array | undefined;
  private readonly rows: number;
  private readonly block: number;

  /** `band`: where entries go to a band. */
  constructor(
    scratch: Scratch,
    field: BoundField<HostVector>,
    { length, dtype }: HostVector,
    dim: number,
    band: Band | undefined,
  ) {
    const { sparsity } = field;
    const placeOf = (i: number, j: number): number =>
      band ? band.upper + i - j + j * (band.lower + band.upper + 1) : i * dim + j;
    this.field = field;
    this.rows = length / dim;
    this.block = dim * dim;
    this.places = sparsity?.columns.map((column, e) => placeOf(sparsity.rows[e]!, column));
    this.values = scratch.vector(this.rows * (this.places?.length ?? this.block), dtype);
    this.dfdt = scratch.vector(length, dtype);
  }

  load(): void {
    this.field.load();
  }

  evaluate({ t, y }: Place, jacobian: HostVector, dfdt: HostVector): Awaitable<void> {
    const pending = this.field.jacobian!(t, y, this.values, this.dfdt);
    return pending ? pending.then(() => this.store(jacobian, dfdt)) : this.store(jacobian, dfdt);
  }

  private store({ view: J }: HostVector, dfdt: HostVector): void {
    const { places, rows, block } = this;
    const { view: values } = this.values;
    dfdt.view.set(this.dfdt.view);
    if (places === undefined) {
      J.set(values);
      return;
    }
    // What is not in the pattern stays 0.
    for (let row = 0, from = 0; row < rows; row++, from += places.length) {
      const at = row * block;
      for (let e = 0; e < places.length; e++) J[at + places[e]!] = values[from + e]!;
    }
  }
}

/** Columns by Jacobian–vector products, those of all rows of the state at once where rows do not depend on each other. */
export class JvpJacobian implements JacobianSource {
  /** Evaluations for the products. */
  private own = 0;
  private readonly scratch: Scratch;
  private readonly field: BoundField<HostVector>;
  private readonly times: Differences;
  private readonly dim: number;
  private readonly tangent: HostVector;
  private readonly column: HostVector;

  /** `field`: bound with tangents along which θ stays; `times`: takes the differences in t. */
  constructor(
    scratch: Scratch,
    field: BoundField<HostVector>,
    { length, dtype }: HostVector,
    dim: number,
    times: Differences,
  ) {
    this.scratch = scratch;
    this.field = field;
    this.times = times;
    this.dim = dim;
    this.tangent = scratch.vector(length, dtype);
    this.column = scratch.vector(length, dtype);
  }

  get evaluations(): number {
    return this.own + this.times.differences;
  }

  get differences(): number {
    return this.times.differences;
  }

  load(): void {
    this.field.load();
  }

  evaluate(place: Place, jacobian: HostVector, dfdt: HostVector): Awaitable<void> {
    this.tangent.view.fill(0);
    this.own++;
    const columns = (): Awaitable<void> => this.columns(place, jacobian, dfdt, 0);
    const pending = this.field.evaluate(place.t, place.y, this.column, 0);
    return pending ? pending.then(columns) : columns();
  }

  private columns(place: Place, jacobian: HostVector, dfdt: HostVector, from: number): Awaitable<void> {
    const { dim, tangent, column } = this;
    for (let j = from; j < dim; j++) {
      if (!this.scratch.leased) return undefined;
      this.point(j, 1);
      const pending = this.field.jvp!(place.t, place.y, tangent, column, 0);
      const store = (): void => {
        this.point(j, 0);
        // Element i of the whole state is in row i of the blocks, one below the other.
        for (let i = 0, at = j; i < column.length; i++, at += dim) jacobian.view[at] = column.view[i]!;
      };
      if (pending) {
        return pending.then(() => {
          if (!this.scratch.leased) return undefined;
          store();
          return this.columns(place, jacobian, dfdt, j + 1);
        });
      }
      store();
    }
    return this.times.byTime(place, dfdt);
  }

  /** Sets element j of every row of the tangent. */
  private point(j: number, value: number): void {
    const { view } = this.tangent;
    for (let i = j; i < view.length; i += this.dim) view[i] = value;
  }
}

/** The band of a pattern, where that is much narrower than the matrix. */
export function bandOf({ size, rows, columns }: SparsityPattern): Band | undefined {
  let [lower, upper] = [0, 0];
  for (let e = 0; e < rows.length; e++) {
    lower = Math.max(lower, rows[e]! - columns[e]!);
    upper = Math.max(upper, columns[e]! - rows[e]!);
  }
  return size >= FEWEST_BANDED && 3 * (2 * lower + upper) < size ? { lower, upper } : undefined;
}

/** Matrices smaller than this are dense. */
const FEWEST_BANDED = 16;

/** Width of the blocks that J consists of: a row of the state, where rows do not depend on each other. */
export const blockOf = (field: Field, length: number): number => (field.rowwise && field.dim) || length;
