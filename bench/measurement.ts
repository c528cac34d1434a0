// What a benchmark measures of odegrad alone, as a list: bench/NAME/*measurements.ts. The benchmark itself is made of the same
// functions. `npm run bench NAME -- --against DIR` bundles the list once for each of two builds of odegrad, so that each has
// functions, and type feedback, of its own, and times the two copies of each measurement in turns.
import type { Contestant } from "./sampling.ts";

export interface Run {
  readonly contestant: Contestant;
  /** What a run's time is divided by, such as its steps; 1 if left out. */
  readonly parts?: number;
  /** What the results of a run sum up to. Whatever reaches into odegrad has it, to show that both builds compute the same. */
  readonly checksum?: () => number;
}

export interface Measurement {
  /** Unique in the list. */
  readonly label: string;
  /** Called when its turn comes: measurements may share memory. */
  make(): Run;
}

/** What such a file exports as `measurements`; `quick` leaves out what takes long. */
export type Measurements = (quick: boolean) => Iterable<Measurement>;
