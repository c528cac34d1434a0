// What the checks of all runtimes measure and assert with.

/** ‖a − b‖ / ‖b‖; NaN where the lengths differ. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    size += b[i] ** 2;
  }
  return a.length === b.length ? Math.sqrt(difference / size) : Number.NaN;
}

export function assert(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
