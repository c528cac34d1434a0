// A one-step method as a straight-line program: linear combinations of vectors, and evaluations of the field. Runge–Kutta
// methods and reversible ones are both of this form, so one loop advances them and one transposition differentiates them.

/** A vector of a step, before it has a place in memory. */
export interface Variable {
  readonly name: string;
}

export interface Term {
  readonly variable: Variable;
  readonly weight: number;
}

/**
 * out ← base + s Σ weightⱼ variableⱼ with s the step size h (or 1 where `unit`); then, where `evaluate` is there,
 * k ← f(t + c·h, out). Without base and terms `out` is taken as it stands.
 */
export interface Operation {
  readonly out: Variable;
  readonly base?: Variable;
  readonly terms: readonly Term[];
  readonly unit?: boolean;
  readonly evaluate?: { readonly k: Variable; readonly c: number };
}

/** A combination that is only measured or dotted, never stored: Σ weightⱼ variableⱼ. */
export type Combination = readonly Term[];

export interface Scheme {
  /** The state before and after a step, part by part; part 0 is y. Reversible methods carry a second part. */
  readonly start: readonly Variable[];
  readonly end: readonly Variable[];
  readonly operations: readonly Operation[];
  /** h Σ … is the error estimate, measured against the scale of y before and after; absent: no adaptive steps. */
  readonly error?: Combination;
  /** A second estimate that steadies the first; see `Tableau.steadyingError`. */
  readonly steadyingError?: Combination;
  /** First same as last: `last` of one step, where it was evaluated, is `first` of the next. */
  readonly fsal?: { readonly first: Variable; readonly last: Variable };
  /** The continuous extension inside a step. */
  readonly dense?: Dense;
}

/** y(t + s h) = y + h Σ wᵢ(s) kᵢ for 0 ≤ s ≤ 1, with wᵢ(s) = Σ_p weights[i][p] s^(p+1). */
export interface Dense {
  /** Order of the error at fixed s as the step shrinks, globally. */
  readonly order: number;
  /** Evaluations it needs beside the step's own, after the step. */
  readonly operations: readonly Operation[];
  readonly ks: readonly Variable[];
  readonly weights: readonly (readonly number[])[];
}

export const variable = (name: string): Variable => ({ name });

/** The terms Σ weightsⱼ variablesⱼ without the zeros. */
export const terms = (variables: readonly Variable[], weights: readonly number[]): Term[] =>
  variables.map((variable, j) => ({ variable, weight: weights[j] ?? 0 })).filter(({ weight }) => weight !== 0);
