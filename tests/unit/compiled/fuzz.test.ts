// A short run of the fuzzer; `tests/fuzz/compiled-main.ts` runs longer ones.
import { expect, it } from "vitest";
import { fuzz } from "../../fuzz/compiled.ts";

it("finds nothing wrong in forty random equations, minified by whatever is installed", async () => {
  const { programs, functions, findings } = await fuzz({ seed: 1, programs: 40 });
  expect(programs).toBe(40);
  expect(functions).toBeGreaterThanOrEqual(80);
  expect(findings).toEqual([]);
});
