// The same under noUncheckedIndexedAccess, where every element may be undefined: an exclamation mark says that it is not.
import { type FieldFunction, solve } from "odegrad";

const lorenz: FieldFunction = (_t, y, dy) => {
  const [a, b, c] = [y[0]!, y[1]!, y[2]!];
  dy[0] = 10 * (b - a);
  dy[1] = a * (28 - c) - b;
  dy[2] = a * b - (8 / 3) * c;
};

const solution = solve(lorenz, { y0: [1, 1, 1], ts: [0, 1, 2] });
export const last: number = solution.state(-1)[0]!;
export const heights: number[] = Array.from(solution.component(2));
