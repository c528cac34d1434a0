// Every Runge–Kutta solver of the library: tests that hold for all of them take them from here.
import {
  bosh3,
  cashKarp,
  dop853,
  dopri5,
  euler,
  fehlberg45,
  heun,
  midpoint,
  ralston,
  rk4,
  rk38,
  type Solver,
  stabilized6,
  type Tableau,
  tsit5,
  vern7,
  vern9,
} from "../../ts/index.ts";

export const SOLVERS: readonly Solver[] = [
  euler,
  midpoint,
  heun,
  ralston,
  bosh3,
  rk4,
  rk38,
  fehlberg45,
  cashKarp,
  dopri5,
  tsit5,
  vern7,
  dop853,
  vern9,
  stabilized6,
];
export const byName: [string, Solver][] = SOLVERS.map((solver) => [solver.name, solver]);
export const adaptiveByName: [string, Solver][] = byName.filter(([, { adaptive }]) => adaptive);

/** b̂ = b − error. */
export const embeddedWeights = ({ b, error }: Tableau): number[] => b.map((bi, i) => bi - (error![i] ?? 0));
