// Programs that need a GPU, on machines without one: the software adapter that npm brings along for Linux x64.
import { chromiumEnvironment, unpackChromium } from "../tests/runtimes/chromium.mjs";
import { run } from "./process.mjs";

const PROBE = 'const { create } = await import("webgpu"); process.exit((await create([]).requestAdapter()) ? 0 : 1);';

/** The environment in which Node finds a WebGPU adapter: this one, or else that of the software adapter. */
export async function gpuEnvironment() {
  const { code } = await run(process.execPath, ["--input-type=module", "-e", PROBE], { capture: true });
  if (code === 0 || process.platform !== "linux" || process.arch !== "x64") return {};
  console.log("No GPU here: a software adapter (SwiftShader) takes its place, hundreds of times slower than a GPU.\n");
  return chromiumEnvironment(await unpackChromium());
}
