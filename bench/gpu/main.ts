// npm run bench gpu [-- flags]: the time of a solve and of its gradient for networks of growing width and batch, in
// WebAssembly and on the GPU, with what went between the two; where the GPU begins to win; and whether the gradients agree.
import { parseArgs } from "node:util";
import { type WebGpu, webgpu } from "odegrad/webgpu";
import { duration, printMachine, printTable, printVerdicts, times, writeJson } from "../report.ts";
import { difference, type Measured, measure, type Size } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    widths: { type: "string" },
    batches: { type: "string" },
    seconds: { type: "string", default: "20" },
  },
});

const list = (text: string | undefined, whole: number[]): number[] => text?.split(",").map(Number) ?? whole;

function sizes({ adapter }: WebGpu): Size[] {
  const widths = list(flags.widths, adapter.software ? [16, 64] : [64, 256, 1024, 4096]);
  const batches = list(flags.batches, adapter.software ? [1, 16, 64] : [1, 16, 256, 4096, 65536]);
  return widths.flatMap((width) => batches.map((batch) => ({ width, batch })));
}

const bytes = (count: number): string =>
  count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;

function row({ size, wasm, gpu, counts }: Measured): string[] {
  return [
    `${size.width} × ${size.batch}`,
    duration(wasm.solve),
    duration(gpu.solve),
    times(wasm.solve / gpu.solve),
    duration(wasm.gradient),
    duration(gpu.gradient),
    times(wasm.gradient / gpu.gradient),
    `${counts.readbacks}`,
    `${counts.dispatches}`,
    bytes(counts.bytesUploaded),
    bytes(counts.bytesRead),
  ];
}

/** For each width, the least batch from which on the GPU is faster. */
function crossovers(results: readonly Measured[]): string[] {
  const widths = [...new Set(results.map(({ size }) => size.width))];
  return widths.map((width) => {
    const of = results.filter(({ size }) => size.width === width);
    const slower = of.findLastIndex(({ wasm, gpu }) => gpu.gradient >= wasm.gradient);
    const first = of[slower + 1];
    return `width ${width}: ${first ? `from batch ${first.size.batch} on` : `not up to batch ${of.at(-1)!.size.batch}`}`;
  });
}

const gpu = await webgpu();
const { vendor, architecture, description, software } = gpu.adapter;
printMachine();
console.log(
  `${software ? "SOFTWARE adapter, no GPU" : "GPU"}: ${[vendor, architecture, description].filter(Boolean).join(", ")}\n`,
);

const limit = Number(flags.seconds) * 1e9;
const results: Measured[] = [];
let passedOver = 0;
for (const size of sizes(gpu)) {
  // Time grows with the work at most: what a smaller network foretells to take far too long is passed over.
  const work = ({ width, batch }: Size): number => width * width * batch;
  const last = results.at(-1);
  if (last && (last.wasm.gradient * work(size)) / work(last.size) > limit && work(size) > work(last.size)) {
    passedOver++;
    continue;
  }
  results.push(await measure(gpu, size, limit / 10));
}
printTable(
  "2 → width → width → 2, tanh, float32, four steps of rk4, backprop; counts are of one solve and its gradient",
  [
    "width × batch",
    "solve WASM",
    "GPU",
    "factor",
    "gradient WASM",
    "GPU",
    "factor",
    "readbacks",
    "dispatches",
    "up",
    "down",
  ],
  results.map(row),
);
if (passedOver > 0)
  console.log(`${passedOver} sizes passed over: more than ${flags.seconds} s in WebAssembly (--seconds)\n`);
console.log(
  `The GPU is faster (host residency, gradients)\n${crossovers(results)
    .map((line) => `  ${line}`)
    .join("\n")}\n`,
);

const large: Size = software ? { width: 64, batch: 64 } : { width: 256, batch: 4096 };
const gap = await difference(gpu, large);
printVerdicts([
  {
    claim: `Gradient of 2 → ${large.width} → ${large.width} → 2 at batch ${large.batch} equals the WASM one to 1e-4`,
    figure: gap.toExponential(1),
    holds: gap < 1e-4,
  },
]);
writeJson("gpu.json", { adapter: gpu.adapter, results, gap: { ...large, gap } });
gpu.dispose();
