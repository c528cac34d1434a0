// Recursive checkpointing: c states are kept. On the way back the steps between two of them are run again, and room
// that has become free takes states in between, so that the fewest steps are run again (revolve.ts).

import { checkOptions, invalid } from "../base/errors.ts";
import type { Waiting } from "../base/waiting.ts";
import { firstTime, lastTime, type Problem } from "../problem/problem.ts";
import { Runner } from "../program/runner.ts";
import type { Adjoint, Forward, Gradients, Loss, Tape, Trajectory } from "./adjoint.ts";
import { Checkpoints } from "./checkpoints.ts";
import { pullDiscrete, tapesOfStep } from "./discrete.ts";
import { byPlace } from "./jumps.ts";
import { lossOf } from "./loss.ts";
import { replay } from "./replay.ts";
import { advance, bestStart, knownLength, type Placement, unknownLength } from "./revolve.ts";

/** Options of `checkpointed`. */
export interface CheckpointedOptions {
  /**
   * States kept at a time, with the one at the start: an integer ≥ 1. By default the fewest with which no step is run
   * again more than twice: about √(2n). n is the number of steps if it is known beforehand (`stepSize`, `grid`), else
   * `maxSteps`. Memory is taken only for states that exist, so shorter solves keep all states.
   */
  readonly checkpoints?: number | undefined;
}

/**
 * The exact gradient of the discrete map from c states. If the number n of steps is known beforehand, the forward pass
 * keeps the states of the optimal binomial placement, else of an online placement; the backward pass places its states
 * optimally. It takes at most T(n, c) = r n − C(c + r, r − 1) plain steps; with n known beforehand, T(n, c) less the
 * steps to the last state that the forward pass kept. A second `pullback` starts from y0 and takes T(n, c). A plain
 * step evaluates the stages that its end depends on (6 of dopri5). A differentiated step evaluates as many and keeps
 * their tapes until its VJPs. Throws `SolveError` "invalid" for a bad option.
 */
export function checkpointed(options: CheckpointedOptions = {}): Adjoint {
  checkOptions("checkpointed", options, ["checkpoints"]);
  const { checkpoints } = options;
  if (checkpoints !== undefined && !(Number.isInteger(checkpoints) && checkpoints >= 1)) {
    throw invalid("checkpointed option checkpoints", checkpoints, "an integer ≥ 1");
  }
  return {
    name: "checkpointed",
    lossOf,
    papers: ["griewank1992", "griewank2000", "wang2009"],
    slots: () => 0,
    tape: (forward) => tape(forward, checkpoints ?? enoughFor(stepsOf(forward.problem))),
  };
}

// Beyond this many steps the default stays what it is for them.
const MANY_STEPS = 2 ** 31;

const stepsOf = ({ steps, maxSteps }: Problem): number =>
  steps.kind === "given" ? steps.grid.length - 1 : Math.min(maxSteps, MANY_STEPS);

/** The least c with C(c + 2, 2) ≥ n, so that two repetitions are enough. */
const enoughFor = (n: number): number => Math.max(1, Math.ceil((Math.sqrt(8 * n + 1) - 3) / 2));

/** Which states the forward pass keeps. */
export const placementFor = ({ steps }: Problem, c: number): Placement =>
  steps.kind === "given" ? knownLength(steps.grid.length - 1, c) : unknownLength(c);

/** Room for the states of c steps. */
export function roomFor({ problem, placed, arithmetic }: Forward, c: number): Checkpoints {
  const parts = placed.scheme.start.length;
  return new Checkpoints(parts, arithmetic.rows(problem.y0.length, c * parts));
}

function tape(forward: Forward, c: number): Tape {
  const placement = placementFor(forward.problem, c);
  const kept = roomFor(forward, c);
  let step = 0;
  return {
    keepsTapes: false,
    get bytes() {
      return kept.bytes;
    },
    accept(program) {
      kept.offer(step++, program.start, placement);
    },
    pullback: pullbackFrom(forward, kept, c),
  };
}

/** Pulls back from c states at a time: first from the states in `kept`, later from y0. */
export function pullbackFrom(forward: Forward, kept: Checkpoints, c: number): Tape["pullback"] {
  // The way back uses the room of states that it has passed, so they are there once only.
  let unused: Checkpoints | undefined = kept;
  return (trajectory, loss) => {
    const start = unused ?? roomFor(forward, c);
    unused = undefined;
    return pullCheckpointed(trajectory, loss, start, c);
  };
}

/** The backward pass from the states in `kept`, which it uses up; from y0 where there are none. */
function* pullCheckpointed(trajectory: Trajectory, loss: Loss, kept: Checkpoints, c: number): Waiting<Gradients> {
  const { problem, grid } = trajectory;
  const places = byPlace(trajectory.jumps);
  return yield* pullDiscrete(trajectory, loss, tapesOfStep(problem), ({ machine, placed, sweep, stats, times }) => {
    const { programs, scheme } = placed;
    const plain = replay(placed, false, scheme.end);
    const taped = (dense: boolean) => replay(placed, dense, [...sweep.needed(dense, times), ...sweep.pulled(dense)]);
    const stages = taped(false);
    const extended = scheme.dense ? taped(true) : stages;
    const marcher = new Runner(machine, false);
    const taper = new Runner(machine, true);
    const { positions } = kept;
    if (positions.length === 0) {
      for (const part of programs[0].start) machine.arithmetic.copyIn(part, places.get(0)?.at(-1)?.after ?? problem.y0);
      kept.push(0, programs[0].start);
    }
    kept.keepFirst(bestStart(positions, grid.length - 1, c).count);

    /** Puts the start state of step n in its place, from the last one kept; keeps others on the way. */
    function* march(n: number): Waiting<void> {
      let at = positions[positions.length - 1]!;
      kept.read(positions.length - 1, programs[at & 1]!.start);
      if (at === n) kept.keepFirst(positions.length - 1);
      while (at < n) {
        const next = at + advance(n + 1 - at, c - positions.length + 1);
        for (; at < next; at++) {
          const t = grid[at]!;
          const end = grid[at + 1]!;
          yield* marcher.finish(plain[at & 1]!, 0, firstTime(problem, t), end - t, lastTime(problem, end));
          const after = places.get(at + 1)?.at(-1)?.after;
          if (after) for (const part of programs[(at + 1) & 1]!.start) machine.arithmetic.copyIn(part, after);
        }
        if (at < n) kept.push(at, programs[at & 1]!.start);
      }
    }

    return {
      adjoint: "checkpointed",
      tapes: true,
      get bytes() {
        return kept.bytes;
      },
      *step({ n, stageStart, h, stageEnd, dense }) {
        yield* march(n);
        yield* taper.finish((dense ? extended : stages)[n & 1]!, 0, stageStart, h, stageEnd);
        stats.evaluations = marcher.evaluations + taper.evaluations;
      },
    };
  });
}
