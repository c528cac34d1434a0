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
  release(): void;
}

/** Binds a synchronous field for states of `length` numbers. */
export function evaluated(field: Field, length: number, paramsDot?: readonly number[]): Evaluated {
  const scratch = new Scratch();
  const vector = (): HostVector => scratch.vector(length, field.dtype);
  const [x, dx, given, out] = [vector(), vector(), vector(), vector()];
  const common = { length, params: field.params?.slice(), slots: 0 };
  const bound: BoundField<HostVector> = field.bind(scratch, {
    ...common,
    gradient: true,
    tangent: { params: paramsDot },
  });
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
    release: () => scratch.release(),
  };
}
