// The times of fixed steps.

/** Times of steps of one size, one after the other: each interval between stops in equal steps, all but its last of the full size. */
export class FixedTimes {
  /** How many steps there are; infinite where an interval has more than numbers can tell. */
  readonly total: number;
  private readonly start: number;
  private readonly stops: Float64Array;
  /** Signed. */
  private readonly size: number;
  private readonly counts: readonly number[];
  /** The interval of the next step, and which of its steps it is. */
  private interval = 0;
  private step = 0;

  constructor(start: number, stops: Float64Array, stepSize: number, direction: number) {
    // What t cannot resolve makes no step of its own.
    const rounding = 2 * Number.EPSILON * Math.max(Math.abs(start), Math.abs(stops[stops.length - 1]!));
    this.start = start;
    this.stops = stops;
    this.size = stepSize * direction;
    this.counts = Array.from(stops, (stop, i) =>
      Math.max(1, Math.ceil((Math.abs(stop - (stops[i - 1] ?? start)) - rounding) / stepSize - 1e-9)),
    );
    this.total = this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** The end of the next step. */
  next(): number {
    const { interval } = this;
    if (++this.step < this.counts[interval]!) return (this.stops[interval - 1] ?? this.start) + this.step * this.size;
    this.step = 0;
    return this.stops[this.interval++]!;
  }
}
