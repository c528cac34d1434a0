// The adjoint of reversible solvers (McCallum & Foster 2024). Steps are undone one by one from the last, and each is
// transposed on the way: of the trajectory only step times and the last state are kept. What rounding does to the
// reconstruction is measured, and checkpoints of the state cap it.

import { bytesOf, type FloatArray, zeros } from "../base/dtype.ts";
import { checkOptions, invalid } from "../base/errors.ts";
import { type Waiting, wait } from "../base/waiting.ts";
import { Runner } from "../program/runner.ts";
import type { Arithmetic, Vector } from "../vectors/arithmetic.ts";
import type { Adjoint, Forward, Tape } from "./adjoint.ts";
import { pullDiscrete, tapesOfStep } from "./discrete.ts";
import { Growth } from "./growth.ts";
import { byPlace } from "./jumps.ts";
import { lossOf } from "./loss.ts";

/** Options of `reverse`. */
export interface ReverseOptions {
  /**
   * Steps between the states that are kept, where the way back starts afresh. Infinity keeps none; "auto", the default,
   * keeps one whenever the growth of roundings, judged from the coupling and the forward pass, has used up `budget`.
   */
  readonly segments?: number | "auto" | undefined;
  /** How much roundings may grow between kept states under "auto": 1e6 in float64, 100 in float32. */
  readonly budget?: number | undefined;
}

const BUDGETS = { float64: 1e6, float32: 1e2 };
const EPSILONS = { float64: 2 ** -52, float32: 2 ** -23 };
/** Steps between kept states under "auto" on a device. */
const DEVICE_SEGMENT = 16;
/** Reconstruction errors above this give a warning, and so does NaN. */
const TRUSTED = { float64: 1e-6, float32: 1e-3 };

/**
 * The gradient of the discrete map by going backward along the solver's own inverse: exact to the rounding of the
 * reconstructed states, which `stats.reconstructionError` of the gradients reports. Costs as many evaluations and VJPs as
 * the forward pass has stages; memory does not grow with the number of steps, but for kept states. For solvers made by
 * `reversible`, and, with the small error of their way back, for `ees25` and `ees27`. Throws `SolveError` "invalid" for bad options.
 */
export function reverse(options: ReverseOptions = {}): Adjoint {
  checkOptions("reverse", options, ["segments", "budget"]);
  const { segments = "auto", budget } = options;
  if (
    segments !== "auto" &&
    !(segments >= 1 && (Number.isInteger(segments) || segments === Number.POSITIVE_INFINITY))
  ) {
    throw invalid("reverse option segments", segments, '"auto", Infinity, or an integer ≥ 1');
  }
  if (budget !== undefined && !(typeof budget === "number" && budget > 1))
    throw invalid("reverse option budget", budget, "a number above 1");
  return {
    name: "reverse",
    lossOf,
    papers: ["mccallum2024"],
    undoesSteps: true,
    slots: () => 0,
    tape: (forward) => tape(forward, segments, budget ?? BUDGETS[forward.problem.field.dtype]),
  };
}

function tape({ problem, placed, arithmetic }: Forward, segments: number | "auto", budget: number): Tape {
  const { y0, field } = problem;
  const { dtype } = field;
  const { inverse, start } = placed.scheme;
  // What happens on a device is not seen on the way, so there states are kept often.
  const every = segments === "auto" ? DEVICE_SEGMENT : segments;
  const { host } = arithmetic;
  const growth = segments === "auto" && host ? new Growth(host, inverse!.growth, EPSILONS[dtype]) : undefined;
  const kept = arithmetic.rows(y0.length);
  /** The step at whose end each state was kept. */
  const keptAfter: number[] = [];
  let step = 0;
  // Said once for each solution: its gradients are wrong, in every pullback. The next solution is another problem, or other
  // parameters, and must not be silent because this one was not.
  let warned = false;
  const lastBytes = start.length * y0.length * bytesOf(dtype);
  const bytes = {
    get checkpoints() {
      return kept.bytes + lastBytes;
    },
    stages: 0,
    tape: 0,
  };
  return {
    keepsTapes: false,
    bytes,
    accept(program) {
      const due = growth ? growth.accept(program) > Math.log(budget) : (step + 1) % every === 0;
      if (due) {
        for (const part of program.end) kept.push(part);
        keptAfter.push(step);
        growth?.restart();
      }
      step++;
    },
    restart() {
      growth?.restart();
    },
    *pullback(trajectory, loss) {
      const places = byPlace(trajectory.jumps);
      const gradients = yield* pullDiscrete(trajectory, loss, tapesOfStep(problem), ({ machine, stats }) => {
        const runner = new Runner(machine, true);
        const { arithmetic } = machine;
        const gap = new Gap(arithmetic, y0);
        let next = keptAfter.length - 1;
        return {
          adjoint: "reverse",
          tapes: true,
          bytes,
          get reconstructionError() {
            return gap.largest;
          },
          *step({ n, stageStart, h, stageEnd, program, dense }) {
            const { end, inverse } = program;
            if (keptAfter[next] === n) {
              const first = next * end.length;
              for (const [i, part] of end.entries()) yield* gap.close(part, () => kept.read(first + i, part));
              next--;
            }
            yield* runner.finish(inverse!, 0, stageStart, h, stageEnd);
            if (dense) yield* runner.finish(program.dense!.instructions, 0, stageStart, h, stageEnd);
            stats.evaluations = runner.evaluations;
            // Solve and effects start both states of a pair from the same one, which is known.
            const known = places.get(n)?.at(-1)?.after ?? (n === 0 ? y0 : undefined);
            if (!known) return;
            for (const part of program.start) yield* gap.close(part, () => arithmetic.copyIn(part, known));
          },
        };
      });
      const error = gradients.stats.reconstructionError!;
      if (!(error <= TRUSTED[dtype]) && !warned) {
        warned = true;
        warn(error, trajectory.grid.length - 1, keptAfter.length, problem.solver.name);
      }
      return gradients;
    },
  };
}

/** Compares reconstructed states with stored ones, which take their place. */
class Gap {
  /** Over max(1, ‖y0‖∞). */
  largest = 0;
  private readonly arithmetic: Arithmetic;
  private readonly found: FloatArray;
  private readonly stored: FloatArray;
  private readonly scale: number;

  constructor(arithmetic: Arithmetic, y0: FloatArray) {
    this.arithmetic = arithmetic;
    this.found = zeros(arithmetic.dtype, y0.length);
    this.stored = y0.slice();
    this.scale = 1;
    for (const value of y0) this.scale = Math.max(this.scale, Math.abs(value));
  }

  /** `restore` puts the stored state in place of the reconstructed one. */
  *close(part: Vector, restore: () => void): Waiting<void> {
    const { arithmetic, found, stored } = this;
    arithmetic.copyOut(part, found);
    restore();
    arithmetic.copyOut(part, stored);
    yield* wait(arithmetic.arrived());
    for (let i = 0; i < found.length; i++) {
      this.largest = Math.max(this.largest, Math.abs(found[i]! - stored[i]!) / this.scale);
    }
  }
}

/** Says that a gradient cannot be trusted. */
function warn(error: number, steps: number, kept: number, solver: string): void {
  console.warn(
    `odegrad: reverse() could not undo the solve: reconstructed states differ from the true ones by ${error.toExponential(1)} ` +
      `(over max(1, ‖y0‖∞)) after ${steps} steps of ${solver} with ${kept} states kept, so the gradient is off by about as ` +
      "much. Keep more states, reverse({ segments: … }), or choose another coupling; see stats.reconstructionError.",
  );
}
