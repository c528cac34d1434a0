// The symplectic adjoint (Matsubara, Miyatake & Yaguchi 2021, "Symplectic adjoint method for exact gradient of neural
// ODE with minimal memory"). One state a step is kept. On the way back the step's stages are computed again from it,
// and every VJP evaluates the field anew, so that only one evaluation's tape is alive at a time. Their partner
// Runge–Kutta method, with b̃ᵢ = h where bᵢ = 0, is here the transposed step of sweep.ts, without division: the same
// numbers, the gradient of the discrete map, exact to rounding.

import type { Waiting } from "../base/waiting.ts";
import { Runner } from "../program/runner.ts";
import type { Vector } from "../vectors/arithmetic.ts";
import type { Adjoint, Forward, Gradients, Loss, Tape, Trajectory } from "./adjoint.ts";
import { NO_TAPES, pullDiscrete, type Restore } from "./discrete.ts";
import { lossOf } from "./loss.ts";
import { replay } from "./replay.ts";

/**
 * The exact gradient of the discrete map from one state a step and the tape of one evaluation. Backwards a step costs a
 * VJP, and an evaluation for it, for every stage that reaches the loss, and another evaluation for every stage that the
 * others are made of: 11 and 6 for dopri5.
 */
export function symplectic(): Adjoint {
  return { name: "symplectic", lossOf, papers: ["matsubara2021"], slots: () => 0, tape };
}

function tape({ problem, arithmetic }: Forward): Tape {
  const states = arithmetic.rows(problem.y0.length);
  const bytes = {
    get checkpoints() {
      return states.bytes;
    },
    stages: 0,
    tape: 0,
  };
  return {
    keepsTapes: false,
    bytes,
    accept(program) {
      for (const part of program.start) states.push(part);
    },
    pullback: (trajectory, loss) =>
      pullSymplectic(trajectory, loss, { adjoint: "symplectic", bytes }, (n, start) => {
        start.forEach((part, i) => states.read(n * start.length + i, part));
      }),
  };
}

/** The backward pass from the states of all steps: `read` puts that of step n, part by part, in its place. */
export function pullSymplectic(
  trajectory: Trajectory,
  loss: Loss,
  about: Pick<Restore, "adjoint" | "bytes">,
  read: (n: number, start: readonly Vector[]) => void,
): Waiting<Gradients> {
  return pullDiscrete(trajectory, loss, NO_TAPES, ({ machine, placed, sweep, stats, times }) => {
    const runner = new Runner(machine, false);
    const { end } = placed.scheme;
    const stages = replay(placed, false, sweep.needed(false, times), end);
    const extended = placed.scheme.dense ? replay(placed, true, sweep.needed(true, times), end) : stages;
    return {
      ...about,
      tapes: false,
      *step({ n, stageStart, h, stageEnd, program, dense }) {
        read(n, program.start);
        yield* runner.finish((dense ? extended : stages)[n & 1]!, 0, stageStart, h, stageEnd);
        stats.evaluations = runner.evaluations;
      },
    };
  });
}
