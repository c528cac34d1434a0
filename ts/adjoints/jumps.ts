// Events on the way back. An effect y⁺ = g(t, y⁻, θ) pulls a cotangent back by its own VJP. The time t_e of an event solves
// root(t_e, y⁻(t_e)) = 0. So δt_e = −(∂root/∂y · δy⁻)/ṙ with ṙ = ∂root/∂t + ∂root/∂y · dy⁻/dt_e. Let v = ∂L/∂y⁻ and
// w = ∂L/∂t_e, each with the other held. Then the cotangent of y⁻ at fixed t_e is v − α ∂root/∂y, α = (v · dy⁻/dt_e + w)/ṙ.
// Where a step ends at the event, dy⁻/dt_e is the step's derivative by its size. Where several events happen at one time, or
// one at the end of an ordinary step, the steps between them have no length, and dy⁻/dt_e is f.

import { type Dtype, type FloatArray, zeros } from "../base/dtype.ts";
import { invalid, SolveError } from "../base/errors.ts";
import { type RootSlopes, rootSlopes } from "../events/slopes.ts";
import type { Effect, Jump } from "../problem/event.ts";
import type { Problem } from "../problem/problem.ts";

/** Jumps by their place in the grid, in the order that they occurred. */
export type JumpsByPlace = ReadonlyMap<number, readonly Jump[]>;

export function byPlace(jumps: readonly Jump[]): JumpsByPlace {
  const places = new Map<number, Jump[]>();
  for (const jump of jumps) {
    const there = places.get(jump.n);
    if (there) there.push(jump);
    else places.set(jump.n, [jump]);
  }
  return places;
}

/** ∂root/∂(y, t) where an event occurred; `from`: the state at the start of the step to it, if there was one. */
export function slopesAt({ events, ts, measure }: Problem, jump: Jump, from?: ArrayLike<number>): RootSlopes {
  const { index, t, before } = jump;
  const { atol } = measure;
  const scales = Float64Array.from(before, (value, i) =>
    Math.max(
      Math.abs(value),
      from ? Math.abs(value - from[i]!) : 0,
      typeof atol === "number" ? atol : atol[i]!,
      Number.MIN_VALUE / Number.EPSILON,
    ),
  );
  return rootSlopes(events[index]!, index, { t, y: before, scales, interval: [ts[0]!, ts[ts.length - 1]!] });
}

/** α above, for `along` = v · dy⁻/dt_e + w and `change` = ∂root/∂y · dy⁻/dt_e. */
export function share({ index, t }: Jump, { time }: RootSlopes, change: number, along: number): number {
  const total = time + change;
  if (total !== 0 && Number.isFinite(total)) return along / total;
  throw new SolveError(
    "non-finite",
    `the root function of events[${index}] changes by ${total} a unit of time where the event occurred, t = ${t}, so its time has no gradient; ` +
      "a root function that jumps says nothing of how the time moves: take a smooth one, or write its gradient: (t, y, out) => void",
    { t },
  );
}

/** What pulling back through an effect gives. */
interface Pulled {
  readonly y: FloatArray;
  readonly params: FloatArray;
  readonly t: number;
}

/** Pulls a cotangent of the state after a jump's effect back through it. */
export function pullEffect(problem: Problem, { index, t, before }: Jump, cotangent: FloatArray): Pulled {
  const { dtype } = problem.field;
  const outputs = Object.freeze({
    y: zeros(dtype, before.length),
    params: zeros(dtype, problem.field.params?.length ?? 0),
    t: new Float64Array(1),
  });
  const { vjp } = problem.events[index]!.effect as Effect;
  const answer: unknown = vjp(t, before.slice(), paramsOf(problem), cotangent.slice(), outputs);
  if (answer !== undefined)
    throw invalid(`what events[${index}].effect.vjp returned`, answer, "nothing: it adds to { y, params, t }");
  return { y: outputs.y, params: outputs.params, t: outputs.t[0]! };
}

/** The parameters as effects see them. */
export const paramsOf = ({ params, field }: Problem): FloatArray => params ?? empty(field.dtype);

const empty = (dtype: Dtype): FloatArray => zeros(dtype, 0);

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
