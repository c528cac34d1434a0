// The README's snippets run as they stand, and print what their comments say.
import { readFileSync } from "node:fs";
import { format } from "node:util";
import { describe, expect, it, vi } from "vitest";
import * as compiled from "../../ts/compiled/index.ts";
import * as train from "../../ts/fitting/index.ts";
import * as odegrad from "../../ts/index.ts";
import * as plot from "../../ts/plot/index.ts";
import * as threads from "../../ts/threads/index.ts";

const packages: Record<string, object> = {
  odegrad,
  "odegrad/compiled": compiled,
  "odegrad/plot": plot,
  "odegrad/threads": threads,
  "odegrad/train": train,
};
const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
const root = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");
const snippets = Array.from(readme.matchAll(/```js\n([\s\S]*?)```/g), ([, code]) => code!);

/** What a snippet says it prints: the comment after each `console.log(…);`, where … stands for more. */
const promised = (code: string): string[] =>
  Array.from(code.matchAll(/console\.log\(.*\);(?: \/\/ (.*))?$/gm), ([, comment]) => comment ?? "nothing: no comment");

/** Runs a snippet; returns the lines that it prints. */
async function printed(code: string): Promise<string[]> {
  const body = code.replaceAll(/import (\{.*?\}) from ("[^"]+");/g, "const $1 = packages[$2];");
  expect(body).not.toContain("import");
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await new AsyncFunction("packages", body)(packages);
    return log.mock.calls.map((values) => format(...values).replaceAll(/\s+/g, " "));
  } finally {
    log.mockRestore();
  }
}

describe("a snippet of the README", () => {
  it("is there for everything that it explains", () => {
    expect(snippets.length).toBeGreaterThanOrEqual(7);
  });

  it.each(snippets)("%s", async (code) => {
    const expected = promised(code);
    expect(expected.length).toBeGreaterThan(0);
    const lines = await printed(code);
    // In order; a loop prints more lines than its comment shows.
    for (const text of expected) {
      const fits = (line: string) => (text.endsWith("…") ? line.startsWith(text.slice(0, -1)) : line === text);
      const at = lines.findIndex(fits);
      expect(at === -1 ? lines : text).toBe(text);
      lines.splice(0, at + 1);
    }
  });
});

it("the README's page asks for the version that is packed", () => {
  const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  expect(Array.from(readme.matchAll(/odegrad@([\d.]+)/g), ([, asked]) => asked)).toEqual([version]);
});

it("the README's figures are those of BENCHMARKS.md", () => {
  const benchmarks = readFileSync(new URL("BENCHMARKS.md", root), "utf8");
  const [table] = /\| measured \|[\s\S]*?\n\n/.exec(readme)!;
  const figures = Array.from(table.matchAll(/\d[\d.–]*(?:×| [µm]s)/g), ([figure]) => figure);
  expect(figures.length).toBeGreaterThan(8);
  expect(figures.filter((figure) => !benchmarks.includes(figure))).toEqual([]);
});
