// odegrad solve FILE: solves what a file describes, and prints the states as CSV or JSON.
import * as odegrad from "../index.ts";
import { type Command, type Given, UsageError } from "./command.ts";
import { type GivenParams, readProblem } from "./problem-file.ts";

function numberOf(option: string, text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new UsageError(`--${option}: ${JSON.stringify(text)} is no number`);
  return value;
}

const numbersOf = (option: string, text: string): number[] => text.split(",").map((part) => numberOf(option, part));

/** "k=2,m=1" by name, or "2,1" in order. */
function paramsOf(text: string): GivenParams {
  if (!text.includes("=")) return numbersOf("params", text);
  const pairs = text.split(",").map((part) => {
    const [name = "", value = ""] = part.split("=");
    return [name.trim(), numberOf("params", value)] as const;
  });
  return Object.fromEntries(pairs);
}

/** The solver of this name, as odegrad exports it. */
function solverNamed(name: string): odegrad.Solver {
  const solvers = Object.entries(odegrad).filter(([, value]) => typeof value === "object" && "scheme" in value);
  const found = solvers.find(([exported]) => exported === name);
  if (!found) throw new UsageError(`--solver: there is no ${name}; there are ${solvers.map(([of]) => of).join(", ")}`);
  return found[1] as odegrad.Solver;
}

/** `count` times from the first to the last of these, both among them. */
function evenly(ts: ArrayLike<number>, count: number): number[] {
  if (!(Number.isInteger(count) && count >= 2)) throw new UsageError("--points: at least 2");
  const [first, last] = [ts[0]!, ts[ts.length - 1]!];
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : first + ((last - first) * i) / (count - 1)));
}

/** The options of `odegrad.solve` that the command line gives. */
function optionsOf({ values }: Given): Partial<odegrad.SolveOptions> {
  const text = (name: string): string | undefined => values[name] as string | undefined;
  const { y0, ts, rtol, atol, solver } = {
    y0: text("y0"),
    ts: text("ts"),
    rtol: text("rtol"),
    atol: text("atol"),
    solver: text("solver"),
  };
  return {
    ...(y0 !== undefined && { y0: numbersOf("y0", y0) }),
    ...(ts !== undefined && { ts: numbersOf("ts", ts) }),
    ...(rtol !== undefined && { rtol: numberOf("rtol", rtol) }),
    ...(atol !== undefined && { atol: numberOf("atol", atol) }),
    ...(solver !== undefined && { solver: solverNamed(solver) }),
  };
}

const isTimes = (ts: unknown): ts is ArrayLike<number> => Array.isArray(ts) || ArrayBuffer.isView(ts);

export const solve: Command = {
  summary: "solves the problem in FILE and prints its states as CSV",
  positionals: ["FILE"],
  options: {
    y0: { type: "string", value: "1,0", help: "the initial state" },
    ts: { type: "string", value: "0,10", help: "the times of output, the start first" },
    points: { type: "string", value: "N", help: "N times of output from the first of them to the last" },
    params: { type: "string", value: "k=2,m=1", help: "parameters by name, or in order: 2,1" },
    rtol: { type: "string", value: "1e-6", help: "the relative tolerance" },
    atol: { type: "string", value: "1e-9", help: "the absolute tolerance" },
    solver: { type: "string", value: "tsit5", help: "the solver" },
  },
  details: [
    "FILE is a module whose default export is { field, y0, ts, … }, the options of odegrad's solve, or a text of",
    "equations in the language of odegrad/compiled, a function or only its statements:",
    "",
    "  (t, [x, v], dy, { k }) => { dy[0] = v; dy[1] = -k * x; }",
    "  dy[0] = y[1]; dy[1] = -k * y[0];",
    "",
    "The JSON is { status, ts, ys, stats }, ys one state after the other. Where a solve fails, what was reached is printed.",
  ].join("\n"),
  async run(given) {
    const { values, positionals } = given;
    const params = values.params === undefined ? undefined : paramsOf(values.params as string);
    const options = optionsOf(given);
    const { field, ...rest } = await readProblem(positionals[0]!, params);
    const problem = { ...rest, ...options } as { y0?: unknown; ts?: unknown };
    for (const name of ["y0", "ts"] as const) {
      if (problem[name] === undefined) throw new UsageError(`--${name}: neither the file nor the command line has it`);
    }
    if (values.points !== undefined && isTimes(problem.ts))
      problem.ts = evenly(problem.ts, numberOf("points", values.points as string));
    const asked = { ...problem, onFailure: "return" } as odegrad.SolveOptions;
    const { status, ts, ys, stats, error } = await odegrad.solve(field as odegrad.Field, asked);
    const dim = ys.length / ts.length;
    const rows = Array.from(ts, (t, i) => [t, ...ys.subarray(i * dim, (i + 1) * dim)].join(","));
    if (error) console.error(error.message);
    return {
      ok: error === undefined,
      result: { status, ts: Array.from(ts), ys: Array.from(ys), stats },
      lines: values.json ? [] : [["t", ...Array.from({ length: dim }, (_, i) => `y${i}`)].join(","), ...rows],
    };
  },
};
