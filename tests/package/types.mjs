// The types as the tarball has them, before the oldest compiler that they promise to work with; `npm run check` has the newest.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandOf, inRoot, runNode } from "../../scripts/process.mjs";
import { writeSnippets } from "../../scripts/snippets.mjs";

/** The checks: by name, what runs one and resolves to what it has seen. */
export function types(folder) {
  const { version } = JSON.parse(readFileSync(join(folder, "node_modules/typescript/package.json"), "utf8"));

  /** Copies the sources of a project into the folder, where imports find the tarball, and compiles them there. */
  async function compiles(source, project = "tsconfig.json") {
    const there = join(folder, "types");
    rmSync(there, { recursive: true, force: true });
    cpSync(source, there, { recursive: true });
    const file = join(there, project);
    const { files, compilerOptions } = JSON.parse(readFileSync(file, "utf8"));
    const strict = JSON.parse(readFileSync(inRoot("tests/types/tsconfig.json"), "utf8")).compilerOptions;
    writeFileSync(file, JSON.stringify({ files, compilerOptions: { ...strict, ...compilerOptions } }));
    const { code, output } = await runNode(commandOf("typescript", "tsc", folder), ["-p", file], { quiet: true });
    if (code !== 0) throw new Error(output);
    return `${files.length} ${files.length === 1 ? "file" : "files"}`;
  }

  return {
    [`a strict user's program compiles with TypeScript ${version}`]: () => compiles(inRoot("tests/types")),
    [`unchecked indices compile with TypeScript ${version}`]: () => compiles(inRoot("tests/types"), "unchecked.json"),
    [`the README's snippets compile with TypeScript ${version}`]: () => compiles(writeSnippets()),
  };
}
