// A field at one point, outside a solve: its value, and its products with vectors.
import type { BoundField, Field } from "../../ts/fields/field.ts";
import { type HostVector, Scratch } from "../../ts/wasm/scratch.ts";

export interface Point {
  readonly t: number;
  readonly y: readonly number[];
}

export interface Evaluated {
  /** f(t, y) */
  value(at: Point): number[];
  vjp(at: Point, cotangent: readonly number[]): { y: number[]; params: number[]; t: number };
  /** `paramsDot`: the direction of the parameters, fixed where the field is bound. */
  jvp(at: Point, yDot: readonly number[]): number[];
  /** The Jacobian, row after row with all its zeros, and ∂f/∂t; of the compiled field's first row only. */
  jacobian(at: Point): { matrix: number[][]; dfdt: number[] };
  /** The second-order pass of one pair. */
  second(
    at: Point,
    tangent: { y: readonly number[]; t: number },
    cotangent: readonly number[],
  ): { y: number[]; params: number[]; t: number };
  release(): void;
}

/** Binds a synchronous field for states of `length` numbers. */
export function evaluated(field: Field, length: number, paramsDot?: readonly number[]): Evaluated {
  const scratch = new Scratch();
  const vector = (): HostVector => scratch.vector(length, field.dtype);
  const [x, dx, given, out, other] = [vector(), vector(), vector(), vector(), vector()];
  const common = { length, params: field.params?.slice(), slots: 0 };
  const bound: BoundField<HostVector> = field.bind(scratch, {
    ...common,
    gradient: true,
    tangent: { params: paramsDot },
  });
  const entries = scratch.vector(bound.sparsity ? bound.sparsity.columns.length : 0, field.dtype);
  scratch.lease();
  bound.load();
  const put = (vector: HostVector, values: readonly number[]): void => vector.view.set(values);
  return {
    value({ t, y }) {
      put(x, y);
      dx.view.fill(Number.NaN);
      bound.evaluate(t, x, dx, -1);
      return Array.from(dx.view);
    },
    vjp({ t, y }, cotangent) {
      put(x, y);
      put(given, cotangent);
      bound.paramsBar!.view.fill(0);
      const tau = bound.vjp(t, x, given, out, -1) as number;
      return { y: Array.from(out.view), params: Array.from(bound.paramsBar!.view), t: tau };
    },
    jvp({ t, y }, yDot) {
      put(x, y);
      put(given, yDot);
      bound.jvp!(t, x, given, out, -1);
      return Array.from(out.view);
    },
    jacobian({ t, y }) {
      put(x, y);
      bound.jacobian!(t, x, entries, out);
      const dfdt = Array.from(out.view);
      const { size, rows, columns } = bound.sparsity!;
      const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
      const withTime = Array.from(entries.view);
      entries.view.fill(Number.NaN);
      bound.jacobian!(t, x, entries);
      entries.view.forEach((value, k) => {
        if (!Object.is(value, withTime[k])) throw new Error(`entry ${k} is ${value}, with ∂f/∂t ${withTime[k]}`);
        matrix[rows[k]!]![columns[k]!] = value;
      });
      return { matrix, dfdt };
    },
    second({ t, y }, tangent, cotangent) {
      put(x, y);
      put(given, tangent.y);
      put(other, cotangent);
      bound.paramsBar!.view.fill(0);
      const pair = { tangent: given, time: tangent.t, cotangent: other };
      const tBar = bound.second!(t, x, [pair], out, -1) as number;
      return { y: Array.from(out.view), params: Array.from(bound.paramsBar!.view), t: tBar };
    },
    release: () => scratch.release(),
  };
}
