// WebGPU in Node, through the npm package `webgpu` (Dawn). With the argument "without" there must be no adapter.
import * as odegrad from "odegrad";
import * as onGpu from "odegrad/webgpu";
import { scenario, withoutAdapter } from "../../build/tests/webgpu-scenario.mjs";
import { reportScenario } from "./report.mjs";

const run = process.argv[2] === "without" ? withoutAdapter : (packages) => scenario(packages, "all");
reportScenario(`Node ${process.versions.node} + Dawn`, await run({ odegrad, onGpu }));
