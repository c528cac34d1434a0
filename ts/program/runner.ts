// Runs instructions up to the first pending evaluation. A plain function, because engines optimise it better than a
// generator; the loop that calls it waits.

import type { Waiting } from "../base/waiting.ts";
import { RECOMPUTE } from "../fields/field.ts";
import { type Instruction, type Machine, stageTime } from "./program.ts";

export class Runner {
  /** Field evaluations so far. */
  evaluations = 0;
  /** The evaluation to wait for before going on, if any. */
  pending: Promise<void> | undefined;
  private readonly machine: Machine;
  private readonly keepTapes: boolean;

  constructor(machine: Machine, keepTapes: boolean) {
    this.machine = machine;
    this.keepTapes = keepTapes;
  }

  /**
   * Runs a step of size h from t, from instruction `from` on; returns the position to go on from. Where a linear system
   * cannot be solved, which the system says, it is the step's end.
   */
  execute(instructions: readonly Instruction[], from: number, stageStart: number, h: number, stageEnd: number): number {
    const { field, arithmetic, system } = this.machine;
    const { keepTapes } = this;
    this.pending = undefined;
    for (let i = from; i < instructions.length; i++) {
      const { out, base, terms, unit, solve, k, c, tapeSlot } = instructions[i]!;
      if (terms !== undefined) arithmetic.combine(out, base, terms, unit ? 1 : h);
      if (solve !== undefined) {
        this.pending = system!.solve(solve, out, instructions[0]!, stageStart, h) as Promise<void> | undefined;
        if (this.pending !== undefined) return i;
        if (system!.failed) break;
      }
      if (k !== undefined) {
        this.evaluations++;
        if (i === 0) system?.forget();
        const pending = field.evaluate(stageTime(c, stageStart, h, stageEnd), out, k, keepTapes ? tapeSlot : RECOMPUTE);
        if (pending !== undefined) {
          this.pending = pending;
          return i + 1;
        }
      }
    }
    return instructions.length;
  }

  /** Runs a step to the end and waits on the way: for what is not done in every step. */
  *finish(
    instructions: readonly Instruction[],
    from: number,
    stageStart: number,
    h: number,
    stageEnd: number,
  ): Waiting<void> {
    for (let next = from; next < instructions.length; ) {
      next = this.execute(instructions, next, stageStart, h, stageEnd);
      if (this.pending !== undefined) yield this.pending;
    }
  }
}
