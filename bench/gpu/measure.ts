// One size of network and batch, in WebAssembly and on the GPU.
import { backprop, rk4, solve, mlp as wasmMlp } from "odegrad";
import { type GpuCounts, mlp as gpuMlp, type WebGpu } from "odegrad/webgpu";
import { median } from "../sampling.ts";

export interface Size {
  readonly width: number;
  readonly batch: number;
}

/** Nanoseconds of a solve, and of its pullback. */
interface Times {
  readonly solve: number;
  readonly gradient: number;
}

export interface Measured {
  readonly size: Size;
  readonly wasm: Times;
  readonly gpu: Times;
  /** Of one solve and its gradient on the GPU. */
  readonly counts: GpuCounts;
}

const network = ({ width }: Size) => ({ layers: [2, width, width, 2], seed: 1 });

function task({ batch }: Size) {
  const y0 = Float32Array.from({ length: 2 * batch }, (_, i) => Math.sin(i));
  const cotangent = Float32Array.from({ length: 4 * batch }, (_, i) => (i < 2 * batch ? 0 : Math.cos(i) / batch));
  return { options: { y0, ts: [0, 1], solver: rk4, stepSize: 0.25, adjoint: backprop() }, cotangent };
}

const MOST_RUNS = 9;

/** Runs until it has taken `nanoseconds`, three times at least, the first run left out; medians. */
async function repeat(nanoseconds: number, run: () => Promise<Times>): Promise<Times> {
  await run();
  const runs: Times[] = [];
  for (let spent = 0; runs.length < 2 || (spent < nanoseconds && runs.length < MOST_RUNS); ) {
    const one = await run();
    runs.push(one);
    spent += one.solve + one.gradient;
  }
  return { solve: median(runs.map((r) => r.solve)), gradient: median(runs.map((r) => r.gradient)) };
}

export async function measure(gpu: WebGpu, size: Size, nanoseconds: number): Promise<Measured> {
  const { options, cotangent } = task(size);
  const host = wasmMlp(network(size));
  const wasm = await repeat(nanoseconds, async () => {
    const start = performance.now();
    const solution = solve(host, options);
    const middle = performance.now();
    solution.pullback(cotangent);
    return { solve: (middle - start) * 1e6, gradient: (performance.now() - middle) * 1e6 };
  });
  const field = gpuMlp({ ...network(size), device: gpu });
  let before = { ...gpu.counts };
  const onGpu = await repeat(nanoseconds, async () => {
    before = { ...gpu.counts };
    const start = performance.now();
    const solution = await solve(field, options);
    const middle = performance.now();
    await solution.pullback(cotangent);
    return { solve: (middle - start) * 1e6, gradient: (performance.now() - middle) * 1e6 };
  });
  const { readbacks, dispatches, bytesUploaded, bytesRead } = gpu.counts;
  const counts = {
    readbacks: readbacks - before.readbacks,
    dispatches: dispatches - before.dispatches,
    bytesUploaded: bytesUploaded - before.bytesUploaded,
    bytesRead: bytesRead - before.bytesRead,
  };
  return { size, wasm, gpu: onGpu, counts };
}

/** Relative difference of the parameters' gradients. */
export async function difference(gpu: WebGpu, size: Size): Promise<number> {
  const { options, cotangent } = task(size);
  const expected = solve(wasmMlp(network(size)), options).pullback(cotangent).params;
  const solution = await solve(gpuMlp({ ...network(size), device: gpu }), options);
  const { params } = await solution.pullback(cotangent);
  let gap = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    gap += (params[i]! - expected[i]!) ** 2;
    scale += expected[i]! ** 2;
  }
  return Math.sqrt(gap / scale);
}
