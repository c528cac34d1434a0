// Finding a GPU in every runtime: browsers and Deno bring WebGPU along, Node gets it from the npm package `webgpu` (Dawn).
// Each way to fail has its own message, which names what is missing.
import { SolveError } from "../../base/errors.ts";

/** What the adapter says of itself. */
export interface AdapterReport {
  /** Who made it. */
  readonly vendor: string;
  /** Its family. */
  readonly architecture: string;
  /** The device itself, where the runtime tells. */
  readonly device: string;
  /** Its name in words, where the runtime tells. */
  readonly description: string;
  /** Whether it computes on the CPU: SwiftShader, llvmpipe and their like. */
  readonly software: boolean;
}

type Runtime = "browser" | "deno" | "node";

// A look-up that takes longer is stuck; a real one takes milliseconds, a cold browser's GPU process a second or two.
const PATIENCE_MS = 10_000;
const NODE_PACKAGE = "webgpu";

function runtime(): Runtime {
  const { Deno, process } = globalThis as { Deno?: unknown; process?: { versions?: { node?: string } } };
  if (Deno !== undefined) return "deno";
  return process?.versions?.node !== undefined && typeof document === "undefined" ? "node" : "browser";
}

/** The error of a machine on which there is nothing to compute with. */
export const noDevice = (what: string, cause?: unknown): SolveError =>
  new SolveError("device-lost", `no WebGPU device: ${what}`, { cause });

const DRIVER =
  "the GPU's driver (on Linux the Vulkan loader libvulkan.so.1 and a Vulkan driver, such as the package " +
  "mesa-vulkan-drivers; VK_DRIVER_FILES names one that is elsewhere)";

const NO_GPU: Record<Runtime, () => string> = {
  browser: () =>
    globalThis.isSecureContext === false
      ? "navigator.gpu is missing because this page is not a secure context; serve it over https or from localhost"
      : "navigator.gpu is missing: this browser has no WebGPU, or it is switched off (in Chromium: --enable-unsafe-webgpu)",
  deno: () => "navigator.gpu is missing; this version of Deno wants the flag --unstable-webgpu",
  node: () => `the npm package ${NODE_PACKAGE} gave no GPU object`,
};

const NO_ADAPTER: Record<Runtime, () => string> = {
  browser: () =>
    "the browser found no adapter: the GPU or its driver is missing or blocked; see chrome://gpu, and in Chromium the flags " +
    "--enable-unsafe-webgpu and, for computing on the CPU, --use-webgpu-adapter=swiftshader",
  deno: () => `Deno found no adapter; missing is ${DRIVER}`,
  node: () => `Dawn found no adapter; missing is ${DRIVER}`,
};

/** Brings `navigator.gpu` and WebGPU's global classes, which tfjs looks for, into Node. */
async function bringToNode(): Promise<void> {
  let dawn: { create(options: string[]): GPU; globals: Record<string, unknown> };
  try {
    // Not a literal, so that bundlers for browsers leave it alone.
    const name: string = NODE_PACKAGE;
    dawn = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  } catch (cause) {
    throw noDevice(
      `in Node it comes from the npm package ${NODE_PACKAGE}, which could not be loaded (${String(cause)})`,
      cause,
    );
  }
  for (const [name, value] of Object.entries(dawn.globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
  if (globalThis.navigator === undefined) {
    Object.defineProperty(globalThis, "navigator", { value: {}, writable: true, configurable: true });
  }
  Object.defineProperty(globalThis.navigator, "gpu", { value: dawn.create([]), configurable: true });
}

/** Makes sure that `navigator.gpu` is there; throws `device-lost` naming what is missing. */
export async function findGpu(): Promise<GPU> {
  const where = runtime();
  if (where === "node" && globalThis.navigator?.gpu === undefined) await bringToNode();
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) throw noDevice(NO_GPU[where]());
  return gpu;
}

/** A device with all that its adapter can do, for large tensors. */
export async function requestDevice(gpu: GPU): Promise<GPUDevice> {
  const adapter = await soon(gpu.requestAdapter({ powerPreference: "high-performance" }));
  if (!adapter) throw noDevice(NO_ADAPTER[runtime()]());
  const { limits } = adapter;
  const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = limits;
  const { maxComputeWorkgroupsPerDimension, maxComputeWorkgroupSizeX, maxComputeInvocationsPerWorkgroup } = limits;
  const requiredLimits = {
    maxBufferSize,
    maxStorageBufferBindingSize,
    maxComputeWorkgroupStorageSize,
    maxComputeWorkgroupsPerDimension,
    maxComputeWorkgroupSizeX,
    maxComputeInvocationsPerWorkgroup,
  };
  try {
    return await adapter.requestDevice({ requiredLimits });
  } catch (cause) {
    throw noDevice(`the adapter ${adapter.info.description} refused to give one (${String(cause)})`, cause);
  }
}

async function soon<T>(pending: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(noDevice(`nothing answered within ${PATIENCE_MS / 1000} s; the driver hangs`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function reportOf(info: GPUAdapterInfo | undefined): AdapterReport {
  const { vendor = "", architecture = "", device = "", description = "" } = info ?? {};
  const named = /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${architecture} ${device} ${description}`);
  return { vendor, architecture, device, description, software: named || info?.isFallbackAdapter === true };
}
