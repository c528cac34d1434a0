// Sign changes of a scalar function on [0, 1]: seen in samples, and located in a bracket.

/** A change of sign between two positions. */
export interface Crossing {
  readonly from: number;
  readonly to: number;
  /** From negative to positive. */
  readonly rising: boolean;
  /** Whether the function is zero at `from` and leaves zero before `to`; the two are as close as can be told. */
  readonly leaves: boolean;
}

/** What the samples show. */
export interface Scan {
  /** In order. */
  readonly crossings: readonly Crossing[];
  /** The sign that the function has at last; 0 where it was zero all along. */
  readonly sign: number;
  /** Its value at 1. */
  readonly value: number;
  /** Whether the last crossing is a zero at the very end: what comes after decides whether it is one. */
  readonly open: boolean;
  /** Where the function stops being a finite number. */
  readonly brokenAt: number | undefined;
}

/** Samples of a step besides its start; two roots between neighbours are found where a dip shows in three samples. */
export const SAMPLES = 8;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
const DIP_EVALUATIONS = 24;

type Scalar = (s: number) => number;

/** What is known of a function at 0. */
export interface Start {
  readonly value: number;
  /** The sign that it has just after; 0 where it is not known because the function is zero there. */
  readonly sign: number;
  /** Up to here that is its sign whatever its values. */
  readonly from: number;
}

/**
 * Looks for the crossings of g on (0, 1]; positions closer together than the resolution are the same. A function that
 * comes to a stretch of zeros has crossed; it crosses again where it leaves it on the side that it came from.
 */
export function scan(g: Scalar, { value: first, sign: start, from }: Start, resolution: number): Scan {
  let sign = start;
  const crossings: Crossing[] = [];
  let value = first;
  const result = (brokenAt?: number, open = false): Scan => ({ crossings, sign, value, open, brokenAt });
  /** The last sample but one and the last that were not zero. */
  let a = from;
  let b = from;
  let ga = Math.abs(first);
  let gb = ga;
  /** The first of the zeros seen since then, and the last while they are a stretch. */
  let zero: number | undefined;
  let rest = first === 0 ? from : undefined;
  const cross = (from: number, to: number, leaves = false): void => {
    sign = leaves ? Math.sign(g(to)) : -sign;
    crossings.push({ from, to, rising: sign > 0, leaves });
    // Beyond a crossing a dip shows only in samples from there on.
    b = to;
    gb = Number.NaN;
  };
  for (let i = 1; i <= SAMPLES; i++) {
    const c = i / SAMPLES;
    value = g(c);
    if (c <= from) continue;
    if (!Number.isFinite(value)) {
      const end = sign === 0 ? c : locate(g, { from: b, to: c, rising: sign < 0, leaves: false }, resolution);
      if (!Number.isFinite(g(end))) return result(end);
      cross(b, end);
      return result(c);
    }
    if (value === 0) {
      if (rest === undefined && zero !== undefined) cross(b, zero);
      if (rest !== undefined || zero !== undefined) rest = c;
      else zero = c;
      continue;
    }
    if (rest !== undefined && Math.sign(value) !== sign) {
      const { from, to } = departure(g, rest, c, resolution);
      // It may leave for the side that it is known to go to, and be back on the other one before the next sample.
      if (Math.sign(g(to)) !== sign) cross(from, to, true);
      if (Math.sign(value) !== sign) cross(to, c);
    } else if (Math.sign(value) !== sign) {
      cross(b, zero ?? c);
    } else if (i > 1 && gb <= ga && gb <= Math.abs(value)) {
      // The middle one of three samples of one sign is nearest to zero: does the function dip through zero there?
      const dip = findDip(g, a, c, sign);
      if (dip !== undefined) {
        cross(a, dip);
        cross(dip, c);
      }
    }
    a = b;
    b = c;
    ga = gb;
    gb = Math.abs(value);
    zero = undefined;
    rest = undefined;
  }
  const open = zero !== undefined && rest === undefined;
  if (open) cross(b, zero!);
  return result(undefined, open);
}

/** Where a function that is zero at one position and not at a later one stops being zero. */
function departure(g: Scalar, zero: number, beyond: number, resolution: number): { from: number; to: number } {
  let [from, to] = [zero, beyond];
  // A function that leaves at once shows it soonest close by.
  for (let step = (to - from) / 8; step > resolution; step /= 8) {
    if (g(zero + step) === 0) {
      from = zero + step;
      break;
    }
    to = zero + step;
  }
  while (from > zero && to - from > resolution) {
    const middle = (from + to) / 2;
    if (middle <= from || middle >= to) break;
    if (g(middle) === 0) from = middle;
    else to = middle;
  }
  return { from, to };
}

/** A position between a and c where g has not the given sign, by golden-section search for its least |g|. */
function findDip(g: Scalar, from: number, to: number, sign: number): number | undefined {
  let [a, c] = [from, to];
  let [p, q] = [c - GOLDEN * (c - a), a + GOLDEN * (c - a)];
  let [gp, gq] = [g(p) * sign, g(q) * sign];
  for (let i = 0; i < DIP_EVALUATIONS; i++) {
    if (gp < 0) return p;
    if (gq < 0) return q;
    if (gp < gq) {
      [c, q, gq] = [q, p, gp];
      p = c - GOLDEN * (c - a);
      gp = g(p) * sign;
    } else {
      [a, p, gp] = [p, q, gq];
      q = a + GOLDEN * (c - a);
      gq = g(q) * sign;
    }
  }
  return undefined;
}

/**
 * The first position found that is past a crossing, or at its first zero, and within the resolution of one that is not.
 * Regula falsi (Illinois) held to bisection's pace. A value that is not finite counts as past it.
 */
export function locate(g: Scalar, { from, to, rising, leaves }: Crossing, resolution: number): number {
  if (leaves) return to;
  const value = (s: number): number => (rising ? g(s) : -g(s));
  let [a, b] = [from, to];
  // At the bracket's start g may be 0 or of rounding size: what counts is the sign it comes from.
  let [ga, gb] = [Math.min(value(a), -Number.MIN_VALUE), value(b)];
  let side = 0;
  let alone = false;
  for (let i = 0; i < 200 && b - a > 2 * resolution; i++) {
    let s = i % 3 === 2 ? (a + b) / 2 : (a * gb - b * ga) / (gb - ga);
    // A zero is the crossing if it is none of several: is the function still on this side right before it?
    if (gb === 0 && !alone) {
      s = b - 2 * resolution;
      alone = true;
    }
    if (!(s > a && s < b)) s = (a + b) / 2;
    if (!(s > a && s < b)) break;
    const gs = value(s);
    if (gs < 0) {
      [a, ga] = [s, gs];
      if (side === -1) gb /= 2;
      side = -1;
    } else {
      [b, gb] = [s, gs];
      if (side === 1) ga /= 2;
      side = 1;
    }
  }
  return b;
}
