// What a solver value is, and how a Runge–Kutta tableau becomes one.
import type { Paper } from "../base/papers.ts";
import { type Dense, type Operation, type Scheme, terms, type Variable, variable } from "./scheme.ts";

/** A one-step method. */
export interface Solver {
  /** Its name, as it is exported. */
  readonly name: string;
  /** The papers that describe it, for `citations`. */
  readonly papers: readonly Paper[];
  /** Order of convergence p. */
  readonly order: number;
  /** The power of its size that a step's estimated error grows with: the controller's k. */
  readonly errorOrder: number;
  /** Whether the method estimates its error, so that steps can be chosen. */
  readonly adaptive: boolean;
  /** Whether outputs between steps are interpolated unless asked otherwise: the continuous extension has order ≥ p − 1. */
  readonly interpolates: boolean;
  /** Whether steps end at output times although they could be interpolated, unless asked otherwise. */
  readonly lands?: boolean;
  /** @internal A step as operations on vectors. */
  readonly scheme: Scheme;
  /** The coefficients, where the method is a Runge–Kutta method. */
  readonly tableau?: Tableau;
}

/** An explicit Runge–Kutta method of s stages. */
export interface Tableau {
  /** For messages and `citations`. */
  readonly name: string;
  /** The papers that describe it, for `citations`: BibTeX entries, or ids of papers that odegrad knows; none by default. */
  readonly papers?: readonly Paper[] | undefined;
  /** Order of the solution that is advanced. */
  readonly order: number;
  /** Order of the embedded solution b − error. */
  readonly embeddedOrder?: number | undefined;
  /** Row i holds a_i1 … a_i,i−1. */
  readonly a: readonly (readonly number[])[];
  /** Weights of the stages: y₁ = y + h Σ bᵢ kᵢ. */
  readonly b: readonly number[];
  /** Nodes: stage i is evaluated at t + cᵢ h. */
  readonly c: readonly number[];
  /** b − b̂: h Σ errorᵢ kᵢ estimates the local error. */
  readonly error?: readonly number[] | undefined;
  /**
   * A second, lower-order estimate e₃ that steadies the first, e₅: the error norm is ‖e₅‖² / √(‖e₅‖² + 0.01 ‖e₃‖²)
   * (Hairer's dop853).
   */
  readonly steadyingError?: readonly number[] | undefined;
  /** The method's own continuous extension; without it `at` is the cubic Hermite interpolant. */
  readonly interpolant?: Interpolant | undefined;
}

/** y(t + s h) = y + h Σ wᵢ(s) kᵢ over the stages and, behind them, extra stages of its own. */
export interface Interpolant {
  /** Its order of convergence. */
  readonly order: number;
  /** Rows of a and values of c of the extra stages; a row equal to b with c = 1 is the derivative at the step's end. */
  readonly stages?: readonly { readonly a: readonly number[]; readonly c: number }[] | undefined;
  /** Row i: coefficients of s, s², … in wᵢ; one row for each stage and extra stage. */
  readonly weights: readonly (readonly number[])[];
}

const same = (x: readonly number[], y: readonly number[]): boolean => {
  for (let j = 0; j < Math.max(x.length, y.length); j++) if ((x[j] ?? 0) !== (y[j] ?? 0)) return false;
  return true;
};

/** Whether the last stage is evaluated at the solution itself, so that its k is the first k of the next step. */
export function isFsal({ a, b, c }: Tableau): boolean {
  const s = b.length;
  return s > 1 && c[s - 1] === 1 && same(a[s - 1]!, b);
}

/**
 * The cubic Hermite interpolant through y, k_first and y₁, k_last (order 3), written over the stages:
 * wᵢ = bᵢ (3s² − 2s³) + [first](s − 2s² + s³) + [last](s³ − s²).
 */
function hermite(b: readonly number[], first: number, last: number, count: number): number[][] {
  return Array.from({ length: count }, (_, i) => {
    const bi = b[i] ?? 0;
    const [p, q] = [i === first ? 1 : 0, i === last ? 1 : 0];
    return [p, 3 * bi - 2 * p - q, -2 * bi + p + q];
  });
}

/** The scheme of an explicit Runge–Kutta method: X_i = y + h Σ a_ij k_j, k_i = f(t + c_i h, X_i), y₁ = y + h Σ b_i k_i. */
function schemeOf(tableau: Tableau): Scheme {
  const { a, b, c, error, steadyingError } = tableau;
  const s = b.length;
  const fsal = isFsal(tableau);
  const y = variable("y");
  const end = variable("y₁");
  const k = b.map((_, i) => variable(`k${i + 1}`));
  const operations: Operation[] = b.map((_, i) => {
    const evaluate = { k: k[i]!, c: c[i]! };
    if (i === 0) return { out: y, terms: [], evaluate };
    const out = fsal && i === s - 1 ? end : variable(`X${i + 1}`);
    return { out, base: y, terms: terms(k, a[i]!), evaluate };
  });
  if (!fsal) operations.push({ out: end, base: y, terms: terms(k, b) });
  const { dense, last } = denseOf(tableau, y, end, k, fsal ? k[s - 1] : undefined);
  return {
    start: [y],
    end: [end],
    operations,
    ...(error && { error: terms(k, error) }),
    ...(steadyingError && { steadyingError: terms(k, steadyingError) }),
    ...(last && { fsal: { first: k[0]!, last } }),
    dense,
  };
}

/**
 * The continuous extension, and the variable that holds the derivative at the step's end where there is one. `last`: the one
 * that the step evaluates itself, which may be among `k`.
 */
export function denseOf(
  { b, interpolant }: Tableau,
  y: Variable,
  end: Variable,
  k: readonly Variable[],
  last: Variable | undefined,
): { dense: Dense; last: Variable | undefined } {
  const s = b.length;
  const endStage = { a: b, c: 1 };
  const stages = interpolant ? (interpolant.stages ?? []) : k.at(-1) === last ? [] : [endStage];
  const ks = [...k];
  const operations = stages.flatMap(({ a, c }, i): Operation[] => {
    const ends = c === 1 && same(a, b);
    const evaluate = { k: (ends && last) || variable(`k${s + i + 1}`), c };
    const needed = terms(ks, a);
    ks.push(evaluate.k);
    if (!ends) return [{ out: variable(`X${s + i + 1}`), base: y, terms: needed, evaluate }];
    if (last) return [];
    last = evaluate.k;
    return [{ out: end, terms: [], evaluate }];
  });
  const weights = interpolant?.weights ?? hermite(b, 0, ks.length - 1, ks.length);
  return { dense: { order: interpolant?.order ?? 3, operations, ks, weights }, last };
}

/** An error that is steadied is made to grow as that of the solution advanced; others are those of the worse of the two. */
const errorOrderOf = ({ order, embeddedOrder = order - 1, steadyingError }: Tableau): number =>
  steadyingError ? order : Math.min(order, embeddedOrder) + 1;

/** A solver from its coefficients. */
export function rungeKutta(tableau: Tableau): Solver {
  const { name, papers = [], order, error, interpolant } = tableau;
  return {
    name,
    papers,
    order,
    errorOrder: errorOrderOf(tableau),
    adaptive: error !== undefined,
    interpolates: interpolant !== undefined && interpolant.order >= order - 1,
    scheme: schemeOf(tableau),
    tableau,
  };
}
