// `webgpu()`: a GPU that tfjs's WebGPU backend runs on, in browsers, Deno and Node. Never a silent run on the CPU.
import { invalid, SolveError } from "../../base/errors.ts";
import type { Scratch } from "../../wasm/scratch.ts";
import { type AdapterReport, findGpu, noDevice, reportOf, requestDevice } from "./adapter.ts";
import { Commands } from "./commands.ts";
import type { GpuCounts } from "./counts.ts";
import type { Exchange, TensorDevice } from "./exchange.ts";
import { lost } from "./gpu-errors.ts";
import { GpuExchange } from "./gpu-exchange.ts";
import { BufferPool } from "./pool.ts";
import { type GpuBackend, loadTfjs, type Tfjs } from "./tfjs.ts";

/** Options of `webgpu`. */
export interface WebGpuOptions {
  /** Your own device. Without it one is requested with all that its adapter can do. */
  readonly device?: GPUDevice | undefined;
}

const NAME = "webgpu";
// MatMulPackedProgram: what tfjs chooses itself for small products is ten times slower on SwiftShader.
const PACKED_MATMUL = 3;

/** A GPU to compute fields on. */
export class WebGpu implements TensorDevice<false> {
  /** Fields on it answer with promises. */
  readonly synchronous = false;
  /** The tfjs that computes on it. */
  readonly tf: Tfjs;
  /** The device. */
  readonly device: GPUDevice;
  /** What its adapter says of itself. */
  readonly adapter: AdapterReport;
  /** What fields have asked of it so far. */
  readonly counts: GpuCounts;
  /** @internal Buffers for states and readbacks. */
  readonly pool: BufferPool;
  /** @internal tfjs's backend on this device. */
  readonly backend: GpuBackend;
  /** @internal Records shaders of our own among tfjs's. */
  readonly commands: Commands;
  /** Why it cannot be used any more, once that is so. */
  failure: SolveError | undefined;
  private readonly owned: boolean;

  /** @internal `webgpu()` makes them. */
  constructor(tf: Tfjs, device: GPUDevice, adapter: AdapterReport, counts: GpuCounts, owned: boolean) {
    this.tf = tf;
    this.device = device;
    this.adapter = adapter;
    this.counts = counts;
    this.owned = owned;
    this.pool = new BufferPool(device);
    this.backend = tf.backend() as unknown as GpuBackend;
    this.commands = new Commands(device, this.backend, counts);
    this.backend.beforeSubmit = () => this.commands.sendParameters();
    device.lost.then(({ reason, message }) => this.end(lost(message || reason)));
  }

  /** @internal */
  exchange(scratch: Scratch): Exchange {
    return new GpuExchange(this, scratch);
  }

  /** Frees the device, its buffers and all of tfjs's tensors on it; a device of your own stays. */
  dispose(): void {
    this.end(new SolveError("device-lost", "this GPU was disposed of; call webgpu() again"));
    if (this.tf.findBackend(NAME) === (this.backend as unknown)) this.tf.removeBackend(NAME);
    if (this.owned) this.device.destroy();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal Gives up the device: everything on it fails from now on, for this reason. */
  end(failure: SolveError): void {
    this.failure ??= failure;
    this.pool.destroy();
    this.commands.destroy();
  }
}

// One GPU a process, because tfjs has one backend of a name. A field looks here when it is made, if it was given no device,
// and keeps what it found: a later GPU does not change it, and once its own is given up it fails.
let opening: Promise<WebGpu | undefined> = Promise.resolve(undefined);
let current: WebGpu | undefined;

/** The GPU of the last `webgpu()`, if it can still be used. */
export const currentGpu = (): WebGpu | undefined => (current?.failure ? undefined : current);

/**
 * Gets a GPU device and runs tfjs's WebGPU backend on it. Called again, it returns the same one as long as that lives.
 * Rejects with a `SolveError` that names what is missing: the package, the driver, the flag.
 */
export function webgpu({ device }: WebGpuOptions = {}): Promise<WebGpu> {
  // One after the other: tfjs runs on one device at a time.
  const gpu = opening.then(async () => {
    const living = currentGpu();
    if (living && device !== undefined && device !== living.device) {
      throw invalid("webgpu option device", device, "the one in use already, until its dispose() is called");
    }
    current = living ?? (await open(device));
    return current;
  });
  opening = gpu.catch(() => undefined);
  return gpu;
}

async function open(given: GPUDevice | undefined): Promise<WebGpu> {
  const gpu = await findGpu();
  const device = given ?? (await requestDevice(gpu));
  try {
    return await startTfjs(device, given === undefined);
  } catch (error) {
    if (given === undefined) device.destroy();
    throw error;
  }
}

async function startTfjs(device: GPUDevice, owned: boolean): Promise<WebGpu> {
  const { tf, module } = await loadTfjs();
  const adapter = reportOf(device.adapterInfo);
  const counts: GpuCounts = { readbacks: 0, dispatches: 0, bytesUploaded: 0, bytesRead: 0 };
  class CountingBackend extends module.WebGPUBackend {
    override runWebGPUProgram(...given: Parameters<InstanceType<typeof module.WebGPUBackend>["runWebGPUProgram"]>) {
      counts.dispatches++;
      return super.runWebGPUProgram(...given);
    }

    beforeSubmit = (): void => {};
    override submitQueue(): void {
      this.beforeSubmit();
      super.submitQueue();
    }
  }
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  if (
    /swiftshader/i.test(`${adapter.architecture} ${adapter.description}`) &&
    tf.env().get("WEBGPU_MATMUL_PROGRAM_TYPE") === -1
  ) {
    tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", PACKED_MATMUL);
  }
  // In browsers tfjs registers a backend of this name itself, on a device of its own; kernels are found by the name.
  if (tf.findBackendFactory(NAME)) tf.removeBackend(NAME);
  tf.registerBackend(NAME, () => new CountingBackend(device, device.adapterInfo));
  const accepted = await tf.setBackend(NAME);
  if (!accepted || tf.getBackend() !== NAME)
    throw noDevice(`tfjs does not run on it and uses ${JSON.stringify(tf.getBackend())}`);
  return new WebGpu(tf, device, adapter, counts, owned);
}
