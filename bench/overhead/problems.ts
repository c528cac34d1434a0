// The problems: a field as users write it, and the same text for writing it into the stages.
import type { FieldFunction } from "./unrolled.ts";

export interface Problem {
  readonly name: string;
  readonly y0: readonly number[];
  readonly end: number;
  readonly field: FieldFunction;
  /** Its derivatives in terms of x0, x1, … */
  readonly inline: readonly string[];
}

export const lorenz: Problem = {
  name: "Lorenz",
  y0: [1, 1, 1],
  end: 100,
  field: (_t, y, dy) => {
    dy[0] = 10 * (y[1]! - y[0]!);
    dy[1] = y[0]! * (28 - y[2]!) - y[1]!;
    dy[2] = y[0]! * y[1]! - (8 / 3) * y[2]!;
  },
  inline: ["10 * (x1 - x0)", "x0 * (28 - x2) - x1", "x0 * x1 - (8 / 3) * x2"],
};

export const lotkaVolterra: Problem = {
  name: "Lotka–Volterra",
  y0: [1, 1],
  end: 300,
  field: (_t, y, dy) => {
    dy[0] = 1.5 * y[0]! - y[0]! * y[1]!;
    dy[1] = y[0]! * y[1]! - 3 * y[1]!;
  },
  inline: ["1.5 * x0 - x0 * x1", "x0 * x1 - 3 * x1"],
};

export const exponential: Problem = {
  name: "exponential",
  y0: [1],
  end: 600,
  field: (_t, y, dy) => {
    dy[0] = y[0]!;
  },
  inline: ["x0"],
};
