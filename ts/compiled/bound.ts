// A compiled field bound to one leased block, where its functions work on the vectors.
import type { Dtype, FloatArray } from "../base/dtype.ts";
import type { BindRequest, BoundField, FieldText, FillingField, Pair, SparsityPattern } from "../fields/field.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { CalledNetworks } from "./called-networks.ts";
import type { Kind } from "./functions.ts";
import type { OnArrays, OnMemory, Program } from "./program.ts";
import type { Layout } from "./tracing/parameters.ts";

/** What binds: its program for rows of a width, and the check of what it computes against f itself. */
export interface Compilation {
  readonly dtype: Dtype;
  readonly layout: Layout;
  programFor(length: number): Program;
  /** `values`: what was computed at t and y, the first row of a state. */
  check(program: Program, t: number, y: FloatArray, params: FloatArray, values: FloatArray): void;
}

const NOTHING = new Float64Array(0);

abstract class Bound implements BoundField<HostVector> {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar: HostVector | undefined;
  protected readonly program: Program;
  protected readonly params: FloatArray;
  protected readonly paramsDot: FloatArray | undefined;
  protected checked = false;
  private readonly field: Compilation;

  constructor(scratch: Scratch, { params, gradient, tangent }: BindRequest, field: Compilation, program: Program) {
    this.field = field;
    this.program = program;
    this.params = params ?? NOTHING;
    this.paramsDot = tangent?.params && Float64Array.from(tangent.params);
    if (gradient) this.paramsBar = scratch.vector(this.params.length, field.dtype);
  }

  evaluate(t: number, x: HostVector, dx: HostVector): void {
    this.compute(t, x, dx);
    if (this.checked) return;
    const { dim } = this.program;
    this.field.check(this.program, t, x.view.subarray(0, dim), this.params, dx.view.subarray(0, dim));
    this.checked = true;
  }

  get sparsity(): SparsityPattern {
    return this.program.jacobian().pattern;
  }

  second(t: number, x: HostVector, pairs: readonly Pair<HostVector>[], xBar: HostVector): number {
    xBar.view.fill(0);
    let tBar = 0;
    for (const pair of pairs) tBar += this.addSecond(t, x, pair, xBar);
    return tBar;
  }

  protected get pushing(): Kind {
    return this.paramsDot ? "jvp" : "stateJvp";
  }

  abstract load(): void;
  protected abstract compute(t: number, x: HostVector, dx: HostVector): void;
  abstract vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector): number;
  abstract jvp(t: number, x: HostVector, xDot: HostVector, out: HostVector): void;
  abstract jacobian(t: number, x: HostVector, values: HostVector, dfdt?: HostVector): void;
  /** Adds what belongs to one pair. */
  protected abstract addSecond(t: number, x: HostVector, pair: Pair<HostVector>, xBar: HostVector): number;
}

class BoundJavaScript extends Bound {
  private readonly f: OnArrays;
  private readonly pullback: OnArrays | undefined;
  private readonly pushforward: OnArrays | undefined;
  private readonly whole: FillingField;
  private readonly tDot = new Float64Array(1);

  constructor(scratch: Scratch, request: BindRequest, field: Compilation, program: Program) {
    super(scratch, request, field, program);
    this.f = program.onArrays("f")!;
    if (request.gradient) this.pullback = program.onArrays("vjp");
    if (request.tangent) this.pushforward = program.onArrays(this.pushing);
    this.whole = { f: this.f as FillingField["f"], params: this.params, answer() {} };
  }

  load(): void {}

  get filling(): FillingField | "unknown" {
    return this.checked ? this.whole : "unknown";
  }

  get text(): FieldText | undefined {
    return this.program.fieldText;
  }

  protected compute(t: number, x: HostVector, dx: HostVector): void {
    this.f(t, x.view, dx.view, this.params);
  }

  vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector): number {
    return this.pullback!(t, x.view, this.params, cotangent.view, xBar.view, this.paramsBar!.view);
  }

  jvp(t: number, x: HostVector, xDot: HostVector, out: HostVector): void {
    this.pushforward!(t, x.view, this.params, xDot.view, this.paramsDot ?? NOTHING, out.view);
  }

  jacobian(t: number, x: HostVector, values: HostVector, dfdt?: HostVector): void {
    const { program, params } = this;
    if (dfdt) program.onArrays("jacobianAndTime")!(t, x.view, params, values.view, dfdt.view);
    else program.onArrays("jacobian")!(t, x.view, params, values.view);
  }

  protected addSecond(t: number, x: HostVector, pair: Pair<HostVector>, xBar: HostVector): number {
    const { tangent, time, cotangent } = pair;
    this.tDot[0] = time;
    const add = this.program.onArrays("second")!;
    return add(t, x.view, this.params, tangent.view, this.tDot, cotangent.view, xBar.view, this.paramsBar!.view);
  }
}

class BoundWebAssembly extends Bound {
  private readonly scratch: Scratch;
  private readonly rows: number;
  private readonly dtype: Dtype;
  private readonly request: BindRequest;
  private readonly p: HostVector;
  private readonly pDot: HostVector;
  private readonly tDot: HostVector;
  /** The program's own arrays. */
  private readonly own: HostVector;
  private f!: OnMemory;
  private pullback!: OnMemory;
  private pushforward!: OnMemory;
  private readonly made = new Map<Kind, OnMemory>();
  private readonly networks: CalledNetworks | undefined;

  constructor(scratch: Scratch, request: BindRequest, field: Compilation, program: Program) {
    super(scratch, request, field, program);
    this.scratch = scratch;
    this.request = request;
    this.dtype = field.dtype;
    this.rows = request.length / program.dim;
    this.p = scratch.vector(this.params.length, field.dtype);
    this.pDot = scratch.vector(this.paramsDot?.length ?? 0, field.dtype);
    this.tDot = scratch.vector(1, field.dtype);
    const kinds: Kind[] = ["f"];
    if (request.gradient) kinds.push("vjp");
    if (request.tangent) kinds.push(this.pushing);
    this.own = scratch.vector(program.ownFor(kinds), "float64");
    if (!program.callsNetworks) return;
    if (request.jacobian) kinds.push("jacobian", "jacobianAndTime");
    const moves = this.paramsDot !== undefined;
    this.networks = new CalledNetworks(scratch, program, field.layout.networks, this.rows, kinds, moves);
  }

  load(): void {
    const { gradient, tangent } = this.request;
    this.networks?.load(this.params, this.paramsDot);
    this.made.clear();
    this.p.view.set(this.params);
    this.program.fill(this.own.view);
    if (this.paramsDot) this.pDot.view.set(this.paramsDot);
    this.f = this.on("f");
    if (gradient) this.pullback = this.on("vjp");
    if (tangent) this.pushforward = this.on(this.pushing);
  }

  private on(kind: Kind): OnMemory {
    let made = this.made.get(kind);
    if (!made) {
      made = this.networks?.on(kind) ?? this.program.onMemory(kind, this.dtype, this.rows > 1, this.scratch.memory);
      this.made.set(kind, made);
    }
    return made;
  }

  protected compute(t: number, x: HostVector, dx: HostVector): void {
    this.f(t, x.address, dx.address, this.p.address, this.rows, this.own.address);
  }

  vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector): number {
    const [w, bar] = [cotangent.address, xBar.address];
    return this.pullback(t, x.address, this.p.address, w, bar, this.paramsBar!.address, this.rows, this.own.address);
  }

  jvp(t: number, x: HostVector, xDot: HostVector, out: HostVector): void {
    this.pushforward(
      t,
      x.address,
      this.p.address,
      xDot.address,
      this.pDot.address,
      out.address,
      this.rows,
      this.own.address,
    );
  }

  jacobian(t: number, x: HostVector, values: HostVector, dfdt?: HostVector): void {
    const { p, own, rows } = this;
    if (dfdt) this.on("jacobianAndTime")(t, x.address, p.address, values.address, dfdt.address, rows, own.address);
    else this.on("jacobian")(t, x.address, p.address, values.address, rows, own.address);
  }

  protected addSecond(t: number, x: HostVector, pair: Pair<HostVector>, xBar: HostVector): number {
    const { p, tDot, own, rows } = this;
    const [dot, bar] = [pair.tangent.address, pair.cotangent.address];
    tDot.view[0] = pair.time;
    return this.on("second")(
      t,
      x.address,
      p.address,
      dot,
      tDot.address,
      bar,
      xBar.address,
      this.paramsBar!.address,
      rows,
      own.address,
    );
  }
}

/** Binds the program that a field has for a state of the request's length. */
export function bind(scratch: Scratch, request: BindRequest, field: Compilation): BoundField<HostVector> {
  const program = field.programFor(request.length);
  const isSmall = request.length === program.dim && field.dtype === "float64" && program.isJavaScript;
  return new (isSmall ? BoundJavaScript : BoundWebAssembly)(scratch, request, field, program);
}
