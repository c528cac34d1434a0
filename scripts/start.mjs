// npm start [-- flags]: installs, builds and runs the spiral example with the flags. "npm start ude" runs examples/ude.ts,
// "npm start gpu" examples/gpu.ts, and "npm start gpu -- --page" serves the page that does the same.
import { servePage } from "../tests/runtimes/page-server.mjs";
import { build } from "./build.mjs";
import { runProgram } from "./bundle.mjs";
import { gpuEnvironment } from "./gpu.mjs";
import { install } from "./install.mjs";
import { whenStarted } from "./process.mjs";

await whenStarted(import.meta.url, async () => {
  const [first, ...rest] = process.argv.slice(2);
  await install();
  await build();
  if (first === "gpu" && rest.includes("--page")) {
    const server = await servePage("examples/gpu/page.ts");
    console.log(
      `http://localhost:${server.address().port}/ trains on the GPU, in any browser with WebGPU; Ctrl+C ends it`,
    );
    return;
  }
  if (first === "gpu") process.exitCode = await runProgram("examples/gpu.ts", rest, await gpuEnvironment());
  else if (first === "ude") process.exitCode = await runProgram("examples/ude.ts", rest);
  else process.exitCode = await runProgram("examples/spiral.ts", process.argv.slice(2));
});
