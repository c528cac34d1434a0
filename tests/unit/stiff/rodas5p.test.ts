// rodas5P on stiff problems: errors and counts beside a Rodas5P in C++ with exact Jacobians.
import { describe, expect, it } from "vitest";
import { banded, rodas5P, solve } from "../../../ts/index.ts";
import { brusselator, hires, medicalAkzo, pollu, robertson, type StiffProblem, vanDerPol } from "./problems.ts";

const solved = ({ f, y0, end, atolOfRtol, stepTimes, band }: StiffProblem, rtol: number) =>
  solve(f, {
    y0,
    ts: [0, end],
    ...(stepTimes && { stepTimes }),
    ...(band && { sparsity: banded(band) }),
    solver: rodas5P,
    rtol,
    atol: rtol * atolOfRtol,
  });

describe.each([
  ["robertson", robertson, 3],
  ["hires", hires, 3],
  ["vanDerPol", vanDerPol, 3],
  ["pollu", pollu, 3],
  ["brusselator", brusselator, 3],
  ["medicalAkzo", medicalAkzo, 3],
] as const)("%s", (_, problem, tolerances) => {
  it.each(problem.measured.slice(0, tolerances))("at rtol $rtol", ({ rtol, error, accepted, f }) => {
    const { ys, stats } = solved(problem, rtol);
    const found = problem.error(ys.subarray(problem.y0.length));
    expect(found).toBeLessThan(3 * error);
    expect(stats.accepted).toBeLessThanOrEqual(1.1 * accepted + 3);
    expect(stats.evaluations - stats.differences!).toBeLessThanOrEqual(1.1 * f + 3);
  });
});
