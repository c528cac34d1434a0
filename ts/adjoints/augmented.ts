// The augmented field of the continuous adjoint, integrated from the end back to the start:
//   d x/dt = f,   d a_x/dt = −Jᵀ a_x,   d a_θ/dt = −Fᵀ a_x,   d a_t/dt = −a_x · ∂f/∂t
// over a state laid out as [x | a_x | a_t | a_θ] (Chen et al. 2018, appendix B; Kidger et al. 2021, eq. 2–3).
import { type Awaitable, type BindRequest, type BoundField, type Field, RECOMPUTE } from "../fields/field.ts";
import { bytesOf, type FloatArray } from "../wasm/dtype.ts";
import type { Scratch, Vector } from "../wasm/scratch.ts";

/** Where the parts of the augmented state begin. */
export interface AugmentedLayout {
  /** Numbers in x, and in a_x. */
  readonly state: number;
  readonly params: number;
  readonly adjoint: number;
  readonly time: number;
  readonly theta: number;
  readonly length: number;
}

/** `params` is 0 where a_θ is not part of the state. */
function augmentedLayout(state: number, params: number): AugmentedLayout {
  return { state, params, adjoint: state, time: 2 * state, theta: 2 * state + 1, length: 2 * state + 1 + params };
}

/** The parts of one augmented vector. */
interface Parts {
  readonly x: Vector;
  readonly adjoint: Vector;
}

class BoundAugmented implements BoundField {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar = undefined;
  vjps = 0;
  /** −Fᵀ a_x of the evaluation in each slot, where a_θ is integrated apart. */
  readonly slopes: Vector[];
  private readonly scratch: Scratch;
  private readonly inner: BoundField;
  private readonly layout: AugmentedLayout;
  private readonly cotangent: Vector;
  private readonly wantTimes: boolean;
  private readonly bytes: number;
  private readonly parts = new Map<Vector, Parts>();

  constructor(scratch: Scratch, field: AugmentedField, { slots, params }: BindRequest) {
    const { inner, layout, wantTimes } = field;
    const { dtype } = inner;
    this.scratch = scratch;
    this.layout = layout;
    this.wantTimes = wantTimes;
    this.bytes = bytesOf(dtype);
    this.inner = inner.bind(scratch, { length: layout.state, params, slots: 1, gradient: true });
    this.cotangent = scratch.vector(layout.state, dtype);
    this.slopes = Array.from({ length: slots }, () => scratch.vector(this.inner.paramsBar?.length ?? 0, dtype));
  }

  load(): void {
    this.inner.load();
  }

  /** Bytes that the field's evaluations keep for their VJPs. */
  get tapeBytes(): number {
    return (this.inner.tape?.length ?? 0) * this.bytes;
  }

  /** x and a_x of an augmented vector, made at first sight: there are few vectors, and they stay. */
  private partsOf(whole: Vector): Parts {
    let parts = this.parts.get(whole);
    if (!parts) {
      const { state } = this.layout;
      const part = (start: number): Vector => ({
        length: state,
        address: whole.address + start * this.bytes,
        view: whole.view.subarray(start, start + state) as FloatArray,
      });
      parts = { x: part(0), adjoint: part(this.layout.adjoint) };
      this.parts.set(whole, parts);
    }
    return parts;
  }

  evaluate(t: number, whole: Vector, slope: Vector, slot: number): Awaitable<void> {
    const { x, adjoint } = this.partsOf(whole);
    const { x: dx } = this.partsOf(slope);
    const pending = this.inner.evaluate(t, x, dx, 0);
    if (pending) return pending.then(() => this.pull(t, x, adjoint, slope, slot));
    return this.pull(t, x, adjoint, slope, slot);
  }

  private pull(t: number, x: Vector, adjoint: Vector, slope: Vector, slot: number): Awaitable<void> {
    const { inner, cotangent } = this;
    // After an abort the block may belong to another solve.
    if (!this.scratch.leased) return undefined;
    const { adjoint: dAdjoint } = this.partsOf(slope);
    for (let i = 0; i < cotangent.length; i++) cotangent.view[i] = -adjoint.view[i]!;
    inner.paramsBar?.view.fill(0);
    this.vjps++;
    const pending = inner.vjp(t, x, cotangent, dAdjoint, inner.tape ? 0 : RECOMPUTE);
    const flushed = inner.flush?.();
    if (typeof pending === "number" && !flushed) return this.store(slope, slot, pending);
    return Promise.all([pending, flushed]).then(([tau]) => {
      if (this.scratch.leased) this.store(slope, slot, tau);
    });
  }

  private store(slope: Vector, slot: number, tau: number): void {
    const { time, theta, params } = this.layout;
    slope.view[time] = this.wantTimes ? tau : 0;
    const paramsBar = this.inner.paramsBar?.view;
    if (!paramsBar) return;
    if (params > 0) slope.view.set(paramsBar, theta);
    else if (slot >= 0) this.slopes[slot]?.view.set(paramsBar);
  }

  vjp(): never {
    throw new Error("the augmented field is not differentiated");
  }
}

export type { BoundAugmented };

/** The augmented field over a differentiable one. */
export class AugmentedField implements Field {
  readonly dim = undefined;
  readonly params = undefined;
  readonly differentiable = false;
  readonly inner: Field;
  readonly layout: AugmentedLayout;
  readonly wantTimes: boolean;

  /** `thetaApart`: a_θ is not part of the state. Without `wantTimes` a_t stays as it is. */
  constructor(inner: Field, state: number, thetaApart: boolean, wantTimes: boolean) {
    this.inner = inner;
    this.layout = augmentedLayout(state, thetaApart ? 0 : (inner.params?.length ?? 0));
    this.wantTimes = wantTimes;
  }

  get dtype(): Field["dtype"] {
    return this.inner.dtype;
  }

  bind(scratch: Scratch, request: BindRequest): BoundAugmented {
    return new BoundAugmented(scratch, this, request);
  }
}
