// npm start [-- flags]: installs, builds and runs the spiral example with the flags.
import { build } from "./build.mjs";
import { runProgram } from "./bundle.mjs";
import { install } from "./install.mjs";
import { whenStarted } from "./process.mjs";

await whenStarted(import.meta.url, async () => {
  await install();
  await build();
  process.exitCode = await runProgram("examples/spiral.ts", process.argv.slice(2));
});
