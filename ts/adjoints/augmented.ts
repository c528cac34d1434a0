// The augmented field of the continuous adjoint, integrated from the end back to the start:
//   d x/dt = f,   d a_x/dt = −Jᵀ a_x,   d a_θ/dt = −Fᵀ a_x,   d a_t/dt = −a_x · ∂f/∂t
// Its state is laid out as [x | a_x | a_t | a_θ] (Chen et al. 2018, appendix B; Kidger et al. 2021, eq. 2–3).

import type { Awaitable } from "../base/waiting.ts";
import { type BindRequest, type BoundField, type DeviceBoundField, type Field, RECOMPUTE } from "../fields/field.ts";
import type { Arithmetic, Vector } from "../vectors/arithmetic.ts";
import { WasmArithmetic } from "../vectors/wasm-arithmetic.ts";
import type { Scratch } from "../wasm/scratch.ts";
import { slotBytes } from "./discrete.ts";

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

/** What a number of the augmented state is. */
export function nameIn({ state, adjoint, time, theta }: AugmentedLayout, i: number): string {
  if (i < adjoint) return `component ${i} of y`;
  if (i < adjoint + state) return `the adjoint of component ${i - adjoint} of y`;
  return i === time ? "the adjoint of t" : `the adjoint of params[${i - theta}]`;
}

/** The parts of one augmented vector, without what is empty. */
interface Parts {
  readonly x: Vector;
  readonly adjoint: Vector;
  readonly time: Vector;
  readonly theta: Vector;
  /** Of a slope: whether `time` has been set to 0, where it stays 0. */
  still: boolean;
}

class BoundAugmented implements DeviceBoundField {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar = undefined;
  readonly tau = undefined;
  vjps = 0;
  /** −Fᵀ a_x of the evaluation in each slot, where a_θ is integrated apart. */
  readonly slopes: Vector[];
  private readonly scratch: Scratch;
  private readonly inner: BoundField;
  /** Where the field's VJPs leave ∂f/∂t · cotangent, on a device. */
  private readonly innerTau: Vector | undefined;
  private readonly layout: AugmentedLayout;
  private readonly cotangent: Vector;
  private readonly wantTimes: boolean;
  private readonly arithmetic: Arithmetic;
  private readonly parts = new Map<Vector, Parts>();

  constructor(
    scratch: Scratch,
    { layout, wantTimes }: AugmentedField,
    slots: number,
    arithmetic: Arithmetic,
    inner: BoundField,
    innerTau: Vector | undefined,
  ) {
    this.arithmetic = arithmetic;
    this.scratch = scratch;
    this.layout = layout;
    this.wantTimes = wantTimes;
    this.inner = inner;
    this.innerTau = innerTau;
    this.cotangent = arithmetic.like(scratch, layout.state).vector();
    const theta = arithmetic.like(scratch, inner.paramsBar?.length ?? 0);
    this.slopes = Array.from({ length: slots }, () => theta.vector());
  }

  load(): void {
    this.inner.load();
  }

  /** Bytes that the field's evaluations keep for their VJPs. */
  get tapeBytes(): number {
    return slotBytes(this.inner);
  }

  /** The parts of an augmented vector, made at first sight: there are few vectors, and they stay. */
  private partsOf(whole: Vector): Parts {
    let parts = this.parts.get(whole);
    if (!parts) {
      const { state, adjoint, time, theta, params } = this.layout;
      const part = (start: number, length: number): Vector => this.arithmetic.part(whole, start, length);
      parts = {
        x: part(0, state),
        adjoint: part(adjoint, state),
        time: part(time, 1),
        theta: part(theta, params),
        still: false,
      };
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
    const { inner, cotangent, arithmetic } = this;
    // After an abort the block may belong to another solve.
    if (!this.scratch.leased) return undefined;
    const { adjoint: dAdjoint } = this.partsOf(slope);
    arithmetic.assign(cotangent, -1, adjoint);
    if (inner.paramsBar) arithmetic.fill(inner.paramsBar, 0);
    this.vjps++;
    const pending = inner.vjp(t, x, cotangent, dAdjoint, inner.tape ? 0 : RECOMPUTE);
    const flushed = inner.flush?.();
    if (typeof pending === "number" && !flushed) return this.store(slope, slot, pending);
    return Promise.all([pending, flushed]).then(([tau]) => {
      if (this.scratch.leased) this.store(slope, slot, tau);
    });
  }

  private store(slope: Vector, slot: number, tau: number): void {
    const { arithmetic, inner, innerTau } = this;
    const parts = this.partsOf(slope);
    const { time, theta } = parts;
    if (this.wantTimes && innerTau) arithmetic.assign(time, 1, innerTau);
    else if (this.wantTimes) arithmetic.fill(time, tau);
    else if (!parts.still) {
      arithmetic.fill(time, 0);
      parts.still = true;
    }
    if (!inner.paramsBar) return;
    if (theta.length > 0) arithmetic.assign(theta, 1, inner.paramsBar);
    else if (slot >= 0 && this.slopes[slot]) arithmetic.assign(this.slopes[slot], 1, inner.paramsBar);
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

  get vectors(): Field["vectors"] {
    return this.inner.vectors;
  }

  get onDevice(): Field["onDevice"] {
    const { onDevice } = this.inner;
    if (!onDevice) return undefined;
    return (scratch, length) => {
      const { arithmetic, bind } = onDevice(scratch, length);
      return {
        arithmetic,
        bind: (request) => {
          const inner = bind(this.innerRequest(request));
          return new BoundAugmented(scratch, this, request.slots, arithmetic, inner, inner.tau);
        },
      };
    };
  }

  bind(scratch: Scratch, request: BindRequest): BoundAugmented {
    const inner = this.inner.bind(scratch, this.innerRequest(request));
    const arithmetic = new WasmArithmetic(scratch, request.length, this);
    return new BoundAugmented(scratch, this, request.slots, arithmetic, inner, undefined);
  }

  private innerRequest({ params }: BindRequest): BindRequest {
    return { length: this.layout.state, params, slots: 1, gradient: true };
  }
}
