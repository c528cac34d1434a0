// Times, appended one by one.

const FIRST_ROOM = 32;

export class Times {
  private numbers: Float64Array = new Float64Array(FIRST_ROOM);
  private length = 0;

  push(t: number): void {
    if (this.length === this.numbers.length) this.grow();
    this.numbers[this.length++] = t;
  }

  /** Appends times[from] … times[to − 1]. */
  append(times: Float64Array, from: number, to: number): void {
    while (this.length + to - from > this.numbers.length) this.grow();
    this.numbers.set(times.subarray(from, to), this.length);
    this.length += to - from;
  }

  private grow(): void {
    const longer = new Float64Array(2 * this.numbers.length);
    longer.set(this.numbers);
    this.numbers = longer;
  }

  /** A copy of what was pushed. */
  array(): Float64Array {
    return this.numbers.slice(0, this.length);
  }
}
