// What goes wrong on a GPU, as SolveErrors.
import { SolveError } from "../../base/errors.ts";

const KINDS = ["validation", "out-of-memory", "internal"] as const;

/**
 * Catches the errors of all work between its making and `end`. WebGPU reports errors later and elsewhere than where they
 * arise; without this a refused submission would look like a readback of old numbers.
 */
export class ErrorScopes {
  private readonly device: GPUDevice;

  constructor(device: GPUDevice) {
    this.device = device;
    for (const kind of KINDS) device.pushErrorScope(kind);
  }

  /** Resolves to the error that was caught, as soon as the device has seen all the work, or to nothing. */
  async end(): Promise<SolveError | undefined> {
    // The scopes close in reverse order. A lost device answers in its own way: nothing, or a rejection.
    const pending = [...KINDS].reverse().map((kind) => this.device.popErrorScope().then((error) => ({ kind, error })));
    for (const result of await Promise.allSettled(pending)) {
      if (result.status === "fulfilled" && result.value.error) return ofKind(result.value.kind, result.value.error);
    }
    return undefined;
  }
}

function ofKind(kind: (typeof KINDS)[number], error: GPUError): SolveError {
  if (kind === "out-of-memory") {
    return new SolveError(
      "out-of-memory",
      `the GPU has no memory left for this (${error.message}); try a smaller batch`,
      {
        cause: error,
      },
    );
  }
  return new SolveError("invalid", `the GPU refused the field's work (${kind} error): ${error.message}`, {
    cause: error,
  });
}

/** The error of a device that is gone. */
export function lost(cause: unknown): SolveError {
  if (cause instanceof SolveError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new SolveError("device-lost", `the GPU device is lost (${message}); call webgpu() again for a new one`, {
    cause,
  });
}
