// What a bundle with compiled fields costs, and that it works where no function may be made from text.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("../../../ts", import.meta.url)), loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    tsconfigRaw: {},
  });
  return outputFiles[0]!.text;
}

const size = async (contents: string): Promise<number> => gzipSync(await bundle(contents), { level: 9 }).length;

it("adds at most 42.5 kB to solve, minified and gzipped, the reader 3.4 kB of them", async () => {
  const solve = 'export { solve, tsit5 } from "./index.ts";';
  const alone = await size(solve);
  const both = await size(`${solve} export { compiled } from "./compiled/index.ts";`);
  expect(both - alone).toBeLessThanOrEqual(42_500);
  const reader = 'export { readFunction } from "./compiled/reader/reader.ts";';
  // What the reader shares with everything else are its errors.
  const errors =
    'export { SolveError } from "./base/errors.ts"; export { refusal } from "./compiled/reader/refusal.ts";';
  expect((await size(`${reader} ${errors}`)) - (await size(errors))).toBeLessThanOrEqual(3_400);
});

const PROGRAM = `
import { solve, symplectic } from "./index.ts";
import { compiled } from "./compiled/index.ts";
const field = compiled((t, [x, v], dy, { k }) => { dy[0] = v; dy[1] = x > 0 ? -k * Math.sin(x) : -k * x; }, { params: { k: 2 } });
const solution = solve(field, { y0: [1, 0], ts: [0, 3], adjoint: symplectic() });
const { y0, params } = solution.pullback([0, 0, 1, 0]);
console.log(JSON.stringify([...solution.ys, ...y0, ...params]));`;

it("computes the same where a policy forbids making functions from text", async () => {
  const code = await bundle(PROGRAM);
  const run = (...flags: string[]): number[] => {
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, "--input-type=module", "-"], {
      input: code,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as number[];
  };
  const [free, strict] = [run(), run("--disallow-code-generation-from-strings")];
  // Solutions are the same to the bit; gradients differ in the order of their sums.
  expect(strict.slice(0, 4)).toEqual(free.slice(0, 4));
  strict.forEach((value, i) => expect(value).toBeCloseTo(free[i]!, 12));
});
