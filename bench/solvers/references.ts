// Reference solutions: references.json. Those of few unknowns are made by bench/native/references.cpp in 128-bit arithmetic;
// the Brusselator's, too much work for that, comes from a 7(8)-order method in 80-bit arithmetic.
import { readFileSync, writeFileSync } from "node:fs";
import { solve, vern9 } from "odegrad";
import { compileNative, Native } from "../native.ts";
import { relativeError } from "./curve.ts";
import { type Problem, problems } from "./problems.ts";

const FILE = "bench/solvers/references.json";
const TOLERANCES = [1e-21, 1e-23];
const LARGE = 1000;

type References = Record<string, number[]>;

export const references = (): References => JSON.parse(readFileSync(FILE, "utf8")).solutions;

/** Makes the 128-bit ones anew; each is computed with two tolerances, which must agree, and the others are kept. */
export async function makeReferences(): Promise<void> {
  const build = compileNative("references", "-lquadmath");
  if (!build) throw new Error("references need a C++ compiler with 128-bit floating point");
  const native = new Native(build.program);
  const { about, solutions, selfErrors } = JSON.parse(readFileSync(FILE, "utf8"));
  for (const { name, y0, start, end } of problems.filter((problem) => problem.y0.length < LARGE)) {
    const runs: number[][] = [];
    for (const tolerance of TOLERANCES) runs.push(await native.ask(name, tolerance, start, end, ...y0));
    solutions[name] = runs[1]!;
    selfErrors[name] = relativeError(runs[0]!, runs[1]!);
    console.log(`${name}: two tolerances differ by ${selfErrors[name]}`);
  }
  native.close();
  writeFileSync(FILE, `${JSON.stringify({ about, selfErrors, solutions })}\n`);
}

/** How far another method in double precision, vern9 at its finest, is from the reference. */
export function crossCheck({ name, field, y0, start, end }: Problem): number {
  const options = { y0, ts: [start, end], solver: vern9, rtol: 1e-13, atol: 1e-13, maxSteps: 1_000_000 };
  return relativeError(
    solve(field as (t: number, y: Float64Array, dy: Float64Array) => void, options).ys.subarray(y0.length),
    references()[name]!,
  );
}
