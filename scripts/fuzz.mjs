// npm run fuzz NAME [-- --seconds N --seed S --only PROPERTY]: builds and runs a fuzzer of tests/fuzz; without a name, lists
// them.
import { build } from "./build.mjs";
import { runProgram } from "./bundle.mjs";
import { install } from "./install.mjs";
import { whenStarted } from "./process.mjs";

await whenStarted(import.meta.url, async () => {
  await install();
  await build();
  const [name, ...flags] = process.argv.slice(2);
  // Random programs are found, made smaller and counted in another way than random inputs.
  process.exitCode =
    name === "compiled"
      ? await runProgram("tests/fuzz/compiled-main.ts", flags)
      : await runProgram("tests/fuzz/main.ts", process.argv.slice(2));
});
