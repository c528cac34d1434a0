// npm run bench gpu [-- flags]: the time of a solve and of its gradient for networks of growing width and batch, in
// WebAssembly and on the GPU by every path, with what went between the two; where the GPU begins to win; and whether the
// gradients agree. Once bundled, node build/bench/gpu/main.mjs repeats it from dist/ and the installed packages alone.
import { parseArgs } from "node:util";
import { type WebGpu, webgpu } from "odegrad/webgpu";
import { duration, number, printMachine, printTable, printVerdicts, times, writeJson } from "../report.ts";
import { ADJOINT_NAMES, type Gap, gapOf, type Measured, measure, type Name, PATHS, type Size } from "./measure.ts";

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
  const batches = list(flags.batches, adapter.software ? [1, 16, 64, 256] : [1, 16, 256, 4096, 65536]);
  return widths.flatMap((width) => batches.map((batch) => ({ width, batch })));
}

const NAMES: readonly Name[] = ["WASM", ...PATHS.map(({ name }) => name)];
const label = ({ width, batch }: Size): string => `${width} × ${batch}`;
const entryOf = ({ entries }: Measured, name: Name) => entries.find((entry) => entry.name === name);
const bytes = (count: number): string =>
  count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;

function printTimes(what: "solve" | "gradient", results: readonly Measured[]): void {
  const rows = results.map((result) => {
    const of = (name: Name): number => entryOf(result, name)?.[what] ?? Number.NaN;
    return [
      label(result.size),
      ...NAMES.map((name) => duration(of(name))),
      times(of("WASM") / of("fused, device")),
      times(of("tfjs, device") / of("fused, device")),
      times(of("fused, host") / of("fused, device")),
    ];
  });
  const header = ["width × batch", ...NAMES, "WASM / first", "tfjs / fused", "host / device"];
  const texts = { solve: "Solve", gradient: "Gradient, after the solve" };
  printTable(`${texts[what]}: 2 → width → width → 2, tanh, float32, four steps of rk4, backprop`, header, rows);
}

function printCounts(results: readonly Measured[]): void {
  const rows = results.flatMap((result) =>
    result.entries.flatMap(({ name, counts }) =>
      counts
        ? [
            [
              `${label(result.size)}, ${name}`,
              `${counts.readbacks}`,
              `${counts.dispatches}`,
              bytes(counts.bytesUploaded),
              bytes(counts.bytesRead),
            ],
          ]
        : [],
    ),
  );
  const header = ["width × batch, path", "readbacks", "dispatches", "up", "down"];
  printTable("What went between CPU and GPU in one solve and its gradient", header, rows);
}

/** For each width, the least batch from which on the GPU is faster, for a solve with its gradient. */
function crossovers(results: readonly Measured[], name: Name): string[] {
  const both = (result: Measured, of: Name): number => {
    const { solve, gradient } = entryOf(result, of) ?? { solve: Number.NaN, gradient: Number.NaN };
    return solve + gradient;
  };
  const widths = [...new Set(results.map(({ size }) => size.width))];
  return widths.map((width) => {
    const of = results.filter(({ size }) => size.width === width);
    const slower = of.findLastIndex((result) => !(both(result, name) < both(result, "WASM")));
    const first = of[slower + 1];
    return `  ${name}, width ${width}: ${first ? `from batch ${first.size.batch} on` : `not up to batch ${of.at(-1)!.size.batch}`}`;
  });
}

const CHECKED: Size = { width: 256, batch: 4096 };
const PROBE_BATCH = 256;
const MOST_SECONDS = 120;

/** The gradients of CHECKED by every adjoint; on a software adapter at a small batch, and at the largest that is done in time. */
async function gaps(gpu: WebGpu): Promise<Gap[]> {
  const all = async (size: Size): Promise<Gap[]> => {
    const found: Gap[] = [];
    for (const adjoint of ADJOINT_NAMES) found.push(await gapOf(gpu, size, adjoint));
    return found;
  };
  if (!gpu.adapter.software) return all(CHECKED);
  const small = await all({ ...CHECKED, batch: PROBE_BATCH });
  const shortest = Math.min(...small.map(({ seconds }) => seconds));
  const perRow = shortest / PROBE_BATCH;
  let { batch } = CHECKED;
  while (batch > PROBE_BATCH && perRow * batch > MOST_SECONDS) batch /= 2;
  console.log(
    `A software adapter takes ${number(shortest)} s for a gradient at batch ${PROBE_BATCH}: adjoints are checked ` +
      `there, and at batch ${batch}${batch < CHECKED.batch ? `, since ${CHECKED.batch} would take more than ${MOST_SECONDS} s` : ""}.\n`,
  );
  return batch > PROBE_BATCH ? [...small, ...(await all({ ...CHECKED, batch }))] : small;
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
  // Time grows with the work at most: whatever took a size that foretells far too long is passed over.
  const work = ({ width, batch }: Size): number => width * width * batch;
  const names = NAMES.filter((name) => {
    const last = results.findLast((result) => entryOf(result, name) && work(result.size) < work(size));
    const entry = last && entryOf(last, name);
    return !entry || ((entry.solve + entry.gradient) * work(size)) / work(last.size) <= limit;
  });
  passedOver += NAMES.length - names.length;
  if (names.length > 0) results.push(await measure(gpu, size, names, limit / 10));
}
printTimes("solve", results);
printTimes("gradient", results);
printCounts(results);
if (passedOver > 0) console.log(`${passedOver} measurements passed over: more than ${flags.seconds} s (--seconds)\n`);
console.log("The GPU is faster than WebAssembly, for a solve with its gradient,");
for (const { name } of PATHS.slice(0, 2)) console.log(crossovers(results, name).join("\n"));
console.log("");

const found = await gaps(gpu);
printVerdicts(
  found.map(({ size: { width, batch }, adjoint, gap, seconds }) => ({
    claim: `Gradient of 2 → ${width} → ${width} → 2 at batch ${batch} by ${adjoint} equals the WASM one to 1e-4`,
    figure: `${gap.toExponential(1)} (${number(seconds)} s)`,
    holds: gap < 1e-4,
  })),
);
writeJson("gpu.json", { adapter: gpu.adapter, results, gaps: found });
gpu.dispose();
