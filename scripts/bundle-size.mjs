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
  { names: "{ solve, tsit5 }", from: "odegrad", budget: 31_500 },
  { names: "{ solve, tsit5, mlp }", from: "odegrad", budget: 46_000 },
  { names: "{ compiled }", from: "odegrad/compiled", budget: 26_000 },
  { names: "{ adam }", from: "odegrad/train", budget: 8_000 },
];

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** Bundles the imports from dist/; returns of each its names, its gzipped size and budget in bytes, and whether it keeps to it. */
export async function bundleSizes() {
  return Promise.all(
    IMPORTS.map(async ({ names, from, budget }) => {
      const { outputFiles } = await bundleForBrowser({
        stdin: { contents: `export ${names} from "${from}";`, resolveDir: inRoot() },
        minify: true,
      });
      const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
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
