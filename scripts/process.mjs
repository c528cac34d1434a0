// Where the repository is, and how its scripts run programs.
import { spawn } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** An absolute path from one relative to the repository. */
export const inRoot = (...parts) => join(root, ...parts);

/**
 * Runs a program in the repository root and resolves to its exit code (128 where a signal ended it). Its output is
 * shown as it comes; with `capture` it is also returned, at the cost that the program sees a pipe and no terminal.
 */
export function run(command, args, { capture = false, env = {}, shell = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      shell,
      stdio: capture ? ["inherit", "pipe", "pipe"] : "inherit",
    });
    let output = "";
    for (const name of capture ? ["stdout", "stderr"] : []) {
      child[name].setEncoding("utf8").on("data", (text) => {
        output += text;
        process[name].write(text);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 128, output }));
  });
}

/** Runs a JavaScript file with this very Node. */
export const runNode = (file, args = [], options = {}) => run(process.execPath, [file, ...args], options);

/**
 * The JavaScript file behind a command of an installed package. Starting it with `runNode` is the one way that works on
 * every system: the links in node_modules/.bin are shell scripts on Windows.
 */
export function commandOf(packageName, command = packageName) {
  const { bin } = JSON.parse(readFileSync(inRoot("node_modules", packageName, "package.json"), "utf8"));
  return inRoot("node_modules", packageName, typeof bin === "string" ? bin : bin[command]);
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
