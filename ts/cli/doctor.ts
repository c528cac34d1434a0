// odegrad doctor: what of the library runs here, why the rest does not, and what can be done about it.
import { availableParallelism } from "node:os";
import { functionFromText } from "../base/function-from-text.ts";
import { NETWORKS } from "../fields/mlp-kernels.ts";
import * as odegrad from "../index.ts";
import { threads } from "../threads/index.ts";
import { VECTORS_F64 } from "../vectors/kernels.ts";
import { webgpu } from "../webgpu/index.ts";
import type { Command } from "./command.ts";

/** What was found of one thing. */
interface Finding {
  readonly ok: boolean;
  /** Why not, or with what. */
  readonly reason?: string;
  /** What to do where it does not run. */
  readonly remedy?: string;
}

interface Check {
  /** Whether nothing runs without it. */
  readonly needed?: true;
  /** What it is good for. */
  readonly use: string;
  readonly look: () => Finding | Promise<Finding>;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The program that runs the command, as "Node 20.20.2". */
function engine(): string {
  const { deno, bun, node } = process.versions;
  const [name, version] = deno ? ["Deno", deno] : bun ? ["Bun", bun] : ["Node", node];
  return `${name} ${version}`;
}

function runtime(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const old = major < 20 || (major === 20 && minor < 19) || (major === 22 && minor < 12) || major === 21;
  if (!old || !engine().startsWith("Node")) return { ok: true, reason: engine() };
  return { ok: false, reason: `${engine()} is not supported`, remedy: "take Node 20.19, 22.12 or later" };
}

function simd(): Finding {
  try {
    return VECTORS_F64.module && { ok: true };
  } catch (error) {
    const remedy =
      typeof WebAssembly === "undefined"
        ? "start the program without --jitless, or take an engine with WebAssembly"
        : "take a newer engine, or a policy that lets WebAssembly be compiled";
    return { ok: false, reason: messageOf(error), remedy };
  }
}

function relaxedSimd(): Finding {
  if (typeof WebAssembly !== "undefined" && WebAssembly.validate(NETWORKS.builds()[0]!)) return { ok: true };
  return {
    ok: false,
    reason: `${engine()} has no relaxed SIMD; networks run in plain SIMD, which takes about a quarter longer`,
    remedy: "take Node 22 or later, or start Node 20 with --experimental-wasm-relaxed-simd",
  };
}

/** y' = −y from 1, to the closed form. */
function solves(): Finding {
  try {
    const { ys } = odegrad.solve(
      (_t, y, dy) => {
        dy[0] = -y[0]!;
      },
      { y0: [1], ts: [0, 1], rtol: 1e-9, atol: 1e-12 },
    );
    const error = Math.abs(ys[1]! * Math.E - 1);
    if (error < 1e-7) return { ok: true, reason: `y' = −y to a relative error of ${error.toExponential(0)}` };
    return {
      ok: false,
      reason: `y' = −y has a relative error of ${error}`,
      remedy: "report it, with the engine's version",
    };
  } catch (error) {
    return { ok: false, reason: messageOf(error), remedy: "see simd" };
  }
}

function policies(): Finding {
  if (functionFromText([], "") !== undefined) return { ok: true };
  return {
    ok: false,
    reason: "a policy forbids to make functions from text; systems of up to four numbers take longer for a step",
    remedy: "start Node without --disallow-code-generation-from-strings; nothing else is lost",
  };
}

async function sharesThreads(): Promise<Finding> {
  const cores = availableParallelism();
  try {
    (await threads({ workers: 1 })).dispose();
    return { ok: true, reason: cores > 1 ? `${cores} cores` : "one core: a pool has no workers there" };
  } catch (error) {
    return { ok: false, reason: messageOf(error), remedy: "let the program start worker threads and share memory" };
  }
}

const PEERS = "npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-webgpu@4.22.0";
const GPU_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/npm package webgpu/, `npm install webgpu, and ${PEERS}`],
  [/TensorFlow\.js/, PEERS],
  [/adapter/, "install the GPU's driver; on Linux mesa-vulkan-drivers computes on the CPU where there is no GPU"],
];

async function usesGpu(): Promise<Finding> {
  try {
    const gpu = await webgpu();
    const { description, device, vendor, software } = gpu.adapter;
    gpu.dispose();
    return { ok: true, reason: `${description || device || vendor}${software ? ", which computes on the CPU" : ""}` };
  } catch (error) {
    const reason = messageOf(error);
    const [, remedy = "a newer engine or driver"] = GPU_REMEDIES.find(([pattern]) => pattern.test(reason)) ?? [];
    return { ok: false, reason, remedy };
  }
}

const CHECKS: Readonly<Record<string, Check>> = {
  runtime: { use: "a supported engine", look: runtime },
  simd: { needed: true, use: "WebAssembly SIMD, which steps the solver", look: simd },
  solve: { needed: true, use: "a solve that comes to the closed form", look: solves },
  relaxedSimd: { use: "networks with fused multiply-adds", look: relaxedSimd },
  policies: { use: "functions made from text, for small systems", look: policies },
  threads: { use: "odegrad/threads", look: sharesThreads },
  webgpu: { use: "odegrad/webgpu", look: usesGpu },
};

function linesOf(name: string, { ok, reason, remedy }: Finding): string[] {
  const said = [reason, CHECKS[name]!.use].filter(Boolean);
  const first = `${ok ? "✔" : "✖"} ${name.padEnd(12)}${ok ? said.reverse().join(": ") : said[0]}`;
  return remedy ? [first, `  ${"".padEnd(12)}→ ${remedy}`] : [first];
}

export const doctor: Command = {
  summary: "says what runs on this machine, why the rest does not, and what to do about it",
  positionals: [],
  options: {},
  details:
    "It fails where nothing can be solved. What else is missing is said and no failure.\n" +
    "The JSON is { name: { ok, reason?, remedy? } } of the names that it prints.",
  async run() {
    const findings: Record<string, Finding> = {};
    for (const [name, { look }] of Object.entries(CHECKS)) findings[name] = await look();
    const ok = Object.entries(CHECKS).every(([name, { needed }]) => !needed || findings[name]!.ok);
    return { ok, result: findings, lines: Object.entries(findings).flatMap(([name, found]) => linesOf(name, found)) };
  },
};
