// One evaluation of each equation and of its products with vectors: as the user's JavaScript, and compiled.
import { compiled } from "../../ts/compiled/index.ts";
import type { SparsityPattern } from "../../ts/fields/field.ts";
import { Scratch } from "../../ts/wasm/scratch.ts";
import { contestant, race, type SamplingOptions, type Timing } from "../sampling.ts";
import type { Problem } from "./problems.ts";

export interface Evaluations {
  readonly problem: string;
  /** Shortest samples, in nanoseconds. */
  readonly userF: number;
  readonly userVjp: number;
  readonly f: number;
  readonly vjp: number;
  readonly jvp: number;
  readonly jacobian: number;
  /** JVPs that a Jacobian by coloured columns takes, and entries of the pattern. */
  readonly colours: number;
  readonly entries: number;
}

/** Both must compute the same, or they do not do the same work. */
function check(name: string, got: ArrayLike<number>, expected: ArrayLike<number>): void {
  const size = Math.max(...Array.from(expected, Math.abs));
  const bad = Array.from(got).findIndex((value, i) => !(Math.abs(value - expected[i]!) <= 1e-12 * size));
  if (bad >= 0) throw new Error(`${name}: element ${bad} is ${got[bad]}, by hand ${expected[bad]}`);
}

/** Groups of columns of which no row has two, taken in order. */
function coloursOf({ size, starts, columns }: SparsityPattern): number {
  const colour = new Map<number, number>();
  const rows = Array.from({ length: size }, (_, i) => [...columns.subarray(starts[i], starts[i + 1])]);
  for (let j = 0; j < size; j++) {
    const beside = rows.filter((row) => row.includes(j)).flat();
    const taken = new Set(beside.map((other) => colour.get(other)));
    let own = 0;
    while (taken.has(own)) own++;
    colour.set(j, own);
  }
  return Math.max(...colour.values()) + 1;
}

export async function evaluations(
  { name, f, vjp, params, y0, uses }: Problem,
  sampling: SamplingOptions,
): Promise<Evaluations> {
  const field = compiled(f, { params, ...(uses && { uses }) });
  const length = y0.length;
  const scratch = new Scratch();
  const [x, dx, w, bar, out] = Array.from({ length: 5 }, () => scratch.vector(length, "float64"));
  const tangent = { params: undefined };
  const request = { length, params: field.params, slots: 0, gradient: true, tangent };
  const bound = field.bind(scratch, request);
  const pattern = bound.sparsity!;
  const values = scratch.vector(pattern.columns.length, "float64");
  scratch.lease();
  bound.load();
  x!.view.set(y0);
  w!.view.set(Float64Array.from(y0, (_, i) => Math.cos(i)));
  bound.evaluate(0.5, x!, dx!, -1);
  const [y, direction, p] = [x!.view as Float64Array, w!.view as Float64Array, field.params];
  const own = { y: new Float64Array(length), params: new Float64Array(p.length), t: new Float64Array(1) };
  const dy = new Float64Array(length);
  const pullBack = (): void => {
    own.y.fill(0);
    vjp(0.5, y, p, direction, own);
  };
  f(0.5, y, dy, p);
  pullBack();
  bound.paramsBar!.view.fill(0);
  bound.vjp(0.5, x!, w!, bar!, -1);
  check(`${name}, f`, dx!.view, dy);
  check(`${name}, VJP`, [...bar!.view, ...bound.paramsBar!.view], [...own.y, ...own.params]);
  const timings: readonly Timing[] = await race(
    [
      contestant("userF", () => f(0.5, y, dy, p)),
      contestant("userVjp", pullBack),
      contestant("f", () => bound.evaluate(0.5, x!, dx!, -1)),
      contestant("vjp", () => bound.vjp(0.5, x!, w!, bar!, -1)),
      contestant("jvp", () => bound.jvp!(0.5, x!, w!, out!, -1)),
      contestant("jacobian", () => bound.jacobian!(0.5, x!, values)),
    ],
    sampling,
  );
  scratch.release();
  const [userF, userVjp, ownF, ownVjp, jvp, jacobian] = timings.map(({ minimum }) => minimum);
  return {
    problem: name,
    userF: userF!,
    userVjp: userVjp!,
    f: ownF!,
    vjp: ownVjp!,
    jvp: jvp!,
    jacobian: jacobian!,
    colours: coloursOf(pattern),
    entries: values.length,
  };
}
