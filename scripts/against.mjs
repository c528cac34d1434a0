// npm run bench [NAME] -- --against DIR: bundles what a benchmark measures of odegrad, bench/NAME/*measurements.ts, once for
// the build in DIR and once for dist/, and has bench/against/run.ts time the two in turns. Each bundle has functions of its
// own, so that neither build meets what the other one's fields and loops have taught the engine.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { bundleForNode, runProgram } from "./bundle.mjs";
import { Failure, inRoot } from "./process.mjs";

/** What `--against` without a name goes through. */
const USUAL = ["overhead", "gradients", "limits", "kernels"];
const folder = inRoot("build", "against");

/** The lists of measurements in a benchmark's folder. */
const listsOf = (name) => readdirSync(inRoot("bench", name)).filter((file) => /(^|-)measurements\.ts$/.test(file));

/** The names to compare, if all of them have something to. */
export function comparable(given, names, has = (name) => listsOf(name).length > 0) {
  const able = names.filter(has);
  if (given === undefined || able.includes(given)) return given === undefined ? USUAL : [given];
  throw new Failure(`benchmark "${given}" cannot be run --against a build; these can: ${able.join(", ")}`);
}

/** The dist folder of a build: DIR is a package that holds dist/, or a dist folder itself. */
export function distOf(dir) {
  const found = [join(dir, "dist"), dir].find((path) => existsSync(join(path, "index.js")));
  if (found) return resolve(found);
  const what = existsSync(dir) ? "holds neither dist/index.js nor index.js" : "does not exist";
  throw new Failure(`--against wants a package folder with dist/, or a dist folder; ${resolve(dir)} ${what}`);
}

/** Where a build has one of odegrad's own modules: files move between builds, and keep their names. */
export function moduleIn(files, path) {
  const namesakes = files.filter((file) => basename(file) === basename(path));
  return files.includes(path) || namesakes.length !== 1 ? path : namesakes[0];
}

/** The file behind an import such as "odegrad/train", by the `exports` of its package; relative to dist/. */
export const entryIn = ({ exports }, name) =>
  relative("dist", exports?.[name.replace("odegrad", ".")]?.default ?? name);

/** Resolves imports of the library, private modules included, to a copy of a build. They stay imports, as for users. */
function library(dist, source) {
  const beside = join(dirname(source), "package.json");
  const manifest = JSON.parse(readFileSync(existsSync(beside) ? beside : inRoot("package.json"), "utf8"));
  const files = readdirSync(dist, { recursive: true }).map((file) => file.replaceAll("\\", "/"));
  const there = (file) => ({ path: `../dist/${file.replaceAll("\\", "/")}`, external: true });
  return {
    name: "library",
    setup({ onResolve }) {
      onResolve({ filter: /^odegrad(\/|$)/ }, ({ path }) => there(entryIn(manifest, path)));
      onResolve({ filter: /\/ts\/.*\.ts$/ }, ({ path, resolveDir }) => {
        const file = relative(inRoot("ts"), join(resolveDir, path)).replaceAll("\\", "/");
        return there(moduleIn(files, file.replace(/\.ts$/, ".js")));
      });
    },
  };
}

/** Copies of both builds, which stay as they are while benchmarks run, and even two copies of one are apart. */
async function bundle(names, other) {
  rmSync(folder, { recursive: true, force: true });
  for (const [side, source] of Object.entries({ before: other, now: inRoot("dist") })) {
    const dist = join(folder, side, "dist");
    cpSync(source, dist, { recursive: true });
    const plugin = library(dist, source);
    for (const name of names) {
      for (const file of listsOf(name)) {
        const outfile = join(folder, side, name, file.replace(/\.ts$/, ".mjs"));
        await bundleForNode(`bench/${name}/${file}`, outfile, [plugin]);
      }
    }
  }
}

/** How many runs each benchmark has: `--runs N`, or two, or one with `--quick`. */
export function runsOf(runs, quick) {
  if (runs === undefined) return quick ? 1 : 2;
  if (/^[1-9]\d?$/.test(runs)) return Number(runs);
  throw new Failure(`--runs is ${runs}; allowed: an integer from 1 to 99`);
}

/** Compares; resolves to an exit code. A process each: what one benchmark teaches the engine is not in the way of the next. */
export async function benchAgainst({ names, other, runs }, flags) {
  await bundle(names, other);
  for (let index = 0; index < runs; index++) {
    for (const name of names) {
      console.log(`${name}, run ${index + 1} of ${runs}`);
      const code = await runProgram("bench/against/run.ts", [name, String(index), ...flags]);
      if (code !== 0) return code;
    }
  }
  return runProgram("bench/against/report.ts", [other, String(runs), ...names]);
}
