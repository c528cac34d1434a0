// The multiply-add peak of a build on this machine: assembly/peak.ts, compiled with the flags of that build.
import { mkdirSync, readFileSync } from "node:fs";
import { main as compile } from "assemblyscript/asc";
import type { Dtype } from "../../ts/wasm/dtype.ts";
import { type Contestant, contestant } from "../sampling.ts";

const ROUNDS = 1000;
const RELAXED = "wasm relaxed";

/** Floating-point operations of one run: twelve vectors a round, two operations a lane. */
export const peakOperations = (dtype: Dtype): number => ROUNDS * 12 * 2 * (dtype === "float32" ? 4 : 2);

/** Compiles the peak of a build and enters it as a contestant. */
export async function peakOf(build: string, dtype: Dtype): Promise<Contestant> {
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
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(outFile)), {});
  const { peakF32, peakF64 } = exports as Record<string, (rounds: number, factor: number, shift: number) => number>;
  const peak = dtype === "float32" ? peakF32! : peakF64!;
  return contestant("peak", () => peak(ROUNDS, 0.999, 1e-3));
}
