// Times, appended one by one.

const FIRST_ROOM = 32;

export class Times {
  private numbers: Float64Array;
  /** Set to 0, all are forgotten. */
  length = 0;

  /** `room`: how many there will be, where that is known. */
  constructor(room: number = FIRST_ROOM) {
    this.numbers = new Float64Array(room);
  }

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

  /** What was pushed; nothing may be pushed after it. */
  array(): Float64Array {
    return this.length === this.numbers.length ? this.numbers : this.numbers.slice(0, this.length);
  }
}
