// npm test [-- --only PART …] [arguments for vitest]: installs, builds, runs the parts below in order and ends with a
// table and one line, "N passed, N failed". What a machine cannot do is skipped with the reason; with CI set in the
// environment a skip is a failure.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { stripVTControlCharacters } from "node:util";
import { chromiumEnvironment, unpackChromium } from "../tests/runtimes/chromium.mjs";
import { countReported } from "../tests/runtimes/report.mjs";
import { build } from "./build.mjs";
import { bundleSizes, wrongFigures } from "./bundle-size.mjs";
import { install } from "./install.mjs";
import { commandOf, Failure, inRoot, run, runNode, show, sideBySide, whenStarted } from "./process.mjs";

const CI = Boolean(process.env.CI);

// Each part returns what it counted: { passed, failed, skipped, note }.
const PARTS = {
  kernels: testKernels,
  unit: (args) => runVitest("tests/unit", args),
  golden: (args) => runVitest("tests/golden", args),
  cases: (args) => runVitest("tests/cases", args),
  node: () => runRuntime(process.execPath, ["tests/runtimes/node.mjs"]),
  // No permissions: the package needs none.
  deno: () => runDeno(["tests/runtimes/deno.mjs"]),
  bun: runBun,
  browser: () => runRuntime(process.execPath, ["tests/runtimes/browser.mjs"]),
  webgpu: testWebgpu,
  package: testPackage,
  size: testSize,
};

/** Parts that run at the same time where the machine has the cores and the memory: none of them fills a machine. */
const SIDE_BY_SIDE = [
  ["kernels", "package"],
  ["node", "deno", "bun", "browser"],
];
const ROOM = availableParallelism() > 1 && freemem() > 4 * 2 ** 30;

/** Runs these functions at once where there is room, else one after the other. */
async function together(works) {
  if (ROOM) return sideBySide(works);
  const results = [];
  for (const work of works) results.push(await work());
  return results;
}

/** A program that ends badly or counts nothing has failed, whatever it printed. */
const honest = (counts, code) =>
  counts.failed === 0 && (code !== 0 || counts.passed + counts.skipped === 0)
    ? { ...counts, failed: 1, note: code === 0 ? "no tests found" : `exit code ${code}` }
    : counts;

/** as-pect. Its own launcher is left out because it turns a crash of the tests into exit code 0. */
async function testKernels() {
  const env = process.stdout.isTTY ? { FORCE_COLOR: "2" } : {};
  const aspect = inRoot("node_modules/@as-pect/cli/lib/test.js");
  const { code, output } = await run(process.execPath, ["--enable-source-maps", aspect], { capture: true, env });
  const [, passed, total] = /\[Tests\]: (\d+) \/ (\d+)/.exec(stripVTControlCharacters(output)) ?? [0, 0, 0];
  return honest({ passed: Number(passed), failed: total - passed, skipped: 0 }, code);
}

async function runVitest(folder, args) {
  const report = inRoot("build", `vitest-${folder.replace("/", "-")}.json`);
  rmSync(report, { force: true });
  const reporting = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const filtered = args.length > 0 ? ["--passWithNoTests", ...args] : [];
  const { code } = await runNode(commandOf("vitest"), ["run", "--dir", folder, ...reporting, ...filtered]);
  if (!existsSync(report)) return honest({ passed: 0, failed: 0, skipped: 0 }, code || 1);
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
  // A file that does not even load has no tests to count.
  const broken = testResults.filter(({ status, assertionResults }) => status === "failed" && !assertionResults.length);
  const counts = { passed: numPassedTests, failed: numFailedTests + broken.length };
  // With a filter, vitest counts all other tests as skipped.
  if (args.length > 0) return code === 0 ? { ...counts, skipped: 0 } : honest({ ...counts, skipped: 0 }, code);
  return honest({ ...counts, skipped: numPendingTests, note: numPendingTests > 0 ? "see the output above" : "" }, code);
}

/**
 * The scenarios as one file each: fixtures and the example are part of them. The package stays outside, as users have it.
 * Made once, though several runtimes need them.
 */
const bundleScenarios = once(async () => {
  const esbuild = await import("esbuild");
  await esbuild.build({
    absWorkingDir: inRoot(),
    entryPoints: ["scenario", "threads-scenario", "webgpu-scenario"].map((name) => `tests/runtimes/${name}.ts`),
    bundle: true,
    packages: "external",
    outdir: "build/tests",
    outExtension: { ".js": ".mjs" },
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
});

function once(work) {
  let result;
  return () => {
    result ??= work();
    return result;
  };
}

/** Runs a runner of tests/runtimes, which prints one line a check. */
async function runRuntime(command, args, env = {}) {
  await bundleScenarios();
  const { code, output } = await run(command, args, { capture: true, env });
  return honest(countReported(output), code);
}

/** Runs a runner with Deno and these permissions, where npm has a Deno for this system. */
async function runDeno(args, permissions = [], environment = {}) {
  const binaries = inRoot("node_modules/@deno");
  if (!existsSync(binaries) || readdirSync(binaries).length === 0) {
    return skip(`npm has no Deno for ${process.platform} ${process.arch}`);
  }
  // No prompts, nothing fetched; the cache stays inside the repository.
  const flags = ["--no-prompt", "--no-remote", "--no-lock", "--node-modules-dir=manual", ...permissions];
  const env = { DENO_DIR: inRoot("build/deno"), DENO_NO_UPDATE_CHECK: "1", ...environment };
  return runRuntime(process.execPath, [commandOf("deno"), "run", ...flags, ...args], env);
}

/** The runner with Bun, where npm has a Bun for this system that starts on its processor. */
async function runBun() {
  const folder = inRoot("node_modules/@oven");
  const [name] = existsSync(folder) ? readdirSync(folder) : [];
  if (name === undefined) return skip(`npm has no Bun for ${process.platform} ${process.arch}`);
  const bun = `${folder}/${name}/bin/bun${process.platform === "win32" ? ".exe" : ""}`;
  const { code } = await run(bun, ["--version"], { quiet: true });
  if (code !== 0) return skip(`${name} does not start here (exit code ${code}): it may need a newer processor`);
  return runRuntime(bun, ["tests/runtimes/bun.mjs"]);
}

/**
 * Fields on the GPU: all checks in Node, and in Deno and Chromium those of what runtimes do in their own way. On Linux x64
 * with the software adapter that comes with Chromium, elsewhere with what the machine has. Then once more in Node and Deno
 * with the drivers hidden.
 */
async function testWebgpu() {
  const software = process.platform === "linux" && process.arch === "x64";
  const env = software ? chromiumEnvironment(await unpackChromium()) : {};
  // tfjs asks for the environment and the system; the package itself does not.
  const permissions = ["--allow-read", "--allow-env", "--allow-sys"];
  const node = (args, given) => runRuntime(process.execPath, ["tests/runtimes/webgpu-node.mjs", ...args], given);
  const deno = (args, given) => runDeno(["tests/runtimes/webgpu-deno.mjs", ...args], permissions, given);
  const works = [
    () => node([], env),
    () => deno([], env),
    () => runRuntime(process.execPath, ["tests/runtimes/webgpu-browser.mjs"]),
  ];
  if (process.platform === "linux") {
    const hidden = { VK_DRIVER_FILES: inRoot("build/no-driver.json"), DENO_WEBGPU_BACKEND: "metal" };
    works.push(
      () => node(["without"], hidden),
      () => deno(["without"], hidden),
    );
  }
  const results = await together(works);
  const sum = (column) => results.reduce((total, result) => total + result[column], 0);
  const notes = results.map(({ note }) => note).filter(Boolean);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped"), note: notes.join("; ") };
}

/** The tarball: what is in it, and what users' projects and the command line make of it. */
async function testPackage() {
  const { code, output } = await runNode("tests/package/main.mjs", [], { capture: true });
  return honest(countReported(output), code);
}

/** The budgets, one test each, and README's figures. */
async function testSize() {
  const sizes = await bundleSizes();
  const wrong = wrongFigures(sizes);
  for (const { described, ok } of sizes) show(`${ok ? "✓" : "✖"} ${described}\n`);
  for (const text of wrong) show(`✖ ${text}\n`);
  const failed = sizes.filter(({ ok }) => !ok).length + (wrong.length > 0 ? 1 : 0);
  return {
    passed: sizes.length + 1 - failed,
    failed,
    skipped: 0,
    note: sizes.map(({ described }) => described).join(", "),
  };
}

function skip(reason) {
  show(`○ SKIPPED: ${reason}\n`);
  return { passed: 0, failed: 0, skipped: 1, note: reason };
}

/** Runs one part, whatever happens in it, and times it. */
async function runPart(name, work) {
  show(`\n── ${name} ${"─".repeat(60 - name.length)}\n`);
  const start = performance.now();
  let counts;
  try {
    counts = await work();
  } catch (error) {
    show(`${error instanceof Failure ? `✖ ${error.message}` : error.stack}\n`, process.stderr);
    counts = { passed: 0, failed: 1, skipped: 0, note: String(error.message).split("\n")[0] };
  }
  const { passed, failed, skipped, note = "" } = counts;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (!CI || skipped === 0) return { name, passed, failed, skipped, seconds, note };
  return { name, passed, failed: failed + skipped, skipped: 0, seconds, note: `a skip fails in CI: ${note}` };
}

function printTable(results) {
  const rows = [
    ["part", "passed", "failed", "skipped", "seconds", ""],
    ...results.map((r) => [r.name, r.passed, r.failed, r.skipped, r.seconds, r.note].map(String)),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log("");
  for (const row of rows) {
    const cells = row.map((cell, i) => (i === 0 || i === 5 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
    console.log(cells.join("  ").trimEnd());
  }
}

/** The parts in order, those that run side by side together where the first of them stands. */
function groupsOf(names) {
  const left = new Set(names);
  return names
    .map((name) => {
      const group = (SIDE_BY_SIDE.find((parts) => parts.includes(name)) ?? [name]).filter((part) => left.has(part));
      for (const part of group) left.delete(part);
      return group;
    })
    .filter((group) => group.length > 0);
}

/** Splits off every `--only PART`; the rest is vitest's. */
function parseArguments(args) {
  const only = [];
  const rest = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--only") only.push(...(args[++i] ?? "").split(","));
    else rest.push(args[i]);
  }
  const unknown = only.find((name) => !(name in PARTS));
  if (unknown !== undefined) {
    throw new Failure(`--only ${unknown}: there is no such part; there are ${Object.keys(PARTS).join(", ")}`);
  }
  return { names: only.length > 0 ? only : Object.keys(PARTS), rest };
}

await whenStarted(import.meta.url, async () => {
  const { names, rest } = parseArguments(process.argv.slice(2));
  const results = [];
  const prepared = await runPart("build", async () => {
    await install();
    // as-pect compiles the kernels itself.
    if (names.some((name) => name !== "kernels")) await build();
    return { passed: 0, failed: 0, skipped: 0 };
  });
  results.push(prepared);
  if (prepared.failed === 0) {
    for (const group of groupsOf(names)) {
      if (ROOM && group.length > 1) console.log(`\nSide by side: ${group.join(", ")} …`);
      results.push(...(await together(group.map((name) => () => runPart(name, () => PARTS[name](rest))))));
    }
  }
  printTable(results);
  const sum = (column) => results.reduce((total, result) => total + result[column], 0);
  const skipped = sum("skipped") > 0 ? `, ${sum("skipped")} skipped` : "";
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped}`);
  if (sum("failed") > 0) process.exitCode = 1;
});
