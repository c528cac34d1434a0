// Backpropagation through the solver (discretise-then-optimise): every derivative of every accepted step is kept, with what
// the field's VJPs need, so that nothing is evaluated twice. The reference that the other adjoints are compared with.

import { bytesOf } from "../base/dtype.ts";
import type { BoundField } from "../fields/field.ts";
import type { Problem } from "../problem/problem.ts";
import type { Rows } from "../vectors/arithmetic.ts";
import type { Adjoint, Forward, Tape } from "./adjoint.ts";
import { pullDiscrete, slotsOfStep } from "./discrete.ts";
import { lossOf } from "./loss.ts";
import { Recalling, Tapes, Taping } from "./tapes.ts";

/** The exact gradient of the discrete map; memory grows with steps × stages × activations. */
export function backprop(): Adjoint {
  return {
    name: "backprop",
    lossOf,
    papers: ["kidger2021thesis"],
    slots: recordingSlots,
    tape: (forward) => record(forward),
  };
}

/** The tapes of a step that are copied in one go, in bytes: these are so small that going one by one would take longer. */
const FEW_BYTES = 1 << 16;

/** Whether the tapes of a step are copied together; on a device a copy interrupts what is computed. */
function copiesSteps({ field, y0, residency }: Problem, slots: number): boolean {
  const length = field.tapeLength?.(y0.length) ?? Number.POSITIVE_INFINITY;
  return residency === "device" || slots * length * bytesOf(field.dtype) <= FEW_BYTES;
}

/** Tape slots that recording takes. */
export function recordingSlots(problem: Problem): number {
  const slots = slotsOfStep(problem);
  return copiesSteps(problem, slots) ? slots : 1;
}

/** A tape of everything. */
export interface Recording extends Tape {
  /** The start state of each step, part by part. */
  readonly states: Rows;
  /** Whether another step can be kept. */
  readonly hasRoom: boolean;
  /** Stops keeping tapes; what was kept before stays only in arrays. */
  dispose(): void;
}

/** Records everything, in `budget` bytes. */
export function record(
  { problem, placed, field, arithmetic }: Forward,
  budget: number = Number.POSITIVE_INFINITY,
): Recording {
  const slots = slotsOfStep(problem);
  const states = arithmetic.rows(problem.y0.length);
  const derivatives = arithmetic.rows(placed.derivatives.length);
  const together = copiesSteps(problem, slots);
  const steps = field.tape && together ? arithmetic.rows(field.tape.length) : undefined;
  const tapes =
    field.tape && !together
      ? new Tapes(field.ownTapes?.record() ?? arithmetic.rows(field.tapeLength), slots)
      : undefined;
  const fits = (tapeBytes: number): boolean => states.bytesWithNext + derivatives.bytesWithNext + tapeBytes <= budget;
  const taping = tapes && new Taping(field, tapes, () => fits(tapes.bytesWithRow));
  const bytes = {
    get checkpoints() {
      return states.bytes;
    },
    get stages() {
      return derivatives.bytes;
    },
    get tape() {
      return (steps ?? tapes)?.bytes ?? 0;
    },
  };
  return {
    keepsTapes: true,
    bytes,
    states,
    get hasRoom() {
      return !taping?.stopped && fits(steps?.bytesWithNext ?? tapes?.bytesWithStep ?? 0);
    },
    ...(taping && { field: taping }),
    accept(program) {
      for (const part of program.start) states.push(part);
      derivatives.push(placed.derivatives);
      steps?.push(field.tape!);
      tapes?.accept();
    },
    dispose() {
      taping?.stop();
      tapes?.rows.drop?.();
    },
    *pullback(trajectory, loss) {
      let recalling: Recalling | undefined;
      const recall = (inner: BoundField): BoundField => {
        if (!tapes) return inner;
        recalling = new Recalling(inner, tapes, slots);
        return recalling;
      };
      const kept = { slots: recordingSlots(problem), recall };
      const gradients = yield* pullDiscrete(trajectory, loss, kept, (backward) => ({
        adjoint: "backprop",
        tapes: !tapes?.rows.lost,
        bytes,
        step({ n, program }) {
          program.start.forEach((part, i, parts) => states.read(n * parts.length + i, part));
          derivatives.read(n, backward.placed.derivatives);
          steps?.read(n, backward.machine.field.tape!);
          recalling?.begin(n);
          return undefined;
        },
      }));
      tapes?.rows.spend?.();
      return gradients;
    },
  };
}
