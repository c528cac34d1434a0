// npm run bench kernels [-- --quick] [-- --only combine]: each kernel in odegrad's WebAssembly, in careful plain
// JavaScript and in native C++, all taking turns in one run.
import { parseArgs } from "node:util";
import { compileNative, Native } from "../native.ts";
import {
  duration,
  number,
  printMachine,
  printTable,
  printVerdicts,
  times,
  type Verdict,
  writeJson,
} from "../report.ts";
import { race, ratio, type SamplingOptions, type Timing } from "../sampling.ts";
import { tanhError } from "./accuracy.ts";
import { type Build, builds } from "./builds.ts";
import { type Field, JS, NATIVE } from "./case.ts";
import { DTYPES, shortName } from "./inputs.ts";
import { denseForwardCase, denseOperations } from "./layers.ts";
import { peakOf, peakOperations } from "./peak.ts";
import { type Subject, subjects } from "./subjects.ts";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (flags.help) {
  console.log(
    "npm run bench kernels [-- --quick --only NAME]\n  --quick  fewer samples\n  --only   kernels whose name contains NAME",
  );
  process.exit(0);
}
const sampling: SamplingOptions = flags.quick ? { rounds: 7, milliseconds: 1 } : { rounds: 25, milliseconds: 2 };

interface Result extends Omit<Subject, "make"> {
  readonly elements: number;
  readonly timings: readonly Timing[];
}

/** Who is much further off than rounding computes something else, and its time means nothing. */
function checkAgreement({ kernel, dtype, size }: Subject, checksums: readonly number[]): void {
  const [first, ...others] = checksums;
  const tolerance = (dtype === "float32" ? 2e-3 : 1e-9) * Math.max(1, Math.abs(first!));
  for (const other of others) {
    if (Math.abs(other - first!) > tolerance) {
      throw new Error(`${kernel} ${dtype} ${size}: results differ, ${checksums.join(" ")}`);
    }
  }
}

const plainOf = ({ timings }: Result): Timing => {
  const plain = timings.filter(({ name }) => name.startsWith(JS));
  return plain.reduce((best, one) => (one.minimum < best.minimum ? one : best));
};

function printResults(results: readonly Result[], names: readonly string[], hasNative: boolean): void {
  const [chosen] = names;
  const header = ["kernel", "", "size", ...names.flatMap((name) => [name, "median", "an element"]), "js", "js / wasm"];
  if (hasNative) header.push("native", "wasm / native");
  const rows = results.map((result) => {
    const byName = (name: string): Timing => result.timings.find((timing) => timing.name === name)!;
    const plain = plainOf(result);
    const row = [result.kernel, shortName(result.dtype), result.size];
    for (const name of names)
      row.push(
        duration(byName(name).minimum),
        duration(byName(name).median),
        `${number(byName(name).minimum / result.elements)} ns`,
      );
    row.push(duration(plain.minimum), times(ratio(plain, byName(chosen!))));
    if (hasNative) row.push(duration(byName(NATIVE).minimum), times(ratio(byName(chosen!), byName(NATIVE))));
    return row;
  });
  printTable(
    "Times of one run: shortest samples, medians where it says so. js is the faster of its forms; ratios are of shortest samples.",
    header,
    rows,
  );
}

/** The smallest ratio of plain JavaScript to the chosen build over the sizes of the claim. */
function combineVerdict(results: readonly Result[], chosen: string, dtype: Result["dtype"], wanted: number): Verdict[] {
  const within = results.filter(({ kernel, size, ...result }) => {
    return kernel === "combine" && result.dtype === dtype && Number(size) >= 1024 && Number(size) <= 65536;
  });
  if (within.length === 0) return [];
  const wasm = ({ timings }: Result): Timing => timings.find(({ name }) => name === chosen)!;
  const against = (plain: (result: Result) => Timing): number =>
    Math.min(...within.map((result) => ratio(plain(result), wasm(result))));
  const separate = against(({ timings }) => timings.find(({ name }) => name === JS)!);
  const best = against(plainOf);
  const figure = `${times(separate)} (${times(best)} where the plain form keeps all vectors in one array)`;
  return [
    {
      claim: `combine ≥ ${wanted}× plain JavaScript at N = 1024 … 65536, ${shortName(dtype)}`,
      figure,
      holds: best >= wanted,
    },
  ];
}

async function denseVerdict(
  build: Build,
  dtype: Result["dtype"],
): Promise<{ verdict: Verdict; gflops: number; peak: number }> {
  const [width, batch] = [64, 64];
  const [dense] = denseForwardCase({ builds: [build], native: undefined }, dtype, width, batch).contestants;
  const [own, peak] = (await race([dense!, await peakOf(build.name, dtype)], sampling)) as [Timing, Timing];
  const operations = denseOperations(width, batch);
  const share = (ratio(peak, own) * operations) / peakOperations(dtype);
  const gflops = operations / own.minimum;
  const best = peakOperations(dtype) / peak.minimum;
  const verdict = {
    claim: `dense forward ≥ 70 % of the multiply-add peak at 64×64 batch 64, ${shortName(dtype)}, ${build.name}`,
    figure: `${(100 * share).toFixed(0)} % (${number(gflops)} of ${number(best)} GFLOP/s)`,
    holds: share >= 0.7,
  };
  return { verdict, gflops, peak: best };
}

function tanhVerdicts(results: readonly Result[], build: Build): Verdict[] {
  const verdicts: Verdict[] = [];
  const timed = results.find(({ kernel, dtype, size }) => kernel === "tanh" && dtype === "float32" && size === "8192");
  if (timed) {
    const each = timed.timings.find(({ name }) => name === build.name)!.minimum / timed.elements;
    verdicts.push({ claim: "f32 tanh ≤ 2 ns an element", figure: `${number(each)} ns`, holds: each <= 2 });
  }
  for (const [dtype, bound] of [
    ["float32", 6],
    ["float64", 2],
  ] as const) {
    const { ulp, at, points } = tanhError(build, dtype);
    const figure = `${ulp.toFixed(2)} ulp at x = ${number(at)}, the worst of ${points} points`;
    verdicts.push({ claim: `${shortName(dtype)} tanh ≤ ${bound} ulp, ${build.name}`, figure, holds: ulp <= bound });
  }
  return verdicts;
}

printMachine();
const nativeBuild = compileNative("kernels");
const native = nativeBuild && new Native(nativeBuild.program);
const field: Field = { builds: builds(), native };
const names = field.builds.map(({ name }) => name);
console.log(
  `Builds that run here, odegrad's choice first: ${names.join(", ")}; native: ${nativeBuild?.compiler ?? "none"}\n`,
);

const results: Result[] = [];
for (const subject of subjects(field)) {
  const { make, ...rest } = subject;
  if (flags.only && !rest.kernel.includes(flags.only)) continue;
  const { contestants, checksums, elements } = make();
  const timings = await race(contestants, sampling);
  checkAgreement(subject, checksums());
  results.push({ ...rest, elements, timings });
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${rest.kernel} ${rest.dtype} ${rest.size}`);
}
if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
native?.close();
printResults(results, names, native !== undefined);

const verdicts: Verdict[] = [];
const peaks: object[] = [];
verdicts.push(...combineVerdict(results, names[0]!, "float64", 3), ...combineVerdict(results, names[0]!, "float32", 7));
if (!flags.only) {
  for (const build of field.builds) {
    for (const dtype of DTYPES) {
      const { verdict, ...figures } = await denseVerdict(build, dtype);
      verdicts.push(verdict);
      peaks.push({ build: build.name, dtype, ...figures });
    }
  }
  for (const build of field.builds) verdicts.push(...tanhVerdicts(results, build));
}
printVerdicts(verdicts);
writeJson("bench-kernels.json", { native: nativeBuild?.compiler, builds: names, peaks, verdicts, results });
