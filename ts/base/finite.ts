/** Position of the first number that is not finite; −1 where all are. */
export function firstNotFinite(numbers: ArrayLike<number>): number {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return i;
  return -1;
}
