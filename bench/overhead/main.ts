// npm run bench overhead [-- --quick]: what a general solver costs beside dopri5 written out for one small problem. All
// contestants take the same steps with the same controller and tolerances in turns; times are for a step tried.
import { parseArgs } from "node:util";
import { number, printMachine, printTable, printVerdicts, times, type Verdict, writeJson } from "../report.ts";
import { contestant, race, type SamplingOptions, type Timing } from "../sampling.ts";
import { compareLive } from "./live.ts";
import { ATOL, RTOL, SOLVES, type Solve, solving } from "./measurements.ts";
import type { Problem } from "./problems.ts";
import { unrolled } from "./unrolled.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const sampling: SamplingOptions = flags.quick ? { rounds: 41, milliseconds: 4 } : { rounds: 301, milliseconds: 4 };

const SOLVER = "odegrad";
const CALLS = "unrolled by hand, calls the field";
const INLINE = "unrolled by hand, field written in";

interface Entry {
  readonly name: string;
  readonly steps: number;
  readonly medianNs: number;
  readonly minimumNs: number;
  readonly samplesNs: readonly number[];
}

interface Result {
  readonly problem: string;
  readonly entries: readonly Entry[];
  /** odegrad against the one that calls the field, by medians and by the shortest samples. */
  readonly byMedian: number;
  readonly byShortest: number;
}

/** Both must reach the same point in the same number of steps, or they do not do the same work. */
function checkAgreement(problem: Problem): void {
  const { name, y0, field } = problem;
  const end = 5;
  const { stats, ys } = solving(problem, end)();
  const { y, steps } = unrolled(y0.length)(field, y0, 0, end, RTOL, ATOL);
  const off = y.some((value, i) => !(Math.abs(ys[y0.length + i]! - value) <= 1e-6 * Math.max(1, Math.abs(value))));
  if (off || stats.steps !== steps) {
    throw new Error(`${name}: odegrad took ${stats.steps} steps to ${ys.slice(y0.length)}, the other ${steps} to ${y}`);
  }
}

async function compare({ title, problem, end }: Solve): Promise<Result> {
  const { y0, field, inline } = problem;
  checkAgreement(problem);
  const own = solving(problem, end);
  const calls = unrolled(y0.length);
  const written = unrolled(y0.length, inline);
  const steps = [
    own().stats.steps,
    calls(field, y0, 0, end, RTOL, ATOL).steps,
    written(field, y0, 0, end, RTOL, ATOL).steps,
  ];
  const timings = await race(
    [
      contestant(SOLVER, own),
      contestant(CALLS, () => calls(field, y0, 0, end, RTOL, ATOL)),
      contestant(INLINE, () => written(field, y0, 0, end, RTOL, ATOL)),
    ],
    sampling,
  );
  const entries = timings.map(
    ({ name, median, minimum, samples }: Timing, i): Entry => ({
      name,
      steps: steps[i]!,
      medianNs: median / steps[i]!,
      minimumNs: minimum / steps[i]!,
      samplesNs: samples.map((sample) => sample / steps[i]!),
    }),
  );
  const reference = entries[1]!;
  printTable(
    `${title}: n = ${y0.length}, t = 0 … ${end}`,
    ["", "steps", "ns a step, median", "ratio", "shortest", "ratio"],
    entries.map(({ name, steps, medianNs, minimumNs }) => [
      name,
      String(steps),
      number(medianNs),
      times(medianNs / reference.medianNs),
      number(minimumNs),
      times(minimumNs / reference.minimumNs),
    ]),
  );
  const { medianNs, minimumNs } = entries[0]!;
  return {
    problem: title,
    entries,
    byMedian: medianNs / reference.medianNs,
    byShortest: minimumNs / reference.minimumNs,
  };
}

printMachine();
console.log(`dopri5, rtol = atol = ${RTOL}, controller PI; fields in JavaScript\n`);
const results: Result[] = [];
for (const each of SOLVES) results.push(await compare(each));
const live = await compareLive();
const { byMedian, byShortest } = results[0]!;
const verdicts: Verdict[] = [
  {
    claim: "a Lorenz solve within 1.3× of dopri5 unrolled by hand with the same field function",
    figure: `${times(byMedian)} by medians, ${times(byShortest)} by the shortest samples`,
    // On a busy machine medians say little, so both must hold.
    holds: Math.max(byMedian, byShortest) <= 1.3,
  },
  ...live,
];
printVerdicts(verdicts);
writeJson("bench-overhead.json", { rtol: RTOL, atol: ATOL, results, verdicts });
