// The bundle budgets: what a page pays for what it imports, minified and gzipped. README.md states the same sizes in whole kB:
// the least that are not exceeded.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "./build.mjs";
import { bundleForBrowser } from "./bundle.mjs";
import { install } from "./install.mjs";
import { Failure, inRoot, whenStarted } from "./process.mjs";

const SOLVE = 'export { solve, tsit5 } from "odegrad";';

/** Budgets in bytes. `beside`: what is there anyhow, so that only what the import adds to it counts. */
const IMPORTS = [
  { names: "{ solve, tsit5 }", from: "odegrad", budget: 30_200 },
  { names: "{ solve, rodas5P }", from: "odegrad", budget: 42_000 },
  { names: "{ solve, tsit5, mlp }", from: "odegrad", budget: 46_000 },
  { names: "{ compiled }", from: "odegrad/compiled", beside: SOLVE, budget: 42_000 },
  { names: "{ adam }", from: "odegrad/train", budget: 8_000 },
];

/** What a page without a bundler loads for the main entry. */
const MINIFIED = { names: "dist/min/odegrad.js", files: ["dist/min/odegrad.js", "dist/min/core.js"], budget: 97_000 };

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

const zipped = (file) => gzipSync(file, { level: 9 }).length;

/** What a page loads for these exports. */
async function bundled(contents) {
  const { outputFiles } = await bundleForBrowser({ stdin: { contents, resolveDir: inRoot() }, minify: true });
  return zipped(outputFiles[0].contents);
}

async function sizeOf({ names, from, beside, files }) {
  if (files) return files.reduce((sum, file) => sum + zipped(readFileSync(inRoot(file))), 0);
  const own = `export ${names} from "${from}";`;
  return beside ? (await bundled(beside + own)) - (await bundled(beside)) : bundled(own);
}

/** Of each import its names, its gzipped size and budget in bytes, and whether it keeps to it. */
export async function bundleSizes() {
  return Promise.all(
    [...IMPORTS, MINIFIED].map(async ({ budget, ...measured }) => {
      const { names } = measured;
      const bytes = await sizeOf(measured);
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
