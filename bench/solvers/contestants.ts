// Who competes: each has a name, a ladder of settings from coarse to fine, and makes a solver of one problem at one rung.

import { bosh3, cashKarp, dop853, dopri5, rk4, type Solver, solve, stabilized6, tsit5, vern7, vern9 } from "odegrad";
import type { Native } from "../native.ts";
import { type Contestant, contestant, copyOf } from "../sampling.ts";
import type { Peers } from "./peers.ts";
import type { Field, Problem } from "./problems.ts";

export type Family = "odegrad" | "js" | "native";

/** A solver ready to run, and the final state that it computes. */
export interface Entry {
  readonly timed: Contestant;
  finalState(): ArrayLike<number> | Promise<ArrayLike<number>>;
}

export interface Entrant {
  readonly name: string;
  readonly family: Family;
  /** The same for entrants that run the same method. */
  readonly method: string;
  /** Tolerances, or step sizes of methods without error control. */
  readonly ladder: (problem: Problem) => number[];
  readonly enter: (problem: Problem, rung: number) => Entry;
}

export const tolerances = (): number[] => Array.from({ length: 23 }, (_, i) => 10 ** -(2 + i / 2));
/** Steps of equal size, as many as twice the rung before. */
const stepSizes = ({ start, end }: Problem): number[] =>
  Array.from({ length: 16 }, (_, i) => (end - start) / (64 * 2 ** i));

const MAX_STEPS = 1_000_000;

/** An entry from a function of this process that solves once and returns the final state. */
function entry(name: string, run: () => ArrayLike<number>): Entry {
  return { timed: contestant(name, run), finalState: run };
}

function odegradEntrant(solver: Solver, name = solver.name): Entrant {
  const fixed = !solver.adaptive;
  return {
    name: `odegrad ${name}`,
    family: "odegrad",
    method: name,
    ladder: fixed ? stepSizes : tolerances,
    enter(problem, rung) {
      const field = copyOf(problem.field) as (t: number, y: Float64Array, dy: Float64Array) => void;
      const control = fixed ? { stepSize: rung } : { rtol: rung, atol: rung };
      const options = { y0: problem.y0, ts: [problem.start, problem.end], solver, maxSteps: MAX_STEPS, ...control };
      const n = problem.y0.length;
      return entry(this.name, () => solve(field, options).ys.subarray(n));
    },
  };
}

/** For solvers that want the derivative as a new array. */
function returning(field: Field, n: number): (t: number, y: number[]) => number[] {
  const own = copyOf(field);
  return (t, y) => {
    const dy: number[] = new Array(n);
    own(t, y, dy);
    return dy;
  };
}

/** The same for solvers that copy what they get at once, and so can be given one array again and again. */
function returningOne(field: Field, n: number): (t: number, y: number[]) => number[] {
  const own = copyOf(field);
  const dy: number[] = new Array(n).fill(0);
  return (t, y) => {
    own(t, y, dy);
    return dy;
  };
}

type Solve = (problem: Problem, rung: number) => () => ArrayLike<number>;

function peer(name: string, method: string, make: Solve, ladder: Entrant["ladder"] = tolerances): Entrant {
  return { name, family: "js", method, ladder, enter: (problem, rung) => entry(name, make(problem, rung)) };
}

/** Cash–Karp wants a first step; it grows tenfold a step, so a small one costs little. */
const FIRST_STEP = 1e-4;

function peerEntrants({ odex2, odex3, cashKarp45, rungeKutta4, numeric, mathjs }: Peers): Entrant[] {
  return [
    peer("odex 2", "extrapolation", ({ field, y0, start, end }, tolerance) => {
      const f = returningOne(field, y0.length);
      return () => {
        const solver = new odex2.Solver(y0.length);
        solver.relativeTolerance = tolerance;
        solver.absoluteTolerance = tolerance;
        solver.maxSteps = MAX_STEPS;
        return solver.solve(f, start, [...y0], end).y;
      };
    }),
    peer("odex 3 rc", "extrapolation", ({ field, y0, start, end }, tolerance) => {
      const f = copyOf(field);
      const options = {
        relativeTolerance: tolerance,
        absoluteTolerance: tolerance,
        maxSteps: MAX_STEPS,
        denseOutput: false,
        rawFunction: true,
      };
      return () => new odex3.Solver(f, y0.length, options).solve(start, [...y0], end).y;
    }),
    peer("ode45-cash-karp", "cashKarp", ({ field, y0, start, end }, tolerance) => {
      const own = copyOf(field);
      const f = (dy: Float64Array, y: Float64Array, t: number): void => own(t, y, dy);
      return () => {
        const integrator = cashKarp45(Float64Array.from(y0), f, start, FIRST_STEP, { tol: tolerance, verbose: false });
        while (integrator.step(end));
        return integrator.y;
      };
    }),
    peer(
      "ode-rk4",
      "rk4",
      ({ field, y0, start, end }, step) => {
        const own = copyOf(field);
        const f = (dy: Float64Array, y: Float64Array, t: number): void => own(t, y, dy);
        return () => rungeKutta4(Float64Array.from(y0), f, start, step).steps(Math.round((end - start) / step)).y;
      },
      stepSizes,
    ),
    peer("numeric dopri", "dopri5", ({ field, y0, start, end }, tolerance) => {
      const f = returning(field, y0.length);
      return () => numeric.dopri(start, end, [...y0], f, tolerance, MAX_STEPS).y.at(-1)!;
    }),
    // Its own limit of steps, 10 000, and fewer of large systems: each takes milliseconds, and where it rejects, it may do so
    // for ever.
    peer("mathjs RK45", "dopri5", ({ field, y0, start, end }, tolerance) => {
      const f = returning(field, y0.length);
      return () =>
        mathjs
          .solveODE(f, [start, end], [...y0], { tol: tolerance, maxIter: Math.min(10_000, 1e6 / y0.length) })
          .y.at(-1)!;
    }),
  ];
}

function nativeEntrant(native: Native, method: string): Entrant {
  return {
    name: `C++ ${method}`,
    family: "native",
    method,
    ladder: tolerances,
    enter({ name, y0, start, end }, tolerance) {
      const ask = (iterations: number): Promise<number[]> =>
        native.ask(name, method, tolerance, start, end, ...y0, iterations);
      const timed = { name: this.name, sample: async (iterations: number) => (await ask(iterations))[0]! };
      return { timed, finalState: async () => (await ask(1)).slice(4) };
    },
  };
}

export function odegradEntrants(): Entrant[] {
  const own = [bosh3, dopri5, tsit5, dop853, vern7, vern9, stabilized6, rk4].map((solver) => odegradEntrant(solver));
  return [...own, odegradEntrant(cashKarp, "cashKarp")];
}

export function entrants(peers: Peers, native: Native | undefined): Entrant[] {
  const compiled = native ? ["dopri5", "dop853"].map((method) => nativeEntrant(native, method)) : [];
  return [...odegradEntrants(), ...peerEntrants(peers), ...compiled];
}
