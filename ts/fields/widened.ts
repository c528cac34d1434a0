// A float32 field for a solve in float64: states, stages and cotangents are float64, the network's arithmetic stays
// float32. Meant for reversible solvers. On the way back, increments are recomputed from states that are the same to
// float64 rounding, hence almost always to the same float32 bits: the state is reconstructed to far below float32.

import type { FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { BindRequest, BoundField, Field } from "./field.ts";

class BoundWidened implements BoundField<HostVector> {
  readonly tapeLength: number;
  readonly tape: HostVector | undefined;
  readonly paramsBar: HostVector | undefined;
  private readonly scratch: Scratch;
  private readonly inner: BoundField<HostVector>;
  private readonly x: HostVector;
  private readonly result: HostVector;
  /** Of a VJP the cotangent, of a JVP the tangent. */
  private readonly direction: HostVector;

  constructor(scratch: Scratch, request: BindRequest, field: Field) {
    const { length, gradient, tangent } = request;
    this.scratch = scratch;
    this.inner = field.bind(scratch, request);
    this.tapeLength = this.inner.tapeLength;
    this.tape = this.inner.tape;
    const { paramsBar } = this.inner;
    this.paramsBar = paramsBar && scratch.vector(paramsBar.length, "float64");
    this.x = scratch.vector(length, "float32");
    this.result = scratch.vector(length, "float32");
    this.direction = scratch.vector(gradient || tangent ? length : 0, "float32");
  }

  load(): void {
    this.inner.load();
    this.inner.paramsBar?.view.fill(0);
  }

  evaluate(t: number, x: HostVector, dx: HostVector, slot: number): Awaitable<void> {
    this.x.view.set(x.view);
    const pending = this.inner.evaluate(t, this.x, this.result, slot);
    return pending ? pending.then(() => this.store(dx)) : this.store(dx);
  }

  vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector, slot: number): Awaitable<number> {
    this.x.view.set(x.view);
    this.direction.view.set(cotangent.view);
    const answer = (tau: number): number => {
      this.store(xBar);
      this.accumulate();
      return tau;
    };
    const tau = this.inner.vjp(t, this.x, this.direction, this.result, slot);
    if (typeof tau !== "number") return tau.then(answer);
    // Sums kept by threads are ready at once; sums on a device wait for the end.
    this.inner.flush?.();
    return answer(tau);
  }

  flush(): Awaitable<void> {
    if (!this.inner.flush) return undefined;
    const pending = this.inner.flush();
    return pending ? pending.then(() => this.accumulate()) : this.accumulate();
  }

  jvp(t: number, x: HostVector, xDot: HostVector, out: HostVector, slot: number): Awaitable<void> {
    this.x.view.set(x.view);
    this.direction.view.set(xDot.view);
    const pending = this.inner.jvp!(t, this.x, this.direction, this.result, slot);
    return pending ? pending.then(() => this.store(out)) : this.store(out);
  }

  /** Adds one VJP's ∂L/∂θ to the sum: in float32, thousands of them would lose digits. */
  private accumulate(): void {
    if (!this.paramsBar || !this.scratch.leased) return;
    const [sum, one] = [this.paramsBar.view, this.inner.paramsBar!.view];
    for (let i = 0; i < one.length; i++) sum[i]! += one[i]!;
    one.fill(0);
  }

  private store(into: HostVector): void {
    // After an abort the block may belong to another solve.
    if (this.scratch.leased) into.view.set(this.result.view);
  }
}

class WidenedField implements Field {
  readonly dtype = "float64";
  readonly dim: number | undefined;
  readonly params: FloatArray | undefined;
  readonly flat?: (params: unknown) => FloatArray;
  readonly tensors?: readonly number[];
  readonly differentiable: boolean;
  readonly hasJvp: boolean;
  readonly rowwise: boolean;
  private readonly field: Field;

  constructor(field: Field) {
    this.field = field;
    this.dim = field.dim;
    this.params = field.params;
    if (field.flat) this.flat = (params) => field.flat!(params);
    if (field.tensors) this.tensors = field.tensors;
    this.differentiable = field.differentiable;
    this.hasJvp = field.hasJvp ?? false;
    this.rowwise = field.rowwise ?? false;
  }

  tapeLength(length: number): number {
    return this.field.tapeLength?.(length) ?? Number.POSITIVE_INFINITY;
  }

  inSolve(inputs: unknown, times: readonly number[]): Field {
    const own = this.field.inSolve?.(inputs, times) ?? this.field;
    return own === this.field ? this : new WidenedField(own);
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return new BoundWidened(scratch, request, this.field);
  }
}

/**
 * The float32 field with float64 states: `solve` computes and returns `ys`, ∂L/∂y0 and ∂L/∂θ in float64, while the
 * parameters and the field's arithmetic stay float32. Throws `SolveError` "invalid" for a field that is float64 already.
 */
export function widened(field: Field): Field {
  if (field?.dtype !== "float32")
    throw invalid("widened(field)", field, 'a field of dtype "float32", such as mlp({ … })');
  return new WidenedField(field);
}
