// npm run bench limits [-- --quick]: what the kernels of a network could do at most on one core of this machine, and how far
// from it they are, kernel by kernel; then what a solve adds to its evaluations. The figures behind bench/LIMITS.md.
import { parseArgs } from "node:util";
import { type Build, builds } from "../kernels/builds.ts";
import { PEAK_VECTORS, peakOf, peakOperations, trafficOf } from "../kernels/peak.ts";
import { PAIRS } from "../kernels/second.ts";
import { duration, number, printMachine, printTable, printVerdicts, type Verdict, writeJson } from "../report.ts";
import { type Contestant, contestant, race, type SamplingOptions, type Timing } from "../sampling.ts";
import { EVALUATION, type Part, partsOf, SECOND, secondPart, tanhOf, VJP } from "./network.ts";
import { allowRelaxedSimd } from "./relaxed.ts";
import { solvesOf } from "./solve-measurements.ts";
import { BATCHES, evaluationWork, floorOf, LAYERS, type Limits, secondWork, vjpWork } from "./work.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const sampling: SamplingOptions = flags.quick ? { rounds: 7, milliseconds: 1 } : { rounds: 41, milliseconds: 2 };
const WANTED: Record<number, number> = { 1: 0.5, 64: 0.7, 512: 0.7 };
const TANH_COUNT = 2048;

allowRelaxedSimd();

const microseconds = (nanoseconds: number): string => (nanoseconds / 1000).toPrecision(3);
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

interface Machine extends Limits {
  /** Multiplications and additions a nanosecond in float64. */
  readonly double: number;
}

/** What shows the machine's limits; behind everything else that is in the build's memory. */
async function probesOf(build: Build): Promise<Contestant[]> {
  const peaks = [await peakOf(build.name, "float32"), await peakOf(build.name, "float64")];
  return [...peaks, ...(await trafficOf(build.name)), tanhOf(build, TANH_COUNT)];
}

function machineOf(probes: readonly Timing[]): Machine {
  const [f32, f64, loads, stores, tanh] = probes.map(({ minimum }) => minimum);
  return {
    operations: peakOperations("float32") / f32!,
    double: peakOperations("float64") / f64!,
    loads: PEAK_VECTORS / loads!,
    stores: PEAK_VECTORS / stores!,
    tanh: tanh! / TANH_COUNT,
  };
}

interface Row {
  readonly build: string;
  readonly batch: number;
  readonly kernel: string;
  readonly nanoseconds: number;
  readonly floor: number;
}

interface Gaps {
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

/** The kernels in turns with what shows the machine's limits, whose speed changes from minute to minute. */
async function gapsOf(build: Build, batch: number, parts: readonly Part[]): Promise<Gaps> {
  const probes = await probesOf(build);
  const timings = await race([...probes, ...parts.map((part) => part.contestant)], sampling);
  const machine = machineOf(timings.slice(0, probes.length));
  const rows = timings.slice(probes.length).map(({ name, minimum }, i) => ({
    build: build.name,
    batch,
    kernel: name,
    nanoseconds: minimum,
    floor: floorOf(parts[i]!.work, machine),
  }));
  return { machine, rows };
}

/** The second-order pass has the build's memory for itself. */
async function gaps(build: Build, batch: number): Promise<Gaps> {
  const { machine, rows } = await gapsOf(build, batch, partsOf(build, batch));
  const second = await gapsOf(build, batch, [secondPart(build, batch)]);
  return { machine, rows: [...rows, ...second.rows] };
}

interface Solve {
  readonly batch: number;
  readonly steps: number;
  readonly evaluations: number;
  readonly vjps: number;
  readonly forward: number;
  readonly gradient: number;
  /** One evaluation alone, in turns with the solves: a machine's speed changes from minute to minute. */
  readonly evaluation: number;
  /** What a solve takes that goes on to t = LONGER, more than that to t = 1. */
  readonly more: { readonly steps: number; readonly evaluations: number; readonly forward: number };
}

/** dopri5 over the same network, as the table of BENCHMARKS.md has it; `build` is the one that odegrad chooses. */
async function solves(build: Build, batch: number): Promise<Solve> {
  const { forward: solve, longer, gradient } = solvesOf(batch);
  const { solution, gradients } = gradient();
  const { steps, evaluations } = longer().stats;
  const long = flags.quick ? { rounds: 7, milliseconds: 5 } : { rounds: 41, milliseconds: 10 };
  const alone = partsOf(build, batch).find(({ contestant }) => contestant.name === EVALUATION)!;
  const [forward, both, further, evaluation] = (await race(
    [contestant("forward", solve), contestant("gradient", gradient), contestant("longer", longer), alone.contestant],
    long,
  )) as [Timing, Timing, Timing, Timing];
  return {
    batch,
    steps: solution.stats.steps,
    evaluations: solution.stats.evaluations,
    vjps: gradients.stats.vjps,
    forward: forward.minimum,
    gradient: both.minimum,
    evaluation: evaluation.minimum,
    more: {
      steps: steps - solution.stats.steps,
      evaluations: evaluations - solution.stats.evaluations,
      forward: further.minimum - forward.minimum,
    },
  };
}

printMachine();
const field = builds();
printTable(
  `The work of ${LAYERS.join(" → ")}, tanh, float32`,
  ["", "batch", "operations", "tanh", "bytes loaded", "bytes stored"],
  [
    { name: EVALUATION, of: evaluationWork },
    { name: VJP, of: vjpWork },
    { name: SECOND, of: (batch: number) => secondWork(batch, PAIRS) },
  ].flatMap(({ name, of }) =>
    BATCHES.map((batch) => {
      const { operations, tanh, loads, stores } = of(batch);
      return [name, String(batch), String(operations), String(tanh), String(loads), String(stores)];
    }),
  ),
);

const machines = [];
const rows: Row[] = [];
for (const build of field) {
  for (const batch of BATCHES) {
    const found = await gaps(build, batch);
    machines.push({ build: build.name, batch, ...found.machine });
    rows.push(...found.rows);
  }
}
printTable(
  "What one core does at most, 128-bit vectors in the L1 cache",
  ["", "beside batch", "f32 GFLOP/s", "f64 GFLOP/s", "loads a ns", "stores a ns", "ns a tanh"],
  machines.map(({ build, batch, operations, double, loads, stores, tanh }) => [
    build,
    String(batch),
    ...[operations, double, loads, stores, tanh].map(number),
  ]),
);
for (const { name } of field) {
  const own = rows.filter(({ build }) => build === name);
  printTable(
    `${name}: µs, and the floor's share of them`,
    ["kernel", ...BATCHES.flatMap((batch) => [`batch ${batch}`, "floor", "share"])],
    [...new Set(own.map(({ kernel }) => kernel))].map((kernel) => [
      kernel,
      ...own
        .filter((row) => row.kernel === kernel)
        .flatMap(({ nanoseconds, floor }) => [
          microseconds(nanoseconds),
          microseconds(floor),
          percent(floor / nanoseconds),
        ]),
    ]),
  );
}

const solved: Solve[] = [];
// Engines choose the relaxed build for the solves where they have it.
for (const batch of BATCHES) solved.push(await solves(field[0]!, batch));
const outside = ({ forward, evaluations, evaluation }: Solve): number => forward - evaluations * evaluation;
/** Of a step, without what surrounds a solve: from what a longer solve takes more. */
const stepOutside = ({ evaluation, more }: Solve): number =>
  (more.forward - more.evaluations * evaluation) / more.steps;
printTable(
  `dopri5, rtol 1e-6, atol 1e-8, t 0…1, ${field[0]!.name}: the solve, the solve and its gradient by backprop`,
  [
    "batch",
    "steps",
    "evaluations",
    "VJPs",
    "solve",
    "gradient",
    "outside evaluations",
    "a step, set-up shared",
    "a step alone",
  ],
  solved.map((it) => [
    String(it.batch),
    String(it.steps),
    String(it.evaluations),
    String(it.vjps),
    duration(it.forward),
    duration(it.gradient),
    percent(outside(it) / it.forward),
    duration(outside(it) / it.steps),
    duration(stepOutside(it)),
  ]),
);

const verdicts: Verdict[] = rows
  .filter(({ kernel }) => kernel === EVALUATION)
  .map(({ build, batch, nanoseconds, floor }) => ({
    claim: `field evaluation ≥ ${percent(WANTED[batch]!)} of the floor at batch ${batch}, ${build}`,
    figure: `${percent(floor / nanoseconds)} (${microseconds(nanoseconds)} µs, floor ${microseconds(floor)})`,
    holds: floor / nanoseconds >= WANTED[batch]!,
  }));
for (const { kernel, batch, build, nanoseconds, floor } of rows) {
  if (kernel !== SECOND || batch !== 64) continue;
  const claim = `${SECOND} ≥ 60 % of the floor at batch 64, ${build}`;
  verdicts.push({ claim, figure: percent(floor / nanoseconds), holds: floor / nanoseconds >= 0.6 });
}
for (const it of solved) {
  if (it.batch === 64) {
    const share = outside(it) / it.forward;
    verdicts.push({ claim: "outside evaluations ≤ 10 % at batch 64", figure: percent(share), holds: share <= 0.1 });
  }
  if (it.batch === 1) {
    verdicts.push({
      claim: "outside evaluations ≤ 1 µs a step at batch 1, without what surrounds a solve",
      figure: `${duration(stepOutside(it))}; with it ${duration(outside(it) / it.steps)} in a solve of ${it.steps} steps`,
      holds: stepOutside(it) <= 1000,
    });
  }
}
printVerdicts(verdicts);
writeJson("bench-limits.json", { machines, rows, solves: solved, verdicts });
