// npm start [-- flags]: installs, builds and runs the spiral example with the flags. "npm start gpu" runs examples/gpu.ts.
import { build } from "./build.mjs";
import { runProgram } from "./bundle.mjs";
import { gpuEnvironment } from "./gpu.mjs";
import { install } from "./install.mjs";
import { whenStarted } from "./process.mjs";

await whenStarted(import.meta.url, async () => {
  const [first, ...rest] = process.argv.slice(2);
  await install();
  await build();
  process.exitCode =
    first === "gpu"
      ? await runProgram("examples/gpu.ts", rest, await gpuEnvironment())
      : await runProgram("examples/spiral.ts", process.argv.slice(2));
});
