// What the checks of fields on the GPU have in common.

export type Odegrad = typeof import("odegrad");
export type OnGpu = typeof import("odegrad/webgpu");
export type Gpu = import("odegrad/webgpu").WebGpu;

export interface Packages {
  odegrad: Odegrad;
  onGpu: OnGpu;
}
export interface Bench extends Packages {
  gpu: Gpu;
}

export const RESIDENCIES = ["host", "device"] as const;
export const NETWORK = { layers: [2, 64, 64, 2], seed: 2 };
export const BATCH = 64;
export const y0: Float32Array = Float32Array.from({ length: 2 * BATCH }, (_, i) => Math.sin(i));
export const cotangent: Float32Array = Float32Array.from({ length: 2 * y0.length }, (_, i) =>
  i < y0.length ? 0 : Math.cos(i),
);
export const fourSteps = ({ rk4 }: Odegrad) => ({ y0, ts: [0, 1], solver: rk4, stepSize: 0.25 });

/** What a solve ended with. */
export async function codeOf({ SolveError }: Odegrad, promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SolveError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing was thrown";
}
