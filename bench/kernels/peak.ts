// The peaks of a build on this machine: assembly/peak.ts, compiled with the flags of that build.
import { mkdirSync, readFileSync } from "node:fs";
import { main as compile } from "assemblyscript/asc";
import type { Dtype } from "../../ts/base/dtype.ts";
import { type Contestant, contestant } from "../sampling.ts";

const ROUNDS = 1000;
const RELAXED = "wasm relaxed";
/** Vectors that one run of the loads and of the stores moves. */
export const PEAK_VECTORS: number = 16 * 256;

/** Floating-point operations of one run: a multiplication and an addition in each lane of each chain of a round. */
export const peakOperations = (dtype: Dtype): number => ROUNDS * 12 * 2 * (dtype === "float32" ? 4 : 2);

type Peak = (rounds: number, factor?: number, shift?: number) => unknown;

const known = new Map<string, Promise<Record<string, Peak>>>();

/** What a build's peaks are measured with; compiled once. */
function compiled(build: string): Promise<Record<string, Peak>> {
  const peaks = known.get(build) ?? compilePeaks(build);
  known.set(build, peaks);
  return peaks;
}

async function compilePeaks(build: string): Promise<Record<string, Peak>> {
  const relaxed = build === RELAXED;
  mkdirSync("build", { recursive: true });
  const outFile = `build/peak-${relaxed ? "relaxed" : "simd"}.wasm`;
  const features = relaxed ? ["simd", "relaxed-simd"] : ["simd"];
  const { error, stderr } = await compile([
    ...["bench/kernels/assembly/peak.ts", "--outFile", outFile, "--runtime", "stub", "-O3", "--noAssert", "--converge"],
    ...["--uncheckedBehavior", "always", "--use", "abort="],
    ...features.flatMap((feature) => ["--enable", feature]),
  ]);
  if (error) throw new Error(`AssemblyScript could not compile the peak: ${stderr}`);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(readFileSync(outFile));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Record<string, Peak>;
}

/** Compiles the multiply-add peak of a build and enters it as a contestant. */
export async function peakOf(build: string, dtype: Dtype): Promise<Contestant> {
  const { peakF32, peakF64 } = await compiled(build);
  const peak = dtype === "float32" ? peakF32! : peakF64!;
  return contestant("peak", () => peak(ROUNDS, 0.999, 1e-3));
}

/** Loads and stores of vectors in the L1 cache. */
export async function trafficOf(build: string): Promise<Contestant[]> {
  const { peakLoads, peakStores } = await compiled(build);
  return [contestant("loads", () => peakLoads!(16)), contestant("stores", () => peakStores!(16))];
}
