// The documentation of every public name, looked at by `deno doc --lint`: each has a docstring, and every type in a public
// signature is exported. Members marked @internal are no public names.
import { readFileSync } from "node:fs";
import { commandOf, Failure, inRoot, runNode } from "./process.mjs";

/** The sources of the package's entries, by their names. */
export function entries() {
  const { exports } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  return Object.fromEntries(
    Object.entries(exports)
      .filter(([, { types }]) => types)
      .map(([name, { types }]) => [name, types.replace("./dist/", "./ts/").replace(".d.ts", ".ts")]),
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
const COLOURS = /\u001b\[[0-9;]*m/g;

/** What `deno doc --lint` finds in these files, but for what is below node_modules: a line for each. */
export async function faultsIn(files) {
  const { code, output } = await runNode(commandOf("deno", "deno"), ["doc", "--lint", ...files], { quiet: true });
  const text = output.replace(COLOURS, "");
  const faults = text
    .split(/^error\[/m)
    .slice(1)
    .map((fault) => ({ what: fault.split("\n")[0], where: /--> (\S+)/.exec(fault)?.[1] ?? "" }))
    .filter(({ where }) => !where.includes("node_modules"))
    .map(({ what, where }) => `${where}: ${what.replace("]", "")}`);
  // It ends with 1 for the dependencies' faults, too, but for nothing else.
  if (code !== 0 && !/Found \d+ documentation lint error/.test(text)) throw new Failure(`deno doc failed: ${text}`);
  return faults;
}

/** Throws, naming each fault, where a public name has no docstring or a public signature names a type that is not exported. */
export async function checkDocs() {
  const faults = await faultsIn(Object.values(entries()));
  if (faults.length > 0) throw new Failure(`public names without documentation or types:\n${faults.join("\n")}`);
}
