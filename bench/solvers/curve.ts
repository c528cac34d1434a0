// Work–precision curves: (error, time) points from coarse to fine, and the time to reach an error, interpolated between
// neighbouring points on logarithmic scales.

export interface Point {
  /** Tolerance or step size. */
  readonly rung: number;
  readonly error: number;
  /** Nanoseconds of one solve, the shortest sample. */
  readonly time: number;
  readonly median: number;
}

/** The least time with which the curve reaches `error`; NaN where it never does. */
export function timeToReach(curve: readonly Point[], error: number): number {
  let least = Number.NaN;
  const offer = (time: number): void => {
    if (!(time >= least)) least = time;
  };
  curve.forEach(({ error: here, time }, i) => {
    // A coarse beginning that is accurate already, or a point that hits.
    if (here <= error && (i === 0 || curve[i - 1]!.error <= error)) offer(time);
    const next = curve[i + 1];
    if (!next || !(here > error && next.error <= error)) return;
    const share = Math.log(here / error) / Math.log(here / Math.max(next.error, 1e-17));
    offer(time * (next.time / time) ** share);
  });
  return least;
}

/** max |y − reference| / max |reference|. */
export function relativeError(y: ArrayLike<number>, reference: readonly number[]): number {
  let [largest, size] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs(y[i]! - reference[i]!);
    if (!(difference <= largest)) largest = difference;
    size = Math.max(size, Math.abs(reference[i]!));
  }
  return largest / size;
}
