// A scheme with a place in memory: what the integration loop and the adjoints execute, step by step.
import type { BoundField } from "./fields/field.ts";
import type { Scheme, Variable } from "./solvers/scheme.ts";
import type { Arithmetic, Terms } from "./wasm/arithmetic.ts";
import type { Scratch, Vector } from "./wasm/scratch.ts";

/** An operation of a scheme with its vectors; see `Operation` in scheme.ts. */
export interface Instruction {
  readonly out: Vector;
  readonly base: Vector | undefined;
  readonly terms: Terms | undefined;
  readonly unit: boolean;
  readonly k: Vector | undefined;
  readonly c: number;
  /** Which tape slot the evaluation leaves its tape in. */
  readonly slot: number;
}

/**
 * A scheme bound to vectors, for steps of one parity: start and end change places from step to step, so that accepting a
 * step copies nothing.
 */
export interface Program {
  readonly start: readonly Vector[];
  readonly end: readonly Vector[];
  readonly instructions: readonly Instruction[];
  readonly error: Terms | undefined;
  readonly place: ReadonlyMap<Variable, Vector>;
}

/** The two programs of a scheme and the memory behind them. */
export interface BoundScheme {
  readonly scheme: Scheme;
  /** For even and for odd steps. */
  readonly programs: readonly [Program, Program];
  /** All derivatives k of a step side by side, in the order of the vectors below. */
  readonly derivatives: Vector;
  /** Bytes of the stage and derivative vectors. */
  readonly stageBytes: number;
}

/** Number of field evaluations in a step. */
export const evaluationsOf = (scheme: Scheme): number => scheme.operations.filter(({ evaluate }) => evaluate).length;

/** Declares the vectors of a scheme. Stage inputs that are needed once only share one vector. */
export function bindScheme(scheme: Scheme, scratch: Scratch, arithmetic: Arithmetic): BoundScheme {
  const before = scratch.bytes;
  const start = scheme.start.map(() => arithmetic.vector());
  const end = scheme.end.map(() => arithmetic.vector());
  const ks = scheme.operations.flatMap(({ evaluate }) => (evaluate ? [evaluate.k] : []));
  const derivatives = scratch.rows(ks.length, arithmetic.length, arithmetic.dtype);
  const input = arithmetic.vector();
  const shared = scheme.operations.map(({ out }) => out).filter((out) => ![...scheme.start, ...scheme.end].includes(out));

  const program = (odd: boolean): Program => {
    const place = new Map<Variable, Vector>(shared.map((variable) => [variable, input]));
    scheme.start.forEach((variable, i) => place.set(variable, (odd ? end : start)[i]!));
    scheme.end.forEach((variable, i) => place.set(variable, (odd ? start : end)[i]!));
    const slots = new Map(ks.map((k, i) => [k, i]));
    if (odd && scheme.fsal) {
      const { first, last } = scheme.fsal;
      const firstSlot = slots.get(first)!;
      slots.set(first, slots.get(last)!);
      slots.set(last, firstSlot);
    }
    for (const [k, slot] of slots) place.set(k, derivatives.parts[slot]!);
    const termsOf = (combination: Scheme["error"] & object): Terms =>
      arithmetic.terms(combination.map(({ variable }) => place.get(variable)!), combination.map(({ weight }) => weight));
    const instructions = scheme.operations.map(({ out, base, terms, unit = false, evaluate }): Instruction => ({
      out: place.get(out)!,
      base: base && place.get(base)!,
      terms: base || terms.length > 0 ? termsOf(terms) : undefined,
      unit,
      k: evaluate && place.get(evaluate.k)!,
      c: evaluate?.c ?? 0,
      slot: evaluate ? slots.get(evaluate.k)! : 0,
    }));
    return {
      start: scheme.start.map((variable) => place.get(variable)!),
      end: scheme.end.map((variable) => place.get(variable)!),
      instructions,
      error: scheme.error && termsOf(scheme.error),
      place,
    };
  };
  return {
    scheme,
    programs: [program(false), program(true)],
    derivatives: derivatives.whole,
    stageBytes: scratch.bytes - before,
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
}
