// Comparing two runs of a benchmark by the JSON they wrote: every time in the one beside the same time in the other. What
// stands where in the JSON does not matter: a time is a number under one of the names below, and what it is the time of is told
// by the texts and sizes around it.

/** Names of times in the benchmarks' JSON: shortest samples, and figures that stand for themselves. */
const TIMES: ReadonlySet<string> = new Set([
  ...["minimum", "minimumNs", "nanoseconds", "milliseconds", "time", "forward", "gradient"],
]);
/** Names of numbers that tell cases apart; others may be results, which differ from run to run. */
const SIZES: ReadonlySet<string> = new Set(["n", "batch", "width", "steps", "rung", "checkpoints"]);
/** Not part of what was timed. */
const ASIDE: ReadonlySet<string> = new Set(["machine", "verdicts", "date"]);

export interface Entry {
  readonly label: string;
  readonly time: number;
}

export interface Comparison {
  readonly label: string;
  readonly before: number;
  readonly now: number;
  /** now / before. */
  readonly ratio: number;
}

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** Every time in a benchmark's JSON; labels are unique, in the order of the file. */
export function entriesOf(json: unknown): Entry[] {
  const entries: Entry[] = [];
  const seen = new Map<string, number>();
  const add = (label: string, time: number): void => {
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    entries.push({ label: count === 1 ? label : `${label} #${count}`, time });
  };
  const walk = (node: unknown, around: readonly string[]): void => {
    if (Array.isArray(node)) {
      for (const each of node) walk(each, around);
    } else if (isNode(node)) {
      const own = Object.entries(node).flatMap(([name, value]) => described(name, value));
      const here = [...around, ...own];
      for (const [name, value] of Object.entries(node)) {
        if (TIMES.has(name) && typeof value === "number") add([...here, name].join(", "), value);
        else if (!ASIDE.has(name)) walk(value, here);
      }
    }
  };
  if (isNode(json)) for (const [name, value] of Object.entries(json)) if (!ASIDE.has(name)) walk(value, []);
  return entries;
}

/** What a member says about the times beside and below it. A nested size, { width, batch }, counts as members of its own. */
function described(name: string, value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number" && SIZES.has(name)) return [`${name} ${value}`];
  if (name === "size" && isNode(value)) return Object.entries(value).flatMap(([n, v]) => described(n, v));
  return [];
}

export interface Pairing<T> {
  /** Of one label each: the one before, and the one now. */
  readonly pairs: readonly (readonly [T, T])[];
  /** Labels that there were before only, and that there are now only. */
  readonly missing: string[];
  readonly added: string[];
}

/** What has the same label before and now, in the order of now. */
export function paired<T extends { readonly label: string }>(before: readonly T[], now: readonly T[]): Pairing<T> {
  const old = new Map(before.map((each) => [each.label, each]));
  const fresh = new Set(now.map(({ label }) => label));
  return {
    pairs: now.flatMap((each) => {
      const then = old.get(each.label);
      return then === undefined ? [] : [[then, each] as const];
    }),
    missing: [...old.keys()].filter((label) => !fresh.has(label)),
    added: [...fresh].filter((label) => !old.has(label)),
  };
}

/** The times that both have, and the labels that only one of them has. */
export function compare(before: unknown, now: unknown): { pairs: Comparison[]; missing: string[]; added: string[] } {
  const { pairs, ...others } = paired(entriesOf(before), entriesOf(now));
  const comparisons = pairs.map(([{ label, time }, { time: fresh }]) => {
    return { label, before: time, now: fresh, ratio: fresh / time };
  });
  return { pairs: comparisons, ...others };
}

/** How many times as long everything takes on average; NaN of nothing. */
export const geometricMean = (comparisons: readonly Pick<Comparison, "ratio">[]): number =>
  Math.exp(comparisons.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / comparisons.length);
