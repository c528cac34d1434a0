// The option `events`.
import type { Adjoint } from "../adjoints/adjoint.ts";
import { invalid } from "../base/errors.ts";
import type { Effect, SolveEvent } from "../problem/event.ts";
import { callable } from "./checks.ts";

const KEYS = ["root", "direction", "terminal", "effect", "gradient"];
const EFFECT_KEYS = ["apply", "vjp", "jvp"];

/** Refuses keys that mean nothing: what they were to say would be lost in silence. */
function onlyKnown(name: string, given: object, known: readonly string[]): void {
  for (const [key, value] of Object.entries(given)) {
    if (!known.includes(key)) throw invalid(`${name}.${key}`, value, `the keys ${known.join(", ")}`);
  }
}

export function eventsOf(
  events: readonly SolveEvent[] | undefined,
  adjoint: Adjoint | undefined,
): readonly SolveEvent[] {
  if (events === undefined) return [];
  const allowed = `an array of { ${KEYS.join(", ")} }`;
  if (!Array.isArray(events)) throw invalid("events", events, allowed);
  for (const [i, event] of (events as readonly SolveEvent[]).entries()) {
    const name = `events[${i}]`;
    if (typeof event !== "object" || event === null) throw invalid(name, event, `{ ${KEYS.join(", ")} }`);
    onlyKnown(name, event, KEYS);
    const { root, direction, terminal, effect, gradient } = event;
    if (typeof root !== "function") throw invalid(`${name}.root`, root, "a function (t, y) => number");
    if (direction !== undefined && direction !== 1 && direction !== -1) {
      throw invalid(`${name}.direction`, direction, "1 (rising), -1 (falling) or undefined (both)");
    }
    if (terminal !== undefined && typeof terminal !== "boolean" && !(Number.isInteger(terminal) && terminal >= 1)) {
      throw invalid(`${name}.terminal`, terminal, "true, false, or n to stop at its n-th occurrence, an integer ≥ 1");
    }
    callable(`${name}.gradient`, gradient, "(t, y, out) => void that writes ∂root/∂y to out");
    if (effect !== undefined) checkEffect(`${name}.effect`, effect, adjoint);
  }
  return events;
}

function checkEffect(name: string, effect: SolveEvent["effect"] & {}, adjoint: Adjoint | undefined): void {
  const whole = "{ apply: (t, y, params) => void, vjp: (t, yBefore, params, cotangent, { y, params, t }) => void }";
  if (typeof effect === "function") {
    if (!adjoint) return;
    throw invalid(name, effect, `with adjoint ${adjoint.name} an effect that gradients pass through, ${whole}`);
  }
  const allowed = `a function (t, y, params) => void | "stop", or, for gradients, ${whole}`;
  if (typeof effect !== "object" || effect === null) throw invalid(name, effect, allowed);
  onlyKnown(name, effect, EFFECT_KEYS);
  for (const key of ["apply", "vjp"] as const satisfies readonly (keyof Effect)[]) {
    if (typeof effect[key] !== "function") throw invalid(`${name}.${key}`, effect[key], `a function, as in ${whole}`);
  }
  callable(`${name}.jvp`, effect.jvp, "(t, yBefore, params, { y, params, t }, out) => void");
}
