// What the example prints: how the training goes, and what came of it.
import { NOISE, TRAJECTORIES } from "./observations.ts";
import type { Costs, Losses } from "./training.ts";

export const TASK = `Learning the flow of a damped pendulum from ${TRAJECTORIES.train} noisy spirals (noise ${NOISE}).`;

const EIGHTHS = " ▏▎▍▌▋▊▉█";

/** A bar of `width` characters, filled to an eighth of a character. */
function bar(fraction: number, width: number): string {
  const eighths = Math.round(fraction * width * 8);
  const full = "█".repeat(Math.floor(eighths / 8));
  return (full + (eighths % 8 === 0 ? "" : EIGHTHS[eighths % 8])).padEnd(width, "░");
}

/** Three significant digits, without an exponent where it can be read so. */
function loss(value: number): string {
  return value >= 1e-4 && value < 1e4 ? value.toPrecision(3) : value.toExponential(2);
}

export function progressLine(
  step: number,
  steps: number,
  batchLoss: number,
  validation: number,
  seconds: number,
): string {
  const count = `step ${String(step).padStart(String(steps).length)}/${steps}`;
  const losses = `mini-batch ${loss(batchLoss).padEnd(8)} validation ${loss(validation).padEnd(8)}`;
  return `${bar(step / steps, 20)} ${count}  ${losses} ${seconds.toFixed(1)} s`;
}

function bytes(value: number): string {
  if (value < 1e3) return `${value} B`;
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(2)} MB`;
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("   ");
  const [head, ...body] = rows.map(line);
  return [head, "─".repeat(head.length), ...body].join("\n");
}

const times = (before: number, after: number): string => `${(before / after).toFixed(before / after < 10 ? 1 : 0)}×`;

export function resultTable(before: Losses, after: Losses, costs: Costs, seconds: number): string {
  const row = (name: string, key: keyof Losses) => [
    name,
    loss(before[key]),
    loss(after[key]),
    times(before[key], after[key]),
  ];
  const losses = table([
    ["mean squared error", "before", "after", "smaller by"],
    row("training, against noisy observations", "train"),
    row("validation, against the truth", "validation"),
  ]);
  const cost = table([
    ["evaluations", "VJPs", "seconds", "peak memory of a step"],
    [
      costs.evaluations.toLocaleString("en"),
      costs.vjps.toLocaleString("en"),
      seconds.toFixed(2),
      bytes(costs.peakBytes),
    ],
  ]);
  return `${losses}\n\n${cost}`;
}
