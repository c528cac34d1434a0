// onStep: what it is told after each accepted step.
import { describe, expect, it } from "vitest";
import { type StepReport, solve } from "../../../ts/index.ts";
import { decay, mixed, mixedOptions } from "../problems.ts";
import { differences, last } from "./sequences.ts";

describe("onStep", () => {
  it("reports time, step, state and counts after each accepted step", () => {
    const reports: { t: number; h: number; y: number[]; accepted: number; evaluations: number }[] = [];
    const onStep = ({ t, h, y, stats }: StepReport): void => {
      reports.push({ t, h, y: [...y], accepted: stats.accepted, evaluations: stats.evaluations });
    };
    const solution = solve(mixed, { ...mixedOptions(), onStep });
    expect(reports.map(({ t }) => t)).toEqual([...solution.grid.slice(1)]);
    expect(reports.map(({ h }) => h)).toEqual(differences(solution.grid));
    expect(reports.map(({ accepted }) => accepted)).toEqual(reports.map((_, i) => i + 1));
    expect(last(reports.map(({ evaluations }) => evaluations))).toBe(solution.stats.evaluations);
    reports.slice(1).forEach(({ evaluations }, i) => expect(evaluations).toBeGreaterThan(reports[i]!.evaluations));
    // With the same grid, every report's state is the solution at its time.
    const everyStep = solve(mixed, { ...mixedOptions(), ts: solution.grid, grid: solution.grid });
    expect(reports.flatMap(({ y }) => y)).toEqual([...everyStep.ys.slice(3)]);
  });

  it("is told of the step that an event ends the solve with, with the state before its effect", () => {
    const reports: { t: number; y: number[] }[] = [];
    const effect = (_t: number, y: { [i: number]: number }): void => {
      y[0] = 9;
    };
    const root = (_t: number, y: ArrayLike<number>): number => y[0]! - 0.5;
    const onStep = ({ t, y }: StepReport): void => void reports.push({ t, y: [...y] });
    const solution = solve(decay, { y0: [1], ts: [0, 5], events: [{ root, effect, terminal: true }], onStep });
    expect(reports.map(({ t }) => t)).toEqual([...solution.grid.slice(1)]);
    expect(reports.at(-1)).toEqual({ t: solution.ts[1], y: [...solution.ys.slice(1)] });
  });

  it("is told alike where steps are written out, and where they are watched", () => {
    const times = (more: object): number[] => {
      const all: number[] = [];
      solve(decay, { y0: [1, 2], ts: [0, 5], ...more, onStep: ({ t, y }) => void all.push(t, ...y) });
      return all;
    };
    expect(times({})).toEqual(times({ dense: true }));
    expect(times({ maxSteps: 40 })).toEqual(times({ accept: () => true }));
  });

  it("has negative steps where time decreases", () => {
    const steps: number[] = [];
    solve(decay, { y0: [1], ts: [2, 0], onStep: ({ h }) => void steps.push(h) });
    expect(steps.every((h) => h < 0)).toBe(true);
  });
});
