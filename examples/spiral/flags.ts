// The flags of the example: what they mean, what they may be, and errors that say so.
import { parseArgs } from "node:util";
import { bosh3, dopri5, euler, heun, midpoint, ralston, rk4, rk38, type Solver, tsit5 } from "odegrad";
import { TRAJECTORIES } from "./observations.ts";
import type { Settings } from "./training.ts";

const SOLVERS: Readonly<Record<string, Solver>> = {
  euler,
  midpoint,
  heun,
  ralston,
  bosh3,
  rk4,
  rk38,
  dopri5,
  tsit5,
};

/** What to do, and where to put the picture. */
export interface Command {
  readonly settings: Settings;
  readonly picture: string;
}

/** A mistake of whoever typed the flags: its message is all there is to show. */
export class UsageError extends Error {}

interface Flag {
  readonly byDefault: string;
  readonly placeholder: string;
  readonly meaning: string;
}

const FLAGS = {
  steps: { byDefault: "2000", placeholder: "N", meaning: "training steps" },
  seed: { byDefault: "0", placeholder: "N", meaning: "of the observations, the network and the mini-batches" },
  width: { byDefault: "64", placeholder: "N", meaning: "neurons in each of the two hidden layers" },
  batch: { byDefault: "16", placeholder: "N", meaning: `trajectories in a mini-batch, up to ${TRAJECTORIES.train}` },
  "learning-rate": { byDefault: "0.01", placeholder: "X", meaning: "of Adam, at the start" },
  solver: { byDefault: "tsit5", placeholder: "NAME", meaning: Object.keys(SOLVERS).join(", ") },
  rtol: {
    byDefault: "1e-3",
    placeholder: "X",
    meaning: "relative tolerance of an adaptive solver; a tenth is absolute",
  },
  "step-size": { byDefault: "0.05", placeholder: "X", meaning: "step of a solver that cannot choose its own" },
  out: { byDefault: "out/spiral.svg", placeholder: "FILE", meaning: "where the picture goes" },
} as const satisfies Record<string, Flag>;

type Name = keyof typeof FLAGS;
const NAMES = Object.keys(FLAGS) as Name[];

export function usage(): string {
  const lines = NAMES.map((name) => {
    const { placeholder, meaning, byDefault }: Flag = FLAGS[name];
    return `  ${`--${name} ${placeholder}`.padEnd(20)}${meaning} (${byDefault})`;
  });
  return [
    "Trains a neural ODE on noisy spirals and draws what it has learned.",
    "",
    "npm start -- [flags]",
    "",
    ...lines,
    `  ${"--help".padEnd(20)}this text`,
  ].join("\n");
}

function texts(args: readonly string[]): Record<Name, string> | "help" {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
  };
  for (const name of NAMES) options[name] = { type: "string" };
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args: [...args], options, allowPositionals: false }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return "help";
  return Object.fromEntries(NAMES.map((name) => [name, values[name] ?? FLAGS[name].byDefault])) as Record<Name, string>;
}

/** Reads the flags; `"help"` where they ask for it. Throws `UsageError`. */
export function readFlags(args: readonly string[]): Command | "help" {
  const given = texts(args);
  if (given === "help") return given;
  const refuse = (name: Name, allowed: string) =>
    new UsageError(`--${name} is ${JSON.stringify(given[name])}; allowed: ${allowed}`);
  const whole = (name: Name, least: number, most: number): number => {
    const value = Number(given[name]);
    if (given[name].trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw refuse(name, `a whole number from ${least} to ${most}`);
  };
  const positive = (name: Name, most: number): number => {
    const value = Number(given[name]);
    if (value > 0 && value <= most) return value;
    throw refuse(name, `a number above 0, at most ${most}`);
  };
  if (!Object.hasOwn(SOLVERS, given.solver)) throw refuse("solver", Object.keys(SOLVERS).join(", "));
  if (given.out.trim() === "") throw refuse("out", "the path of a file");
  const settings: Settings = {
    steps: whole("steps", 1, 1_000_000),
    seed: whole("seed", 0, 2 ** 31 - 1),
    width: whole("width", 1, 1024),
    batch: whole("batch", 1, TRAJECTORIES.train),
    learningRate: positive("learning-rate", 1),
    solver: SOLVERS[given.solver],
    rtol: positive("rtol", 0.1),
    stepSize: positive("step-size", 1),
  };
  return { settings, picture: given.out };
}
