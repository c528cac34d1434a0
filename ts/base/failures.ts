// The numerical failures of a solve, each with the time, the step, what was happening and what to try.

import type { Dtype, FloatArray } from "./dtype.ts";
import { SolveError } from "./errors.ts";
import { firstNotFinite } from "./finite.ts";

export function slopeNotFinite(t: number, slope: FloatArray): SolveError {
  const bad = firstNotFinite(slope);
  return nonFinite(
    t,
    Number.NaN,
    `the field's derivative of component ${bad} is ${slope[bad]} at the start (does it fill all of dy?)`,
  );
}

export function stateNotFinite(t: number, h: number, state: FloatArray, after = "this step"): SolveError {
  const bad = firstNotFinite(state);
  return nonFinite(t, h, `component ${bad} is ${state[bad]} after ${after}`);
}

/** `t` and `h` may be NaN where they are not known. */
export function nonFinite(t: number, h: number, what: string): SolveError {
  const where = Number.isNaN(t) ? "" : `at t = ${t}${Number.isNaN(h) ? "" : `, step ${h}`}: `;
  return new SolveError(
    "non-finite",
    `${where}${what}. Check the field there for division by zero, logarithms and overflow, ` +
      "or, with fixed steps, try smaller ones",
    { t, h },
  );
}

/** `component` is the one with the largest error of the last step tried, −1 where no error was measured. */
export function tooManySteps(
  t: number,
  h: number,
  { accepted, rejected }: { readonly accepted: number; readonly rejected: number },
  component: number,
): SolveError {
  const worst = component < 0 ? "" : `; the largest error is in component ${component}`;
  return new SolveError(
    "max-steps",
    `${accepted + rejected} steps (${accepted} accepted, ${rejected} rejected) reached only t = ${t}, the next step being ${h}${worst}. ` +
      "The problem may be stiff: an explicit method then takes tiny steps however smooth the solution is; try rodas5P, or stabilized6 for diffusion. " +
      "Or the field jumps: then name the times in stepTimes, or let an event change it. Else raise maxSteps, loosen rtol and atol, or " +
      "rescale or reformulate the problem",
    { t, h },
  );
}

export function tooManyGivenSteps(t: number, h: number, taken: number): SolveError {
  const what = `maxSteps = ${taken} of the given steps reached only t = ${t}, the next step being ${h}`;
  return new SolveError("max-steps", `${what}; raise maxSteps, or take longer steps`, { t, h });
}

export function stuck(t: number, h: number, errorWasNaN: boolean, minStep: number, component: number): SolveError {
  if (errorWasNaN) return nonFinite(t, h, "every trial step, however small, gives NaN or infinity");
  const bound = minStep > 0 ? `minStep = ${minStep}` : "what t can resolve";
  const worst = component < 0 ? "" : ` because of component ${component}`;
  return new SolveError(
    "step-underflow",
    `at t = ${t} the error control asks for a step below ${bound} (${h})${worst}. The solution may blow up or jump there: ` +
      "look at the field near this time. Or the problem may be stiff: with loose tolerances an explicit method then loses the " +
      "solution, and tighter ones help",
    { t, h },
  );
}

export function notAccepted(t: number, h: number): SolveError {
  return new SolveError(
    "step-underflow",
    `at t = ${t} the option accept refuses the state after every step down to ${h}: the solution leaves the domain there. ` +
      "Stop with an event before, or, with fixed steps, take smaller ones",
    { t, h },
  );
}

export function rootNotFinite(t: number, index: number, value: number): SolveError {
  return new SolveError(
    "non-finite",
    `events[${index}].root is ${value} at t = ${t}; it must be finite wherever the solution is, and a little beyond. ` +
      "Guard its divisions, logarithms and roots, as in Math.log(Math.max(y[0], 1e-300))",
    { t },
  );
}

export function eventsAccumulate(t: number, index: number): SolveError {
  return new SolveError(
    "step-underflow",
    `events accumulate at t = ${t}: event ${index} occurs again before t can change. Make it terminal, give it a direction, or let its effect end the motion`,
    { t, h: 0 },
  );
}

/** What a solve ended in whose state had come near the largest number of its dtype: shorter steps do not help. */
export function overflowing({ t, h }: SolveError, component: number, value: number, dtype: Dtype): SolveError {
  return new SolveError(
    "non-finite",
    `at t = ${t}, step ${h}: component ${component} has come to ${value.toPrecision(2)}, where ${dtype} overflows. ` +
      (dtype === "float32"
        ? "Take float64, or widened(field), which computes in float64 around a float32 network"
        : "Rescale the problem"),
    { t, h },
  );
}

/** A failure of the backward solve of `continuous()`, whose components have names of their own. */
export function backwardFailure({ code, message, t, h, cause }: SolveError, nameOf: (i: number) => string): SolveError {
  const named = message
    .replace(/component (\d+)/, (_, i) => nameOf(Number(i)))
    .replace("does it fill all of dy?", "does vjp add finite numbers only?");
  return new SolveError(
    code,
    `in the backward solve of continuous(), which integrates y and its adjoint backwards: ${named}. Or take the adjoint symplectic(), ` +
      "which needs no such solve and is exact",
    { t, h, cause },
  );
}
