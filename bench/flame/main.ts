// npm run bench flame [-- --batch 64 --seconds 3]: where the time of a gradient goes. Repeats a forward solve and its pullback
// under V8's sampling profiler, with kernels that have names, and splits the samples by function: a table, and folded stacks
// (out/bench-flame.folded, "a;b;c count" a line) for any flame graph viewer.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { backprop, dopri5, mlp, solve } from "odegrad";
// @ts-expect-error: plain JavaScript, without types
import { spaced } from "../../scripts/fused.mjs";
import { unfused } from "../../ts/wasm/unfused.ts";
import { duration, number, printMachine, printTable, writeJson, writeOut } from "../report.ts";
import { foldedStacks, type Profile, selfTimes } from "./profile.ts";

const { values: flags } = parseArgs({
  options: { batch: { type: "string", default: "1" }, seconds: { type: "string", default: "3" } },
});
const batch = Number(flags.batch);
const seconds = Number(flags.seconds);
const LEAST_SHARE = 0.005;

/** Lets odegrad instantiate the same kernels with a section of their names, which the package leaves out. */
function nameKernels(): void {
  mkdirSync("build", { recursive: true });
  const named = ["vectors-f64", "vectors-f32", "networks", "second-order", "optimisers"].flatMap((target) => {
    const outFile = `build/named-${target}.wasm`;
    const asc = resolve("node_modules/assemblyscript/bin/asc.js");
    const args = [asc, `assembly/exports/${target}.ts`, "--target", target, "--debug", "--outFile", outFile];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`AssemblyScript could not compile the kernels with names: ${stderr}`);
    const builds = (file: string): Uint8Array<ArrayBuffer>[] => {
      const bytes = Uint8Array.from(readFileSync(file));
      if (target !== "networks") return [bytes];
      const fused: Uint8Array<ArrayBuffer> = spaced(bytes);
      return [fused, unfused(fused)];
    };
    const withNames = builds(outFile);
    return builds(`build/${target}.wasm`).map((plain, i) => ({ plain: Buffer.from(plain), named: withNames[i]! }));
  });
  const Module = WebAssembly.Module;
  WebAssembly.Module = class extends Module {
    constructor(bytes: BufferSource) {
      const view = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
      const given = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      super(named.find(({ plain }) => plain.equals(given))?.named ?? (given as Uint8Array<ArrayBuffer>));
    }
  };
}

nameKernels();
const field = mlp({ layers: [2, 64, 64, 2], seed: 0 });
const y0 = Float64Array.from({ length: 2 * batch }, (_, i) => Math.sin(1 + 1.7 * i));
const options = { y0, ts: [0, 1], solver: dopri5, rtol: 1e-6, atol: 1e-8, adjoint: backprop() };
const cotangent = new Float64Array(2 * y0.length);
function gradient(): void {
  const solution = solve(field, options);
  for (let i = y0.length; i < cotangent.length; i++) cotangent[i] = (2 * solution.ys[i]!) / y0.length;
  solution.pullback(cotangent);
}
function repeat(milliseconds: number): number {
  let count = 0;
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    for (let i = 0; i < (batch < 16 ? 32 : 1); i++, count++) gradient();
  }
  return count;
}

printMachine();
repeat(1500);
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.setSamplingInterval", { interval: 100 });
await session.post("Profiler.start");
const start = performance.now();
const count = repeat(seconds * 1000);
const each = ((performance.now() - start) * 1e6) / count;
const { profile } = (await session.post("Profiler.stop")) as { profile: Profile };
session.disconnect();

const rows = selfTimes(profile);
const total = rows.reduce((sum, { samples }) => sum + samples, 0);
const share = (samples: number): string => `${((100 * samples) / total).toFixed(1)} %`;
const kinds = [...new Set(rows.map(({ kind }) => kind))].map((kind) => ({
  kind,
  samples: rows.filter((row) => row.kind === kind).reduce((sum, { samples }) => sum + samples, 0),
}));
console.log(
  `${count} gradients of 2 → 64 → 64 → 2 by backprop, dopri5, batch ${batch}: ${duration(each)} each under the profiler, ${total} samples\n`,
);
printTable(
  "By kind",
  ["", "share", "a gradient"],
  kinds
    .sort((a, b) => b.samples - a.samples)
    .map(({ kind, samples }) => [kind, share(samples), duration((each * samples) / total)]),
);
printTable(
  `By function, those above ${number(100 * LEAST_SHARE)} %`,
  ["", "kind", "share", "a gradient"],
  rows
    .filter(({ samples }) => samples >= LEAST_SHARE * total)
    .map(({ name, kind, samples }) => [name, kind, share(samples), duration((each * samples) / total)]),
);
writeOut("bench-flame.folded", foldedStacks(profile));
writeJson("bench-flame.json", { batch, nanoseconds: each, samples: total, kinds, functions: rows });
