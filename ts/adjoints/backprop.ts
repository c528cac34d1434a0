// Backpropagation through the solver (discretise-then-optimise): every derivative of every accepted step is kept, with what
// the field's VJPs need, so that nothing is evaluated twice. The reference that the other adjoints are compared with.
import type { Rows } from "../arithmetic.ts";
import { schemeOf } from "../problem.ts";
import { evaluationsOf } from "../program.ts";
import type { Adjoint, Forward, Tape } from "./adjoint.ts";
import { pullDiscrete } from "./discrete.ts";

/** The exact gradient of the discrete map; memory grows with steps × stages × activations. */
export function backprop(): Adjoint {
  return { name: "backprop", slots: (problem) => evaluationsOf(schemeOf(problem), problem.extended), tape: record };
}

/** A tape of everything. */
export interface Recording extends Tape {
  /** The start state of each step, part by part. */
  readonly states: Rows;
  /** All bytes kept once another step is. */
  readonly bytesWithNext: number;
}

/** Records everything. */
export function record({ problem, bound, field, arithmetic }: Forward): Recording {
  const states = arithmetic.rows(problem.y0.length);
  const derivatives = arithmetic.rows(bound.derivatives.length);
  const activations = field.tape && arithmetic.rows(field.tape.length);
  const bytes = {
    get checkpoints() {
      return states.bytes;
    },
    get stages() {
      return derivatives.bytes;
    },
    get tape() {
      return activations?.bytes ?? 0;
    },
  };
  return {
    keepsTapes: true,
    bytes,
    states,
    get bytesWithNext() {
      return states.bytesWithNext + derivatives.bytesWithNext + (activations?.bytesWithNext ?? 0);
    },
    accept(program) {
      for (const part of program.start) states.push(part);
      derivatives.push(bound.derivatives);
      activations?.push(field.tape!);
    },
    pullback: (trajectory, cotangent, times) =>
      pullDiscrete(trajectory, cotangent, times, true, (backward) => ({
        adjoint: "backprop",
        tapes: true,
        bytes,
        step({ n, program }) {
          program.start.forEach((part, i, parts) => states.read(n * parts.length + i, part));
          derivatives.read(n, backward.bound.derivatives);
          activations?.read(n, backward.machine.field.tape!);
          return undefined;
        },
      })),
  };
}
