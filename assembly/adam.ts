// One step of Adam (Kingma & Ba 2015) with decoupled weight decay (AdamW, Loshchilov & Hutter 2019), arranged like
// PyTorch's: θ ← θ (1 − rate·decay); θ ← θ − rate/c₁ · m / (√v / √c₂ + ε).
import { lanes, mulAdd } from "./lanes";
import { loadPartial, storePartial } from "./partial";

/** Updates n parameters and both moments; correction₁ = 1 − β₁ᵗ, correction₂ = 1 − β₂ᵗ for the t-th step, t ≥ 1. */
export function adam<T>(
  params: usize,
  gradient: usize,
  first: usize,
  second: usize,
  n: i32,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  decay: f64,
  correction1: f64,
  correction2: f64,
): void {
  const b1 = v128.splat<T>(<T>beta1);
  const b2 = v128.splat<T>(<T>beta2);
  const c1 = v128.splat<T>(<T>(1 - beta1));
  const c2 = v128.splat<T>(<T>(1 - beta2));
  const eps = v128.splat<T>(<T>epsilon);
  const keep = v128.splat<T>(<T>(1 - rate * decay));
  const step = v128.splat<T>(<T>(-rate / correction1));
  const scale = v128.splat<T>(<T>(1 / sqrt(correction2)));
  for (; n > 0; n -= lanes<T>()) {
    const g = loadPartial<T>(gradient, n);
    const m = mulAdd<T>(b1, loadPartial<T>(first, n), v128.mul<T>(c1, g));
    const v = mulAdd<T>(b2, loadPartial<T>(second, n), v128.mul<T>(c2, v128.mul<T>(g, g)));
    const move = v128.div<T>(v128.mul<T>(step, m), mulAdd<T>(v128.sqrt<T>(v), scale, eps));
    storePartial<T>(first, m, n);
    storePartial<T>(second, v, n);
    storePartial<T>(params, mulAdd<T>(loadPartial<T>(params, n), keep, move), n);
    params += 16;
    gradient += 16;
    first += 16;
    second += 16;
  }
}
