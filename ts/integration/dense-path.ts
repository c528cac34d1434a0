// The steps of a solve, kept for `solution.at(t)`.

import type { FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { Problem } from "../problem/problem.ts";
import type { PlacedScheme, Program } from "../program/program.ts";
import { denseWeights } from "../solvers/dense-weights.ts";
import type { Dense } from "../solvers/scheme.ts";
import type { HostArithmetic, HostRows } from "../vectors/arithmetic.ts";

/** The steps of a solve with their derivatives. */
export class DensePath {
  private readonly problem: Problem;
  private readonly dense: Dense;
  private readonly denseSlots: PlacedScheme["denseSlots"];
  private readonly states: HostRows;
  private readonly derivatives: HostRows;
  private readonly placed: PlacedScheme;
  private readonly host: HostArithmetic;
  private grid: Float64Array = new Float64Array(0);
  private last: FloatArray = new Float64Array(0);

  constructor(problem: Problem, placed: PlacedScheme, host: HostArithmetic) {
    this.problem = problem;
    this.placed = placed;
    this.host = host;
    this.dense = placed.scheme.dense!;
    this.denseSlots = placed.denseSlots;
    this.states = host.rows(problem.y0.length);
    this.derivatives = host.rows(placed.derivatives.length);
  }

  get bytes(): number {
    return this.states.bytes + this.derivatives.bytes;
  }

  accept(program: Program): void {
    this.states.push(program.start[0]!);
    this.derivatives.push(this.placed.derivatives);
  }

  /** Called at the end of the solve, with the program that would have come next. */
  finish(grid: Float64Array, next: Program): void {
    this.grid = grid;
    this.last = this.host.view(next.start[0]!).slice();
  }

  at(t: number): FloatArray {
    const { grid, problem } = this;
    const { direction } = problem;
    const steps = grid.length - 1;
    const end = grid[steps]!;
    if (!((t - grid[0]!) * direction >= 0 && (end - t) * direction >= 0)) {
      throw invalid("t", t, `a time between ${grid[0]} and ${end}`);
    }
    if (t === end) return this.last.slice();
    let n = 0;
    for (let high = steps; high - n > 1; ) {
      const middle = (n + high) >> 1;
      if ((t - grid[middle]!) * direction >= 0) n = middle;
      else high = middle;
    }
    const { length } = problem.y0;
    const y = this.states.row(n).view.slice();
    if (t === grid[n]) return y;
    const { view: ks } = this.derivatives.row(n);
    const h = grid[n + 1]! - grid[n]!;
    const weights = new Float64Array(this.dense.ks.length);
    denseWeights(this.dense, (t - grid[n]!) / h, weights);
    const slots = this.denseSlots[n & 1]!;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let j = 0; j < weights.length; j++) sum += weights[j]! * ks[slots[j]! * length + i]!;
      y[i]! += h * sum;
    }
    return y;
  }
}
