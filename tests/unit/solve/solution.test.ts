// The solution that solve() returns: its arrays, counts and bytes, and what it is where options are left out.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { mlp, pid, type SolveOptions, solve, tsit5 } from "../../../ts/index.ts";
import { failureOf } from "../errors.ts";
import { decay, lorenz, mixed, mixedOptions, oscillator } from "../problems.ts";
import { byName } from "../solver-list.ts";
import { differences, last } from "./sequences.ts";

describe("the solution", () => {
  it("has ts, ys with the start's row, float64 for JavaScript fields, status and grid", () => {
    const y0 = [1, 0];
    const solution = solve(oscillator, { y0, ts: [0, 1, 2] });
    expect(solution.ts).toEqual(Float64Array.of(0, 1, 2));
    expect(solution.ys).toBeInstanceOf(Float64Array);
    expect(solution.ys).toHaveLength(6);
    expect([...solution.ys.slice(0, 2)]).toEqual(y0);
    expect(solution.status).toBe("done");
    expect(solution.error).toBeUndefined();
    expect(solution.grid).toBeInstanceOf(Float64Array);
    expect([solution.grid[0], last(solution.grid)]).toEqual([0, 2]);
    expect(solution.grid).toHaveLength(solution.stats.accepted + 1);
    expect(differences(solution.grid).every((h) => h > 0)).toBe(true);
  });

  it("accepts every kind of array, and does not keep the caller's", () => {
    const y0 = Float32Array.of(1, 0);
    const ts = Float64Array.of(0, 1);
    const solution = solve(oscillator, { y0, ts });
    const ys = solution.ys.slice();
    y0.fill(7);
    ts.fill(7);
    expect(solution.ys).toEqual(ys);
    expect([...solution.ts]).toEqual([0, 1]);
    expect(solve(oscillator, { y0: [1, 0], ts: [0, 1] }).ys).toEqual(ys);
    expect(solve(oscillator, { y0: Int8Array.of(1, 0), ts: [0, 1] }).ys).toEqual(ys);
  });

  it("is a copy that later solves of any size do not change", () => {
    const first = solve(mixed, { ...mixedOptions(40), adjoint: undefined as never });
    const { ys, grid, ts } = structuredClone({ ys: first.ys, grid: first.grid, ts: first.ts });
    for (const length of [1, 40, 1000, 3]) solve(mixed, mixedOptions(length));
    expect(first.ys).toEqual(ys);
    expect(first.grid).toEqual(grid);
    expect(first.ts).toEqual(ts);
  });

  it("counts every call of the field as an evaluation, and every attempted step", () => {
    for (const [, solver] of byName) {
      let calls = 0;
      const field = (t: number, y: Float64Array, dy: Float64Array): void => {
        calls++;
        lorenz(t, y, dy);
      };
      const { stats } = solve(field, {
        y0: [1, 1, 1],
        ts: [0, 0.5, 1],
        solver,
        rtol: 1e-4,
        atol: 1e-4,
        output: "land",
        ...(solver.adaptive ? {} : { stepSize: 0.01 }),
      });
      expect(stats.evaluations).toBe(calls);
      expect(stats.steps).toBe(stats.accepted + stats.rejected);
      const stages = solver.tableau!.b.length;
      const { a, b } = solver.tableau!;
      const fsal = stages > 1 && b.every((value, j) => value === (a[stages - 1]![j] ?? 0));
      // Two evaluations choose the first step, and the first of them is the first stage. A rejected step keeps its first
      // stage, and so does what follows an accepted one where the last stage is the next one's first.
      const perStep = solver.adaptive
        ? 1 + (fsal ? (stages - 1) * stats.steps + 1 : stages * stats.accepted + (stages - 1) * stats.rejected)
        : stages * stats.steps;
      expect(stats.evaluations).toBe(perStep);
    }
  });

  it("measures its bytes: the stages of the scheme, and everything together", () => {
    const { peakBytes } = solve(mixed, mixedOptions(1000)).stats;
    expect(peakBytes.checkpoints).toBe(0);
    expect(peakBytes.tape).toBe(0);
    expect(peakBytes.stages).toBeGreaterThanOrEqual(7 * 8000);
    expect(peakBytes.total).toBeGreaterThan(peakBytes.stages);
    expect(peakBytes.total).toBeLessThan(30 * 8000);
  });

  it("can be disposed of, which does nothing on the CPU", () => {
    const solution = solve(decay, { y0: [1], ts: [0, 1] });
    solution.dispose();
    solution[Symbol.dispose]();
    expect(solution.ys[1]).toBeCloseTo(Math.exp(-1), 5);
  });

  it("defaults to tsit5, rtol 1e-6, atol 1e-9, the rms norm and PI control 0.4, 0.3", () => {
    const spelled: SolveOptions = {
      ...mixedOptions(),
      solver: tsit5,
      rtol: 1e-6,
      atol: 1e-9,
      norm: "rms",
      controller: pid({ p: 0.4, i: 0.3, d: 0, safety: 0.9, minFactor: 0.2, maxFactor: 10 }),
      minStep: 0,
      maxStep: Number.POSITIVE_INFINITY,
      maxSteps: 100_000,
      onFailure: "throw",
    };
    const implied = solve(mixed, mixedOptions());
    expect(implied.ys).toEqual(solve(mixed, spelled).ys);
    expect(implied.grid).toEqual(solve(mixed, spelled).grid);
  });
});

describe("a solution's views", () => {
  const options = { y0: [1, 0], ts: [0, 1, 2.5] };
  const solution = solve(oscillator, options);

  it("are states by row and components by column, copied", () => {
    const { ys } = solution;
    expect(solution.state(1)).toEqual(ys.slice(2, 4));
    expect(solution.state(-1)).toEqual(ys.slice(4));
    expect(solution.component(0)).toEqual(Float64Array.of(ys[0]!, ys[2]!, ys[4]!));
    expect(solution.component(-1)).toEqual(Float64Array.of(ys[1]!, ys[3]!, ys[5]!));
    solution.state(0).fill(7);
    solution.component(0).fill(7);
    expect([...ys.slice(0, 2)]).toEqual([1, 0]);
    expect(solve(mlp({ layers: [2, 3, 2] }), options).component(1)).toBeInstanceOf(Float32Array);
  });

  it.each([3, -4, 0.5, Number.NaN, "1"])("refuse row %s", (i) => {
    expect(failureOf(() => solution.state(i as number)).message).toContain("an integer from -3 to 2");
    expect(failureOf(() => solution.component(i as number)).message).toContain("an integer from -2 to 1");
  });

  it("are one line in the console, and as text", () => {
    const line = `Solution (done): 3 × 2 numbers to t = 2.5, ${solution.stats.accepted} steps`;
    expect(String(solution)).toBe(line);
    expect(inspect(solution)).toBe(line);
    expect(inspect({ solution })).toContain(line);
  });

  it("are plain data, in JSON and as structured clones", () => {
    const events = [{ root: (_t: number, y: ArrayLike<number>) => y[0]!, effect: () => undefined }];
    const whole = solve(oscillator, { ...options, events, dense: true });
    const json = whole.toJSON();
    expect(JSON.parse(JSON.stringify(whole))).toEqual({ ...json, error: undefined });
    expect(json.ys).toEqual([...whole.ys]);
    expect(json.grid).toEqual([...whole.grid]);
    expect(json.events).toEqual([
      { index: 0, t: whole.events[0]!.t, y: [...whole.events[0]!.y], yAfter: [...whole.events[0]!.yAfter!] },
    ]);
    expect(json.stats).toEqual(whole.stats);
    expect(structuredClone(json)).toEqual(json);
    const clone = structuredClone(whole);
    expect(clone.ys).toEqual(whole.ys);
    expect(clone.status).toBe("done");
    expect(Object.keys(clone)).not.toContain("trajectory");
  });

  it("of a failure say why, and where it stood, so that another solve can go on", () => {
    const failed = solve(oscillator, { ...options, maxSteps: 12, onFailure: "return" });
    expect(failed.status).toBe("max-steps");
    expect(failed.toJSON().error).toMatchObject({ code: "max-steps", message: failed.error!.message, t: failed.t });
    expect(String(failed)).toContain(failed.error!.message);
    expect(failed.t).toBe(last(failed.grid));
    const { t, y, nextStep } = failed;
    expect(y[0]).toBeCloseTo(Math.cos(t), 4);
    const rest = solve(oscillator, { y0: y, ts: [t, 2.5], firstStep: nextStep });
    expect(rest.stats.firstStep).toBeCloseTo(nextStep, 12);
    expect(rest.y[0]).toBeCloseTo(Math.cos(2.5), 4);
  });

  it("of a solve that came to its end are its last output", () => {
    expect(solution.t).toBe(2.5);
    expect(solution.y).toEqual(solution.state(-1));
    expect(solution.nextStep).toBeGreaterThan(0);
    expect(solve(oscillator, { ...options, stepSize: 0.1 }).nextStep).toBeNaN();
    const stopped = solve(oscillator, { ...options, events: [{ root: (_t, y) => y[0]!, terminal: true }] });
    expect(stopped.t).toBe(last(stopped.ts));
    expect(stopped.y).toEqual(stopped.state(-1));
  });
});
