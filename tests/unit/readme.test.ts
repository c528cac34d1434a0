// The README's snippets run as they stand.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as compiled from "../../ts/compiled/index.ts";
import * as train from "../../ts/fitting/index.ts";
import * as odegrad from "../../ts/index.ts";
import * as threads from "../../ts/threads/index.ts";

const packages: Record<string, object> = {
  odegrad,
  "odegrad/compiled": compiled,
  "odegrad/threads": threads,
  "odegrad/train": train,
};
const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const snippets = Array.from(readme.matchAll(/```js\n([\s\S]*?)```/g), ([, code]) => code!);

it("has snippets", () => {
  expect(snippets.length).toBeGreaterThanOrEqual(3);
});

it.each(snippets)("%s", async (code) => {
  const body = code.replaceAll(/import (\{.*?\}) from ("[^"]+");/g, "const $1 = packages[$2];");
  expect(body).not.toContain("import");
  await new AsyncFunction("packages", body)(packages);
});
