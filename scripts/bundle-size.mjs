// The bundle budgets: what a page pays for what it imports, minified and gzipped. README.md states the same sizes in whole kB:
// the least that are not exceeded.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "./build.mjs";
import { bundleForBrowser } from "./bundle.mjs";
import { install } from "./install.mjs";
import { Failure, inRoot, whenStarted } from "./process.mjs";

/** Budgets in bytes. */
const IMPORTS = [
  { names: "{ solve, tsit5 }", from: "odegrad", budget: 29_700 },
  { names: "{ solve, tsit5, mlp }", from: "odegrad", budget: 44_800 },
  { names: "{ compiled }", from: "odegrad/compiled", budget: 26_000 },
  { names: "{ adam }", from: "odegrad/train", budget: 8_000 },
];

/** What a page without a bundler loads for the main entry. */
const MINIFIED = { names: "dist/min/odegrad.js", files: ["dist/min/odegrad.js", "dist/min/core.js"], budget: 90_000 };

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** The files that a page loads for these names. */
async function bundled({ names, from }) {
  const contents = `export ${names} from "${from}";`;
  const { outputFiles } = await bundleForBrowser({ stdin: { contents, resolveDir: inRoot() }, minify: true });
  return outputFiles.map((file) => file.contents);
}

/** Of each import its names, its gzipped size and budget in bytes, and whether it keeps to it. */
export async function bundleSizes() {
  return Promise.all(
    [...IMPORTS, MINIFIED].map(async ({ names, from, files, budget }) => {
      const contents = files ? files.map((file) => readFileSync(inRoot(file))) : await bundled({ names, from });
      const bytes = contents.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
      return { names, bytes, ok: bytes <= budget, described: `${names} ${kB(bytes)} of ${kB(budget)}` };
    }),
  );
}

/** What README.md says wrongly about the sizes: it has each beside its import, and no others. */
export function wrongFigures(sizes) {
  const readme = readFileSync(inRoot("README.md"), "utf8");
  const stated = (names) => Number(readme.split(`\`${names}\` `)[1]?.match(/^(\d+) kB/)?.[1]);
  const wrong = sizes
    .map(({ names, bytes }) => ({ names, said: stated(names), measured: Math.ceil(bytes / 1000) }))
    .filter(({ said, measured }) => said !== measured)
    .map(({ names, said, measured }) => `README.md gives \`${names}\` ${said} kB; measured: ${measured} kB`);
  const known = sizes.map(({ names }) => stated(names));
  const others = Array.from(readme.matchAll(/(\d+) kB/g), ([, figure]) => Number(figure)).filter(
    (figure) => !known.includes(figure),
  );
  return [...wrong, ...others.map((figure) => `README.md says ${figure} kB of something that is not measured`)];
}

await whenStarted(import.meta.url, async () => {
  await install();
  await build();
  const sizes = await bundleSizes();
  console.log("Minified and gzipped:");
  for (const { described } of sizes) console.log(`  ${described}`);
  const wrong = wrongFigures(sizes);
  for (const text of wrong) console.log(text);
  if (!sizes.every(({ ok }) => ok)) throw new Failure("a bundle is over its budget");
  if (wrong.length > 0) throw new Failure("README.md states sizes that are not the measured ones");
});
