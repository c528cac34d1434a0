// The option `events`.
import type { Adjoint } from "../adjoints/adjoint.ts";
import { invalid } from "../base/errors.ts";
import type { SolveEvent } from "../problem/event.ts";

export function eventsOf(events: readonly SolveEvent[] = [], adjoint: Adjoint | undefined): readonly SolveEvent[] {
  const allowed = "an array of { root, direction, terminal, effect }";
  if (!Array.isArray(events)) throw invalid("events", events, allowed);
  for (const [i, event] of (events as readonly SolveEvent[]).entries()) {
    const { root, direction, effect } = event ?? {};
    if (typeof root !== "function") throw invalid(`events[${i}].root`, root, "a function (t, y) => number");
    if (direction !== undefined && direction !== 1 && direction !== -1) {
      throw invalid(`events[${i}].direction`, direction, "1 (rising), -1 (falling) or undefined (both)");
    }
    if (effect === undefined) continue;
    if (typeof effect !== "function") throw invalid(`events[${i}].effect`, effect, "a function (t, y) => void");
    if (adjoint)
      throw invalid(
        `events[${i}].effect`,
        effect,
        `undefined with adjoint ${adjoint.name}: gradients do not pass through effects`,
      );
  }
  return events;
}
