// What there is to learn: noisy observations of damped pendulums, which spiral into rest.
import { solve } from "odegrad";

/** θ″ = −2 sin θ − 0.2 θ′ for every row (θ, θ′) of the state: the truth that the network never sees. */
export function pendulum(_t: number, y: ArrayLike<number>, dy: { [index: number]: number }): void {
  for (let i = 0; i < y.length; i += 2) {
    dy[i] = y[i + 1];
    dy[i + 1] = -2 * Math.sin(y[i]) - 0.2 * y[i + 1];
  }
}

/** Trajectories that share their times; states are [times × trajectories × 2], row-major. */
export interface Observations {
  readonly trajectories: number;
  readonly times: Float64Array;
  readonly exact: ArrayLike<number>;
  readonly noisy: ArrayLike<number>;
}

export const TRAJECTORIES = { train: 16, validation: 6 } as const;
/** Standard deviation of the noise. */
export const NOISE = 0.05;
const TIMES = 120;
const END = 15;

/** Uniform numbers in [0, 1) that a seed determines (mulberry32). */
export function uniform(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A normal number of deviation 1 (Box and Muller). */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Observes pendulums that start at a distance of 1 … 2 from rest, in all directions, at irregular times. */
export function observe(trajectories: number, random: () => number): Observations {
  const y0 = new Float64Array(2 * trajectories);
  for (let i = 0; i < y0.length; i += 2) {
    const radius = 1 + random();
    const angle = 2 * Math.PI * random();
    y0[i] = radius * Math.cos(angle);
    y0[i + 1] = radius * Math.sin(angle);
  }
  const times = Float64Array.from({ length: TIMES }, (_, i) => (i === 0 ? 0 : END * random())).sort();
  const exact = solve(pendulum, { y0, ts: times, rtol: 1e-9, atol: 1e-9 }).ys;
  const noisy = Float64Array.from(exact, (value) => value + NOISE * normal(random));
  return { trajectories, times, exact, noisy };
}

/** The states of some trajectories at `count` times from index `start` on, [count × rows × 2]. */
export function excerpt(
  states: ArrayLike<number>,
  trajectories: number,
  rows: readonly number[],
  start: number,
  count: number,
): Float64Array {
  const part = new Float64Array(count * rows.length * 2);
  let at = 0;
  for (let i = start; i < start + count; i++) {
    for (const row of rows) {
      const from = 2 * (i * trajectories + row);
      part[at++] = states[from];
      part[at++] = states[from + 1];
    }
  }
  return part;
}
