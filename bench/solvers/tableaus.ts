// odegrad's coefficients as a C++ header, so that native solvers run the very same methods.
import { mkdirSync, writeFileSync } from "node:fs";
import { dop853, dopri5, type Solver } from "odegrad";

const list = (values: readonly number[], length: number): string =>
  Array.from({ length }, (_, i) => (values[i] ?? 0).toPrecision(17)).join(", ");

function struct(name: string, { tableau, order, scheme }: Solver): string {
  const { a, b, c, error = [], steadyingError } = tableau!;
  const s = b.length;
  const rows = a.map((row) => `    {${list(row, s)}},`).join("\n");
  const isLastRowB = b.every((value, j) => (a[s - 1]![j] ?? 0) === value);
  return `struct ${name} {
  static constexpr int stages = ${s};
  static constexpr double order = ${order};
  // Whether the last stage is the solution, so that its derivative is the next step's first.
  static constexpr bool fsal = ${isLastRowB && scheme.fsal !== undefined};
  static constexpr bool steadied = ${steadyingError !== undefined};
  static constexpr double a[${s}][${s}] = {
${rows}
  };
  static constexpr double b[${s}] = {${list(b, s)}};
  static constexpr double c[${s}] = {${list(c, s)}};
  static constexpr double error[${s}] = {${list(error, s)}};
  static constexpr double steadyingError[${s}] = {${list(steadyingError ?? [], s)}};
};
`;
}

/** Writes build/native/tableaus.hpp; returns its folder. */
export function writeTableaus(): string {
  const folder = "build/native";
  mkdirSync(folder, { recursive: true });
  const text = `// Generated from odegrad's coefficients.\n#pragma once\n\n${struct("Dopri5", dopri5)}\n${struct("Dop853", dop853)}`;
  writeFileSync(`${folder}/tableaus.hpp`, text);
  return folder;
}
