// What a fuzzer is made of: properties that every input has, with random inputs to try them on and ways to make a failing
// input smaller.
import { uniform } from "../../ts/base/random.ts";

/** Random numbers of the kinds that inputs are drawn from. */
export class Draw {
  private readonly next: () => number;

  constructor(seed: number) {
    this.next = uniform(seed);
    // Neighbouring seeds start alike otherwise.
    this.next();
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** An integer from low to high, both included. */
  integer(low: number, high: number): number {
    return Math.min(high, Math.floor(this.between(low, high + 1)));
  }

  /** 10 to a uniform power. */
  magnitude(low: number, high: number): number {
    return 10 ** this.between(low, high);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  one<T>(of: readonly T[]): T {
    return of[this.integer(0, of.length - 1)]!;
  }

  many<T>(low: number, high: number, draw: () => T): T[] {
    return Array.from({ length: this.integer(low, high) }, draw);
  }
}

/** A property of all inputs of a kind; inputs are plain data, so that a failing one can be printed. */
export interface Property<Input = unknown> {
  readonly name: string;
  readonly draw: (random: Draw) => Input;
  /** What is wrong with the input, undefined where nothing is. An exception is wrong, too. */
  readonly wrong: (input: Input) => string | undefined;
  /** Simpler inputs to try, the most promising first. */
  readonly simpler: (input: Input) => Iterable<Input>;
}

/** A property among others of other inputs. */
export const property = <Input>(of: Property<Input>): Property => of as unknown as Property;

/** A failure, and the smallest input found that fails. */
export interface Failure {
  readonly property: string;
  readonly seed: number;
  readonly input: unknown;
  readonly wrong: string;
}

function check(of: Property, input: unknown): string | undefined {
  try {
    return of.wrong(input);
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** How many simpler inputs are tried at most. */
const MOST_TRIES = 2000;

/** Tries one input; returns the failure with the simplest input found, if there is one. */
export function tryOne(of: Property, seed: number): Failure | undefined {
  let input = of.draw(new Draw(seed));
  let wrong = check(of, input);
  if (wrong === undefined) return undefined;
  let tries = 0;
  for (let shrunk = true; shrunk && tries < MOST_TRIES; ) {
    shrunk = false;
    for (const simpler of of.simpler(input)) {
      if (++tries > MOST_TRIES) break;
      const stillWrong = check(of, simpler);
      if (stillWrong === undefined) continue;
      [input, wrong, shrunk] = [simpler, stillWrong, true];
      break;
    }
  }
  return { property: of.name, seed, input, wrong };
}

/** The list without one of its elements, for each, and each half of it. */
export function* shorter<T>(list: readonly T[], least = 0): Iterable<T[]> {
  if (list.length <= least) return;
  if (list.length > 3) {
    const half = list.length >> 1;
    if (half >= least) yield list.slice(0, half);
    if (list.length - half >= least) yield list.slice(half);
  }
  for (let i = 0; i < list.length; i++) yield [...list.slice(0, i), ...list.slice(i + 1)];
}
