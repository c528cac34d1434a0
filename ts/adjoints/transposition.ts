// Reverse-mode differentiation of a step's straight-line program, done once, before any numbers are there: walking its
// operations backwards gives the list of what a sweep does.

import type { Instruction } from "../program/program.ts";
import type { Term, Variable } from "../solvers/scheme.ts";
import type { Arithmetic, Terms, Vector } from "../vectors/arithmetic.ts";

/** bar ← base + Σ unit + h Σ scaled: the cotangent of one variable from those of all that used it. */
export interface Gather {
  readonly bar: Vector;
  readonly base: Vector | undefined;
  readonly unit: Terms | undefined;
  readonly scaled: Terms | undefined;
}

/** What is done in turn: gather a cotangent, pull one through the field, and where h scaled some terms note its slope. */
export type Action =
  | { readonly kind: "gather"; readonly gather: Gather }
  | { readonly kind: "vjp"; readonly gather: Gather; readonly xBar: Vector; readonly instruction: Instruction }
  | { readonly kind: "slope"; readonly outBar: Vector; readonly terms: Terms };

interface Contribution {
  readonly bar: Vector;
  readonly weight: number;
  readonly unit: boolean;
}

/** Builds the actions of one program by walking its operations backwards. */
export class Transposition {
  readonly actions: Action[] = [];
  readonly active: Set<number> = new Set();
  readonly sloped: Set<number> = new Set();
  private readonly contributions = new Map<Variable, Contribution[]>();
  private readonly arithmetic: Arithmetic;
  private readonly bars: Map<Variable, Vector>;

  constructor(arithmetic: Arithmetic, bars: Map<Variable, Vector>) {
    this.arithmetic = arithmetic;
    this.bars = bars;
  }

  add(to: Variable, bar: Vector, weight = 1, unit = true): void {
    const list = this.contributions.get(to) ?? [];
    this.contributions.set(to, [...list, { bar, weight, unit }]);
  }

  reaches(variable: Variable): boolean {
    return this.contributions.has(variable);
  }

  gather(of: Variable, bar: Vector): Gather {
    const all = this.contributions.get(of) ?? [];
    const base = all.find(({ unit, weight }) => unit && weight === 1);
    const rest = all.filter((contribution) => contribution !== base);
    const table = (unit: boolean): Terms | undefined => {
      const some = rest.filter((contribution) => contribution.unit === unit);
      return some.length === 0
        ? undefined
        : this.arithmetic.terms(
            some.map(({ bar }) => bar),
            some.map(({ weight }) => weight),
          );
    };
    return { bar, base: base?.bar, unit: table(true), scaled: table(false) };
  }

  /** The cotangent of a variable as one vector: the one that is there already, or one gathered into its own place. */
  cotangent(of: Variable): Vector {
    const all = this.contributions.get(of)!;
    if (all.length === 1 && all[0]!.unit && all[0]!.weight === 1) return all[0]!.bar;
    const bar = this.bars.get(of) ?? this.arithmetic.vector();
    this.bars.set(of, bar);
    this.actions.push({ kind: "gather", gather: this.gather(of, bar) });
    return bar;
  }

  /** The operation out ← base + s Σ terms, transposed. */
  combination(base: Variable | undefined, terms: readonly Term[], unit: boolean, outBar: Vector): void {
    if (base) this.add(base, outBar);
    for (const { variable, weight } of terms) this.add(variable, outBar, weight, unit);
  }
}
