// The bundle budget: what a page pays that solves with tsit5 and an mlp, minified and gzipped.
import { gzipSync } from "node:zlib";
import { build } from "./build.mjs";
import { bundleForBrowser } from "./bundle.mjs";
import { install } from "./install.mjs";
import { Failure, inRoot, whenStarted } from "./process.mjs";

const BUDGET = 43_700; // bytes

/** Bundles the core from dist/; returns its gzipped size and the budget, in bytes. */
export async function bundleSize() {
  const { outputFiles } = await bundleForBrowser({
    stdin: { contents: 'export { solve, tsit5, mlp } from "odegrad";', resolveDir: inRoot() },
    minify: true,
  });
  return { bytes: gzipSync(outputFiles[0].contents, { level: 9 }).length, budget: BUDGET };
}

/** "12.3 kB of 40.0 kB" */
export const describeSize = ({ bytes, budget }) =>
  `${(bytes / 1000).toFixed(1)} kB of ${(budget / 1000).toFixed(1)} kB`;

await whenStarted(import.meta.url, async () => {
  await install();
  await build();
  const size = await bundleSize();
  console.log(`solve + tsit5 + mlp, minified and gzipped: ${describeSize(size)}`);
  if (size.bytes > size.budget) throw new Failure("the bundle is over its budget");
});
