// npm run bench solvers: work–precision of odegrad, of JavaScript peers and of native C++ on initial value problems.
// Everyone solves with the same field from start to end, and nothing but the final state is asked for. Tolerances mean
// different things in different packages, so contestants are compared by the time they need for an error they reach.
import { parseArgs } from "node:util";
import { chart } from "odegrad/plot";
import { compileNative, Native } from "../native.ts";
import { duration, printMachine, printTable, printVerdicts, writeJson, writeOut } from "../report.ts";
import { entrants } from "./contestants.ts";
import { timeToReach } from "./curve.ts";
import { type Curve, type Limits, measure } from "./measure.ts";
import { loadPeers } from "./peers.ts";
import { type Problem, problems } from "./problems.ts";
import { crossCheck, makeReferences, references } from "./references.ts";
import { writeTableaus } from "./tableaus.ts";
import { type Result, verdictsOf } from "./verdicts.ts";

const HELP = `npm run bench solvers [-- FLAGS]
  --quick         fewer samples
  --rounds N      so many samples of each contestant, 15 by default: more on a machine that is not quiet
  --who NAME,…    contestants whose name contains one of these
  --only NAME     problems whose name contains NAME: ${problems.map(({ name }) => name).join(", ")}
  --references    make bench/solvers/references.json anew`;

const ERRORS = [1e-4, 1e-6, 1e-9];

function printCurves({ title }: Problem, curves: readonly Curve[]): void {
  const rows = curves.map(({ name, points }) => [
    name,
    ...ERRORS.map((error) => duration(timeToReach(points, error))),
    points.length > 0 ? Math.min(...points.map(({ error }) => error)).toExponential(0) : "–",
  ]);
  printTable(`${title}: time to reach a relative error`, ["", ...ERRORS.map(String), "least error"], rows);
}

function plotCurves({ name, title }: Problem, curves: readonly Curve[]): void {
  const shown = curves.filter(({ points }) => points.length > 1);
  const picture = chart({
    title: `${title}: work and precision`,
    xLabel: "relative error at the end",
    yLabel: "milliseconds",
    xScale: "log",
    yScale: "log",
    width: 860,
    height: 560,
    series: shown.map(({ name: label, points }) => ({
      label,
      x: points.map(({ error }) => Math.max(error, 1e-16)),
      y: points.map(({ time }) => time / 1e6),
    })),
  });
  writeOut(`bench-solvers-${name}.svg`, String(picture));
}

async function run(only: string | undefined, who: readonly string[], limits: Limits): Promise<void> {
  printMachine();
  const peers = loadPeers();
  const build = compileNative("solvers", `-I${writeTableaus()}`);
  const native = build && new Native(build.program);
  const known = references();
  const competing = entrants(peers, native).filter(({ name }) => who.some((part) => name.includes(part)));
  const results: Result[] = [];
  for (const problem of problems) {
    if (only && !problem.name.includes(only)) continue;
    const reference = known[problem.name]!;
    console.log(
      `${problem.title}: vern9 at tolerance 1e-13 differs from the reference by ${crossCheck(problem).toExponential(1)}`,
    );
    const curves = await measure(problem, competing, reference, limits);
    printCurves(problem, curves);
    plotCurves(problem, curves);
    console.log("");
    results.push({ problem, curves });
  }
  native?.close();
  const verdicts = verdictsOf(results);
  printVerdicts(verdicts);
  const curves = results.map(({ problem: { name, title, start, end, y0 }, curves }) => {
    return { name, title, start, end, dimension: y0.length, curves };
  });
  writeJson("bench-solvers.json", { native: build?.compiler, peers: peers.versions, verdicts, problems: curves });
}

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string", default: "15" },
    only: { type: "string" },
    who: { type: "string", default: "" },
    references: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (flags.help) console.log(HELP);
else if (flags.references) await makeReferences();
else {
  const rounds = flags.quick ? 3 : Number(flags.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds is ${flags.rounds}; allowed: an integer above 0`);
  await run(flags.only, flags.who.split(","), { rounds, milliseconds: 1, slowest: 300, finest: 1e-11 });
}
