// A problem's vectors, declared for one block: the scheme and the step control, which solves alike have in common, and the
// field.

import type { BindRequest, BoundField } from "../fields/field.ts";
import { type Problem, schemeOf } from "../problem/problem.ts";
import { Interpolator } from "../program/interpolator.ts";
import { type Machine, type PlacedScheme, placeScheme } from "../program/program.ts";
import type { Arithmetic } from "../vectors/arithmetic.ts";
import { measureKind, type Space, WasmArithmetic } from "../vectors/wasm-arithmetic.ts";
import type { Scratch } from "../wasm/scratch.ts";
import { InitialStep, StepControl } from "./adaptive.ts";

/** What does not depend on the field. */
interface Common {
  readonly arithmetic: Arithmetic;
  readonly placed: PlacedScheme;
  readonly control: StepControl | undefined;
  readonly initial: InitialStep | undefined;
  readonly interpolator: Interpolator | undefined;
}

/** What `integrate` needs of the block, beside the problem itself. */
export interface Setup extends Omit<Common, "arithmetic"> {
  readonly machine: Machine;
}

/**
 * What `make` makes of the arithmetic of a problem's states, and the field bound beside it: on the field's device, or in
 * WebAssembly memory, where solves with the same `kind` have what was made in common.
 */
export function inPlace<T>(
  problem: Problem,
  scratch: Scratch,
  kind: string,
  request: BindRequest,
  make: (arithmetic: Arithmetic, space: Space) => T,
): { made: T; field: BoundField } {
  const { field, y0, residency } = problem;
  if (residency === "device") {
    const { arithmetic, bind } = field.onDevice!(scratch, y0.length);
    return { made: make(arithmetic, scratch), field: bind(request) };
  }
  const made = scratch.reuse(schemeOf(problem), `${kind} ${field.dtype} ${y0.length} ${problem.extended}`, (layout) =>
    make(new WasmArithmetic(layout, y0.length, field.dtype), layout),
  );
  return { made, field: field.bind(scratch, request) };
}

function declare(problem: Problem, arithmetic: Arithmetic, space: Space): Common {
  const { steps, measure, extended } = problem;
  const adaptive = steps.kind === "adaptive";
  arithmetic.measureLike(measure);
  const placed = placeScheme(schemeOf(problem), arithmetic, extended);
  return {
    arithmetic,
    placed,
    control: adaptive ? new StepControl(space) : undefined,
    initial: adaptive ? new InitialStep(arithmetic, placed.programs[0]) : undefined,
    interpolator: extended ? new Interpolator(arithmetic, placed) : undefined,
  };
}

/** Declares everything; `slots` as in `BindRequest`. */
export function setUp(problem: Problem, scratch: Scratch, slots: number): Setup {
  const { y0, params, steps, measure } = problem;
  const kind = `solve ${steps.kind} ${measureKind(measure)}`;
  const request = { length: y0.length, params, slots, gradient: false };
  const { made, field } = inPlace(problem, scratch, kind, request, (...place) => declare(problem, ...place));
  const { arithmetic, placed, control, initial, interpolator } = made;
  return { machine: { field, arithmetic }, placed, control, initial, interpolator };
}

/** Fills what was declared; after the lease. */
export function load({ machine, control }: Setup, { measure, steps, solver }: Problem): void {
  machine.arithmetic.load(measure);
  machine.field.load();
  if (steps.kind === "adaptive") control!.load(steps.controller, solver.errorOrder);
}
