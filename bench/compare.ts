// npm run bench [NAME] -- --compare OLD.json [--with NEW.json] [--tolerance 1.25]: a benchmark's new times beside those of
// an earlier run; fails if any is longer by more than the tolerance. Arguments here: OLD NEW TOLERANCE.
import { readFileSync } from "node:fs";
import { compare, geometricMean } from "./regression.ts";
import { number, printTable, times, writeJson } from "./report.ts";

const [before, now, tolerance] = process.argv.slice(2) as [string, string, string];
const limit = Number(tolerance);
if (!(limit >= 1)) throw new Error(`--tolerance is a factor of at least 1, not "${tolerance}"`);
const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const [old, fresh] = [read(before), read(now)];
const { pairs, missing, added } = compare(old, fresh);
for (const part of ["cpu", "engine"]) {
  const [then, today] = [old.machine?.[part], fresh.machine?.[part]];
  if (then !== today) console.log(`Note: another ${part}: then ${then}, now ${today}`);
}
const sorted = [...pairs].sort((a, b) => b.ratio - a.ratio);
const SHOWN = 40;
const shown = sorted.length <= SHOWN ? sorted : [...sorted.slice(0, SHOWN / 2), ...sorted.slice(-SHOWN / 2)];
printTable(
  `${pairs.length} times, now against then, slowest first${shown.length < pairs.length ? `; the ends of ${pairs.length}` : ""}`,
  ["", "then", "now", "ratio"],
  shown.map(({ label, before, now, ratio }) => [label, number(before), number(now), times(ratio)]),
);
const mean = geometricMean(pairs);
const slower = sorted.filter(({ ratio }) => ratio > limit);
console.log(`Geometric mean of the ratios: ${times(mean)}`);
if (missing.length > 0) console.log(`Only then: ${missing.join("; ")}`);
if (added.length > 0) console.log(`Only now: ${added.join("; ")}`);
writeJson("bench-comparison.json", { tolerance: limit, mean, comparisons: sorted, missing, added });
if (pairs.length === 0) {
  console.error("The two files have no time in common.");
  process.exitCode = 1;
} else if (slower.length > 0) {
  console.error(`${slower.length} of ${pairs.length} times are longer by more than ${times(limit)}.`);
  process.exitCode = 1;
} else {
  console.log(`None of ${pairs.length} times is longer by more than ${times(limit)}.`);
}
