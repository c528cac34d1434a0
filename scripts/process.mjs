// Where the repository is, and how its scripts run programs.
import { AsyncLocalStorage } from "node:async_hooks";
import { spawn } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** An absolute path from one relative to the repository. */
export const inRoot = (...parts) => join(root, ...parts);

/** Where work that runs beside other work has its output, an array of texts, in place of the terminal. */
const apart = new AsyncLocalStorage();

/** Shows a text. */
export function show(text, stream = process.stdout) {
  const texts = apart.getStore();
  if (texts) texts.push(text);
  else stream.write(text);
}

/** Runs all of these functions at once, and shows the output of each when it has ended; resolves to what they resolve to. */
export const sideBySide = (works) =>
  Promise.all(
    works.map(async (work) => {
      const texts = [];
      try {
        return await apart.run(texts, work);
      } finally {
        show(texts.join(""));
      }
    }),
  );

/**
 * Runs a program, in the repository root unless told otherwise, and resolves to its exit code (128 where a signal ended it). Its
 * output is shown as it comes; with `capture` it is also returned (`output`, and `stdout` alone), at the cost that the program
 * sees a pipe and no terminal. With `quiet` it is returned only.
 */
export function run(command, args, { capture = false, quiet = false, cwd = root, env = {}, shell = false } = {}) {
  const piped = capture || quiet;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      shell,
      stdio: piped ? [quiet ? "ignore" : "inherit", "pipe", "pipe"] : "inherit",
    });
    let output = "";
    let stdout = "";
    for (const name of piped ? ["stdout", "stderr"] : []) {
      child[name].setEncoding("utf8").on("data", (text) => {
        output += text;
        if (name === "stdout") stdout += text;
        if (!quiet) show(text, process[name]);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 128, output, stdout }));
  });
}

/** Runs a JavaScript file with this very Node. */
export const runNode = (file, args = [], options = {}) => run(process.execPath, [file, ...args], options);

/** Runs npm: the one that started this program, if one did. */
export function npm(args, options = {}) {
  const started = process.env.npm_execpath;
  return started && basename(started) === "npm-cli.js"
    ? runNode(started, args, options)
    : run("npm", args, { ...options, shell: process.platform === "win32" });
}

/**
 * The JavaScript file behind a command of an installed package. Starting it with `runNode` is the one way that works on
 * every system: the links in node_modules/.bin are shell scripts on Windows.
 */
export function commandOf(packageName, command = packageName, folder = root) {
  const home = join(folder, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  return join(home, typeof bin === "string" ? bin : bin[command]);
}

/** Runs `main` if `url` is the file that Node was started with, and turns a failure into exit code 1. */
export async function whenStarted(url, main) {
  if (realpathSync(process.argv[1]) !== fileURLToPath(url)) return;
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Failure ? `\n✖ ${error.message}` : error);
    process.exitCode = 1;
  }
}

/** A failure whose cause has been shown already or is its message: no stack trace is printed for it. */
export class Failure extends Error {}
