// Fourth-order differences.

/** Weights of values at distances from a point: divided by the width, their sum is the derivative there. */
export type Stencil = readonly (readonly [distance: number, weight: number])[];

export const CENTRAL: Stencil = [
  [-2, 1 / 12],
  [-1, -2 / 3],
  [1, 2 / 3],
  [2, -1 / 12],
];

export const FORWARD: Stencil = [
  [0, -25 / 12],
  [1, 4],
  [2, -3],
  [3, 4 / 3],
  [4, -1 / 4],
];

export const BACKWARD: Stencil = FORWARD.map(([distance, weight]) => [-distance, -weight]);
