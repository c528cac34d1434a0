// The README's snippets as files that a compiler can read.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { inRoot } from "./process.mjs";

/** Writes every snippet to a file below build/, with a project for strict users beside them; returns the project's folder. */
export function writeSnippets() {
  const folder = inRoot("build", "readme");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const snippets = Array.from(
    readFileSync(inRoot("README.md"), "utf8").matchAll(/```[jt]s\n([\s\S]*?)```/g),
    ([, code]) => code,
  );
  const files = snippets.map((code, i) => {
    const file = `snippet-${i + 1}.ts`;
    // Each is a module of its own, also where it imports nothing.
    writeFileSync(`${folder}/${file}`, `${code}export {};\n`);
    return file;
  });
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ extends: "../../tests/types/tsconfig.json", files }));
  return folder;
}
