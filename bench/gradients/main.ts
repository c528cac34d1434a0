// npm run bench gradients: every adjoint on the same networks in one table: time, evaluations, VJPs, peak bytes and the
// error against the exact gradient; how memory and time grow with the number of steps; and an unrolled gradient against other
// ways of computing it in JavaScript, which --unrolled runs alone.
import { backprop, type Gradients, solve, vern9 } from "odegrad";
import { chart } from "odegrad/plot";
import { duration, number, printMachine, printTable, printVerdicts, writeJson, writeOut } from "../report.ts";
import { contestant, race } from "../sampling.ts";
import { GROWN, GROWTH, gradient, sizesOf, TOLERANCES } from "./adjoint-measurements.ts";
import { cotangentOf, distance, METHODS, network, type Size, start } from "./problems.ts";
import { compareUnrolled } from "./unrolled.ts";

const QUICK = process.argv.includes("--quick");
const STEP_COUNTS = QUICK ? [10, 100, 1000] : [10, 100, 1000, 10_000];

interface Row {
  readonly size: Size;
  readonly method: string;
  readonly nanoseconds: number;
  readonly steps: number;
  readonly evaluations: number;
  readonly vjps: number;
  readonly peakBytes: number;
  readonly error: number;
}

function exactGradient(size: Size): Gradients {
  const solution = solve(network(size, "float64"), {
    y0: start(size.batch),
    ts: [0, 1],
    solver: vern9,
    rtol: 1e-13,
    atol: 1e-14,
    adjoint: backprop(),
  });
  return solution.pullback(cotangentOf(solution.ys));
}

async function compare(size: Size): Promise<Row[]> {
  const y0 = start(size.batch);
  const exact = exactGradient(size);
  const double = network(size, "float64");
  const single = network(size, "float32");
  const timings = await race(
    METHODS.map((method) => contestant(method.name, () => gradient(single, method, y0))),
    { rounds: QUICK ? 5 : 15, milliseconds: 20 },
  );
  return METHODS.map((method, i) => {
    // The counts are of what was timed; only the error needs more digits than float32 has.
    const { solution, gradients: timed } = gradient(single, method, y0);
    const { stats } = timed;
    const { gradients } = gradient(double, method, y0);
    return {
      size,
      method: method.name,
      nanoseconds: timings[i]!.minimum,
      steps: solution.stats.accepted,
      evaluations: solution.stats.evaluations + stats.evaluations,
      vjps: stats.vjps,
      peakBytes: Math.max(solution.stats.peakBytes.total, stats.peakBytes.total),
      error: Math.max(distance(gradients.y0, exact.y0), distance(gradients.params, exact.params)),
    };
  });
}

interface Growth {
  readonly method: string;
  readonly steps: number;
  readonly peakBytes: number;
  readonly milliseconds: number;
}

/** Fixed steps of the same network, more and more of them. */
function growth(): Growth[] {
  const field = network(GROWTH.size, GROWTH.dtype);
  const y0 = start(GROWTH.size.batch);
  return GROWN.flatMap((method) =>
    STEP_COUNTS.map((steps) => {
      gradient(field, method, y0, steps);
      const begin = performance.now();
      const { solution, gradients } = gradient(field, method, y0, steps);
      const milliseconds = performance.now() - begin;
      const peakBytes = Math.max(solution.stats.peakBytes.total, gradients.stats.peakBytes.total);
      return { method: method.name, steps, peakBytes, milliseconds };
    }),
  );
}

function draw(rows: readonly Growth[], of: (row: Growth) => number, title: string, yLabel: string): string {
  const names = [...new Set(rows.map(({ method }) => method))];
  const series = names.map((label) => {
    const own = rows.filter(({ method }) => method === label);
    return { label, x: own.map(({ steps }) => steps), y: own.map(of), style: "line" as const };
  });
  return String(chart({ series, title, xLabel: "steps", yLabel, xScale: "log", yScale: "log" }));
}

/** Every adjoint beside the others. */
async function compareAdjoints(): Promise<object> {
  console.log(
    `Forward solve and pullback of MLP fields 2 → width → width → 2, tanh, t 0…1, rtol ${TOLERANCES.rtol}, atol ${TOLERANCES.atol}.\n` +
      "Times in float32, shortest of interleaved samples; counts, bytes and errors in float64, against the ODE's own gradient.\n",
  );
  const rows: Row[] = [];
  for (const size of sizesOf(QUICK)) {
    const own = await compare(size);
    rows.push(...own);
    printTable(
      `width ${size.width}, batch ${size.batch}`,
      ["adjoint", "time", "steps", "evaluations", "VJPs", "peak kB", "error"],
      own.map(({ method, nanoseconds, steps, evaluations, vjps, peakBytes, error }) => [
        method,
        duration(nanoseconds),
        String(steps),
        String(evaluations),
        String(vjps),
        number(peakBytes / 1000),
        error.toExponential(1),
      ]),
    );
  }
  const grown = growth();
  printTable(
    "Peak kB against the number of fixed steps (width 16, batch 4)",
    ["adjoint", ...STEP_COUNTS.map(String)],
    [...new Set(grown.map(({ method }) => method))].map((name) => [
      name,
      ...grown.filter(({ method }) => method === name).map(({ peakBytes }) => number(peakBytes / 1000)),
    ]),
  );
  writeOut(
    "bench-gradients-memory.svg",
    draw(grown, ({ peakBytes }) => peakBytes / 1000, "Memory of a gradient", "peak kB"),
  );
  writeOut(
    "bench-gradients-time.svg",
    draw(grown, ({ milliseconds }) => milliseconds, "Time of a gradient", "ms"),
  );
  return { rows, growth: grown };
}

printMachine();
const adjoints = process.argv.includes("--unrolled") ? {} : await compareAdjoints();
const unrolled = await compareUnrolled(QUICK);
printVerdicts(unrolled.verdicts);
writeJson("bench-gradients.json", { ...adjoints, unrolled: unrolled.rows, verdicts: unrolled.verdicts });
