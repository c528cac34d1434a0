// Sequences of numbers, such as times and counts: the last one, and how far apart neighbours are.
type Numbers = ArrayLike<number>;

export const last = (numbers: Numbers): number => numbers[numbers.length - 1]!;
export const differences = (numbers: Numbers): number[] =>
  Array.from(numbers)
    .slice(1)
    .map((x, i) => x - numbers[i]!);
