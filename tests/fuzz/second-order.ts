// What may be wrong with a field's Jacobian and its second derivatives at a point.
import type { Field } from "../../ts/index.ts";
import { type Evaluated, evaluated, type Point } from "./evaluation.ts";

const wave = (length: number, shift: number): number[] =>
  Array.from({ length }, (_, i) => Math.cos(1.7 * i + 2.3 * shift));

const norm = (values: readonly number[]): number => Math.max(0, ...values.map(Math.abs));

/** The Jacobian against JVPs, along a wave and along each axis, to 1e-14 of the largest product, or of `least`. */
export function wrongJacobian(field: Evaluated, point: Point, least = 0): string | undefined {
  const n = point.y.length;
  const { matrix } = field.jacobian(point);
  const axes = Array.from({ length: n }, (_, j) => Array.from({ length: n }, (_, i) => (i === j ? 1 : 0)));
  for (const u of [wave(n, 1), ...axes]) {
    const pushed = field.jvp(point, u);
    const products = matrix.map((row) => row.map((entry, j) => (u[j] === 0 ? 0 : entry * u[j]!)));
    const got = products.map((row) => row.reduce((sum, product) => sum + product, 0));
    const size = norm([least, ...pushed, ...products.flat()]);
    const bad = got.findIndex((value, i) => !(Math.abs(value - pushed[i]!) <= 1e-14 * size));
    if (bad >= 0 && Number.isFinite(size))
      return `(J u)[${bad}] at ${JSON.stringify(point)} is ${got[bad]}, by the JVP ${pushed[bad]}`;
  }
  return undefined;
}

/** The second-order pass against differences of VJPs along the tangent, to 1e-8 where differences have settled. */
export function wrongSecond(field: Field, point: Point): { wrong: string | undefined; compared: number } {
  const n = point.y.length;
  const [u, v, tDot] = [wave(n, 2), wave(n, 3), 0.7];
  const own = evaluated(field, n);
  const { y, params, t } = own.second(point, { y: u, t: tDot }, v);
  const got = [...y, ...params, t];
  const along = (h: number): number[] => {
    const moved = own.vjp({ t: point.t + h * tDot, y: point.y.map((x, i) => x + h * u[i]!) }, v);
    return [...moved.y, ...moved.params, moved.t];
  };
  const central = (h: number): number[] => {
    const [above, below] = [along(h), along(-h)];
    return above.map((value, i) => (value - below[i]!) / (2 * h));
  };
  const [coarse, fine, finest] = [central(4e-4), central(2e-4), central(1e-4)];
  const base = along(0);
  const better = finest.map((value, i) => (4 * value - fine![i]!) / 3);
  const doubt = better.map((value, i) => Math.abs(value - (4 * fine![i]! - coarse![i]!) / 3));
  const size = norm([...base, ...better]);
  // A condition that rounding decides, such as (y - t) + t > y, may have another answer at the point than all around it.
  const [above, below] = [along(1e-4), along(-1e-4)];
  const alone = base.some((value, i) => Math.abs(above[i]! + below[i]! - 2 * value) > 1e-4 * size);
  own.release();
  if (alone) return { wrong: undefined, compared: 0 };
  let compared = 0;
  for (let i = 0; i < got.length; i++) {
    // Near a kink or a jump differences mean nothing.
    if (!(doubt[i]! <= 1e-8 * size)) continue;
    compared++;
    if (!(Math.abs(got[i]! - better[i]!) <= 1e-8 * size + 10 * doubt[i]!)) {
      const name = i < n ? `y[${i}]` : i < got.length - 1 ? `params[${i - n}]` : "t";
      const wrong = `∂/∂${name} of v·(J u + ṫ f_t) at ${JSON.stringify(point)} is ${got[i]}, by differences ${better[i]}`;
      return { wrong, compared };
    }
  }
  return { wrong: undefined, compared };
}
