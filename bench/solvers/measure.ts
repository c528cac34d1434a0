// Measures the work–precision curves of one problem: every rung of every contestant takes its turns in one run.
import { race, type SamplingOptions } from "../sampling.ts";
import type { Entrant, Entry } from "./contestants.ts";
import { type Point, relativeError } from "./curve.ts";
import type { Problem } from "./problems.ts";

export interface Curve {
  readonly name: string;
  readonly family: Entrant["family"];
  readonly method: string;
  readonly points: readonly Point[];
}

export interface Limits extends SamplingOptions {
  /** A contestant goes no further up its ladder from a rung that takes longer, in milliseconds … */
  readonly slowest: number;
  /** … or has a smaller error. */
  readonly finest: number;
}

interface Rung {
  readonly entrant: Entrant;
  readonly rung: number;
  readonly error: number;
  readonly entry: Entry;
}

/** Climbs a ladder once, for the errors. A contestant that throws or loses its way there just has no such point. */
async function climb(
  entrant: Entrant,
  problem: Problem,
  reference: readonly number[],
  limits: Limits,
): Promise<Rung[]> {
  const rungs: Rung[] = [];
  for (const rung of entrant.ladder(problem)) {
    const entry = entrant.enter(problem, rung);
    const start = performance.now();
    let error = Number.NaN;
    try {
      error = relativeError(await entry.finalState(), reference);
    } catch {
      // Too many steps, or not a number: finer settings may still work.
    }
    const passed = performance.now() - start;
    if (error <= 1) rungs.push({ entrant, rung, error, entry });
    if (passed > limits.slowest || error < limits.finest) break;
  }
  return rungs;
}

export async function measure(
  problem: Problem,
  entrants: readonly Entrant[],
  reference: readonly number[],
  limits: Limits,
): Promise<Curve[]> {
  const rungs: Rung[] = [];
  for (const entrant of entrants) rungs.push(...(await climb(entrant, problem, reference, limits)));
  const timings = await race(
    rungs.map(({ entry }) => entry.timed),
    limits,
  );
  return entrants.map((entrant) => {
    const points = rungs.flatMap(({ entrant: owner, rung, error }, i) => {
      const { minimum, median } = timings[i]!;
      return owner === entrant ? [{ rung, error, time: minimum, median }] : [];
    });
    const { name, family, method } = entrant;
    return { name, family, method, points };
  });
}
