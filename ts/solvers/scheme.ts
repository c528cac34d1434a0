// A one-step method as a straight-line program: linear combinations of vectors, and evaluations of the field. Runge–Kutta
// methods and reversible ones are both of this form, so one loop advances them and one transposition differentiates them.

import type { Pair } from "./pair.ts";

/** A vector of a step, before it has a place in memory. */
export interface Variable {
  readonly name: string;
}

export interface Term {
  readonly variable: Variable;
  readonly weight: number;
}

/**
 * out ← base + s Σ weightⱼ variableⱼ with s the step size h (or 1 where `unit`); then, where `solve` is there, a linear
 * system is solved for `out`; then, where `evaluate` is there, k ← f(t + c·h, out). Without base and terms `out` is taken as
 * it stands. Variables that are neither k nor part of the
 * start or end state share one place: they are gone after the next one, and an evaluation's own combination, which the
 * transposition prepares anew, must not use them.
 */
export interface Operation {
  readonly out: Variable;
  readonly base?: Variable;
  readonly terms: readonly Term[];
  readonly unit?: boolean;
  readonly solve?: Solve;
  readonly evaluate?: { readonly k: Variable; readonly c: number };
}

/**
 * The linear system of a Rosenbrock stage: out ← gamma (M − h gamma J)⁻¹ (k + M·out + h slope ∂f/∂t), where J = ∂f/∂y and
 * ∂f/∂t belong to the step's start, M is the mass matrix, and `out` counts as 0 where its operation has no terms. With h k in
 * place of k this is u = h·out of Hairer & Wanner, Solving ODEs II, IV.7: so weights with 1/h become weights with 1.
 */
export interface Solve {
  readonly k: Variable;
  readonly gamma: number;
  readonly slope: number;
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
  /** Of a state with two parts: what keeps them together. */
  readonly pair?: Pair;
  /** First same as last: `last` of one step, where it was evaluated, is `first` of the next. */
  readonly fsal?: { readonly first: Variable; readonly last: Variable };
  /** The continuous extension inside a step. */
  readonly dense?: Dense;
  /** Derivatives that only go into the linear system behind them, so that they may share a place. */
  readonly passing?: readonly Variable[];
  /** How the linear systems of operations are written out for small states. */
  readonly systems?: WrittenSystems;
  /** How a step is undone, where the method is algebraically reversible. */
  readonly inverse?: Inverse;
}

/**
 * Statements of a step written out as text (program/written-step.ts), for states of n numbers, that solve a system: into the
 * array `out` and into variables out_0, …; `sum`: what the operation has combined, in variables named alike, undefined where
 * it has no terms; `operations`: all of the step, and `names`: the arrays of their variables; `fresh`: an expression, whether
 * the state at the step's start is new. "break step;" gives the step up, for the kernels to take.
 */
export type WrittenSystems = (
  n: number,
  operation: Operation,
  operations: readonly Operation[],
  names: ReadonlyMap<object, string>,
  out: string,
  sum: string | undefined,
  fresh: string,
) => string[];

/** The way back from the end of a step to its start, for the same t and h. */
interface Inverse {
  /** They use no other variables than the step's own and temporaries, and evaluate every k that reaches the step's end. */
  readonly operations: readonly Operation[];
  /** The factor by which a step back amplifies roundings of the state where the dynamics are neutral; ≥ 1. */
  readonly growth: number;
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

/** Whether an operation puts anything into its `out`. */
export const isComputed = ({ base, terms, solve }: Operation): boolean =>
  base !== undefined || terms.length > 0 || solve !== undefined;

/** What an operation makes its `out` of. */
export const inputsOf = ({ base, terms, solve }: Operation): Variable[] => [
  ...(base ? [base] : []),
  ...(solve ? [solve.k] : []),
  ...terms.map(({ variable }) => variable),
];

/** The operations that `results` depend on; an evaluation that only others need is left out. The first one always stays. */
export function neededFor(results: Iterable<Variable>, operations: readonly Operation[]): Operation[] {
  const live = new Set(results);
  const needed: Operation[] = [];
  for (let i = operations.length - 1; i >= 0; i--) {
    const { evaluate, ...combination } = operations[i]!;
    const { out } = combination;
    const evaluates = evaluate && (i === 0 || live.has(evaluate.k));
    if (!evaluates && !(live.has(out) && isComputed(combination))) continue;
    live.add(out);
    for (const variable of inputsOf(combination)) live.add(variable);
    needed.unshift(evaluates ? operations[i]! : combination);
  }
  return needed;
}

/**
 * The scheme of a solve that needs no error estimate (`error` false) or no continuous extension (`dense` false), without
 * what served them only.
 */
export function pruned(scheme: Scheme, wanted: { readonly error: boolean; readonly dense: boolean }): Scheme {
  const known = prunings.get(scheme) ?? [];
  prunings.set(scheme, known);
  const which = (wanted.error ? 2 : 0) + (wanted.dense ? 1 : 0);
  known[which] ??= prune(scheme, wanted);
  return known[which];
}

/** Every solve asks for one, so each is made once. They depend on the scheme alone, which never changes, and go with it. */
const prunings = new WeakMap<Scheme, Scheme[]>();

function prune(scheme: Scheme, wanted: { readonly error: boolean; readonly dense: boolean }): Scheme {
  const { error, steadyingError, dense, ...rest } = scheme;
  const kept = { ...rest, ...(wanted.error && { error, steadyingError }), ...(wanted.dense && { dense }) } as Scheme;
  const extension = kept.dense?.operations.flatMap(({ terms }) => terms);
  const used = [kept.error, kept.steadyingError, extension].flatMap((terms) => terms ?? []);
  const results = [scheme.end, kept.dense?.ks, scheme.fsal?.last].flatMap((variables) => variables ?? []);
  for (const { variable } of used) results.push(variable);
  return { ...kept, operations: neededFor(results, scheme.operations) };
}

/** The terms Σ weightsⱼ variablesⱼ without the zeros. */
export const terms = (variables: readonly Variable[], weights: readonly number[]): Term[] =>
  variables.map((variable, j) => ({ variable, weight: weights[j] ?? 0 })).filter(({ weight }) => weight !== 0);
