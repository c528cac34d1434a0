// The adjoint that a memory budget allows: everything is recorded, as for backpropagation, until that would not fit;
// then only the states; and where not all states fit, as many as do.

import { bytesOf } from "../base/dtype.ts";
import { checkOptions, invalid } from "../base/errors.ts";
import type { Adjoint, Forward, Tape } from "./adjoint.ts";
import { backprop, type Recording, record, recordingSlots } from "./backprop.ts";
import { checkpointed, placementFor, pullbackFrom, roomFor } from "./checkpointed.ts";
import { lossOf } from "./loss.ts";
import { pullSymplectic, symplectic } from "./symplectic.ts";

/** Options of `auto`. */
export interface AutoOptions {
  /** Bytes that the forward pass may keep for the backward pass; 256 MiB by default. */
  readonly budget?: number | undefined;
}

const DEFAULT_BUDGET = 2 ** 28;

/**
 * Decides while the solve runs, by the bytes measured: `backprop()` if all stages fit in `budget`, else `symplectic()` if
 * the states do, else `checkpointed()` with as many states as do. All three give the same gradient, the exact one.
 * `stats.adjoint` of the gradients says which it was. Throws `SolveError` "invalid" for a budget not above 0.
 */
export function auto(options: AutoOptions = {}): Adjoint {
  checkOptions("auto", options, ["budget"]);
  const { budget = DEFAULT_BUDGET } = options;
  if (!(typeof budget === "number" && budget > 0))
    throw invalid("auto option budget", budget, "a number of bytes above 0");
  return {
    name: "auto",
    lossOf,
    papers: [backprop(), symplectic(), checkpointed()].flatMap(({ papers }) => papers),
    slots: recordingSlots,
    tape: (forward) => tape(forward, budget),
  };
}

const total = ({ checkpoints, stages, tape }: Tape["bytes"]): number => checkpoints + stages + tape;

function tape(forward: Forward, budget: number): Tape {
  const { problem, placed } = forward;
  const { length } = problem.y0;
  const { dtype } = problem.field;
  const parts = placed.scheme.start.length;
  const c = Math.max(1, Math.floor(budget / (parts * length * bytesOf(dtype))));
  const placement = placementFor(problem, c);
  const room = roomFor(forward, c);
  let recording: Recording | undefined = record(forward, budget);
  let { bytes } = recording;
  let steps = 0;

  /** Gives up the stages and goes on with the states. */
  function shrink({ states, dispose }: Recording): void {
    bytes = { ...bytes };
    dispose();
    recording = undefined;
    for (let n = 0; n < steps; n++) {
      const state = placed.scheme.start.map((_, i) => states.row(n * parts + i));
      room.offer(n, state, placement);
    }
  }

  const fromStates = pullbackFrom(forward, room, c);
  return {
    keepsTapes: true,
    get field() {
      return recording?.field;
    },
    dispose: () => recording?.dispose(),
    get bytes() {
      return total(room.bytes) > total(bytes) ? room.bytes : bytes;
    },
    accept(program, h) {
      if (recording && !recording.hasRoom) shrink(recording);
      if (recording) recording.accept(program, h);
      else room.offer(steps, program.start, placement);
      steps++;
    },
    pullback(trajectory, loss) {
      if (recording) return recording.pullback(trajectory, loss);
      if (room.positions.length < steps) return fromStates(trajectory, loss);
      const about = { adjoint: "symplectic", bytes: room.bytes };
      return pullSymplectic(trajectory, loss, about, (n, start) => room.read(n, start));
    },
  };
}
