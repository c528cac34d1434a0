// Gradients are numbers: what is not finite is a failure that names the entry, and never a result.
import { nonFinite } from "../base/failures.ts";
import { firstNotFinite } from "../base/finite.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Gradients } from "./adjoint.ts";

/** What a backward pass comes to. */
export interface Pulled {
  readonly gradients: Gradients;
  /** Whether kernels have found all of it finite; otherwise it is looked at here. */
  readonly finite: boolean;
}

/** The step, from t over h, that a backward pass stopped being finite in. */
export interface BadStep {
  readonly t: number;
  readonly h: number;
}

/** The first entry that is not finite, with its value; undefined where there is none. */
function firstBad({ y0, params, ts }: Gradients): string | undefined {
  for (const [name, numbers] of Object.entries({ y0, params, ts })) {
    const bad = numbers === undefined ? -1 : firstNotFinite(numbers);
    if (bad >= 0) return `∂L/∂${name}[${bad}] is ${numbers![bad]}`;
  }
  return undefined;
}

/** The gradients, if they are finite; `find` finds the step that they stopped being so in. */
export function* onlyFinite({ gradients, finite }: Pulled, find?: () => Waiting<BadStep>): Waiting<Gradients> {
  const bad = finite ? undefined : firstBad(gradients);
  if (bad === undefined) return gradients;
  const { reconstructionError = 0 } = gradients.stats;
  // Not a large number only: it may be NaN itself.
  const lost =
    reconstructionError <= 1 ? "" : " (reverse() lost the path of the solve: keep more states with segments)";
  const what = `${bad}: the gradient${lost} stopped being finite on its way back`;
  if (!find) throw nonFinite(Number.NaN, Number.NaN, what);
  const { t, h } = yield* find();
  throw nonFinite(t, h, `${what} through this step`);
}
