// Rosenbrock methods: implicit methods whose stages solve linear systems, all with one matrix, instead of iterating.
import type { Paper } from "../../base/papers.ts";
import type { Solver } from "../runge-kutta.ts";
import { type Operation, type Scheme, terms, variable } from "../scheme.ts";
import { writtenSystems } from "./written-systems.ts";

/**
 * The coefficients of a Rosenbrock method in the form without products by the Jacobian (Hairer & Wanner, Solving ODEs II, IV.7):
 * (M/(h γ) − J) uᵢ = f(t + αᵢ h, y + Σ aᵢⱼ uⱼ) + M Σ (cᵢⱼ/h) uⱼ + h slopeᵢ ∂f/∂t,   y₁ = y + Σ mᵢ uᵢ,   error Σ eᵢ uᵢ.
 */
export interface RosenbrockTableau {
  readonly name: string;
  readonly papers: readonly Paper[];
  readonly order: number;
  readonly embeddedOrder: number;
  readonly gamma: number;
  /** Row i holds the numbers before the diagonal, and zeros at its end are left out. */
  readonly a: readonly (readonly number[])[];
  readonly c: readonly (readonly number[])[];
  readonly m: readonly number[];
  readonly e: readonly number[];
  readonly alpha: readonly number[];
  readonly slope: readonly number[];
  /** y(t + s h) = (1 − s) y + s (y₁ + (1 − s) (K₁ + s K₂ + s² K₃ …)) with Kₚ = Σ h[p][i] uᵢ, and its order. */
  readonly dense: { readonly order: number; readonly h: readonly (readonly number[])[] };
}

/** The coefficients of s, s², … of each uᵢ in the continuous extension. */
const denseWeights = ({ m, dense: { h } }: RosenbrockTableau): number[][] =>
  m.map((weight, i) => [weight, ...h.map(() => 0)].map((w, p) => w + (h[p]?.[i] ?? 0) - (h[p - 1]?.[i] ?? 0)));

/**
 * The scheme, in variables v = u/h, which are sizes of a derivative: then all sums but one are h Σ …, as in a Runge–Kutta
 * method, and (M − h γ J) vᵢ = γ (kᵢ + M Σ cᵢⱼ vⱼ + h slopeᵢ ∂f/∂t).
 */
function schemeOf(tableau: RosenbrockTableau): Scheme {
  const { a, c, m, e, alpha, slope, gamma, dense } = tableau;
  const y = variable("y");
  const end = variable("y₁");
  const v = m.map((_, i) => variable(`v${i + 1}`));
  const k = m.map((_, i) => variable(`k${i + 1}`));
  const operations = v.flatMap((out, i): Operation[] => {
    const input = i === 0 ? { out: y, terms: [] } : { out: variable(`X${i + 1}`), base: y, terms: terms(v, a[i]!) };
    return [
      { ...input, evaluate: { k: k[i]!, c: alpha[i]! } },
      { out, terms: terms(v, c[i]!), unit: true, solve: { k: k[i]!, gamma, slope: slope[i]! } },
    ];
  });
  operations.push({ out: end, base: y, terms: terms(v, m) });
  return {
    start: [y],
    end: [end],
    operations,
    error: terms(v, e),
    dense: { order: dense.order, operations: [], ks: v, weights: denseWeights(tableau) },
    // The first stays, for a step that is tried again.
    passing: k.slice(1),
    systems: writtenSystems,
  };
}

/** A Rosenbrock method from its coefficients, without what solves its systems. */
export function rosenbrock(tableau: RosenbrockTableau): Solver {
  const { name, papers, order, embeddedOrder, dense } = tableau;
  return {
    name,
    papers,
    order,
    errorOrder: Math.min(order, embeddedOrder) + 1,
    adaptive: true,
    interpolates: dense.order >= order - 1,
    lands: true,
    scheme: schemeOf(tableau),
  };
}
