// A problem's vectors: the field, the scheme and the step control, declared in one scratch block.
import { InitialStep, StepControl } from "./adaptive.ts";
import { Interpolator } from "./dense-output.ts";
import type { BoundField } from "./fields/field.ts";
import { type Problem, schemeOf } from "./problem.ts";
import { type BoundScheme, bindScheme, type Machine } from "./program.ts";
import { Arithmetic } from "./wasm/arithmetic.ts";
import type { Scratch } from "./wasm/scratch.ts";

/** What `integrate` needs of the block, beside the problem itself. */
export interface Bound {
  readonly machine: Machine;
  readonly bound: BoundScheme;
  readonly control: StepControl | undefined;
  readonly initial: InitialStep | undefined;
  readonly interpolator: Interpolator | undefined;
}

/** Declares everything; `slots` as in `BindRequest`. */
export function bindProblem(problem: Problem, scratch: Scratch, slots: number): Bound {
  const { field: unbound, solver, y0, params, steps } = problem;
  const field: BoundField = unbound.bind(scratch, { length: y0.length, params, slots, gradient: false });
  const arithmetic = new Arithmetic(scratch, y0.length, unbound.dtype);
  arithmetic.measureWith(problem.measure);
  const machine = { field, arithmetic };
  const bound = bindScheme(schemeOf(problem), scratch, arithmetic, problem.extended);
  const adaptive = steps.kind === "adaptive";
  return {
    machine,
    bound,
    control: adaptive ? new StepControl(scratch, steps.controller, solver.order) : undefined,
    initial: adaptive ? new InitialStep(machine, scratch, bound.programs[0], problem.measure) : undefined,
    interpolator: problem.extended ? new Interpolator(arithmetic, bound) : undefined,
  };
}

/** Fills what was declared; after the lease. */
export function loadProblem({ machine, control }: Bound): void {
  machine.arithmetic.load();
  machine.field.load();
  control?.load();
}
