// WebGPU in Deno, which brings it along. With the argument "without" there must be no adapter.
import * as odegrad from "odegrad";
import * as onGpu from "odegrad/webgpu";
import { scenario, withoutAdapter } from "../../build/tests/webgpu-scenario.mjs";
import { reportScenario } from "./report.mjs";

const run = Deno.args[0] === "without" ? withoutAdapter : (packages) => scenario(packages, "runtime's own");
reportScenario(`Deno ${Deno.version.deno}`, await run({ odegrad, onGpu }));
