// npm run bench threads [-- --quick]: one thread against several on the network 2→64→64→2 (float32, tanh), beside the
// scaling of an empty compute loop and of two solves that share nothing in the same turns; then the same with a spinning
// process on every core.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import * as odegrad from "odegrad";
import { dopri5, mlp, solve } from "odegrad";
import { threaded, threads } from "odegrad/threads";
import { duration, printMachine, printTable, printVerdicts, times, type Verdict, writeJson } from "../report.ts";
import { type Contestant, contestant, race, ratio, type SamplingOptions, type Timing } from "../sampling.ts";
import { spinningOnEveryCore } from "./busy.ts";
import { emptyLoop } from "./empty-loop.ts";
import { partners } from "./partners.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const BATCHES = flags.quick ? [64, 512] : [64, 512, 4096];
const WORKERS = 1;
// A loop of about the length of a solve at batch 512.
const LOOP_ITERATIONS = 5e6;

if (availableParallelism() <= WORKERS) throw new Error(`this benchmark needs ${WORKERS + 1} cores`);

const pool = await threads({ workers: WORKERS });
const always = await threads({ workers: WORKERS, threshold: 0 });
const field = mlp({ layers: [2, 64, 64, 2], seed: 1 });
const POOLS = { "two threads": threaded(field, pool), "two threads, threshold 0": threaded(field, always) };

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

type AdjointName = "backprop" | "symplectic";

/** Refers to nothing outside itself: a worker makes it anew of its text. */
function work(
  { solve, dopri5, ...adjoints }: Pick<typeof odegrad, "solve" | "dopri5" | AdjointName>,
  network: typeof field,
  batch: number,
  adjoint: AdjointName | undefined,
): () => void {
  const y0 = Float32Array.from({ length: 2 * batch }, (_, i) => Math.sin(i));
  const options = { y0, ts: [0, 1], solver: dopri5, rtol: 1e-6, atol: 1e-8 };
  if (!adjoint) return () => void solve(network, options);
  return () => {
    const solution = solve(network, { ...options, adjoint: adjoints[adjoint]() });
    solution.pullback(solution.ys);
  };
}

const TASKS: Record<string, AdjointName | undefined> = {
  "forward, dopri5": undefined,
  "gradient, backprop": "backprop",
  "gradient, symplectic": "symplectic",
};

/** Both threads must come to the same states, or they do not do the same work. */
function checkAgreement(): void {
  const options = { y0: Float32Array.from({ length: 1000 }, (_, i) => Math.cos(i)), ts: [0, 1], solver: dopri5 };
  const [one, two] = [solve(field, options), solve(POOLS["two threads, threshold 0"], options)];
  if (one.ys.some((y, i) => y !== two.ys[i])) throw new Error("the threads disagree");
}

interface Row {
  readonly batch: number;
  readonly task: string;
  readonly one: Timing;
  readonly two: Timing;
  readonly always: Timing;
  /** Of the empty loop, of two solves apart, of the pool, of the pool without threshold: how many times faster than one thread. */
  readonly possible: number;
  readonly apart: number;
  readonly scaling: number;
  readonly scalingAlways: number;
}

async function compare(batch: number, sampling: SamplingOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [task, adjoint] of Object.entries(TASKS)) {
    const loop = await emptyLoop(WORKERS, LOOP_ITERATIONS);
    const made = `(${work})(odegrad, odegrad.mlp({ layers: [2, 64, 64, 2], seed: 1 }), ${batch}, ${JSON.stringify(adjoint)})`;
    const own = work(odegrad, field, batch, adjoint);
    const apart = await partners(WORKERS, `import("odegrad").then((odegrad) => ${made})`, own);
    const [one, two, without, alone, together, both] = (await race(
      [
        contestant("one thread", own),
        ...Object.entries(POOLS).map(([name, network]) => contestant(name, work(odegrad, network, batch, adjoint))),
        contestant("empty loop, one thread", loop.alone),
        contestant("empty loop, two threads", loop.together),
        contestant("two solves apart", apart.together),
      ],
      sampling,
    )) as [Timing, Timing, Timing, Timing, Timing, Timing];
    loop.end();
    apart.end();
    rows.push({
      batch,
      task,
      one,
      two,
      always: without,
      possible: ratio(alone, together),
      apart: (1 + WORKERS) * ratio(one, both),
      scaling: ratio(one, two),
      scalingAlways: ratio(one, without),
    });
  }
  return rows;
}

/** With every core busy what counts is the time over many slices of the scheduler, not the luckiest one. */
interface BusyRow {
  readonly batch: number;
  readonly task: string;
  readonly oneNs: number;
  readonly twoNs: number;
  /** How many times faster than one thread. */
  readonly speed: number;
}

async function turns(contestants: readonly Contestant[], seconds: number): Promise<number[]> {
  const iterations: number[] = [];
  for (const { sample } of contestants) {
    await sample(2);
    iterations.push(Math.max(1, Math.round(30e6 / (await sample(3)))));
  }
  const sums = contestants.map(() => 0);
  let rounds = 0;
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; rounds++) {
    for (let i = 0; i < contestants.length; i++) {
      const who = (i + rounds) % contestants.length;
      sums[who]! += await contestants[who]!.sample(iterations[who]!);
    }
  }
  return sums.map((sum) => sum / rounds);
}

async function compareBusy(batch: number, task: string): Promise<BusyRow> {
  const adjoint = TASKS[task];
  const seconds = flags.quick ? 6 : 20;
  const [oneNs, twoNs] = (await turns(
    [
      contestant("one thread", work(odegrad, field, batch, adjoint)),
      contestant("two threads", work(odegrad, POOLS["two threads"], batch, adjoint)),
    ],
    seconds,
  )) as [number, number];
  return { batch, task, oneNs, twoNs, speed: oneNs / twoNs };
}

printMachine();
checkAgreement();
const rows: Row[] = [];
for (const batch of BATCHES) {
  const own = await compare(
    batch,
    flags.quick ? { rounds: 15, milliseconds: 5 } : { rounds: batch > 1000 ? 20 : 60, milliseconds: 10 },
  );
  rows.push(...own);
  printTable(
    `Batch ${batch}, ${WORKERS + 1} threads, shortest samples`,
    [
      "",
      "one thread",
      "two",
      "faster by",
      "two, threshold 0",
      "faster by",
      "empty loop",
      "of that",
      "apart",
      "of that",
    ],
    own.map(({ task, one, two, always, possible, apart, scaling, scalingAlways }) => [
      task,
      duration(one.minimum),
      duration(two.minimum),
      times(scaling),
      duration(always.minimum),
      times(scalingAlways),
      times(possible),
      percent(scaling / possible),
      times(apart),
      percent(scaling / apart),
    ]),
  );
}

const busy: BusyRow[] = [];
const spinning = await spinningOnEveryCore();
try {
  for (const batch of BATCHES) {
    for (const task of ["forward, dopri5", "gradient, symplectic"]) busy.push(await compareBusy(batch, task));
  }
} finally {
  spinning.end();
}
printTable(
  `A spinning process on each of ${availableParallelism()} cores, means over many turns`,
  ["", "batch", "one thread", "two", "faster by"],
  busy.map(({ task, batch, oneNs, twoNs, speed }) => [
    task,
    String(batch),
    duration(oneNs),
    duration(twoNs),
    times(speed),
  ]),
);
pool.dispose();
always.dispose();

const verdicts: Verdict[] = [
  ...rows
    .filter(({ batch }) => batch === 512)
    .flatMap(({ task, scaling, possible, apart }) => [
      {
        claim: `${task}, batch 512: two threads scale at least 85 % as well as an empty loop`,
        figure: `${times(scaling)} of ${times(possible)}, ${percent(scaling / possible)}`,
        holds: scaling >= 0.85 * possible,
      },
      {
        claim: `${task}, batch 512: two threads scale at least 85 % as well as two solves that share nothing`,
        figure: `${times(scaling)} of ${times(apart)}, ${percent(scaling / apart)}`,
        holds: scaling >= 0.85 * apart,
      },
    ]),
  {
    claim: "never slower than 0.9 × one thread where the cores are free",
    figure: times(Math.min(...rows.map(({ scaling }) => scaling))),
    holds: rows.every(({ scaling }) => scaling >= 0.9),
  },
  {
    claim: "never slower than 0.9 × one thread with a spinning process on every core",
    figure: times(Math.min(...busy.map(({ speed }) => speed))),
    holds: busy.every(({ speed }) => speed >= 0.9),
  },
];
printVerdicts(verdicts);
writeJson("bench-threads.json", {
  rows: rows.map((row) => ({
    ...row,
    one: row.one.minimum,
    two: row.two.minimum,
    always: row.always.minimum,
  })),
  busy,
  verdicts,
});
