// The rows of a batch against each row by itself.
import type { Field } from "../../ts/index.ts";
import { evaluated, type Point } from "./evaluation.ts";

/**
 * What is wrong with a batch of three rows, if anything: values and products with vectors must be those of the rows to the
 * bit, sums over the rows to rounding.
 */
export function wrongRow(field: Field, dim: number, points: readonly Point[]): string | undefined {
  const t = 0.7;
  const wave = (shift: number): number[] =>
    points.flatMap(({ y }, row) => y.map((_, i) => Math.cos(shift + row + 1.7 * i)));
  const part = (numbers: readonly number[], row: number): number[] => numbers.slice(row * dim, (row + 1) * dim);
  const [w, yDot] = [wave(1), wave(2)];
  const whole = { t, y: points.flatMap(({ y }) => y) };
  const [one, batch] = [evaluated(field, dim), evaluated(field, dim * points.length)];
  const rows = points.map(({ y }, row) => ({
    value: one.value({ t, y }),
    jvp: one.jvp({ t, y }, part(yDot, row)),
    ...one.vjp({ t, y }, part(w, row)),
  }));
  const value = batch.value(whole);
  const jvp = batch.jvp(whole, yDot);
  const bar = batch.vjp(whole, w);
  one.release();
  batch.release();
  const sum = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const size = 1 + sum(({ params, t: own }) => Math.max(Math.abs(own), ...params.map(Math.abs)));
  const pairs: [name: string, got: readonly number[], expected: readonly number[], tolerance: number][] = [
    ["dy", value, rows.flatMap((row) => row.value), 0],
    ["Jẏ", jvp, rows.flatMap((row) => row.jvp), 0],
    ["yBar", bar.y, rows.flatMap(({ y }) => y), 0],
    ["paramsBar", bar.params, bar.params.map((_, j) => sum(({ params }) => params[j]!)), 1e-13 * size],
    ["tBar", [bar.t], [sum((row) => row.t)], 1e-13 * size],
  ];
  for (const [name, got, expected, tolerance] of pairs) {
    const same = (a: number, b: number): boolean =>
      Object.is(a, b) || (tolerance > 0 && (Math.abs(a - b) <= tolerance || !Number.isFinite(size)));
    const bad = got.findIndex((number, i) => !same(number, expected[i]!));
    if (bad >= 0) return `${name}[${bad}] of a batch is ${got[bad]}, of the rows ${expected[bad]}`;
  }
  return undefined;
}
