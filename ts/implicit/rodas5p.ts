// The solver value of Rodas5P.
import type { ImplicitSolver } from "../problem/implicit.ts";
import { rodas5PTableau } from "../solvers/implicit/rodas5p.ts";
import { rosenbrock } from "../solvers/implicit/rosenbrock.ts";
import { implicitSolver } from "./equations.ts";

/** Rodas5P (Steinebach 2023), order 5(4): the default advice for stiff problems at tolerances from 1e-2 to 1e-7. */
export const rodas5P: ImplicitSolver = /* @__PURE__ */ implicitSolver(/* @__PURE__ */ rosenbrock(rodas5PTableau));
