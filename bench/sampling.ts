// Timing by interleaving: contestants take turns, round after round, so that a disturbance of the machine meets all of
// them. A sample is short, so that some of each contestant's go by undisturbed, and since other programs can only add to a
// time, comparisons use the shortest samples; medians stand beside them.

export interface Contestant {
  readonly name: string;
  /** Runs the work `iterations` times; nanoseconds of one run. */
  sample(iterations: number): number | Promise<number>;
}

export interface Timing {
  readonly name: string;
  /** Nanoseconds of one run, one sample a round. */
  readonly samples: readonly number[];
  readonly median: number;
  readonly minimum: number;
}

export interface SamplingOptions {
  /** Samples of each contestant. */
  readonly rounds?: number;
  /** What a sample should last: long against the clock's resolution and short against the machine's moods. */
  readonly milliseconds?: number;
  /** Milliseconds after which no round begins, for work that is long in itself; it gets FEWEST_ROUNDS all the same. */
  readonly limit?: number;
}

const FEWEST_ROUNDS = 11;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

// Engines compile in the background what has run for a while, so work that is long in itself needs several runs, too.
const WARM_UP_SAMPLES = 64;
const WARM_UP_NANOSECONDS = 1e8;

/** How often to run for one sample; the doubling towards it also warms the engine's compilers. */
async function calibrate({ sample }: Contestant, milliseconds: number): Promise<number> {
  const wanted = milliseconds * 1e6;
  let iterations = 1;
  let each = await sample(iterations);
  while (each * iterations < wanted && iterations < 2 ** 26) {
    iterations = Math.min(iterations * 4, Math.max(iterations * 2, Math.ceil(wanted / Math.max(each, 1))));
    each = await sample(iterations);
  }
  let spent = 0;
  for (let i = 0; i < WARM_UP_SAMPLES && spent < WARM_UP_NANOSECONDS; i++) {
    const now = await sample(iterations);
    each = Math.min(each, now);
    spent += now * iterations;
  }
  return Math.max(1, Math.round(wanted / each));
}

/** Times the contestants against each other. */
export async function race(
  contestants: readonly Contestant[],
  { rounds = 25, milliseconds = 2, limit = Number.POSITIVE_INFINITY }: SamplingOptions = {},
): Promise<Timing[]> {
  const iterations: number[] = [];
  for (const contestant of contestants) iterations.push(await calibrate(contestant, milliseconds));
  const samples: number[][] = contestants.map(() => []);
  const start = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() - start > limit) break;
    for (let i = 0; i < contestants.length; i++) {
      // Each round starts with another one: nobody always follows the same neighbour.
      const who = (i + round) % contestants.length;
      samples[who]!.push(await contestants[who]!.sample(iterations[who]!));
    }
  }
  return contestants.map(({ name }, i) => {
    const own = samples[i]!;
    return { name, samples: own, median: median(own), minimum: Math.min(...own) };
  });
}

/** How many times longer `slow` takes than `fast`, by their shortest samples. */
export const ratio = (slow: Timing, fast: Timing): number => slow.minimum / fast.minimum;

let copies = 0;

/**
 * A copy of a function with type feedback of its own: one that meets Float32Array in one call and Float64Array in the
 * next would be compiled for both, and be slower than either. The function must not refer to anything outside itself.
 * Each copy's text has a number, because V8 finds a text that it has compiled before, and its type feedback with it; and
 * the name of this module, because a process that compares two builds of odegrad has two of it.
 */
// biome-ignore lint/suspicious/noExplicitAny: any function
export function copyOf<F extends (...args: any[]) => any>(work: F): F {
  return new Function(`return ${work} // copy ${++copies} of ${import.meta.url}`)() as F;
}

function repeat(call: () => unknown, iterations: number): number {
  const start = performance.now();
  for (let i = 0; i < iterations; i++) call();
  return ((performance.now() - start) * 1e6) / iterations;
}

/** A contestant from a function of this process, timed in a loop of its own so that the engine may inline the call. */
export function contestant(name: string, call: () => unknown): Contestant {
  const loop = copyOf(repeat);
  return { name, sample: (iterations) => loop(call, iterations) };
}
