// The flags of the examples: read before anything runs, and refused where they cannot be used.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";

const { argv, exitCode } = process;
afterEach(() => {
  process.argv = argv;
  process.exitCode = exitCode;
  vi.restoreAllMocks();
  vi.resetModules();
});

/** What an example prints with its flags, and its exit code. */
async function run(example: () => Promise<unknown>, ...flags: string[]): Promise<{ out: string; code: unknown }> {
  const lines: string[] = [];
  const print = (...all: unknown[]): void => void lines.push(all.join(" "));
  vi.spyOn(console, "log").mockImplementation(print);
  vi.spyOn(console, "error").mockImplementation(print);
  process.argv = ["node", "example", ...flags];
  process.exitCode = undefined;
  await example();
  return { out: lines.join("\n"), code: process.exitCode };
}
const spiral = () => import("../../examples/spiral.ts");
const gpu = () => import("../../examples/gpu.ts");

it.each([
  ["spiral", spiral],
  ["gpu", gpu],
])("III.A12: npm start, %s: --help shows the flags, one that is unknown or wrong is refused", async (_, example) => {
  const help = await run(example, "--help");
  expect(help.out).toContain("--steps N");
  expect(help.code).toBeUndefined();
  for (const flags of [["--step", "3"], ["--steps", "0"], ["--steps", "x"], ["3"]]) {
    vi.resetModules();
    const refused = await run(example, ...flags);
    expect(refused.out).toContain("--help lists the flags");
    expect(refused.code).toBe(2);
  }
});

it("III.A12: --out that is a directory is refused before the training", async () => {
  const directory = mkdtempSync(join(tmpdir(), "odegrad-"));
  try {
    const { out, code } = await run(spiral, "--out", directory);
    expect(out).toContain("The picture cannot be written: EISDIR");
    expect(out).not.toContain("parameters");
    expect(code).toBe(1);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
