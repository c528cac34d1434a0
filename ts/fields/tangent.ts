// A field together with its linearisation, over states laid out as [y | ẏ]: d y/dt = f(t, y, θ), d ẏ/dt = J ẏ + F θ̇.
// One-step methods are linear in what they are given beside y, so solving this is differentiating the discrete solution.
import type { Awaitable } from "../base/waiting.ts";
import { WasmArithmetic } from "../vectors/wasm-arithmetic.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { BindRequest, BoundField, Field } from "./field.ts";

interface Halves {
  readonly y: HostVector;
  readonly dot: HostVector;
}

class BoundTangent implements BoundField<HostVector> {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar = undefined;
  private readonly scratch: Scratch;
  private readonly inner: BoundField<HostVector>;
  private readonly arithmetic: WasmArithmetic;
  private readonly halves = new Map<HostVector, Halves>();

  constructor(scratch: Scratch, { length, params }: BindRequest, { inner, paramsDot }: TangentField) {
    this.scratch = scratch;
    this.arithmetic = new WasmArithmetic(scratch, length / 2, inner.dtype);
    const tangent = { params: paramsDot };
    this.inner = inner.bind(scratch, { length: length / 2, params, slots: 1, gradient: false, tangent });
  }

  load(): void {
    this.inner.load();
  }

  /** y and ẏ of a vector, made at first sight: there are few vectors, and they stay. */
  private halvesOf(whole: HostVector): Halves {
    let halves = this.halves.get(whole);
    if (!halves) {
      const { arithmetic } = this;
      const { length } = arithmetic;
      halves = { y: arithmetic.part(whole, 0, length), dot: arithmetic.part(whole, length, length) };
      this.halves.set(whole, halves);
    }
    return halves;
  }

  evaluate(t: number, whole: HostVector, slope: HostVector): Awaitable<void> {
    const { y, dot } = this.halvesOf(whole);
    const { y: dy, dot: dyDot } = this.halvesOf(slope);
    const pending = this.inner.evaluate(t, y, dy, 0);
    return pending ? pending.then(() => this.push(t, y, dot, dyDot)) : this.push(t, y, dot, dyDot);
  }

  private push(t: number, y: HostVector, dot: HostVector, dyDot: HostVector): Awaitable<void> {
    // After an abort the block may belong to another solve.
    return this.scratch.leased ? this.inner.jvp!(t, y, dot, dyDot, 0) : undefined;
  }

  vjp(): never {
    throw new Error("the tangent field is not differentiated again");
  }
}

/** A field that has a `jvp`, with its linearisation along θ̇ (undefined: 0). */
export class TangentField implements Field {
  readonly dim = undefined;
  readonly params = undefined;
  readonly differentiable = false;
  readonly inner: Field;
  readonly paramsDot: ArrayLike<number> | undefined;

  constructor(inner: Field, paramsDot: ArrayLike<number> | undefined) {
    this.inner = inner;
    this.paramsDot = paramsDot;
  }

  get dtype(): Field["dtype"] {
    return this.inner.dtype;
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    return new BoundTangent(scratch, request, this);
  }
}
