// Where the Jacobian J = ∂f/∂y and ∂f/∂t at a step's start come from: the user's function, or differences of the field.
import { invalid } from "../base/errors.ts";
import type { Awaitable } from "../base/waiting.ts";
import { type BoundField, RECOMPUTE } from "../fields/field.ts";
import type { JacobianFunction } from "../fields/given-derivatives.ts";
import type { Band } from "../linear/banded.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";

/** A place to differentiate at. */
export interface Place {
  readonly t: number;
  /** Of the step that starts there, signed: f is not evaluated beyond its end. */
  readonly h: number;
  readonly y: HostVector;
  /** f(t, y), in float64. */
  readonly k: HostVector;
}

/** Computes J and ∂f/∂t. */
export interface JacobianSource {
  /** Evaluations of the field, and how many of them were spent on differences. */
  readonly evaluations: number;
  readonly differences: number;
  load?(): void;
  /** J, in the order of `jacobian`'s entries, and ∂f/∂t at a place; both vectors are float64. */
  evaluate(place: Place, jacobian: HostVector, dfdt: HostVector): Awaitable<void>;
}

/** The rounding ε of the field's numbers. At a width of √ε rounding and truncation of a one-sided difference are alike. */
const EPSILON = { float64: 2 ** -52, float32: 2 ** -23 };
/**
 * How far above rounding the changes of f are, in a step that moves by one tolerance. With 1000, as CVODE has it, noise in J
 * costs up to 10 % more steps at rtol = 1e-8; widths as large as with 1e8 are too coarse for Robertson's kinetics.
 */
const ABOVE_ROUNDING = 1e6;

/** One-sided differences, a column at a time, or as many as have no row in common. */
export class Differences implements JacobianSource {
  differences = 0;
  private readonly scratch: Scratch;
  private readonly field: BoundField<HostVector>;
  /** The state moved a little, and f there. */
  private readonly moved: HostVector;
  private readonly slope: HostVector;
  private readonly toleranceOf: (y: number, i: number) => number;
  private readonly band: Band | undefined;
  /** The least widths, in tolerances. */
  private least = 0;

  get evaluations(): number {
    return this.differences;
  }

  /** `toleranceOf`: the error that element i may have where it is y. */
  constructor(
    scratch: Scratch,
    field: BoundField<HostVector>,
    like: HostVector,
    toleranceOf: (y: number, i: number) => number,
    band?: Band,
  ) {
    this.band = band;
    this.scratch = scratch;
    this.field = field;
    this.toleranceOf = toleranceOf;
    this.moved = scratch.vector(like.length, like.dtype);
    this.slope = scratch.vector(like.length, like.dtype);
  }

  evaluate(place: Place, jacobian: HostVector, dfdt: HostVector): Awaitable<void> {
    this.moved.view.set(place.y.view);
    this.least = this.leastOf(place);
    return this.columns(place, jacobian, dfdt, 0);
  }

  /**
   * Widths must be so large that rounding of f, divided by them, does not count beside what J does to a step: with small
   * elements √ε |y| alone would be too little (the rule of SUNDIALS' CVODE). No more than one tolerance.
   */
  private leastOf({ h, y, k }: Place): number {
    const { length } = y;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const ratio = (h * k.view[i]!) / this.toleranceOf(y.view[i]!, i);
      if (Number.isFinite(ratio)) sum += ratio * ratio;
    }
    return Math.min(ABOVE_ROUNDING * EPSILON[y.dtype] * Math.sqrt(length * sum), 1);
  }

  /** The columns of J from this one on, then ∂f/∂t. */
  private columns(place: Place, jacobian: HostVector, dfdt: HostVector, from: number): Awaitable<void> {
    const { moved, slope } = this;
    const { y, k, t } = place;
    const { length } = y;
    const { band } = this;
    // In a band, columns that are its width apart have no row in common.
    const apart = band ? band.lower + band.upper + 1 : length;
    for (let first = from; first < Math.min(apart, length); first++) {
      for (let j = first; j < length; j += apart) this.move(y, j);
      this.differences++;
      const pending = this.field.evaluate(t, moved, slope, RECOMPUTE);
      const store = (): void => {
        for (let j = first; j < length; j += apart) {
          const distance = moved.view[j]! - y.view[j]!;
          const lowest = band ? Math.min(length - 1, j + band.lower) : length - 1;
          // Entry (i, j) of a band is one below (i − 1, j); row-major it is a row further.
          let at = band ? j * apart + Math.max(0, band.upper - j) : j;
          for (let i = band ? Math.max(0, j - band.upper) : 0; i <= lowest; i++, at += band ? 1 : length)
            jacobian.view[at] = (slope.view[i]! - k.view[i]!) / distance;
          moved.view[j] = y.view[j]!;
        }
      };
      if (pending) {
        return pending.then(() => {
          if (!this.scratch.leased) return undefined;
          store();
          return this.columns(place, jacobian, dfdt, first + 1);
        });
      }
      store();
    }
    return this.byTime(place, dfdt);
  }

  /** Moves element j: away from 0, so that what is not negative stays so. */
  private move({ view, dtype }: HostVector, j: number): void {
    const own = view[j]!;
    const width = Math.sqrt(EPSILON[dtype]);
    const wanted = Math.max(width * Math.abs(own), this.least * this.toleranceOf(own, j)) || width;
    this.moved.view[j] = own + (own < 0 ? -wanted : wanted);
  }

  /** ∂f/∂t, by a difference that stays inside the step. */
  byTime({ t, h, y, k }: Place, dfdt: HostVector): Awaitable<void> {
    const { slope, scratch } = this;
    const wanted = Math.sqrt(EPSILON[y.dtype]) * Math.max(Math.abs(t), Math.abs(h));
    const later = t + Math.sign(h) * Math.min(wanted, Math.abs(h));
    const distance = later - t;
    this.differences++;
    const pending = this.field.evaluate(later, y, slope, RECOMPUTE);
    const store = (): void => {
      for (let i = 0; i < y.length; i++) dfdt.view[i] = (slope.view[i]! - k.view[i]!) / distance;
    };
    if (!pending) return store();
    return pending.then(() => {
      if (scratch.leased) store();
    });
  }
}

/** The user's function, and differences of f in t where it leaves ∂f/∂t out. */
export class GivenJacobian implements JacobianSource {
  private readonly given: JacobianFunction;
  private readonly params: unknown;
  private readonly times: Differences;

  /** `times`: takes the differences in t. */
  constructor(given: JacobianFunction, params: unknown, times: Differences) {
    this.given = given;
    this.params = params;
    this.times = times;
  }

  get evaluations(): number {
    return this.times.differences;
  }

  get differences(): number {
    return this.times.differences;
  }

  evaluate(place: Place, jacobian: HostVector, dfdt: HostVector): Awaitable<void> {
    const [J, ft] = [jacobian.view as Float64Array, dfdt.view as Float64Array];
    J.fill(0);
    ft.fill(Number.NaN);
    const answer: unknown = this.given(place.t, place.y.view as Float64Array, this.params, J, ft);
    if (typeof answer === "object" && answer !== null)
      throw invalid("what jacobian returned", answer, "nothing: it fills J, at once");
    return ft.length > 0 && Number.isNaN(ft[0]!) ? this.times.byTime(place, dfdt) : undefined;
  }
}
