// Step sizes: Hairer's initial step and the I/PI/PID controller. The norms come from norm.ts.
import { exponential, logarithm } from "./scalar";

/** base^exponent for base > 0; 0 and ∞ keep their limits. */
function power(base: f64, exponent: f64): f64 {
  if (base < f64.MIN_NORMAL_VALUE) return exponent > 0 ? 0 : Infinity;
  if (base == Infinity) return exponent > 0 ? Infinity : 0;
  return exponential(exponent * logarithm(base));
}

/** First guess h0 from d0 = ‖y0‖, d1 = ‖f0‖ (Hairer, Nørsett, Wanner, Solving ODEs I, II.4, step a–b). */
export function initialGuess(d0: f64, d1: f64): f64 {
  return d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : (0.01 * d0) / d1;
}

/** The initial step from h0, d1 and d2 = ‖f(t0 + h0, y0 + h0 f0) − f0‖/h0 for a method of order p (same place, d–f). */
export function initialStep(h0: f64, d1: f64, d2: f64, p: f64): f64 {
  const d = max<f64>(d1, d2);
  const h1 = d <= 1e-15 ? max<f64>(1e-6, h0 * 1e-3) : power(0.01 / d, 1 / p);
  return min<f64>(100 * h0, h1);
}

// A controller's memory, all f64:
//   0 β₁ · 8 β₂ · 16 β₃ · 24 safety · 32 minFactor · 40 maxFactor · 48 ln(1/r) of the last accepted step · 56 … and of the
//   one before (both start at 0, which is r = 1) · 64 the last r

/**
 * The factor on the step size after a step with scaled error r, negative if the step is rejected: safety · r⁻ᵝ¹ · r₁⁻ᵝ² · r₂⁻ᵝ³ with r₁, r₂ the errors of
 * the last two accepted steps, and β₁ = (p+i+d)/k, β₂ = −(p+2d)/k, β₃ = d/k as in diffrax. An accepted step (r ≤ 1) never
 * shrinks, a rejected one shrinks at least by `safety`; r = 0 gives maxFactor, NaN gives minFactor. Only accepted steps
 * enter the memory.
 */
export function control(controller: usize, r: f64): f64 {
  const safety = load<f64>(controller, 24);
  const minFactor = load<f64>(controller, 32);
  const maxFactor = load<f64>(controller, 40);
  store<f64>(controller, r, 64);
  if (!(r < Infinity)) return -minFactor;
  const accepted = r <= 1;
  // An error this small is as good as none; the bound keeps 1/r finite.
  const inverse = r < 1e-300 ? 690.0 : -logarithm(r);
  const last = load<f64>(controller, 48);
  const exponent = load<f64>(controller) * inverse + load<f64>(controller, 8) * last + load<f64>(controller, 16) * load<f64>(controller, 56);
  if (accepted) {
    store<f64>(controller, last, 56);
    store<f64>(controller, inverse, 48);
  }
  const factor = r == 0 ? maxFactor : safety * exponential(min<f64>(max<f64>(exponent, -700), 700));
  return accepted
    ? min<f64>(max<f64>(factor, 1), maxFactor)
    : -min<f64>(max<f64>(factor, minFactor), safety);
}
