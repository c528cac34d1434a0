// npm run bench NAME [-- flags]: builds and runs bench/NAME/main.ts with the flags; without a name, lists the names.
// npm run bench [NAME] -- --compare OLD.json [--with NEW.json] [--tolerance 1.25]: runs the benchmark that wrote OLD (or NAME)
// anew, or takes NEW instead, and fails if a time grew by more than the tolerance.
// npm run bench [NAME] -- --against DIR [--runs 2] [--quick] [--only TEXT]: what the benchmark measures of odegrad, with the build
// in DIR and this one taking turns; without a name, the benchmarks of steps, gradients and kernels one after the other.
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, resolve } from "node:path";
import { benchAgainst, comparable, distOf, runsOf } from "./against.mjs";
import { build } from "./build.mjs";
import { runProgram } from "./bundle.mjs";
import { gpuEnvironment } from "./gpu.mjs";
import { install } from "./install.mjs";
import { Failure, inRoot, whenStarted } from "./process.mjs";

const TOLERANCE = "1.25";
/** The file that a benchmark writes, and the benchmark that wrote a file. */
const resultOf = (name) => inRoot("out", `bench-${name}.json`);
const writerOf = (file) => /^bench-(\w+)/.exec(basename(file))?.[1];

/** Takes the flag and its value out of the list. */
function take(flags, name) {
  const at = flags.indexOf(name);
  if (at < 0) return undefined;
  const [, value] = flags.splice(at, 2);
  if (value === undefined) throw new Failure(`${name} needs a value`);
  return value;
}

async function runBenchmark(name, names, flags) {
  if (!names.includes(name)) throw new Failure(`no benchmark "${name}"; there are: ${names.join(", ")}`);
  const env = name === "gpu" ? await gpuEnvironment() : {};
  return runProgram(`bench/${name}/main.ts`, flags, env);
}

await whenStarted(import.meta.url, async () => {
  const names = readdirSync(inRoot("bench")).filter((name) => existsSync(inRoot("bench", name, "main.ts")));
  const flags = process.argv.slice(2);
  const given = flags[0]?.startsWith("-") ? undefined : flags.shift();
  const old = take(flags, "--compare");
  const against = take(flags, "--against");
  if (given === undefined && old === undefined && against === undefined) {
    console.log(`npm run bench NAME [-- flags], where NAME is one of: ${names.join(", ")}`);
    console.log("npm run bench [NAME] -- --compare OLD.json [--with NEW.json] [--tolerance 1.25]");
    console.log("npm run bench [NAME] -- --against DIR [--runs 2] [--quick] [--only TEXT]");
    return;
  }
  if (against !== undefined && old !== undefined) throw new Failure("--compare and --against do not go together");
  // What is wrong with the flags is said before a build.
  const comparison = against && {
    names: comparable(given, names),
    other: distOf(against),
    runs: runsOf(take(flags, "--runs"), flags.includes("--quick")),
  };
  await install();
  await build();
  if (comparison) {
    process.exitCode = await benchAgainst(comparison, flags);
    return;
  }
  if (old === undefined) {
    process.exitCode = await runBenchmark(given, names, flags);
    return;
  }
  if (!existsSync(old)) throw new Failure(`there is no file ${resolve(old)}`);
  const other = take(flags, "--with");
  const tolerance = take(flags, "--tolerance") ?? TOLERANCE;
  // A new run would overwrite its own earlier result.
  const kept = inRoot("build", "bench-before.json");
  mkdirSync(inRoot("build"), { recursive: true });
  copyFileSync(old, kept);
  let fresh = other;
  if (fresh === undefined) {
    const name = given ?? writerOf(old);
    if (name === undefined) throw new Failure(`which benchmark wrote ${old}? npm run bench NAME -- --compare ${old}`);
    fresh = resultOf(name);
    process.exitCode = await runBenchmark(name, names, flags);
    if (process.exitCode !== 0) return;
  }
  process.exitCode = await runProgram("bench/compare.ts", [kept, resolve(fresh), tolerance]);
});
