// npm run check: format and lint (Biome), types of the library and of everything around it, docstrings of all public names.
import { build } from "./build.mjs";
import { checkDocs } from "./docs.mjs";
import { install } from "./install.mjs";
import { commandOf, Failure, runNode, whenStarted } from "./process.mjs";
import { writeSnippets } from "./snippets.mjs";

/** Runs the command of an installed package; throws unless it succeeds. */
async function tool(packageName, command, args) {
  const { code } = await runNode(commandOf(packageName, command), args);
  if (code !== 0) throw new Failure(`${command} failed with exit code ${code}`);
}

const CHECKS = {
  "format and lint": () => tool("@biomejs/biome", "biome", ["check"]),
  // The build ends with the type check of ts/, and the other check needs the modules that it generates.
  "types of the library": build,
  "types as strict users see them": async () => {
    for (const project of ["tests/types", "tests/types/unchecked.json", writeSnippets()])
      await tool("typescript", "tsc", ["-p", project]);
  },
  "documentation of public names": checkDocs,
  "types of tests, examples and benchmarks": () => tool("typescript", "tsc", ["-p", "tests/tsconfig.json"]),
};

await whenStarted(import.meta.url, async () => {
  await install();
  const failed = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await check();
      console.log(`✔ ${name}`);
    } catch (error) {
      console.log(`✖ ${name}: ${error.message}`);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new Failure(`check failed: ${failed.join(", ")} (npm run format mends the format)`);
});
