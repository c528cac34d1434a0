// Step sizes: the I/PI/PID controller. The norms come from norm.ts.
// ts/vectors/table-layout.ts says where a controller keeps what.
import {
  CONTROLLER_BEFORE_LAST, CONTROLLER_BETA1, CONTROLLER_BETA2, CONTROLLER_BETA3, CONTROLLER_ERROR, CONTROLLER_LAST,
  CONTROLLER_LEAST_ACCEPTED, CONTROLLER_MAX_FACTOR, CONTROLLER_MIN_FACTOR, CONTROLLER_SAFETY,
} from "../ts/vectors/table-layout";
import { roughExp2, roughLog2 } from "./scalar";

/** a within least … most, without the branches that engines make of min and max. */
// @ts-ignore: decorator
@inline
function clip(a: f64, least: f64, most: f64): f64 {
  return f64x2.extract_lane(f64x2.pmin(f64x2.pmax(f64x2.splat(a), f64x2.splat(least)), f64x2.splat(most)), 0);
}

/**
 * The factor on the step size after a step with scaled error r, negative if the step is rejected:
 * safety · r⁻ᵝ¹ · r₁⁻ᵝ² · r₂⁻ᵝ³ with r₁, r₂ the errors of the last two accepted steps, and β₁ = (p+i+d)/k, β₂ = −(p+2d)/k,
 * β₃ = d/k as in diffrax, after an accepted step (r ≤ 1) from the least factor there to maxFactor, after a rejected one from
 * minFactor to `safety`; r = 0 gives maxFactor, NaN gives minFactor. Only accepted steps enter the memory. The argument is r²:
 * the next step waits for this, so it takes neither a root nor a branch that could be mispredicted.
 */
// @ts-ignore: decorator
@noinline
export function controlSquare(controller: usize, square: f64): f64 {
  const safety = load<f64>(controller, CONTROLLER_SAFETY);
  const minFactor = load<f64>(controller, CONTROLLER_MIN_FACTOR);
  const maxFactor = load<f64>(controller, CONTROLLER_MAX_FACTOR);
  store<f64>(controller, sqrt<f64>(square), CONTROLLER_ERROR);
  if (!(square < Infinity)) return -minFactor;
  // An error this small is as good as none; the bound keeps 1/r finite.
  const inverse = square < 1e-300 ? 500.0 : -0.5 * roughLog2(square);
  const last = load<f64>(controller, CONTROLLER_LAST);
  const beforeLast = load<f64>(controller, CONTROLLER_BEFORE_LAST);
  const history = load<f64>(controller, CONTROLLER_BETA2) * last + load<f64>(controller, CONTROLLER_BETA3) * beforeLast;
  const exponent = load<f64>(controller, CONTROLLER_BETA1) * inverse + history * (1 / Math.LN2);
  const factor = safety * roughExp2(clip(exponent, -1000, 1000));
  if (square <= 1) {
    store<f64>(controller, last, CONTROLLER_BEFORE_LAST);
    // No error at all says nothing about the next: it is remembered as r = 1, as diffrax does.
    store<f64>(controller, square == 0 ? 0 : inverse * Math.LN2, CONTROLLER_LAST);
    if (square == 0) return maxFactor;
    return clip(factor, load<f64>(controller, CONTROLLER_LEAST_ACCEPTED), maxFactor);
  }
  return -clip(factor, minFactor, safety);
}
