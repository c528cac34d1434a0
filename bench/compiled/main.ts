// npm run bench compiled [-- --quick]: equations compiled against the same functions passed bare, with their VJPs written by
// hand in JavaScript. Contestants take turns; ratios are of the shortest samples.
import { parseArgs } from "node:util";
import { duration, printMachine, printTable, printVerdicts, times, type Verdict, writeJson } from "../report.ts";
import type { SamplingOptions } from "../sampling.ts";
import { coldStarts } from "./cold.ts";
import { type Evaluations, evaluations } from "./evaluations.ts";
import { problems } from "./problems.ts";
import { type Solves, solves } from "./solves.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const sampling: SamplingOptions = flags.quick ? { rounds: 31, milliseconds: 2 } : { rounds: 151, milliseconds: 4 };

printMachine();
const evaluated: Evaluations[] = [];
const solved: Solves[] = [];
for (const problem of problems) {
  evaluated.push(await evaluations(problem, sampling));
  solved.push(await solves(problem, sampling));
}
const cold = coldStarts(flags.quick ? 3 : 9);

printTable(
  "One evaluation",
  ["equation", "user's f", "f", "ratio", "user's VJP", "VJP", "ratio", "VJP / f", "JVP / f"],
  evaluated.map(({ problem, userF, userVjp, f, vjp, jvp }) => [
    problem,
    duration(userF),
    duration(f),
    times(f / userF),
    duration(userVjp),
    duration(vjp),
    times(vjp / userVjp),
    times(vjp / f),
    times(jvp / f),
  ]),
);
printTable(
  "The exact Jacobian",
  ["equation", "entries", "time", "in f", "JVPs by colours", "in Jacobians"],
  evaluated.map(({ problem, f, jvp, jacobian, entries, colours }) => [
    problem,
    String(entries),
    duration(jacobian),
    times(jacobian / f),
    String(colours),
    times((colours * jvp) / jacobian),
  ]),
);
printTable(
  "dopri5, a step",
  ["equation", "steps", "bare", "compiled", "ratio", "gradient, by hand", "compiled", "ratio"],
  solved.map(({ problem, steps, bare, solve, bareGradient, gradient }) => [
    problem,
    String(steps),
    duration(bare),
    duration(solve),
    times(solve / bare),
    duration(bareGradient),
    duration(gradient),
    times(gradient / bareGradient),
  ]),
);
printTable(
  "In a fresh process",
  ["equation", "first solve, bare", "compiling f and VJP", "ratio"],
  cold.map(({ problem, firstSolve, compile }) => [
    problem,
    duration(firstSolve * 1e6),
    duration(compile * 1e6),
    times(compile / firstSolve),
  ]),
);

const faster = (name: string, limit: number): Verdict => {
  const { problem, userF, f } = evaluated.find((own) => own.problem.includes(name))!;
  return { claim: `${problem}: f ≤ ${limit} of the user's`, figure: times(f / userF), holds: f <= limit * userF };
};
const verdicts: Verdict[] = [
  faster("Brusselator", 0.33),
  faster("50 species", 0.2),
  faster("bodies", 0.55),
  ...evaluated.map(({ problem, f, vjp }) => {
    const most = problem.startsWith("Lotka") ? 2.8 : problem.includes("bodies") ? 3 : 2.5;
    return { claim: `${problem}: VJP ≤ ${most} f`, figure: times(vjp / f), holds: vjp <= most * f };
  }),
  ...evaluated.map(({ problem, f, jvp }) => ({
    claim: `${problem}: JVP ≤ 2 f`,
    figure: times(jvp / f),
    holds: jvp <= 2 * f,
  })),
];
for (const name of ["Pleiades", "50 species"]) {
  const { problem, f, jvp, jacobian, colours } = evaluated.find((own) => own.problem.startsWith(name))!;
  const saved = (colours * jvp) / jacobian;
  verdicts.push({ claim: `${problem}: Jacobian ≤ 3 f`, figure: times(jacobian / f), holds: jacobian <= 3 * f });
  verdicts.push({ claim: `${problem}: ≥ 4 × cheaper than coloured JVPs`, figure: times(saved), holds: saved >= 4 });
}
const most = (name: string, kind: "solve" | "gradient", limit: number): void => {
  const { problem, bare, solve, bareGradient, gradient } = solved.find((own) => own.problem.startsWith(name))!;
  const figure = kind === "solve" ? solve / bare : gradient / bareGradient;
  verdicts.push({ claim: `${problem}: ${kind} ≤ ${limit} of bare`, figure: times(figure), holds: figure <= limit });
};
most("Lorenz", "solve", 0.85);
most("Brusselator", "solve", 0.65);
most("Brusselator", "gradient", 0.65);
most("50 species", "solve", 0.33);
most("50 species", "gradient", 0.5);
const [first, second] = cold;
for (const [{ problem, firstSolve, compile }, limit] of [
  [first!, 1],
  [second!, 4],
] as const)
  verdicts.push({
    claim: `${problem}: compiled within ${limit} × a first solve`,
    figure: times(compile / firstSolve),
    holds: compile <= limit * firstSolve,
  });
printVerdicts(verdicts);
writeJson("bench-compiled.json", { evaluated, solved, cold });
