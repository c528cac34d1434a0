// Algebraically reversible methods around any explicit Runge–Kutta method (McCallum & Foster 2024, "Efficient, accurate
// and stable gradients for neural ODEs"): two states advance together, each by steps of the method from the other, so that
// a step can be undone exactly and the gradient needs no stored trajectory.
import { checkOptions, invalid } from "../base/errors.ts";
import { Pair } from "./pair.ts";
import { denseOf, isFsal, type Solver, type Tableau } from "./runge-kutta.ts";
import { neededFor, type Operation, pruned, type Scheme, terms, type Variable, variable } from "./scheme.ts";

/** Options of `reversible`. */
export interface ReversibleOptions {
  /**
   * λ in (0, 1], 0.9 by default; the paper takes 0.999. Smaller values damp the difference of the two states: decaying
   * modes y' = αy are stable forward for about λ < e^(−h|α|) only, and error control keeps steps as short as that. Near 1
   * the way back is accurate: roundings grow by 1/λ a step, and `reverse()` keeps a state whenever they have grown too
   * much, at 0.9 every 120 steps or so. "auto" takes the λ for which that is every `segment` steps.
   */
  readonly coupling?: number | "auto" | undefined;
  /** For coupling "auto": steps between the states that `reverse()` keeps; 120 by default, 14 000 give about 0.999. */
  readonly segment?: number | undefined;
}

const DEFAULT_COUPLING = 0.9;
const DEFAULT_SEGMENT = 120;
/** Growth of roundings between kept states, as `reverse()` allows it in float64. */
const SEGMENT_GROWTH = 1e6;

function couplingOf(options: ReversibleOptions): number {
  checkOptions("reversible", options, ["coupling", "segment"]);
  const { coupling = DEFAULT_COUPLING, segment } = options;
  if (
    segment !== undefined &&
    !(coupling === "auto" && typeof segment === "number" && segment >= 1 && segment < Number.POSITIVE_INFINITY)
  )
    throw invalid("reversible option segment", segment, 'a number of steps ≥ 1, with coupling: "auto"');
  if (coupling === "auto") return SEGMENT_GROWTH ** (-1 / (segment ?? DEFAULT_SEGMENT));
  if (!(typeof coupling === "number" && coupling > 0 && coupling <= 1))
    throw invalid("reversible option coupling", coupling, 'a number above 0 and at most 1, or "auto"');
  return coupling;
}

/**
 * With Ψ_h(t, x) the increment of the method over a step of size h, and μ = 1 − λ:
 *   y₁ = y + μ (z − y) + Ψ_h(t, z)         z₁ = z − Ψ₋ₕ(t + h, y₁)
 *   z = z₁ + Ψ₋ₕ(t + h, y₁)                y = w + μ/λ (w − z),  w = y₁ − Ψ_h(t, z)
 * (their equations 4 and 5, written so that what is nearly equal is subtracted first). The error estimate is the embedded
 * one of the second half, as theirs. Nothing is first same as last: the halves start from different states. Inside a step
 * goes the method's own continuous extension, from y by the slopes of the first half; at its end it is off by μ (z − y).
 */
function schemeOf(tableau: Tableau, coupling: number): Scheme {
  const { a, b, c, error, steadyingError } = tableau;
  const mu = 1 - coupling;
  const [y, z, mixed, y1, z1, w] = ["y", "z", "y + μ(z − y)", "y₁", "z₁", "w"].map(variable) as [
    Variable,
    Variable,
    Variable,
    Variable,
    Variable,
    Variable,
  ];
  const negative = (weights: readonly number[]): number[] => weights.map((weight) => -weight);
  const half = (k: string, from: Variable, forward: boolean): { ks: Variable[]; stages: Operation[] } => {
    const ks = b.map((_, i) => variable(`${k}${i + 1}`));
    const stages = b.map((_, i): Operation => {
      const evaluate = { k: ks[i]!, c: forward ? c[i]! : 1 - c[i]! };
      if (i === 0) return { out: from, terms: [], evaluate };
      return {
        out: variable(`X${k}${i + 1}`),
        base: from,
        terms: terms(ks, forward ? a[i]! : negative(a[i]!)),
        evaluate,
      };
    });
    return { ks, stages };
  };
  const first = half("k", z, true);
  const second = half("l", y1, false);
  // The second half's first derivative is the one at the step's end.
  const own = isFsal(tableau) ? [...first.ks.slice(0, -1), second.ks[0]!] : first.ks;
  const scheme: Scheme = {
    start: [y, z],
    end: [y1, z1],
    operations: [
      ...first.stages,
      { out: mixed, base: y, terms: terms([z, y], [mu, -mu]), unit: true },
      { out: y1, base: mixed, terms: terms(first.ks, b) },
      ...second.stages,
      { out: z1, base: z, terms: terms(second.ks, b) },
    ],
    ...(error && { error: terms(second.ks, error) }),
    ...(steadyingError && { steadyingError: terms(second.ks, steadyingError) }),
    pair: new Pair(coupling),
    dense: denseOf(tableau, z, y1, own, second.ks[0]).dense,
    inverse: {
      operations: neededFor(
        [y, z],
        [
          ...second.stages,
          { out: z, base: z1, terms: terms(second.ks, negative(b)) },
          ...first.stages,
          { out: w, base: y1, terms: terms(first.ks, negative(b)) },
          { out: y, base: w, terms: terms([w, z], [mu / coupling, -mu / coupling]), unit: true },
        ],
      ),
      growth: 1 / coupling,
    },
  };
  return pruned(scheme, { error: true, dense: true });
}

/**
 * The reversible method around a Runge–Kutta solver, of its order (their Theorem 2.1), adaptive if it is. Use it with the
 * adjoint `reverse()`. Steps end at output times. An event's effect starts the two states afresh. Throws `SolveError` "invalid"
 * for a solver without tableau and a coupling outside (0, 1].
 */
export function reversible(solver: Solver, options: ReversibleOptions = {}): Solver {
  if (!solver?.tableau) {
    throw invalid(
      "reversible(solver)",
      solver?.name ?? solver,
      "a Runge–Kutta solver such as tsit5, or one from rungeKutta({ … })",
    );
  }
  const { name, papers, order, errorOrder, adaptive, tableau } = solver;
  const scheme = schemeOf(tableau, couplingOf(options));
  return {
    name: `reversible(${name})`,
    papers: [...papers, "mccallum2024"],
    order,
    errorOrder,
    adaptive,
    interpolates: false,
    scheme,
  };
}
