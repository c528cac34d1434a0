// The weights of a continuous extension y(t + s h) = y + h Σ wᵢ(s) kᵢ.
import type { Dense } from "./scheme.ts";

/** out[i] ← wᵢ(s). */
export function denseWeights({ weights }: Dense, s: number, out: Float64Array): void {
  for (let i = 0; i < weights.length; i++) {
    const row = weights[i]!;
    let w = 0;
    for (let p = row.length - 1; p >= 0; p--) w = (w + row[p]!) * s;
    out[i] = w;
  }
}

/** out[i] ← wᵢ'(s). */
export function denseSlopes({ weights }: Dense, s: number, out: Float64Array): void {
  for (let i = 0; i < weights.length; i++) {
    const row = weights[i]!;
    let w = 0;
    for (let p = row.length - 1; p >= 0; p--) w = w * s + (p + 1) * row[p]!;
    out[i] = w;
  }
}
