// Reverse-mode differentiation of a step's straight-line program, done once, before any numbers are there: walking its
// operations backwards gives the list of what a sweep does.

import type { SolvedStage, StageSystem } from "../problem/implicit.ts";
import { type Instruction, instructionsOf, operationsOf, type PlacedScheme } from "../program/program.ts";
import type { Term, Variable } from "../solvers/scheme.ts";
import type { Arithmetic, Terms, Vector } from "../vectors/arithmetic.ts";

/** bar ← base + Σ unit + h Σ scaled: a variable's cotangent from the cotangents of all that used it. */
export interface Gather {
  readonly bar: Vector;
  readonly base: Vector | undefined;
  readonly unit: Terms | undefined;
  readonly scaled: Terms | undefined;
}

/**
 * What is done in turn: gather a cotangent, pull one through the field or through a linear system, and where h scaled some terms
 * note its slope; in the end, pull what the systems took of J and ∂f/∂t back to the step's start.
 */
export type Action =
  | { readonly kind: "gather"; readonly gather: Gather }
  | { readonly kind: "vjp"; readonly gather: Gather; readonly xBar: Vector; readonly instruction: Instruction }
  | { readonly kind: "slope"; readonly outBar: Vector; readonly terms: Terms }
  | {
      readonly kind: "solve";
      readonly bar: Vector;
      readonly solved: Vector;
      /** Mᵀ solved. */
      readonly product: Vector;
      readonly stage: StageSystem;
    }
  | { readonly kind: "start"; readonly stages: readonly SolvedStage[]; readonly xBar: Vector };

interface Contribution {
  readonly bar: Vector;
  readonly weight: number;
  readonly unit: boolean;
}

/** What a sweep does for steps of one parity. */
interface SweepProgram {
  readonly actions: readonly Action[];
  /** Cotangents of the end state (given) and of the start state (result). */
  readonly endBar: readonly Vector[];
  readonly startBar: readonly Vector[];
}

/** Positions of operations: whose k reaches the loss, and whose slope time gradients take. */
interface Uses {
  readonly active: ReadonlySet<number>;
  readonly sloped: ReadonlySet<number>;
}

/** The programs of both parities; both use the same. */
export interface Sides extends Uses {
  readonly programs: readonly [SweepProgram, SweepProgram];
}

/** The vectors of a sweep that both parities share. */
export interface Places {
  readonly kBar: Vector;
  readonly xBars: readonly (Vector | undefined)[];
  readonly bars: Map<Variable, Vector>;
  /** For each linear system the cotangents of its k and of its `out`; and the start's share of how they depend on it. */
  readonly solved: readonly (readonly [Vector, Vector] | undefined)[];
  readonly startBar: Vector | undefined;
}

/** Cotangents of outputs interpolated inside the step in work: what they add to each k̄ᵢ and to the start state. */
export interface Injection {
  readonly ks: readonly Vector[];
  readonly state: Vector;
  readonly weights: Float64Array;
}

/** Builds the actions of one program by walking its operations backwards. */
class Transposition {
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

/**
 * The transposed programs of even and of odd steps, which exchange the cotangents of start and end state; with `injection`,
 * of steps that have outputs inside them.
 */
export function sidesOf(
  arithmetic: Arithmetic,
  placed: PlacedScheme,
  even: readonly Vector[],
  odd: readonly Vector[],
  places: Places,
  injection: Injection | undefined,
): Sides {
  const first = transpose(arithmetic, placed, 0, even, odd, places, injection);
  const second = transpose(arithmetic, placed, 1, odd, even, places, injection);
  return { programs: [first.program, second.program], active: first.active, sloped: first.sloped };
}

function transpose(
  arithmetic: Arithmetic,
  placed: PlacedScheme,
  parity: number,
  endBar: readonly Vector[],
  startBar: readonly Vector[],
  places: Places,
  injection: Injection | undefined,
): Uses & { program: SweepProgram } {
  const { scheme } = placed;
  const operations = operationsOf(scheme, injection !== undefined);
  const instructions = instructionsOf(placed.programs[parity]!, injection !== undefined);
  const transposition = new Transposition(arithmetic, places.bars);
  const { actions, active, sloped } = transposition;
  scheme.end.forEach((variable, i) => {
    transposition.add(variable, endBar[i]!);
  });
  if (injection) {
    scheme.dense!.ks.forEach((variable, i) => {
      transposition.add(variable, injection.ks[i]!);
    });
    transposition.add(scheme.start[0]!, injection.state);
  }
  const stages: SolvedStage[] = [];
  for (let i = operations.length - 1; i >= 0; i--) {
    const { out, base, terms, unit = false, solve, evaluate } = operations[i]!;
    const instruction = instructions[i]!;
    if (evaluate && transposition.reaches(evaluate.k)) {
      active.add(i);
      const xBar = places.xBars[i]!;
      actions.push({ kind: "vjp", gather: transposition.gather(evaluate.k, places.kBar), xBar, instruction });
      transposition.add(out, xBar);
    }
    if (!transposition.reaches(out)) continue;
    let outBar: Vector | undefined;
    if (solve) {
      const [solved, product] = places.solved[i]!;
      outBar = product;
      active.add(i);
      actions.push({ kind: "solve", bar: transposition.cotangent(out), solved, product, stage: instruction.solve! });
      transposition.add(solve.k, solved);
      stages.push({ tangent: instruction.out, slope: solve.slope, cotangent: solved });
    }
    if (instruction.terms) {
      outBar ??= transposition.cotangent(out);
      transposition.combination(base, terms, unit, outBar);
      if (!unit) {
        sloped.add(i);
        actions.push({ kind: "slope", outBar, terms: instruction.terms });
      }
    }
  }
  if (places.startBar && stages.length > 0) {
    actions.push({ kind: "start", stages, xBar: places.startBar });
    transposition.add(scheme.start[0]!, places.startBar);
  }
  scheme.start.forEach((variable, i) => {
    actions.push({ kind: "gather", gather: transposition.gather(variable, startBar[i]!) });
  });
  return { program: { actions, endBar, startBar }, active, sloped };
}
