// What everything that works on a GPU has at hand. `WebGpu` is the one that users get.
import type { SolveError } from "../../base/errors.ts";
import type { Commands } from "./commands.ts";
import type { GpuCounts } from "./counts.ts";
import type { BufferPool } from "./pool.ts";
import type { GpuBackend, Tfjs } from "./tfjs.ts";

export interface GpuContext {
  readonly tf: Tfjs;
  readonly device: GPUDevice;
  readonly counts: GpuCounts;
  /** Buffers for states and readbacks. */
  readonly pool: BufferPool;
  /** tfjs's backend on this device. */
  readonly backend: GpuBackend;
  /** Records shaders of our own among tfjs's. */
  readonly commands: Commands;
  /** Why it cannot be used any more, once that is so. */
  readonly failure: SolveError | undefined;
  /** Gives up the device: everything on it fails from now on, for this reason. */
  end(failure: SolveError): void;
}
