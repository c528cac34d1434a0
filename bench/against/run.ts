// One run of npm run bench NAME -- --against DIR: the measurements of a benchmark with two builds of odegrad, which take turns
// in this one process. scripts/against.mjs has bundled the lists of measurements of each build to build/against/, and
// report.ts puts runs together. Arguments here: NAME INDEX [--quick] [--only TEXT].
import { readdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { Measurement, Measurements, Run } from "../measurement.ts";
import { paired } from "../regression.ts";
import { race, type SamplingOptions } from "../sampling.ts";
import { checkAgreement, type Measured, type Refusal, type RunResult, unpaired } from "./rows.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, only: { type: "string", default: "" } },
});
const [name, index] = positionals as [string, string];
// Many short samples: the differences looked for are small, and the undisturbed samples of a busy machine come out of many.
const sampling: SamplingOptions = flags.quick
  ? { rounds: 201, milliseconds: 1, limit: 1000 }
  : { rounds: 401, milliseconds: 1, limit: 3000 };

type Side = "before" | "now";

/** Says which of the builds an error is from. */
async function on<T>(side: Side, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`the build ${side}: ${error instanceof Error ? error.message : error}`);
  }
}

const fileOf = (side: Side, file = ""): string => resolve("build/against", side, name, file);

const listOf = (side: Side, file: string): Promise<Measurement[]> =>
  on(side, async () => {
    const { measurements } = (await import(pathToFileURL(fileOf(side, file)).href)) as { measurements: Measurements };
    return [...measurements(flags.quick)];
  });

/** A measurement that has run once. */
const madeOn = (side: Side, { make }: Measurement): Promise<Run> =>
  on(side, async () => {
    const run = make();
    await run.contestant.sample(1);
    return run;
  });

async function compare(before: Measurement, now: Measurement): Promise<Measured> {
  const runs = [await madeOn("before", before), await madeOn("now", now)] as const;
  const contestants = runs.map(({ contestant }) => contestant);
  // Whoever is first warms up first: another one in every other run.
  const timings =
    Number(index) % 2 ? (await race(contestants.reverse(), sampling)).reverse() : await race(contestants, sampling);
  const [then, today] = runs.map(({ checksum }) => checksum?.());
  if (then !== undefined && today !== undefined) checkAgreement(then, today);
  const [old, fresh] = runs.map(({ parts = 1 }, i) => timings[i]!.minimum / parts) as [number, number];
  return { label: now.label, before: old, now: fresh };
}

const pairs: (readonly [Measurement, Measurement])[] = [];
const refusals: Refusal[] = [];
const measured: Measured[] = [];
const refuse = (what: string, error: unknown): void => {
  refusals.push({ what, why: (error as Error).message });
};

// All lists before any measurement: some watch odegrad compile its kernels, which it does once.
for (const file of readdirSync(fileOf("now")).filter((file) => file.endsWith(".mjs"))) {
  try {
    const found = paired(await listOf("before", file), await listOf("now", file));
    pairs.push(...found.pairs);
    refusals.push(...unpaired(found.missing, found.added));
  } catch (error) {
    refuse(`bench/${name}/${file.replace(".mjs", ".ts")}`, error);
  }
}
const wanted = pairs.filter(([{ label }]) => label.includes(flags.only));
// The first one goes twice: in its first turn the engine is still compiling what all measurements share.
for (const [i, [before, now]] of [...wanted.slice(0, 1), ...wanted].entries()) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name}, run ${Number(index) + 1}: ${now.label}`);
  try {
    const result = await compare(before, now);
    if (i > 0) measured.push(result);
  } catch (error) {
    if (i > 0) refuse(now.label, error);
  }
}
if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
const result: RunResult = { measured, refusals };
writeFileSync(resolve("build/against", `${name}-${index}.json`), JSON.stringify(result));
