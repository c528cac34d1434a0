// The JavaScript peers, from a package of their own beside this file, so that nobody else has to install them.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { installPeers } from "../install-peers.ts";

type Returning = (t: number, y: number[]) => number[];
type Filling = (dy: Float64Array, y: Float64Array, t: number) => void;

interface Odex2 {
  Solver: new (
    n: number,
  ) => {
    relativeTolerance: number;
    absoluteTolerance: number;
    maxSteps: number;
    solve(f: Returning, start: number, y0: number[], end: number): { y: number[] };
  };
}
interface Odex3 {
  Solver: new (
    f: (t: number, y: number[], dy: number[]) => void,
    n: number,
    options: object,
  ) => {
    solve(start: number, y0: number[], end: number): { y: number[] };
  };
}
type CashKarp = (
  y0: Float64Array,
  f: Filling,
  t: number,
  dt: number,
  options: object,
) => { y: Float64Array; step(end: number): boolean };
type RungeKutta4 = (
  y0: Float64Array,
  f: Filling,
  t: number,
  dt: number,
) => { steps(count: number): { y: Float64Array } };
interface Numeric {
  dopri(start: number, end: number, y0: number[], f: Returning, tolerance: number, maxSteps: number): { y: number[][] };
}
interface Mathjs {
  solveODE(f: Returning, span: number[], y0: number[], options: object): { t: number[]; y: number[][] };
}

export interface Peers {
  readonly odex2: Odex2;
  readonly odex3: Odex3;
  readonly cashKarp45: CashKarp;
  readonly rungeKutta4: RungeKutta4;
  readonly numeric: Numeric;
  readonly mathjs: Mathjs;
  /** Names and versions. */
  readonly versions: Record<string, string>;
}

const FOLDER = resolve("bench/solvers");

/** Loads the peers, after installing them where they are missing. */
export function loadPeers(): Peers {
  const dependencies = installPeers(FOLDER);
  const require = createRequire(`${FOLDER}/package.json`);
  const { create, solveODEDependencies } = require("mathjs");
  return {
    odex2: require("odex"),
    odex3: require("odex-next"),
    cashKarp45: require("ode45-cash-karp"),
    rungeKutta4: require("ode-rk4"),
    numeric: require("numeric"),
    mathjs: create(solveODEDependencies, {}),
    versions: dependencies,
  };
}
