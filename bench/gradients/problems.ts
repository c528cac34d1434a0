// What is differentiated: networks of several sizes, solved over a unit of time, with the loss mean y(1)².
import {
  type Adjoint,
  auto,
  backprop,
  checkpointed,
  continuous,
  mlp,
  reverse,
  reversible,
  type Solver,
  symplectic,
  tsit5,
} from "odegrad";

export interface Size {
  readonly width: number;
  readonly batch: number;
}

export const SIZES: readonly Size[] = [
  { width: 16, batch: 1 },
  { width: 64, batch: 1 },
  { width: 64, batch: 64 },
  { width: 128, batch: 256 },
];

export interface Method {
  readonly name: string;
  readonly solver: Solver;
  readonly adjoint: () => Adjoint;
}

/** Every adjoint; reverse() needs a solver of its own, whose gradients are compared with the same exact ones. */
export const METHODS: readonly Method[] = [
  { name: "backprop()", solver: tsit5, adjoint: backprop },
  { name: "symplectic()", solver: tsit5, adjoint: symplectic },
  { name: "checkpointed({ checkpoints: 8 })", solver: tsit5, adjoint: () => checkpointed({ checkpoints: 8 }) },
  { name: "auto()", solver: tsit5, adjoint: auto },
  { name: "reverse(), reversible(tsit5)", solver: reversible(tsit5), adjoint: reverse },
  { name: 'continuous({ norm: "full" })', solver: tsit5, adjoint: () => continuous({ norm: "full" }) },
  { name: "continuous(), seminorm", solver: tsit5, adjoint: continuous },
  { name: "continuous({ quadrature: true })", solver: tsit5, adjoint: () => continuous({ quadrature: true }) },
];

/** A small deterministic start for every row. */
export const start = (batch: number): Float64Array =>
  Float64Array.from({ length: 2 * batch }, (_, i) => Math.sin(1 + 1.7 * i));

/** A network large enough in its weights to have something to solve. */
export function network({ width }: Size, dtype: "float32" | "float64"): ReturnType<typeof mlp> {
  const field = mlp({ layers: [2, width, width, 2], dtype, seed: 1 });
  for (let i = 0; i < field.params.length; i++) field.params[i]! *= 2;
  return field;
}

/** ∂L/∂ys of L = mean y(t_end)². */
export function cotangentOf(ys: ArrayLike<number>): Float64Array {
  const cotangent = new Float64Array(ys.length);
  const half = ys.length / 2;
  for (let i = half; i < ys.length; i++) cotangent[i] = (2 * ys[i]!) / half;
  return cotangent;
}

/** ‖a − b‖ / ‖b‖ */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}
