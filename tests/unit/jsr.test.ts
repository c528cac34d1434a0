// jsr.json says of the package what package.json says, and what it publishes passes JSR's checks.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
// @ts-expect-error: a script in plain JavaScript
import { entries, faultsIn } from "../../scripts/docs.mjs";
// @ts-expect-error: a script in plain JavaScript
import { commandOf, inRoot, runNode } from "../../scripts/process.mjs";

const read = (name: string): Record<string, unknown> => JSON.parse(readFileSync(inRoot(name), "utf8"));

describe("jsr.json", () => {
  it("has the version, the license and the entries of package.json", () => {
    const { version, license } = read("package.json");
    expect(read("jsr.json")).toMatchObject({ version, license, exports: entries() });
  });

  it("publishes without slow types", async () => {
    const publish = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
    const { code, output } = await runNode(commandOf("deno", "deno"), publish, { quiet: true });
    expect(output).toContain("Dry run complete");
    expect(code).toBe(0);
  }, 60_000);
});

describe("the check of documentation", () => {
  it("finds what has no docstring, and types that are not exported", async () => {
    const faults: string[] = await faultsIn([inRoot("tests/unit/undocumented.ts")]);
    expect(faults.map((fault) => /: (\S+): /.exec(fault)?.[1])).toEqual(["private-type-ref", "missing-jsdoc"]);
  }, 60_000);
});
