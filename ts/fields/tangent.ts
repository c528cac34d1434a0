// A field together with its linearisation, over states laid out as [y | ẏ]: d y/dt = f(t, y, θ), d ẏ/dt = J ẏ + F θ̇.
// One-step methods are linear in ẏ, so a solve of this pair differentiates the discrete solution. Where an event is at one
// end of a step, the step's start or size moves, too. Then f_t ṫ and (ḣ/h) f are added to k̇. The second makes the step's
// sums h Σ aᵢⱼ (k̇ⱼ + (ḣ/h) kⱼ), the derivative of h Σ aᵢⱼ kⱼ.

import { BACKWARD, CENTRAL, FORWARD, type Stencil } from "../base/differences.ts";
import type { Awaitable } from "../base/waiting.ts";
import { WasmArithmetic } from "../vectors/wasm-arithmetic.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { BindRequest, BoundField, Field } from "./field.ts";

/** How a step in work moves. */
export interface Motion {
  /** The time its stages count from and its size, and how fast both move. */
  readonly t: number;
  readonly h: number;
  readonly tDot: number;
  readonly hDot: number;
  /** Where f may be evaluated for differences in t, and how far apart. */
  readonly from: number;
  readonly to: number;
  readonly width: number;
  /** Whether θ moves. */
  readonly params: boolean;
}

interface Halves {
  readonly y: HostVector;
  readonly dot: HostVector;
}

const andThen = (pending: Awaitable<void>, next: () => Awaitable<void>): Awaitable<void> =>
  pending ? pending.then(next) : next();

export class BoundTangent implements BoundField<HostVector> {
  readonly tapeLength = 0;
  readonly tape = undefined;
  readonly paramsBar = undefined;
  /** Where the step in work moves. */
  motion: Motion | undefined;
  private readonly scratch: Scratch;
  private readonly inner: BoundField<HostVector>;
  /** The same with θ̇ = 0, where steps may move. */
  private readonly still: BoundField<HostVector> | undefined;
  private readonly shifted: HostVector | undefined;
  private readonly length: number;
  private readonly arithmetic: WasmArithmetic;
  private readonly halves = new Map<HostVector, Halves>();

  constructor(scratch: Scratch, { length, params }: BindRequest, { inner, paramsDot, moves }: TangentField) {
    this.scratch = scratch;
    this.length = length / 2;
    this.arithmetic = new WasmArithmetic(scratch, this.length, inner);
    const bind = (direction: ArrayLike<number> | undefined): BoundField<HostVector> =>
      inner.bind(scratch, {
        length: this.length,
        params,
        slots: 1,
        gradient: false,
        tangent: { params: direction },
      });
    this.inner = bind(paramsDot);
    if (!moves) return;
    this.still = paramsDot ? bind(undefined) : this.inner;
    this.shifted = scratch.vector(this.length, inner.dtype);
  }

  load(): void {
    this.inner.load();
    if (this.still !== this.inner) this.still?.load();
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
    const { motion } = this;
    const field = motion && !motion.params ? this.still! : this.inner;
    // After an abort the block may belong to another solve.
    const leased = (next: () => Awaitable<void>) => (): Awaitable<void> => (this.scratch.leased ? next() : undefined);
    const pushed = andThen(
      field.evaluate(t, y, dy, 0),
      leased(() => field.jvp!(t, y, dot, dyDot, 0)),
    );
    if (!motion) return pushed;
    return andThen(
      pushed,
      leased(() => {
        const { h, tDot, hDot } = motion;
        const stretch = hDot / h;
        for (let i = 0; i < this.length; i++) dyDot.view[i]! += stretch * dy.view[i]!;
        const moved = tDot + (t - motion.t) * stretch;
        return moved === 0 ? undefined : this.addByTime(motion, t, y, dyDot, moved);
      }),
    );
  }

  /** dyDot += moved · ∂f/∂t, by differences inside the bounds. */
  private addByTime(
    { from, to, width }: Motion,
    t: number,
    y: HostVector,
    dyDot: HostVector,
    moved: number,
  ): Awaitable<void> {
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    const sides: [Stencil, number][] = [
      [CENTRAL, Math.min(width, (t - low) / 2, (high - t) / 2)],
      [FORWARD, Math.min(width, (high - t) / 4)],
      [BACKWARD, Math.min(width, (t - low) / 4)],
    ];
    // The widest that fits, from both sides if that is nearly so.
    const [stencil, w] = sides.reduce((best, side) => (side[1] > 2 * best[1] ? side : best));
    if (w === 0) return undefined;
    const shifted = this.shifted!;
    const add = (from: number): Awaitable<void> => {
      if (from === stencil.length || !this.scratch.leased) return undefined;
      const [distance, weight] = stencil[from]!;
      return andThen(this.inner.evaluate(t + distance * w, y, shifted, 0), () => {
        const factor = (moved * weight) / w;
        for (let i = 0; i < this.length && this.scratch.leased; i++) dyDot.view[i]! += factor * shifted.view[i]!;
        return add(from + 1);
      });
    };
    return add(0);
  }

  vjp(): never {
    throw new Error("the tangent field is not differentiated again");
  }
}

/** A field that has a `jvp`, with its linearisation along θ̇ (undefined: 0). `moves`: whether steps may move. */
export class TangentField implements Field {
  readonly dim = undefined;
  readonly params = undefined;
  readonly differentiable = false;
  readonly inner: Field;
  readonly paramsDot: ArrayLike<number> | undefined;
  readonly moves: boolean;

  constructor(inner: Field, paramsDot: ArrayLike<number> | undefined, moves: boolean) {
    this.inner = inner;
    this.paramsDot = paramsDot;
    this.moves = moves;
  }

  get dtype(): Field["dtype"] {
    return this.inner.dtype;
  }

  get vectors(): Field["vectors"] {
    return this.inner.vectors;
  }

  bind(scratch: Scratch, request: BindRequest): BoundTangent {
    return new BoundTangent(scratch, request, this);
  }
}
