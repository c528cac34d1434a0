// checkDerivatives(): the derivatives that a field brings along, against differences of its function. A wrong VJP makes
// every gradient wrong and nothing else, so it shows nowhere but here.
import { type FloatArray, zeros } from "./base/dtype.ts";
import { invalid } from "./base/errors.ts";
import { nonFinite } from "./base/failures.ts";
import { firstNotFinite } from "./base/finite.ts";
import { type Awaitable, drive, type Waiting, wait } from "./base/waiting.ts";
import { type BoundField, type Field, RECOMPUTE } from "./fields/field.ts";
import { asField, type BareField } from "./fields/function.ts";
import { inSolve, paramsOf } from "./options/check.ts";
import { finiteNumbers } from "./options/checks.ts";
import { type HostVector, Scratch } from "./wasm/scratch.ts";

/** Where derivatives are checked. */
export interface CheckPoint {
  /** The time. */
  readonly t: number;
  /** A state, one row or several. */
  readonly y: ArrayLike<number>;
  /** In place of `field.params`. */
  readonly params?: ArrayLike<number> | object | undefined;
}

/** The largest relative difference of each derivative that the field has, over all entries. */
export interface DerivativeCheck {
  /** Of `vjp`. */
  readonly vjp?: number;
  /** Of `jvp`. */
  readonly jvp?: number;
  /** Of `jacobian`. */
  readonly jacobian?: number;
}

/** Largest relative differences allowed, and steps of the differences, relative to the number that is moved. */
const ALLOWED = { float64: 1e-5, float32: 1e-2 };
const STEPS = { float64: 1e-3, float32: 3e-2 };
const EPSILONS = { float64: 2 ** -52, float32: 2 ** -23 };
/** Rounding of f, in units of its epsilon, that differences may show without saying anything of a derivative. */
const ROUNDINGS = 64;

/** Weights of the fourth-order central difference at −2, −1, 1, 2. */
const STENCIL: readonly (readonly [number, number])[] = [
  [-2, 1 / 12],
  [-1, -2 / 3],
  [1, 2 / 3],
  [2, -1 / 12],
];

/**
 * Compares `vjp`, `jvp` and `jacobian` of a field at one point, entry by entry, with differences of f by y, by each parameter
 * and by t (`jacobian`: by y, and by t where it gives ∂f/∂t); a promise for an asynchronous field. Costs about 4 (state + parameters) evaluations. Throws `SolveError` "invalid", naming
 * the entry, its value and what differences give, where one is off by more than 1e-5 of the largest entry of its column
 * (float32: 1e-2); "non-finite" where f cannot be evaluated nearby.
 */
export function checkDerivatives(field: Field | BareField, point: CheckPoint): Awaitable<DerivativeCheck> {
  const checked = inSolve(asField(field, undefined), undefined, []);
  if (!checked.differentiable && !checked.hasJvp && !checked.hasJacobian)
    throw invalid("field", field, "one with a vjp or a jvp, such as vectorField({ f, vjp, jvp })");
  if (typeof point !== "object" || point === null) throw invalid("point", point, "an object { t, y, params }");
  const [t] = finiteNumbers("t", [point.t], 1) as unknown as [number];
  const y = Float64Array.from(finiteNumbers("y", point.y, 1));
  const params = Float64Array.from(paramsOf(checked, point.params, false) ?? []);
  return drive(compare(checked, t, y, params));
}

/** A derivative by differences: ∂f by one number, and how much of it may be rounding. */
interface Column {
  readonly name: string;
  readonly entries: Float64Array;
  readonly noise: number;
}

function* compare(field: Field, t: number, y: Float64Array, params: Float64Array): Waiting<DerivativeCheck> {
  const columns = yield* differences(field, t, y, params);
  const result: { vjp?: number; jvp?: number; jacobian?: number } = {};
  if (field.differentiable) result.vjp = check("vjp", field, columns, yield* rowsOfVjp(field, t, y, params));
  if (field.hasJvp) {
    // One direction of all parameters at once: a bound field has its θ̇ for good.
    const dot = Float64Array.from(params, (_, j) => Math.sin(j + 1));
    const along = columns.slice(y.length, -1);
    const sum = (of: (column: Column) => number): number => along.reduce((total, column) => total + of(column), 0);
    const byParams: Column = {
      name: "params, along (sin 1, sin 2, …)",
      entries: Float64Array.from(y, (_, k) =>
        along.reduce((total, { entries }, j) => total + entries[k]! * dot[j]!, 0),
      ),
      noise: sum(({ noise }) => noise),
    };
    const wanted = [...columns.slice(0, y.length), ...(params.length > 0 ? [byParams] : [])];
    result.jvp = check("jvp", field, wanted, yield* columnsOfJvp(field, t, y, params, dot));
  }
  if (field.hasJacobian) {
    const wanted = [...columns.slice(0, y.length), columns.at(-1)!];
    result.jacobian = check("jacobian", field, wanted, yield* columnsOfJacobian(field, t, y, params));
  }
  return result;
}

/** The largest relative difference; throws where it is too large. */
function check(what: string, field: Field, wanted: readonly Column[], found: readonly Float64Array[]): number {
  let worst = 0;
  wanted.forEach(({ name, entries, noise }, j) => {
    const column = found[j]!;
    const scale = Math.max(...entries.map(Math.abs), ...column.map(Math.abs));
    entries.forEach((entry, k) => {
      const difference = Math.abs(column[k]! - entry);
      if (difference <= noise) return;
      const relative = difference / scale;
      if (!(relative <= ALLOWED[field.dtype]))
        throw invalid(`${what}, ∂f[${k}]/∂${name}`, column[k], `${entry}, which differences of f give`);
      worst = Math.max(worst, relative);
    });
  });
  return worst;
}

/** A field bound to memory of its own, on plain arrays. */
class Probe {
  readonly bound: BoundField<HostVector>;
  readonly vectors;
  /** For the entries of a Jacobian, where the field has one. */
  readonly entries: HostVector;
  private readonly scratch = new Scratch();
  private readonly params: FloatArray | undefined;

  constructor(field: Field, length: number, params: Float64Array, dot?: Float64Array) {
    const { scratch } = this;
    this.params = field.params && zeros(field.dtype, params.length);
    this.params?.set(params);
    this.bound = field.bind(scratch, {
      length,
      params: this.params,
      slots: dot ? 1 : 0,
      gradient: dot === undefined && field.differentiable,
      ...(field.hasJacobian && { jacobian: true }),
      ...(dot && { tangent: { params: dot } }),
    });
    const vector = () => scratch.vector(length, field.dtype);
    this.vectors = { x: vector(), dx: vector(), bar: vector(), xBar: vector() };
    const sparsity = field.hasJacobian ? this.bound.sparsity : undefined;
    this.entries = scratch.vector(sparsity ? (length / sparsity.size) * sparsity.columns.length : 0, field.dtype);
    scratch.lease();
    this.bound.load();
  }

  /** f at a moved point. */
  *at(t: number, y: ArrayLike<number>, params: ArrayLike<number>): Waiting<Float64Array> {
    const { x, dx } = this.vectors;
    if (this.params) {
      this.params.set(params);
      this.bound.load();
    }
    x.view.set(y);
    yield* wait(this.bound.evaluate(t, x, dx, RECOMPUTE));
    return Float64Array.from(dx.view);
  }

  release(): void {
    this.scratch.release();
  }
}

/** The columns ∂f/∂y, ∂f/∂params and ∂f/∂t by differences. */
function* differences(field: Field, t: number, y: Float64Array, params: Float64Array): Waiting<Column[]> {
  const probe = new Probe(field, y.length, params);
  try {
    const center = yield* probe.at(t, y, params);
    const size = Math.max(...center.map(Math.abs), Number.MIN_VALUE);
    const column = function* (name: string, value: number, scale: number, move: (to: number) => Waiting<Float64Array>) {
      const step = STEPS[field.dtype] * Math.max(Math.abs(value), scale);
      const entries = new Float64Array(y.length);
      for (const [at, weight] of STENCIL) {
        const f = yield* move(value + at * step);
        for (let k = 0; k < entries.length; k++) entries[k]! += (weight * f[k]!) / step;
      }
      const bad = firstNotFinite(entries);
      if (bad >= 0) throw nonFinite(t, Number.NaN, `f[${bad}] is not finite where ${name} is moved by ${step}`);
      return { name, entries, noise: (ROUNDINGS * EPSILONS[field.dtype] * size) / step };
    };
    const moved = (numbers: Float64Array, i: number, to: number): Float64Array => {
      const copy = numbers.slice();
      copy[i] = to;
      return copy;
    };
    // A number that is 0 is moved by what others of its kind are.
    const scaleOf = (numbers: Float64Array): number => 1e-3 * Math.max(0, ...numbers.map(Math.abs)) || 1;
    const columns: Column[] = [];
    for (let i = 0; i < y.length; i++)
      columns.push(yield* column(`y[${i}]`, y[i]!, scaleOf(y), (to) => probe.at(t, moved(y, i, to), params)));
    for (let j = 0; j < params.length; j++)
      columns.push(
        yield* column(`params[${j}]`, params[j]!, scaleOf(params), (to) => probe.at(t, y, moved(params, j, to))),
      );
    columns.push(yield* column("t", t, 1, (to) => probe.at(to, y, params)));
    return columns;
  } finally {
    probe.release();
  }
}

/** The same columns by a VJP for each component of f. */
function* rowsOfVjp(field: Field, t: number, y: Float64Array, params: Float64Array): Waiting<Float64Array[]> {
  const n = y.length;
  const probe = new Probe(field, n, params);
  const columns = Array.from({ length: n + params.length + 1 }, () => new Float64Array(n));
  try {
    const { bound } = probe;
    const { x, bar, xBar } = probe.vectors;
    x.view.set(y);
    // The first VJP of a function is not like others: it shows how the function answers.
    for (const k of [0, ...Array.from({ length: n }, (_, i) => i)]) {
      bar.view.fill(0);
      bar.view[k] = 1;
      bound.paramsBar?.view.fill(0);
      // Twice, so that a VJP that overwrites ∂L/∂θ instead of adding to it shows.
      for (const sign of [-1, 1]) {
        const rate = yield* wait(bound.vjp(t, x, bar, xBar, RECOMPUTE));
        yield* wait(bound.flush?.());
        xBar.view.forEach((value, i) => (columns[i]![k] = value));
        bound.paramsBar?.view.forEach((value, j) => {
          columns[n + j]![k] = sign < 0 ? -value : columns[n + j]![k]! + value;
        });
        columns[n + params.length]![k] = rate;
      }
    }
    return columns;
  } finally {
    probe.release();
  }
}

/** ∂f/∂y by a JVP for each component of y, and ∂f/∂params along one direction. */
function* columnsOfJvp(
  field: Field,
  t: number,
  y: Float64Array,
  params: Float64Array,
  dot: Float64Array,
): Waiting<Float64Array[]> {
  const columns: Float64Array[] = [];
  const push = function* (along: Float64Array, i: number | undefined): Waiting<void> {
    const probe = new Probe(field, y.length, params, along);
    try {
      const { x, dx, bar, xBar } = probe.vectors;
      x.view.set(y);
      bar.view.fill(0);
      if (i !== undefined) bar.view[i] = 1;
      yield* wait(probe.bound.evaluate(t, x, dx, 0));
      yield* wait(probe.bound.jvp!(t, x, bar, xBar, 0));
      columns.push(Float64Array.from(xBar.view));
    } finally {
      probe.release();
    }
  };
  for (let i = 0; i < y.length; i++) yield* push(new Float64Array(params.length), i);
  if (params.length > 0) yield* push(dot, undefined);
  return columns;
}

/** ∂f/∂y and ∂f/∂t by the Jacobian's entries, for each row of the state. */
function* columnsOfJacobian(field: Field, t: number, y: Float64Array, params: Float64Array): Waiting<Float64Array[]> {
  const probe = new Probe(field, y.length, params);
  const columns = Array.from(y, () => new Float64Array(y.length));
  try {
    const { bound, entries, vectors } = probe;
    const { size, rows, columns: places } = bound.sparsity!;
    vectors.x.view.set(y);
    yield* wait(bound.jacobian!(t, vectors.x, entries, vectors.dx));
    entries.view.forEach((value, i) => {
      const [k, first] = [i % rows.length, Math.floor(i / rows.length) * size];
      columns[first + places[k]!]![first + rows[k]!] = value;
    });
    return [...columns, Float64Array.from(vectors.dx.view)];
  } finally {
    probe.release();
  }
}
