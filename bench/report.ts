// What benchmarks have in common at their ends: the machine they ran on, tables, verdicts, JSON in out/.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, resolve } from "node:path";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly engine: string;
}

export function machine(): Machine {
  const { node, v8 } = process.versions;
  return {
    cpu: cpus()[0]?.model.trim() || "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    engine: `Node ${node}, V8 ${v8}`,
  };
}

export function printMachine(): void {
  const { cpu, cores, memoryGiB, system, engine } = machine();
  console.log(`${engine} on ${system}, ${cpu}, ${cores} cores, ${memoryGiB} GiB\n`);
}

/** Three significant digits, without an exponent where that stays short. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Nanoseconds in the unit that suits them. */
export function duration(nanoseconds: number): string {
  if (!Number.isFinite(nanoseconds)) return "–";
  for (const [unit, size] of [
    ["s", 1e9],
    ["ms", 1e6],
    ["µs", 1e3],
  ] as const) {
    if (nanoseconds >= size) return `${number(nanoseconds / size)} ${unit}`;
  }
  return `${number(nanoseconds)} ns`;
}

export const times = (factor: number): string => (Number.isFinite(factor) ? `${factor.toFixed(2)}×` : "–");

/** A table in plain text: the first column flush left, the others right. */
export function printTable(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    widths.map((width, i) => (i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width))).join("  ");
  console.log(title);
  console.log(line(header));
  console.log(widths.map((width) => "─".repeat(width)).join("  "));
  for (const row of rows) console.log(line(row));
  console.log("");
}

export interface Verdict {
  readonly claim: string;
  readonly figure: string;
  readonly holds: boolean;
}

/** PASS or GAP for each claim, with the figure. */
export function printVerdicts(verdicts: readonly Verdict[]): void {
  for (const { claim, figure, holds } of verdicts) console.log(`${holds ? "PASS" : "GAP "}  ${claim}: ${figure}`);
}

/** Writes a text below out/ and says so. */
export function writeOut(name: string, text: string): void {
  const path = resolve("out", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`Wrote ${path}`);
}

export function writeJson(name: string, content: object): void {
  writeOut(name, `${JSON.stringify({ date: new Date().toISOString(), machine: machine(), ...content }, null, 1)}\n`);
}
