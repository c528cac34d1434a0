// Work is recorded much faster than a GPU does it. Waiting for it now and then keeps the queue short, and lets whoever
// wants to abort be heard.
import type { GpuContext } from "./context.ts";

const EVALUATIONS = 64;

export class Pace {
  private readonly gpu: GpuContext;
  private count = 0;
  private done: Promise<void> | undefined;

  constructor(gpu: GpuContext) {
    this.gpu = gpu;
  }

  /** Counts an evaluation; returns what to wait for, if it is time to: what was submitted the time before. */
  step(): Promise<void> | undefined {
    if (++this.count < EVALUATIONS) return undefined;
    this.count = 0;
    const { gpu, done } = this;
    if (gpu.failure) return Promise.reject(gpu.failure);
    gpu.commands.submit();
    this.done = gpu.device.queue.onSubmittedWorkDone();
    return done;
  }
}
