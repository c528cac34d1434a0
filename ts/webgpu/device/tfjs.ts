// What odegrad uses of TensorFlow.js, in one place: how its modules are loaded, and the parts of its WebGPU backend that
// its types hide. Upstream is frozen at 4.22.0, so these hold.
import type { Tensor } from "@tensorflow/tfjs-core";
import { SolveError } from "../../base/errors.ts";

/** The module `@tensorflow/tfjs-core`, or one that includes it, such as `@tensorflow/tfjs`. */
export type Tfjs = typeof import("@tensorflow/tfjs-core");
type BackendModule = typeof import("@tensorflow/tfjs-backend-webgpu");

/** The WebGPU backend with the parts that its types keep to themselves. */
export interface GpuBackend {
  readonly device: GPUDevice;
  readonly commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  readonly tensorMap: { get(dataId: object): { resource?: GPUBuffer | null } };
  /** Called before recorded work is submitted. */
  beforeSubmit: () => void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  uploadToGPU(dataId: object): void;
}

/** The device buffer behind a tensor, which is uploaded first where its values are still on the CPU. */
export function bufferOf(backend: GpuBackend, { dataId }: Tensor): GPUBuffer {
  backend.uploadToGPU(dataId);
  return backend.tensorMap.get(dataId).resource!;
}

/** Loads tfjs and its WebGPU backend, both optional peers; throws `device-lost` where they are not installed. */
export async function loadTfjs(): Promise<{ tf: Tfjs; module: BackendModule }> {
  try {
    const tf = await import("@tensorflow/tfjs-core");
    return { tf, module: await import("@tensorflow/tfjs-backend-webgpu") };
  } catch (cause) {
    throw new SolveError(
      "device-lost",
      "odegrad/webgpu needs TensorFlow.js, which could not be loaded; install it: " +
        `npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-webgpu@4.22.0 (${String(cause)})`,
      { cause },
    );
  }
}
