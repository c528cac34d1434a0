// A scheme with a place in memory: what the integration loop and the adjoints execute, step by step.

import type { BoundField } from "../fields/field.ts";
import type { StageSystem, StepSystem } from "../problem/implicit.ts";
import type { Combination, Operation, Scheme, Variable } from "../solvers/scheme.ts";
import type { Arithmetic, Measured, MutableTerms, Terms, Vector } from "../vectors/arithmetic.ts";

/** An operation of a scheme with its vectors; see `Operation` in scheme.ts. */
export interface Instruction {
  readonly out: Vector;
  readonly base: Vector | undefined;
  readonly terms: Terms | undefined;
  readonly unit: boolean;
  readonly solve: StageSystem | undefined;
  readonly k: Vector | undefined;
  readonly c: number;
  /** The tape slot of the evaluation. */
  readonly tapeSlot: number;
}

/** The continuous extension of a step. */
interface DenseProgram {
  /** What must be run after the step before outputs inside it can be interpolated. */
  readonly instructions: readonly Instruction[];
  /** Σ wᵢ kᵢ over the extension's derivatives, for weights set from output to output. */
  readonly terms: MutableTerms;
}

/**
 * A scheme with its vectors, for steps of one parity: start and end change places from step to step, so that accepting a
 * step copies nothing.
 */
export interface Program {
  readonly start: readonly Vector[];
  readonly end: readonly Vector[];
  readonly instructions: readonly Instruction[];
  /** What the error of a step is measured by: its estimate, one that steadies it, the gap of the two states of a pair. */
  readonly measured: readonly Measured[];
  /** A share of z − y of a pair, after a step and before it. */
  readonly gap: { readonly after: Terms; readonly before: Terms } | undefined;
  readonly dense: DenseProgram | undefined;
  /** From the end of a step back to its start, for reversible methods. */
  readonly inverse: readonly Instruction[] | undefined;
}

/** The two programs of a scheme and the memory behind them. */
export interface PlacedScheme {
  readonly scheme: Scheme;
  /** For even and for odd steps. */
  readonly programs: readonly [Program, Program];
  /** All derivatives k of a step side by side, and what its linear systems were solved for. */
  readonly derivatives: Vector;
  /** Whether the step itself, or only its continuous extension, leaves the first derivative of the next step behind. */
  readonly fsal: "step" | "dense" | undefined;
  /** For even and for odd steps: places among the derivatives of the continuous extension's k, in its order. */
  readonly denseSlots: readonly [readonly number[], readonly number[]];
  /** Bytes of the stage and derivative vectors. */
  readonly stageBytes: number;
}

/** The number of field evaluations in a step; `dense`: with its continuous extension. */
export function evaluationsOf(scheme: Scheme, dense: boolean): number {
  let count = 0;
  for (const { evaluate } of operationsOf(scheme, dense)) if (evaluate) count++;
  return count;
}

/** The operations of a step; `dense`: followed by the operations of its continuous extension. */
export const operationsOf = (scheme: Scheme, dense: boolean): readonly Operation[] =>
  dense && scheme.dense ? [...scheme.operations, ...scheme.dense.operations] : scheme.operations;

/** The same operations with the vectors of one program. */
export const instructionsOf = (program: Program, dense: boolean): readonly Instruction[] =>
  dense && program.dense ? [...program.instructions, ...program.dense.instructions] : program.instructions;

/** Declares the vectors of a scheme. Stage inputs that are needed only once share one vector. */
export function placeScheme(scheme: Scheme, arithmetic: Arithmetic, dense: boolean): PlacedScheme {
  const before = arithmetic.bytes;
  const operations = operationsOf(scheme, dense);
  const states = { start: scheme.start.map(() => arithmetic.vector()), end: scheme.end.map(() => arithmetic.vector()) };
  const ks = operations.flatMap(({ evaluate }) => (evaluate ? [evaluate.k] : []));
  const kept = operations.flatMap(({ out, solve }) => (solve ? [out] : []));
  kept.unshift(...ks.filter((k) => !scheme.passing?.includes(k)));
  const derivatives = arithmetic.adjacent(kept.length);
  const input = arithmetic.vector();
  const passing = scheme.passing ? arithmetic.vector() : input;
  const stageBytes = arithmetic.bytes - before;
  const swaps = scheme.fsal !== undefined && ks.includes(scheme.fsal.last);

  const kPlacesOf = (odd: boolean): Map<Variable, number> => {
    const places = new Map(kept.map((variable, i) => [variable, i]));
    if (odd && swaps) {
      const { first, last } = scheme.fsal!;
      const placeOfFirst = places.get(first)!;
      places.set(first, places.get(last)!);
      places.set(last, placeOfFirst);
    }
    return places;
  };
  const denseSlotsOf = (odd: boolean): number[] => {
    const kPlaces = kPlacesOf(odd);
    return dense && scheme.dense ? scheme.dense.ks.map((k) => kPlaces.get(k)!) : [];
  };

  const program = (odd: boolean): Program => {
    const inverse = scheme.inverse?.operations;
    const place = new Map<Variable, Vector>([...operations, ...(inverse ?? [])].map(({ out }) => [out, input]));
    scheme.start.forEach((variable, i) => place.set(variable, (odd ? states.end : states.start)[i]!));
    scheme.end.forEach((variable, i) => place.set(variable, (odd ? states.start : states.end)[i]!));
    const kPlaces = kPlacesOf(odd);
    for (const k of scheme.passing ?? []) place.set(k, passing);
    for (const [variable, at] of kPlaces) place.set(variable, derivatives.parts[at]!);
    const places = (variables: readonly Variable[]): Vector[] => variables.map((variable) => place.get(variable)!);
    const termsOf = (combination: Combination): Terms =>
      arithmetic.terms(
        places(combination.map(({ variable }) => variable)),
        combination.map(({ weight }) => weight),
      );
    const instruction = ({ out, base, terms, unit = false, solve, evaluate }: Operation): Instruction => ({
      out: place.get(out)!,
      base: base && place.get(base)!,
      terms: base || terms.length > 0 ? termsOf(terms) : undefined,
      unit,
      solve: solve && {
        ...solve,
        k: place.get(solve.k)!,
        from: base || terms.length > 0 ? place.get(out)! : undefined,
      },
      k: evaluate && place.get(evaluate.k)!,
      c: evaluate?.c ?? 0,
      tapeSlot: evaluate ? (kPlaces.get(evaluate.k) ?? ks.indexOf(evaluate.k)) : 0,
    });
    const { pair } = scheme;
    const apart = ([y, z]: readonly Variable[]): Terms =>
      termsOf([
        { variable: z!, weight: pair!.share },
        { variable: y!, weight: -pair!.share },
      ]);
    const gap = pair && { after: apart(scheme.end), before: apart(scheme.start) };
    const estimates = [scheme.error, scheme.steadyingError].flatMap((estimate) =>
      estimate ? [{ terms: termsOf(estimate), unit: false }] : [],
    );
    const gaps = gap ? [gap.after, gap.before].map((terms) => ({ terms, unit: true })) : [];
    return {
      start: places(scheme.start),
      end: places(scheme.end),
      instructions: scheme.operations.map(instruction),
      measured: estimates.length > 0 ? [...estimates, ...gaps] : [],
      gap,
      dense:
        dense && scheme.dense
          ? {
              instructions: scheme.dense.operations.map(instruction),
              terms: arithmetic.mutableTerms(places(scheme.dense.ks)),
            }
          : undefined,
      inverse: inverse?.map(instruction),
    };
  };
  return {
    scheme,
    programs: [program(false), program(true)],
    derivatives: derivatives.whole,
    denseSlots: [denseSlotsOf(false), denseSlotsOf(true)],
    fsal: !swaps
      ? undefined
      : scheme.operations.some(({ evaluate }) => evaluate?.k === scheme.fsal!.last)
        ? "step"
        : "dense",
    stageBytes,
  };
}

/** Puts an instruction's stage input (or part of the solution) in its place. */
export function prepare(arithmetic: Arithmetic, { out, base, terms, unit }: Instruction, h: number): void {
  if (terms) arithmetic.combine(out, base, terms, unit ? 1 : h);
}

/** Everything a step or a sweep needs beside its own vectors. */
export interface Machine {
  readonly field: BoundField;
  readonly arithmetic: Arithmetic;
  /** Of implicit solvers. */
  readonly system?: StepSystem | undefined;
}

/**
 * The time of a stage. At c = 1 it is `stageEnd`: the step's end itself, without the rounding of t + h. Where the field
 * jumps at the end, `stageEnd` lies on the side before the jump.
 */
export const stageTime = (c: number, stageStart: number, h: number, stageEnd: number): number =>
  c === 1 ? stageEnd : stageStart + c * h;
