// Roots of a scalar function on [0, 1], sampled: brackets where its sign changes, and the root inside a bracket.

/** A sign change between two positions; `rising` from negative to positive. */
interface Bracket {
  readonly from: number;
  readonly to: number;
  readonly rising: boolean;
}

/** Samples on a step besides its ends; two roots between neighbours are found where a dip shows in three samples. */
const SAMPLES = 8;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
const DIP_EVALUATIONS = 24;

/**
 * Brackets of the sign changes of g on [0, 1] in order, given the sign that it starts with (of g just after 0).
 * A sample that is exactly 0 counts as crossed.
 */
export function brackets(g: (s: number) => number, first: number, startSign: number): Bracket[] {
  const found: Bracket[] = [];
  let sign = startSign;
  const cross = (from: number, to: number): void => {
    found.push({ from, to, rising: sign < 0 });
    sign = -sign;
  };
  let [a, b] = [0, 0];
  let [ga, gb] = [Math.abs(first), Math.abs(first)];
  for (let i = 1; i <= SAMPLES; i++) {
    const c = i / SAMPLES;
    const value = g(c);
    const gc = Math.abs(value);
    const crossed = value === 0 || Math.sign(value) !== sign;
    if (crossed) {
      cross(b, c);
    } else if (i > 1 && gb <= ga && gb <= gc) {
      // The middle one of three samples of one sign is nearest to zero: does the function dip through zero there?
      const dip = findDip(g, a, c, sign);
      if (dip !== undefined) {
        cross(a, dip);
        cross(dip, c);
      }
    }
    // Beyond a crossing a dip shows only in samples from there on.
    [a, b, ga, gb] = [b, c, crossed ? Number.NaN : gb, gc];
  }
  return found;
}

/** A position between a and c where g has not the given sign, by golden-section search for its least |g|. */
function findDip(g: (s: number) => number, from: number, to: number, sign: number): number | undefined {
  let [a, c] = [from, to];
  let [p, q] = [c - GOLDEN * (c - a), a + GOLDEN * (c - a)];
  let [gp, gq] = [g(p) * sign, g(q) * sign];
  for (let i = 0; i < DIP_EVALUATIONS; i++) {
    if (gp <= 0) return p;
    if (gq <= 0) return q;
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

/** The root in a bracket, to the last bit where g allows: regula falsi (Illinois) held to bisection's pace. */
export function rootIn(g: (s: number) => number, { from, to, rising }: Bracket): number {
  const value = (s: number): number => (rising ? g(s) : -g(s));
  let [a, b] = [from, to];
  // At the bracket's start g may be 0 or of rounding size: what counts is the sign it comes from.
  let [ga, gb] = [Math.min(value(a), -Number.MIN_VALUE), value(b)];
  let side = 0;
  for (let i = 0; i < 120 && b - a > Number.EPSILON * b; i++) {
    let s = i % 3 === 2 ? (a + b) / 2 : (a * gb - b * ga) / (gb - ga);
    if (!(s > a && s < b)) s = (a + b) / 2;
    if (!(s > a && s < b)) break;
    const gs = value(s);
    if (gs < 0) {
      [a, ga] = [s, gs];
      if (side === -1) gb /= 2;
      side = -1;
    } else {
      [b, gb] = [s, gs];
      if (gs === 0) break;
      if (side === 1) ga /= 2;
      side = 1;
    }
  }
  return b;
}
