// A compiled field bound to one leased block: the emitted functions work on its views.
import type { Dtype, FloatArray } from "../base/dtype.ts";
import type { BindRequest, BoundField, FillingField } from "../fields/field.ts";
import type { Scratch, Vector } from "../wasm/scratch.ts";
import type { Evaluation, Program, Pullback, Pushforward } from "./program.ts";

/** What binds: its program for rows of a width, and the check of it against f itself. */
export interface Compilation {
  readonly dtype: Dtype;
  programFor(length: number): Program;
  check(program: Program, t: number, y: FloatArray, params: FloatArray): void;
}

const NOTHING = new Float64Array(0);

export class BoundCompiled implements BoundField {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: Vector | undefined;
  private readonly field: Compilation;
  private readonly program: Program;
  private readonly batched: boolean;
  private readonly params: FloatArray;
  private readonly f: Evaluation;
  private readonly pullback: Pullback | undefined;
  private readonly pushforward: Pushforward | undefined;
  private readonly paramsDot: FloatArray;
  private checked = false;
  private readonly whole: FillingField | undefined;

  constructor(scratch: Scratch, { length, params, gradient, tangent }: BindRequest, field: Compilation) {
    this.field = field;
    const program = field.programFor(length);
    this.program = program;
    this.batched = length !== program.dim;
    this.params = params ?? NOTHING;
    this.f = program.function("f", this.batched);
    if (gradient) {
      this.paramsBar = scratch.vector(this.params.length, field.dtype);
      this.pullback = program.function("vjp", this.batched);
    }
    if (tangent) this.pushforward = program.function(tangent.params ? "jvp" : "stateJvp", this.batched);
    this.paramsDot = Float64Array.from(tangent?.params ?? NOTHING);
    if (field.dtype === "float64")
      this.whole = { f: this.f as FillingField["f"], params: this.params, answer: () => {} };
  }

  load(): void {}

  get filling(): FillingField | undefined {
    return this.checked ? this.whole : undefined;
  }

  evaluate(t: number, x: Vector, dx: Vector): void {
    if (!this.checked) {
      this.field.check(this.program, t, x.view.subarray(0, this.program.dim), this.params);
      this.checked = true;
    }
    this.f(t, x.view, dx.view, this.params);
  }

  vjp(t: number, x: Vector, cotangent: Vector, xBar: Vector): number {
    return this.pullback!(t, x.view, this.params, cotangent.view, xBar.view, this.paramsBar!.view);
  }

  jvp(t: number, x: Vector, xDot: Vector, out: Vector): void {
    this.pushforward!(t, x.view, this.params, xDot.view, this.paramsDot, out.view);
  }
}
