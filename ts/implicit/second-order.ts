// The derivative of what a Rosenbrock step takes of J and ∂f/∂t: of s = Σ wᵢ · (J vᵢ + ∂f/∂t dᵢ), all at the step's start, by
// the field's own second derivatives or by differences of its VJPs.
import type { Awaitable } from "../base/waiting.ts";
import { type BoundField, type Pair, RECOMPUTE } from "../fields/field.ts";
import type { SecondFunction } from "../fields/given-derivatives.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";

/** Where a step starts, and how far f may be evaluated from there. */
export interface StartPlace {
  readonly t: number;
  readonly h: number;
  readonly x: HostVector;
}

/** Computes ∇s. */
export interface SecondOrder {
  /** VJPs asked for. */
  readonly vjps: number;
  /** xBar ← ∇ₓ s, and ∇_θ s is added to the field's paramsBar; returns ∂s/∂t. */
  gradient(place: StartPlace, pairs: readonly Pair<HostVector>[], xBar: HostVector): Awaitable<number>;
}

/** By the field's own second derivatives. */
export class ExactSecondOrder implements SecondOrder {
  readonly vjps = 0;
  private readonly field: BoundField<HostVector>;

  constructor(field: BoundField<HostVector>) {
    this.field = field;
  }

  gradient({ t, x }: StartPlace, pairs: readonly Pair<HostVector>[], xBar: HostVector): Awaitable<number> {
    return this.field.second!(t, x, pairs, xBar, RECOMPUTE);
  }
}

/** By the user's function. */
export class GivenSecondOrder implements SecondOrder {
  readonly vjps = 0;
  private readonly given: SecondFunction;
  private readonly params: Float64Array;
  private readonly field: BoundField<HostVector>;
  private readonly tBar = new Float64Array(1);

  /** `field`: the one whose VJPs add up ∂L/∂θ. */
  constructor(given: SecondFunction, params: Float64Array, field: BoundField<HostVector>) {
    this.given = given;
    this.params = params;
    this.field = field;
  }

  gradient({ t, x }: StartPlace, pairs: readonly Pair<HostVector>[], xBar: HostVector): number {
    const { tBar } = this;
    const [y, params] = [xBar.view as Float64Array, this.field.paramsBar!.view as Float64Array];
    y.fill(0);
    tBar[0] = 0;
    for (const { tangent, time, cotangent } of pairs) {
      const along = { y: tangent.view as Float64Array, t: time };
      this.given(t, x.view as Float64Array, this.params, along, cotangent.view as Float64Array, { y, params, t: tBar });
    }
    return tBar[0]!;
  }
}

/** Widths of central and of one-sided differences, relative to the state: truncation and rounding are alike. */
const CENTRAL_WIDTH = { float64: 2 ** -17, float32: 2 ** -8 };
const ONE_SIDED_WIDTH = { float64: 2 ** -26, float32: 2 ** -11.5 };

const largest = ({ view }: HostVector): number => {
  let most = 0;
  for (let i = 0; i < view.length; i++) most = Math.max(most, Math.abs(view[i]!));
  return most;
};

/** By central differences of VJPs along each vᵢ, and a one-sided one in t: about 1e-9 relative. */
export class SecondDifferences implements SecondOrder {
  vjps = 0;
  private readonly scratch: Scratch;
  private readonly field: BoundField<HostVector>;
  private readonly moved: HostVector;
  private readonly scaled: HostVector;
  private readonly pulled: HostVector;

  constructor(scratch: Scratch, field: BoundField<HostVector>, { length, dtype }: HostVector) {
    this.scratch = scratch;
    this.field = field;
    this.moved = scratch.vector(length, dtype);
    this.scaled = scratch.vector(length, dtype);
    this.pulled = scratch.vector(length, dtype);
  }

  gradient(place: StartPlace, pairs: readonly Pair<HostVector>[], xBar: HostVector): Awaitable<number> {
    const { t, h, x } = place;
    xBar.view.fill(0);
    const probes: (() => Awaitable<number>)[] = [];
    for (const { tangent, cotangent } of pairs) {
      const speed = largest(tangent);
      if (speed === 0) continue;
      const width = (CENTRAL_WIDTH[x.dtype] * (largest(x) || 1)) / speed;
      for (const side of [width, -width]) {
        probes.push(() => {
          for (let i = 0; i < x.length; i++) {
            this.moved.view[i] = x.view[i]! + side * tangent.view[i]!;
            this.scaled.view[i] = cotangent.view[i]! / (2 * side);
          }
          return this.pull(t, this.moved, xBar);
        });
      }
    }
    const timed = pairs.filter(({ time }) => time !== 0);
    if (timed.length > 0) {
      const later =
        t + Math.sign(h) * Math.min(ONE_SIDED_WIDTH[x.dtype] * Math.max(Math.abs(t), Math.abs(h)), Math.abs(h));
      for (const [at, sign] of [
        [later, 1],
        [t, -1],
      ] as const) {
        probes.push(() => {
          this.scaled.view.fill(0);
          for (const { time, cotangent } of timed) {
            const factor = (sign * time) / (later - t);
            for (let i = 0; i < x.length; i++) this.scaled.view[i]! += factor * cotangent.view[i]!;
          }
          return this.pull(at, x, xBar);
        });
      }
    }
    return this.sum(probes, 0, 0);
  }

  /** Adds the probes' results from this one on. */
  private sum(probes: readonly (() => Awaitable<number>)[], from: number, sum: number): Awaitable<number> {
    let total = sum;
    for (let i = from; i < probes.length; i++) {
      const value = probes[i]!();
      if (typeof value !== "number")
        // After an abort the block may belong to another solve.
        return value.then((number) => (this.scratch.leased ? this.sum(probes, i + 1, total + number) : total));
      total += value;
    }
    return total;
  }

  /** xBar += Jᵀ scaled at (t, x); returns ∂f/∂t · scaled. */
  private pull(t: number, x: HostVector, xBar: HostVector): Awaitable<number> {
    this.vjps++;
    const add = (tau: number): number => {
      for (let i = 0; i < xBar.length && this.scratch.leased; i++) xBar.view[i]! += this.pulled.view[i]!;
      return tau;
    };
    const tau = this.field.vjp(t, x, this.scaled, this.pulled, RECOMPUTE);
    return typeof tau === "number" ? add(tau) : tau.then(add);
  }
}
