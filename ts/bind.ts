// A problem's vectors, declared for one block: the scheme and the step control, which solves alike have in common, and the
// field.
import { InitialStep, StepControl } from "./adaptive.ts";
import { Interpolator } from "./dense-output.ts";
import { type Problem, schemeOf } from "./problem.ts";
import { type BoundScheme, bindScheme, type Machine } from "./program.ts";
import { Arithmetic, measureKind } from "./wasm/arithmetic.ts";
import type { Layout, Scratch } from "./wasm/scratch.ts";

/** What does not depend on the field. */
interface Common {
  readonly arithmetic: Arithmetic;
  readonly bound: BoundScheme;
  readonly control: StepControl | undefined;
  readonly initial: InitialStep | undefined;
  readonly interpolator: Interpolator | undefined;
}

/** What `integrate` needs of the block, beside the problem itself. */
export interface Bound extends Omit<Common, "arithmetic"> {
  readonly machine: Machine;
}

function declare(problem: Problem, layout: Layout): Common {
  const { field, y0, steps, measure, extended } = problem;
  const adaptive = steps.kind === "adaptive";
  const arithmetic = new Arithmetic(layout, y0.length, field.dtype);
  arithmetic.measureLike(measure);
  const bound = bindScheme(schemeOf(problem), layout, arithmetic, extended);
  return {
    arithmetic,
    bound,
    control: adaptive ? new StepControl(layout) : undefined,
    initial: adaptive ? new InitialStep(arithmetic, bound.programs[0]) : undefined,
    interpolator: extended ? new Interpolator(arithmetic, bound) : undefined,
  };
}

/** Declares everything; `slots` as in `BindRequest`. */
export function bindProblem(problem: Problem, scratch: Scratch, slots: number): Bound {
  const { field: unbound, y0, params, steps, measure, extended } = problem;
  const kind = `solve ${steps.kind} ${unbound.dtype} ${y0.length} ${extended} ${measureKind(measure)}`;
  const { arithmetic, bound, control, initial, interpolator } = scratch.reuse(schemeOf(problem), kind, (layout) =>
    declare(problem, layout),
  );
  const field = unbound.bind(scratch, { length: y0.length, params, slots, gradient: false });
  return { machine: { field, arithmetic }, bound, control, initial, interpolator };
}

/** Fills what was declared; after the lease. */
export function loadProblem({ machine, control }: Bound, { measure, steps, solver }: Problem): void {
  machine.arithmetic.load(measure);
  machine.field.load();
  if (steps.kind === "adaptive") control!.load(steps.controller, solver.order);
}
