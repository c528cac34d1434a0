// The house is as ARCHITECTURE.md says: every room on its floor, imports downwards, no circles, and files that are short.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { floorsOf, isLong, saysWhyLong, violations } from "./floors.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** TypeScript below a folder, text by path in it. */
function textsIn(folder: string): Map<string, string> {
  const paths = readdirSync(new URL(folder, root), { recursive: true }) as string[];
  const files = paths.map((path) => path.replaceAll("\\", "/")).filter((path) => path.endsWith(".ts"));
  return new Map(files.map((path) => [path, read(folder + path)]));
}

const CIRCLES_FOR_NOW = [
  "webgpu/device/commands.ts, webgpu/device/gpu-exchange.ts, webgpu/device/gpu.ts, webgpu/device/readback.ts import each other in a circle",
];

const library = textsIn("ts/");
const floors = floorsOf(read("ARCHITECTURE.md"));

describe("the library", () => {
  it("imports downwards, or sideways without a circle, and every room is in the table", () => {
    expect(floors.size).toBeGreaterThan(20);
    const known: string[] = CIRCLES_FOR_NOW;
    expect(violations(library, floors).filter((violation) => !known.includes(violation))).toEqual([]);
  });

  it("has at most 8 files at its door", () => {
    expect([...library.keys()].filter((path) => !path.includes("/")).length).toBeLessThanOrEqual(8);
  });

  it("has short files: 300 lines, unless the first says why it is long, and tests 400", () => {
    const written = [...library].filter(([path]) => !path.includes("/generated/"));
    const files = written.filter(([, text]) => isLong(text, 300) && !saysWhyLong(text)).map(([path]) => `ts/${path}`);
    const tests = [...textsIn("tests/")].filter(([, text]) => isLong(text, 400)).map(([path]) => `tests/${path}`);
    expect([...files, ...tests]).toEqual([]);
  });
});

describe("a planted fault is found", () => {
  const table = floorsOf("| 0 | `base/` | … |\n| 1 | `left/`, `left/inner/`, `right/` | … |\n| 2 | `top.ts` | … |\n");
  const house = {
    "base/a.ts": 'export const a = 1; // import "../right/b.ts"',
    "left/a.ts": 'import { a } from "../base/a.ts";\nimport {\n  type b,\n} from "./inner/b.ts";',
    "left/inner/b.ts": 'import "./generated/c.ts";',
    "left/inner/generated/c.ts": "",
    "right/b.ts": 'export * from "../left/a.ts";',
    "top.ts": 'import("./right/b.ts");',
  };
  const faults = (files: Record<string, string>): string[] =>
    violations(new Map(Object.entries({ ...house, ...files })), table);

  it("and none in a house in order", () => expect(faults({})).toEqual([]));

  it.each([
    ["an import", 'import { b } from "../right/b.ts";'],
    ["an import of types", 'import type { b } from "../right/b.ts";'],
    ["an import of types over several lines", 'import type {\n  b,\n} from "../right/b.ts";'],
    ["an import type", 'let b: import("../right/b.ts").b;'],
    ["a dynamic import", 'await import("../right/b.ts");'],
    ["an import for its effects", 'import "../right/b.ts";'],
    ["a re-export", 'export * from "../right/b.ts";'],
  ])("%s that goes up", (_, text) => {
    expect(faults({ "base/b.ts": text })).toEqual(["base/b.ts → right/b.ts goes up"]);
  });

  it("an import out of a generated file", () => {
    expect(faults({ "left/inner/generated/c.ts": 'import "../../../top.ts";' })).toContain(
      "left/inner/generated/c.ts → top.ts goes up",
    );
  });

  it("a circle of rooms on one floor, without a circle of files", () => {
    expect(faults({ "left/c.ts": 'import type { d } from "../right/d.ts";', "right/d.ts": "" })).toEqual([
      "left/, right/ import each other in a circle",
    ]);
  });

  it("a circle of files in one room", () => {
    expect(faults({ "base/b.ts": 'import "./c.ts";', "base/c.ts": 'import type { b } from "./b.ts";' })).toEqual([
      "base/b.ts, base/c.ts import each other in a circle",
    ]);
  });

  it("a room that the table does not have, and one that it has alone", () => {
    expect(faults({ "cellar/a.ts": "" })).toEqual(["cellar/ is not in the table"]);
    expect(violations(new Map(Object.entries(house)), new Map([...table, ["attic/", 3]]))).toEqual([
      "attic/ is in the table only",
    ]);
  });

  it("and an import that leaves the house", () => {
    expect(faults({ "base/b.ts": 'import "../../tests/c.ts";' })).toEqual([
      "base/b.ts → ../tests/c.ts leaves the house",
    ]);
  });

  it("a file of too many lines, which are not a table", () => {
    const lines = (line: string): string => `${line}\n`.repeat(301);
    expect(isLong(lines("a();"), 300)).toBe(true);
    expect(isLong(lines("a();"), 301)).toBe(false);
    expect(isLong(lines("  0.5, -1e-3, 4 / 5,"), 300)).toBe(false);
    expect(saysWhyLong(`// Long, because its cases belong together.\n${lines("a();")}`)).toBe(true);
    expect(saysWhyLong("// Cases.\n// Long, because …")).toBe(false);
  });
});
