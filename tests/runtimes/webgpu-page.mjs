// The page's program of webgpu-browser.mjs: dist/, tfjs and the scenario in one bundle.
import * as odegrad from "odegrad";
import * as onGpu from "odegrad/webgpu";
import { scenario, withoutAdapter } from "../../build/tests/webgpu-scenario.mjs";

async function checks() {
  const { gpu } = navigator;
  const { requestAdapter } = gpu;
  gpu.requestAdapter = async () => null;
  const without = await withoutAdapter({ odegrad, onGpu });
  gpu.requestAdapter = requestAdapter;
  const result = await scenario({ odegrad, onGpu }, "runtime's own");
  return typeof result === "string"
    ? [{ name: "finds an adapter", ok: false, detail: result }]
    : [...without, ...result];
}

globalThis.checks = checks();
