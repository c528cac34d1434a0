// What a solver value is, and how a Runge–Kutta tableau becomes one.
import { type Operation, type Scheme, terms, variable } from "./scheme.ts";

/** A one-step method. */
export interface Solver {
  readonly name: string;
  /** Order of convergence p. */
  readonly order: number;
  /** Whether the method estimates its error, so that steps can be chosen. */
  readonly adaptive: boolean;
  readonly scheme: Scheme;
  /** The coefficients, where the method is a Runge–Kutta method. */
  readonly tableau?: Tableau;
}

/** An explicit Runge–Kutta method of s stages. */
export interface Tableau {
  readonly name: string;
  /** Order of the solution that is advanced. */
  readonly order: number;
  /** Order of the embedded solution b − error. */
  readonly embeddedOrder?: number;
  /** Row i holds a_i1 … a_i,i−1. */
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly c: readonly number[];
  /** b − b̂: h Σ errorᵢ kᵢ estimates the local error. */
  readonly error?: readonly number[];
}

const same = (x: readonly number[], y: readonly number[]): boolean => y.every((value, j) => value === (x[j] ?? 0));

/** Last stage evaluated at the solution itself: its k is the first k of the next step. */
function isFsal({ a, b, c }: Tableau): boolean {
  const s = b.length;
  return s > 1 && c[s - 1] === 1 && b[s - 1] === 0 && same(a[s - 1]!, b.slice(0, s - 1));
}

/** The scheme of an explicit Runge–Kutta method: X_i = y + h Σ a_ij k_j, k_i = f(t + c_i h, X_i), y₁ = y + h Σ b_i k_i. */
function schemeOf(tableau: Tableau): Scheme {
  const { a, b, c, error } = tableau;
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
  return {
    start: [y],
    end: [end],
    operations,
    ...(error && { error: terms(k, error) }),
    ...(fsal && { fsal: { first: k[0]!, last: k[s - 1]! } }),
  };
}

/** A solver from its coefficients. */
export function rungeKutta(tableau: Tableau): Solver {
  return {
    name: tableau.name,
    order: tableau.order,
    adaptive: tableau.error !== undefined,
    scheme: schemeOf(tableau),
    tableau,
  };
}
