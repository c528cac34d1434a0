// The package as it is published: packed, installed in a project with the tools of package.json here, and tried.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { commandOf, Failure, inRoot, npm, runNode } from "../../scripts/process.mjs";
import { report } from "../runtimes/report.mjs";
import { commandLine } from "./command-line.mjs";
import { projects } from "./projects.mjs";
import { types } from "./types.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const folder = inRoot("build/package");
const INSTALLED = ["package.json", "package-lock.json", "program.mjs", "program.test.js", "gpu.mjs"];

async function succeeds(name, { code, output }) {
  if (code !== 0) throw new Failure(`${name} failed with exit code ${code}:\n${output}`);
  return output;
}

/** Packs the library, which is built already; returns the tarball. */
async function pack() {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".tgz"))) rmSync(join(folder, file));
  const args = ["pack", "--ignore-scripts", "--pack-destination", folder, "--loglevel=error"];
  await succeeds("npm pack", await npm(args, { quiet: true }));
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith(".tgz")),
  );
}

/** Makes the project, with its tools as the lock file has them, and installs the tarball there. */
async function install(tarball) {
  const lock = readFileSync(join(here, "package-lock.json"), "utf8");
  const stamp = join(folder, "node_modules", ".lock");
  const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === lock;
  for (const name of INSTALLED) cpSync(join(here, name), join(folder, name));
  cpSync(inRoot(".npmrc"), join(folder, ".npmrc"));
  if (!fresh) {
    console.log("Installing bundlers, Jest, publint, attw and TypeScript 5.4 …");
    const args = ["ci", "--include=dev", "--include=optional", "--loglevel=error"];
    await succeeds("npm ci", await npm(args, { quiet: true, cwd: folder }));
    writeFileSync(stamp, lock);
  }
  // The lock file does not know it, and stays as it is.
  const args = ["install", "--no-save", "--offline", "--loglevel=error", tarball];
  await succeeds("npm install", await npm(args, { quiet: true, cwd: folder }));
}

/** Relative links of the Markdown files in the tarball, each with the file that has it. */
function links(installed) {
  const files = readdirSync(installed).filter((name) => name.endsWith(".md"));
  return files.flatMap((file) => {
    const text = readFileSync(join(installed, file), "utf8").replace(/```[\s\S]*?```/g, "");
    const targets = Array.from(text.matchAll(/\]\(([^)#]+)[^)]*\)/g), ([, target]) => target);
    return targets.filter((target) => !/^\w+:/.test(target)).map((target) => ({ file, target }));
  });
}

/** The checks of the tarball itself. */
function tarballChecks(tarball) {
  const installed = join(folder, "node_modules", "odegrad");
  return {
    "every link of its Markdown files leads to a file that is packed": () => {
      const all = links(installed);
      const dead = all.filter(({ target }) => !existsSync(join(installed, target)));
      if (dead.length > 0) throw new Error(dead.map(({ file, target }) => `${file} → ${target}`).join(", "));
      if (!all.some(({ target }) => target.endsWith(".svg"))) throw new Error("the README shows no picture");
      return `${all.length} links`;
    },
    "dist/min has the files that package.json names, with source maps": () => {
      const { unpkg, jsdelivr } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
      if (unpkg !== jsdelivr) throw new Error(`${unpkg} is not ${jsdelivr}`);
      const minified = join(installed, dirname(unpkg));
      const core = JSON.parse(readFileSync(join(minified, "core.js.map"), "utf8"));
      const missing = [
        join(installed, unpkg),
        ...core.sources.filter((source) => !source.startsWith("entry:")).map((source) => join(minified, source)),
      ].filter((file) => !existsSync(file));
      if (missing.length > 0) throw new Error(`missing: ${missing.join(", ")}`);
      return `${core.sources.length} sources of its core`;
    },
    "the entries of dist/min share one core": async () => {
      const load = (name) => import(pathToFileURL(join(installed, "dist/min", name)).href);
      const [{ mlp, SolveError }, { adam }] = [await load("odegrad.js"), await load("train.js")];
      try {
        adam().step(mlp({ layers: [1, 1] }).params, [Number.NaN, 0]);
      } catch (error) {
        if (error instanceof SolveError) return error.message;
        throw error;
      }
      throw new Error("a NaN in a gradient was accepted");
    },
    "publint finds nothing": async () => {
      const args = [tarball, "--strict"];
      return lastLine(
        await succeeds("publint", await runNode(commandOf("publint", "publint", folder), args, { quiet: true })),
      );
    },
    "attw finds nothing": async () => {
      const attw = commandOf("@arethetypeswrong/cli", "attw", folder);
      const args = [tarball, "--profile", "esm-only", "--no-emoji", "--format", "ascii"];
      await succeeds("attw", await runNode(attw, args, { quiet: true }));
      return "for modules, in Node and bundlers";
    },
    "`require` loads it": async () => {
      const program = 'console.log(typeof require("odegrad").solve, typeof require("odegrad/train").adam)';
      const { output, code } = await runNode("--no-warnings", ["-e", program], { quiet: true, cwd: folder });
      if (code !== 0 || output.trim() !== "function function") throw new Error(output);
      return `in Node ${process.versions.node}`;
    },
  };
}

const lastLine = (text) => text.trimEnd().split("\n").at(-1);

mkdirSync(folder, { recursive: true });
const tarball = await pack();
await install(tarball);
for (const [name, check] of Object.entries({
  ...tarballChecks(tarball),
  ...types(folder),
  ...projects(folder),
  ...commandLine(folder),
})) {
  try {
    report("package", [{ name, ok: true, detail: await check() }]);
  } catch (error) {
    report("package", [{ name, ok: false, detail: error.stack ?? String(error) }]);
    process.exitCode = 1;
  }
}
