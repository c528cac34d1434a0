// One size of network and batch, in WebAssembly and on the GPU by every path: own shaders or tfjs's, with the solve's states
// on the GPU or in memory.
import {
  type Adjoint,
  backprop,
  checkpointed,
  continuous,
  reverse,
  reversible,
  rk4,
  SolveError,
  solve,
  symplectic,
  mlp as wasmMlp,
} from "odegrad";
import { type GpuCounts, mlp as gpuMlp, type WebGpu } from "odegrad/webgpu";

export interface Size {
  readonly width: number;
  readonly batch: number;
}

export const PATHS = [
  { name: "fused, device", kernels: "fused", residency: "device" },
  { name: "fused, host", kernels: "fused", residency: "host" },
  { name: "tfjs, device", kernels: "tfjs", residency: "device" },
  { name: "tfjs, host", kernels: "tfjs", residency: "host" },
] as const;
type Path = (typeof PATHS)[number];
export type Name = "WASM" | Path["name"];

/** Nanoseconds of a solve, and of its pullback. */
interface Times {
  readonly solve: number;
  readonly gradient: number;
}

export interface Entry extends Times {
  readonly name: Name;
  /** Of one solve and its gradient on the GPU. */
  readonly counts?: GpuCounts;
}

export interface Measured {
  readonly size: Size;
  readonly entries: readonly Entry[];
}

const network = ({ width }: Size) => ({ layers: [2, width, width, 2], seed: 1 });

function task({ batch }: Size) {
  const y0 = Float32Array.from({ length: 2 * batch }, (_, i) => Math.sin(i));
  const cotangent = Float32Array.from({ length: 4 * batch }, (_, i) => (i < 2 * batch ? 0 : Math.cos(i) / batch));
  return { options: { y0, ts: [0, 1], solver: rk4, stepSize: 0.25, adjoint: backprop() }, cotangent };
}

const MOST_ROUNDS = 9;

const difference = (after: GpuCounts, before: GpuCounts): GpuCounts => ({
  readbacks: after.readbacks - before.readbacks,
  dispatches: after.dispatches - before.dispatches,
  bytesUploaded: after.bytesUploaded - before.bytesUploaded,
  bytesRead: after.bytesRead - before.bytesRead,
});

type Run = () => Promise<{ times: Times; counts?: GpuCounts }>;

function runOf(gpu: WebGpu, size: Size, name: Name): Run {
  const { options, cotangent } = task(size);
  const path = PATHS.find((candidate) => candidate.name === name);
  if (!path) {
    const field = wasmMlp(network(size));
    return async () => {
      const start = performance.now();
      const solution = solve(field, options);
      const middle = performance.now();
      solution.pullback(cotangent);
      return { times: { solve: (middle - start) * 1e6, gradient: (performance.now() - middle) * 1e6 } };
    };
  }
  const { kernels, residency } = path;
  const field = gpuMlp({ ...network(size), kernels, device: gpu });
  return async () => {
    const before = { ...gpu.counts };
    const start = performance.now();
    const solution = await solve(field, { ...options, residency });
    const middle = performance.now();
    await solution.pullback(cotangent);
    const end = performance.now();
    solution.dispose();
    const counts = difference(gpu.counts, before);
    return { times: { solve: (middle - start) * 1e6, gradient: (end - middle) * 1e6 }, counts };
  };
}

/** Runs once; false where the device has not the memory. */
async function fits(run: Run): Promise<boolean> {
  try {
    await run();
  } catch (error) {
    if (error instanceof SolveError && error.code === "out-of-memory") return false;
    throw error;
  }
  return true;
}

/**
 * Lets these take turns for about so many nanoseconds, twice at least after a run that does not count. The shortest times:
 * other programs can only add to them.
 */
export async function measure(gpu: WebGpu, size: Size, names: readonly Name[], nanoseconds: number): Promise<Measured> {
  const contestants: { name: Name; run: Run }[] = [];
  const entries: Entry[] = [];
  for (const name of names) {
    const run = runOf(gpu, size, name);
    if (!(await fits(run))) continue;
    contestants.push({ name, run });
    entries.push({ name, solve: Number.POSITIVE_INFINITY, gradient: Number.POSITIVE_INFINITY });
  }
  let spent = 0;
  for (let round = 0; round < 2 || (spent < nanoseconds && round < MOST_ROUNDS); round++) {
    for (const [i, { name, run }] of contestants.entries()) {
      const { times, counts } = await run();
      const best = entries[i]!;
      entries[i] = {
        name,
        solve: Math.min(best.solve, times.solve),
        gradient: Math.min(best.gradient, times.gradient),
        ...(counts && { counts }),
      };
      spent += times.solve + times.gradient;
    }
  }
  return { size, entries };
}

const ADJOINTS: Record<string, () => Adjoint> = {
  backprop,
  symplectic,
  checkpointed: () => checkpointed({ checkpoints: 2 }),
  continuous,
  reverse,
};
export const ADJOINT_NAMES: readonly string[] = Object.keys(ADJOINTS);

export interface Gap {
  readonly size: Size;
  readonly adjoint: string;
  /** Relative difference of the parameters' gradients on the GPU, states there too, and in WebAssembly. */
  readonly gap: number;
  /** Of the solve and the gradient on the GPU, compiling included. */
  readonly seconds: number;
}

export async function gapOf(gpu: WebGpu, size: Size, adjoint: string): Promise<Gap> {
  const { options, cotangent } = task(size);
  const common = { ...options, adjoint: ADJOINTS[adjoint]!(), solver: adjoint === "reverse" ? reversible(rk4) : rk4 };
  const expected = solve(wasmMlp(network(size)), common).pullback(cotangent).params;
  const start = performance.now();
  const solution = await solve(gpuMlp({ ...network(size), device: gpu }), { ...common, residency: "device" });
  const { params } = await solution.pullback(cotangent);
  const seconds = (performance.now() - start) / 1e3;
  solution.dispose();
  let gap = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    gap += (params[i]! - expected[i]!) ** 2;
    scale += expected[i]! ** 2;
  }
  return { size, adjoint, gap: Math.sqrt(gap / scale), seconds };
}
