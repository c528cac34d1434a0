// Fields and events that the cases share.
import { type Effect, type SolveEvent, type VectorField, vectorField } from "../../ts/index.ts";

type Field = (t: number, y: Float64Array, dy: Float64Array) => void;

/** Nothing moves. */
export const still: Field = (_t, _y, dy) => void dy.fill(0);
/** Every state grows by its rate. */
export const steady =
  (...rates: number[]): Field =>
  (_t, _y, dy) =>
    dy.set(rates);
export const decay: Field = (_t, y, dy) => {
  for (let i = 0; i < y.length; i++) dy[i] = -y[i]!;
};
/** Balls [height, speed, height, speed, …]. */
export const falling =
  (gravity = 9.8): Field =>
  (_t, y, dy) => {
    for (let i = 0; i < y.length; i += 2) [dy[i], dy[i + 1]] = [y[i + 1]!, -gravity];
  };

/** An effect: one more of component i. */
export const add =
  (i: number, amount = 1): SolveEvent["effect"] & {} =>
  (_t, y) => {
    y[i]! += amount;
  };
/** A dose at a time. */
export const dose = (time: number, i = 0, amount = 1): SolveEvent => ({
  root: (t) => t - time,
  effect: add(i, amount),
});
/** A bounce of ball i. */
export const bounce = (i: number, restitution: number, direction?: -1): SolveEvent => ({
  root: (_t, y) => y[2 * i]!,
  ...(direction && { direction }),
  effect: (_t, y) => {
    y[2 * i] = 0;
    y[2 * i + 1]! *= -restitution;
  },
});

/** y' = −p₀ y, with its derivatives. */
export const decaying = (k: number): VectorField =>
  vectorField({
    params: [k],
    f(_t, y, dy, p) {
      for (let i = 0; i < y.length; i++) dy[i] = -p[0]! * y[i]!;
    },
    vjp(_t, y, p, c, out) {
      for (let i = 0; i < y.length; i++) {
        out.y[i]! -= p[0]! * c[i]!;
        out.params[0]! -= y[i]! * c[i]!;
      }
    },
    jvp(_t, y, p, dot, dy) {
      for (let i = 0; i < y.length; i++) dy[i] = -p[0]! * dot.y[i]! - dot.params[0]! * y[i]!;
    },
  });

/** A ball under gravity p₀, [height, speed], with its derivatives; p₁ is the restitution of `bouncing`. */
export const ball = (gravity: number, restitution: number): VectorField =>
  vectorField({
    params: [gravity, restitution],
    f(_t, y, dy, p) {
      dy[0] = y[1]!;
      dy[1] = -p[0]!;
    },
    vjp(_t, _y, _p, c, out) {
      out.y[1]! += c[0]!;
      out.params[0]! -= c[1]!;
    },
    jvp(_t, _y, _p, dot, dy) {
      dy[0] = dot.y[1]!;
      dy[1] = -dot.params[0]!;
    },
  });

export const bouncing: Effect = {
  apply(_t, y, p) {
    y[0] = 0;
    y[1]! *= -p[1];
  },
  vjp(_t, y, p, c, out) {
    out.y[1]! -= p[1]! * c[1]!;
    out.params[1]! -= y[1]! * c[1]!;
  },
};

/** The derivative of f at 0, to order 4. */
export const central = (f: (d: number) => number, d = 1e-4): number =>
  (8 * (f(d) - f(-d)) - (f(2 * d) - f(-2 * d))) / (12 * d);
