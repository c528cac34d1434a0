// npm run bench [NAME] -- --against DIR: the tables of what was run, and all of it together. Arguments here: DIR RUNS NAME …
import { readFileSync } from "node:fs";
import { geometricMean } from "../regression.ts";
import { printMachine, printTable, times, writeJson } from "../report.ts";
import { cellsOf, HEADER, type Refusal, type Row, type RunResult, refusalsOf, rowsOf, summary } from "./rows.ts";

const [against, count, ...names] = process.argv.slice(2) as [string, string, ...string[]];
const fileOf = (name: string, index: number): string => `build/against/${name}-${index}.json`;

/** The lines below a table. Refusals are loud: a mean without them may look better than it is. */
function close(file: string, rows: readonly Row[], refusals: readonly Refusal[]): void {
  for (const { what, why } of refusals) console.log(`*** NOT COMPARED: ${what}: ${why}`);
  for (const line of summary(rows)) console.log(line);
  writeJson(file, { against, runs: Number(count), mean: geometricMean(rows), rows, refusals });
  console.log("");
}

printMachine();
const reports = names.map((name) => {
  const runs = Array.from({ length: Number(count) }, (_, index): RunResult => {
    return JSON.parse(readFileSync(fileOf(name, index), "utf8"));
  });
  const [rows, refusals] = [rowsOf(runs), refusalsOf(runs)];
  printTable(`${name}: now against ${against}, in turns, shortest samples`, HEADER, rows.map(cellsOf));
  close(`bench-against-${name}.json`, rows, refusals);
  return { name, rows, refusals };
});
if (names.length > 1) {
  const rows = reports.flatMap(({ name, rows }) => rows.map((row) => ({ ...row, label: `${name}: ${row.label}` })));
  printTable(
    `All: now against ${against}`,
    ["", "rows", "geometric mean", "largest ratio"],
    reports.map(({ name, rows }) => [
      name,
      String(rows.length),
      times(geometricMean(rows)),
      times(Math.max(...rows.map(({ ratio }) => ratio))),
    ]),
  );
  const refusals = reports.flatMap(({ refusals }) => refusals);
  close("bench-against.json", rows, refusals);
}
if (reports.some(({ rows }) => rows.length === 0)) {
  console.error("Of some benchmark nothing could be compared.");
  process.exitCode = 1;
}
