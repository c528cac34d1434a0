// A problem's vectors, declared for one block: scheme, step control and field. Similar solves share the vectors of the
// first two.

import type { BindRequest, BoundField } from "../fields/field.ts";
import { type Problem, schemeOf } from "../problem/problem.ts";
import { Interpolator } from "../program/interpolator.ts";
import { type Machine, type PlacedScheme, placeScheme } from "../program/program.ts";
import type { Scheme } from "../solvers/scheme.ts";
import { type Arithmetic, type MeasureRoom, roomOf } from "../vectors/arithmetic.ts";
import type { Precision } from "../vectors/kernels.ts";
import { type Space, WasmArithmetic } from "../vectors/wasm-arithmetic.ts";
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

/** What similar problems share. What is declared for all of them sees nothing else of a problem. */
export interface Alike extends Precision {
  readonly scheme: Scheme;
  readonly extended: boolean;
  /** Of the state. */
  readonly length: number;
}

/**
 * What `declare` makes, and the field bound beside it. On a device, `declare` gets the device's arithmetic and works
 * for this problem only. In WebAssembly memory, similar problems share what it makes.
 */
export function inPlace<A extends Alike, T>(
  { field, y0, residency }: Problem,
  scratch: Scratch,
  alike: A,
  request: BindRequest,
  declare: (space: Space, alike: A, arithmetic?: Arithmetic) => T,
): [made: T, field: BoundField] {
  if (residency === "device") {
    const { arithmetic, bind } = field.onDevice!(scratch, y0.length);
    return [declare(scratch, alike, arithmetic), bind(request)];
  }
  return [scratch.reuse(declare, alike), field.bind(scratch, request)];
}

interface AlikeSolves extends Alike, MeasureRoom {
  readonly adaptive: boolean;
}

function declareSolve(
  space: Space,
  alike: AlikeSolves,
  arithmetic: Arithmetic = new WasmArithmetic(space, alike.length, alike),
): Common {
  const { scheme, extended, adaptive } = alike;
  arithmetic.measureIn(alike);
  const placed = placeScheme(scheme, arithmetic, extended);
  const control = adaptive ? new StepControl(arithmetic, space, placed.scheme) : undefined;
  return {
    arithmetic,
    placed,
    control,
    initial: control && new InitialStep(arithmetic, control, placed.programs[0]),
    interpolator: extended ? new Interpolator(arithmetic, placed) : undefined,
  };
}

/** Declares everything; `tapeSlots`: the `slots` of `BindRequest`. */
export function setUp(problem: Problem, scratch: Scratch, tapeSlots: number): Setup {
  const { y0, params, steps, measure, extended } = problem;
  const { segments, rtols, atols } = roomOf(measure);
  const [{ arithmetic, placed, control, initial, interpolator }, field] = inPlace(
    problem,
    scratch,
    {
      scheme: schemeOf(problem),
      extended,
      length: y0.length,
      dtype: problem.field.dtype,
      vectors: problem.field.vectors,
      adaptive: steps.kind === "adaptive",
      segments,
      rtols,
      atols,
    },
    { length: y0.length, params, slots: tapeSlots, gradient: false },
    declareSolve,
  );
  const system = problem.equations?.bind(scratch, arithmetic.host!, field, params);
  return { machine: { field, arithmetic, system }, placed, control, initial, interpolator };
}

/** Fills what was declared; after the lease. */
export function load({ machine, control }: Setup, { measure, steps, solver, ts, y0 }: Problem): void {
  machine.arithmetic.load(measure);
  machine.field.load();
  machine.system?.load(ts[0], y0);
  if (steps.kind === "adaptive") control!.load(steps.controller, solver.errorOrder);
}
