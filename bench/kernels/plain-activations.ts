// Activations and their derivatives in careful plain JavaScript: one loop for each, on the engine's own functions. Each
// stands alone, because benchmarks run copies of its text (copyOf).
import type { FloatArray } from "../../ts/base/dtype.ts";

type Forward = (out: FloatArray, x: FloatArray) => void;
/** delta ← delta · act′; `kept` is the value (for silu and gelu the argument). */
type Gradient = (delta: FloatArray, kept: FloatArray) => void;

export const forward: Record<string, Forward> = {
  tanh: (out, x) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.tanh(x[i]!);
  },
  relu: (out, x) => {
    for (let i = 0; i < x.length; i++) out[i] = x[i]! > 0 ? x[i]! : 0;
  },
  softplus: (out, x) => {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]!;
      out[i] = (v > 0 ? v : 0) + Math.log1p(Math.exp(-Math.abs(v)));
    }
  },
  sigmoid: (out, x) => {
    for (let i = 0; i < x.length; i++) out[i] = 1 / (1 + Math.exp(-x[i]!));
  },
  silu: (out, x) => {
    for (let i = 0; i < x.length; i++) out[i] = x[i]! / (1 + Math.exp(-x[i]!));
  },
  elu: (out, x) => {
    for (let i = 0; i < x.length; i++) out[i] = x[i]! >= 0 ? x[i]! : Math.expm1(x[i]!);
  },
};

export const gradient: Record<string, Gradient> = {
  tanh: (delta, kept) => {
    for (let i = 0; i < delta.length; i++) delta[i] = delta[i]! * (1 - kept[i]! * kept[i]!);
  },
  relu: (delta, kept) => {
    for (let i = 0; i < delta.length; i++) if (!(kept[i]! > 0)) delta[i] = 0;
  },
  softplus: (delta, kept) => {
    for (let i = 0; i < delta.length; i++) delta[i] = -delta[i]! * Math.expm1(-kept[i]!);
  },
  sigmoid: (delta, kept) => {
    for (let i = 0; i < delta.length; i++) delta[i] = delta[i]! * (kept[i]! * (1 - kept[i]!));
  },
  silu: (delta, kept) => {
    for (let i = 0; i < delta.length; i++) {
      const x = kept[i]!;
      const s = 1 / (1 + Math.exp(-x));
      delta[i] = delta[i]! * (s * (1 + x * (1 - s)));
    }
  },
  elu: (delta, kept) => {
    for (let i = 0; i < delta.length; i++) delta[i] = delta[i]! * (1 + (kept[i]! < 0 ? kept[i]! : 0));
  },
};
