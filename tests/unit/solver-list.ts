// Every Runge–Kutta solver that the library exports: tests that hold for all of them take them from here.

import type { Solver, Tableau } from "../../ts/index.ts";
import * as library from "../../ts/index.ts";

export const SOLVERS: readonly Solver[] = Object.values(library).filter((value): value is Solver => "tableau" in value);
export const byName: [string, Solver][] = SOLVERS.map((solver) => [solver.name, solver]);
export const adaptiveByName: [string, Solver][] = byName.filter(([, { adaptive }]) => adaptive);

/** b̂ = b − error. */
export const embeddedWeights = ({ b, error }: Tableau): number[] => b.map((bi, i) => bi - (error![i] ?? 0));
