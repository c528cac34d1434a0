// The exact transpose of a step: reverse-mode differentiation of its straight-line program. For a Runge–Kutta scheme this
// is the k̄-sweep
//   k̄_i = h (b_i λ + Σ_{j>i} a_ji X̄_j),   (X̄_i, θ̄_i, τ_i) = vjp(t_n + c_i h, X_i, k̄_i),   λ_n = λ + Σ X̄_i,
// which equals the symplectic adjoint's partner method (Matsubara et al. 2021) without its division by b_i; for a
// reversible scheme it is the backward pass of McCallum & Foster 2024.
import { RECOMPUTE } from "../fields/field.ts";
import { type BoundScheme, type Instruction, type Machine, prepare, type Program } from "../program.ts";
import type { Run } from "../run.ts";
import type { Scheme, Term, Variable } from "../solvers/scheme.ts";
import type { Terms } from "../wasm/arithmetic.ts";
import type { Vector } from "../wasm/scratch.ts";

/** bar ← base + Σ unit + h Σ scaled: the cotangent of one variable from those of all that used it. */
interface Gather {
  readonly bar: Vector;
  readonly base: Vector | undefined;
  readonly unit: Terms | undefined;
  readonly scaled: Terms | undefined;
}

/** What is done in turn: gather a cotangent, pull one through the field, and where h scaled some terms note its slope. */
type Action =
  | { readonly kind: "gather"; readonly gather: Gather }
  | { readonly kind: "vjp"; readonly gather: Gather; readonly xBar: Vector; readonly instruction: Instruction }
  | { readonly kind: "slope"; readonly outBar: Vector; readonly terms: Terms };

interface SweepProgram {
  readonly actions: readonly Action[];
  /** Cotangents of the end state (given) and of the start state (result). */
  readonly endBar: readonly Vector[];
  readonly startBar: readonly Vector[];
}

interface Contribution {
  readonly bar: Vector;
  readonly weight: number;
  readonly unit: boolean;
}

/** ∂L/∂t_n and ∂L/∂t_{n+1} of the steps swept, with all other grid points held fixed. */
export interface StepTimes {
  atStart: number;
  atEnd: number;
}

/** Builds the actions of one program by walking its operations backwards. */
class Transposition {
  readonly actions: Action[] = [];
  /** Positions of the operations whose k reaches the loss. */
  readonly active = new Set<number>();
  private readonly contributions = new Map<Variable, Contribution[]>();
  private readonly machine: Machine;
  private readonly bars: Map<Variable, Vector>;

  constructor(machine: Machine, bars: Map<Variable, Vector>) {
    this.machine = machine;
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
        : this.machine.arithmetic.terms(
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
    let bar = this.bars.get(of);
    if (!bar) this.bars.set(of, (bar = this.machine.arithmetic.vector()));
    this.actions.push({ kind: "gather", gather: this.gather(of, bar) });
    return bar;
  }

  /** The operation out ← base + s Σ terms, transposed. */
  combination(base: Variable | undefined, terms: readonly Term[], unit: boolean, outBar: Vector): void {
    if (base) this.add(base, outBar);
    for (const { variable, weight } of terms) this.add(variable, outBar, weight, unit);
  }
}

/** The transposed scheme, bound to vectors. Declare it before the lease. */
export class Sweep {
  readonly programs: readonly [SweepProgram, SweepProgram];
  /** Positions of the operations whose k reaches the loss; the others need not be evaluated again. */
  readonly active: ReadonlySet<number>;
  vjps = 0;
  private readonly machine: Machine;
  private readonly slope: Vector;
  private readonly nothing: Terms;

  constructor(machine: Machine, { scheme, programs }: BoundScheme) {
    this.machine = machine;
    const vector = (): Vector => machine.arithmetic.vector();
    this.slope = vector();
    this.nothing = machine.arithmetic.terms([], []);
    const places = {
      kBar: vector(),
      xBars: scheme.operations.map(({ evaluate }) => (evaluate ? vector() : undefined)),
      bars: new Map<Variable, Vector>(),
    };
    const even = scheme.start.map(vector);
    const odd = scheme.start.map(vector);
    const first = this.transpose(scheme, programs[0], even, odd, places);
    const second = this.transpose(scheme, programs[1], odd, even, places);
    this.programs = [first.program, second.program];
    this.active = first.active;
  }

  private transpose(
    scheme: Scheme,
    { instructions }: Program,
    endBar: readonly Vector[],
    startBar: readonly Vector[],
    places: { kBar: Vector; xBars: (Vector | undefined)[]; bars: Map<Variable, Vector> },
  ): { program: SweepProgram; active: Set<number> } {
    const transposition = new Transposition(this.machine, places.bars);
    const { actions, active } = transposition;
    scheme.end.forEach((variable, i) => transposition.add(variable, endBar[i]!));
    for (let i = scheme.operations.length - 1; i >= 0; i--) {
      const { out, base, terms, unit = false, evaluate } = scheme.operations[i]!;
      const instruction = instructions[i]!;
      if (evaluate && transposition.reaches(evaluate.k)) {
        active.add(i);
        const xBar = places.xBars[i]!;
        actions.push({ kind: "vjp", gather: transposition.gather(evaluate.k, places.kBar), xBar, instruction });
        transposition.add(out, xBar);
      }
      if (instruction.terms && transposition.reaches(out)) {
        const outBar = transposition.cotangent(out);
        transposition.combination(base, terms, unit, outBar);
        if (!unit) actions.push({ kind: "slope", outBar, terms: instruction.terms });
      }
    }
    scheme.start.forEach((variable, i) =>
      actions.push({ kind: "gather", gather: transposition.gather(variable, startBar[i]!) }),
    );
    return { program: { actions, endBar, startBar }, active };
  }

  /**
   * Pulls the cotangents of the step's end state back to its start state, from `programs[parity].endBar` to `.startBar`;
   * the field accumulates ∂L/∂θ. The step's start state, its derivatives k, and any end state that is a stage input must
   * be in their places. `tapes`: whether each evaluation's tape is in its slot, else it is evaluated anew.
   */
  *step(parity: number, t: number, h: number, tapes: boolean, times: StepTimes | undefined): Run<void> {
    const { arithmetic, field } = this.machine;
    const { actions } = this.programs[parity]!;
    let dt = 0;
    let dh = 0;
    for (const action of actions) {
      if (action.kind === "gather") {
        this.collect(action.gather, h);
      } else if (action.kind === "vjp") {
        const { gather, xBar, instruction } = action;
        this.collect(gather, h);
        prepare(arithmetic, instruction, h);
        const at = t + instruction.c * h;
        const pending = field.vjp(at, instruction.out, gather.bar, xBar, tapes ? instruction.slot : RECOMPUTE);
        const tau = typeof pending === "number" ? pending : ((yield pending) as number);
        this.vjps++;
        dt += tau;
        dh += instruction.c * tau;
      } else if (times) {
        arithmetic.combine(this.slope, undefined, action.terms, 1);
        dh += arithmetic.dot(action.outBar, this.slope);
      }
    }
    if (times) {
      times.atStart += dt - dh;
      times.atEnd += dh;
    }
  }

  private collect({ bar, base, unit, scaled }: Gather, h: number): void {
    const { arithmetic } = this.machine;
    if (unit || !scaled) arithmetic.combine(bar, base, unit ?? this.nothing, 1);
    if (scaled) arithmetic.combine(bar, unit ? bar : base, scaled, h);
  }
}
