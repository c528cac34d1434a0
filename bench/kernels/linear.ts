// Cases of the linear systems: a factorization with one solve, a solve, and a solve with the transpose.
import { LINEAR } from "../../ts/linear/kernels.ts";
import { copyOf } from "../sampling.ts";
import { type Case, type Field, JS } from "./case.ts";
import { Entrants } from "./entrants.ts";
import { filled } from "./inputs.ts";
import * as plain from "./plain-linear.ts";

/** W = I − SCALE · J needs rows exchanged. */
const SCALE = 3;

export const LINEAR_KERNELS = ["LU factor + solve", "LU solve", "LU transposed solve"] as const;

/** One of them for n unknowns, in float64. */
export function linearCase(field: Field, kernel: (typeof LINEAR_KERNELS)[number], n: number): Case {
  const entrants = new Entrants();
  const right = filled("float64", n, 1) as Float64Array;
  for (const build of field.builds) {
    build.reset();
    const kernels = LINEAR.on(build.memory);
    const [J, lu] = [build.vector("float64", n * n, 0), build.vector("float64", n * n)];
    const [pivots, x] = [build.vector("float32", n), build.vector("float64", n)];
    const factor = (): number => kernels.factor(lu.address, J.address, 0, pivots.address, n, 1, SCALE);
    const solve = kernel === "LU transposed solve" ? kernels.solveTransposed : kernels.solve;
    factor();
    const run = (): void => {
      if (kernel === "LU factor + solve") factor();
      x.view.set(right);
      solve(lu.address, pivots.address, x.address, n, 1);
    };
    entrants.add(build.name, run, x.view);
  }
  const [J, lu] = [filled("float64", n * n, 0) as Float64Array, new Float64Array(n * n)];
  const [pivots, x] = [new Int32Array(n), new Float64Array(n)];
  const factor = copyOf(plain.factor);
  const solve = copyOf(kernel === "LU transposed solve" ? plain.solveTransposed : plain.solve);
  factor(lu, J, pivots, n, SCALE);
  const run = (): void => {
    if (kernel === "LU factor + solve") factor(lu, J, pivots, n, SCALE);
    x.set(right);
    solve(lu, pivots, x, n);
  };
  entrants.add(JS, run, x);
  entrants.addNative(field, kernel.replaceAll(" ", ""), "float64", n);
  return entrants.case(n);
}
