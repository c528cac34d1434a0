// The rows of a comparison of two builds: a measurement's time in the one before, in the one now, and their ratio, from one
// or more runs. Runs are processes: how an engine happens to compile a build stays as it is for a whole process.
import { type Comparison, geometricMean } from "../regression.ts";
import { duration, times } from "../report.ts";
import { median } from "../sampling.ts";

/** What one run measured: nanoseconds of each build, the shortest samples. */
export type Measured = Omit<Comparison, "ratio">;

/** What stays out, and the reason. */
export interface Refusal {
  readonly what: string;
  readonly why: string;
}

export interface RunResult {
  readonly measured: readonly Measured[];
  readonly refusals: readonly Refusal[];
}

/** Times are the shortest of all runs; the ratio is the median of those of each run. */
export interface Row extends Comparison {
  readonly ratios: readonly number[];
}

/** Puts runs together, in the order of the first in which a measurement was possible. */
export function rowsOf(runs: readonly RunResult[]): Row[] {
  const all = runs.flatMap(({ measured }) => measured);
  return [...new Set(all.map(({ label }) => label))].map((label) => {
    const own = all.filter((each) => each.label === label);
    const ratios = own.map(({ before, now }) => now / before);
    const shortest = (side: "before" | "now"): number => Math.min(...own.map((each) => each[side]));
    return { label, before: shortest("before"), now: shortest("now"), ratio: median(ratios), ratios };
  });
}

/** Each once, whatever number of runs met it. */
export function refusalsOf(runs: readonly RunResult[]): Refusal[] {
  const all = runs.flatMap(({ refusals }) => refusals);
  return all.filter(({ what, why }, i) => all.findIndex((each) => each.what === what && each.why === why) === i);
}

/** Measurements that only one of the builds has. */
export const unpaired = (missing: readonly string[], added: readonly string[]): Refusal[] => [
  ...missing.map((what) => ({ what, why: "only the build before has it" })),
  ...added.map((what) => ({ what, why: "only the build now has it" })),
];

const TOLERANCE = 2e-3;

/** Results that differ by more than rounding are of different work, and say nothing of its speed. */
export function checkAgreement(before: number, now: number): void {
  if (Math.abs(now - before) > TOLERANCE * Math.max(1, Math.abs(before)))
    throw new Error(`the builds compute different results, ${before} and ${now}`);
}

export const HEADER: readonly string[] = ["", "before", "now", "now / before", "in each run"];

export const cellsOf = ({ label, before, now, ratio, ratios }: Row): string[] => [
  label,
  duration(before),
  duration(now),
  times(ratio),
  ratios.map(times).join(" "),
];

/** What a row has to exceed, in every run, to be named below the table. */
const NOTABLE = 1.15;

/** The lines below a table. */
export function summary(rows: readonly Row[]): string[] {
  const slower = rows.filter(({ ratios }) => Math.min(...ratios) > NOTABLE);
  return [
    slower.length === 0
      ? `No row is above ${NOTABLE}× in every run.`
      : `Above ${NOTABLE}× in every run: ${slower.map(({ label, ratio }) => `${label} (${times(ratio)})`).join("; ")}`,
    `Geometric mean of the ratios of ${rows.length} rows: ${geometricMean(rows).toFixed(3)}×`,
  ];
}
