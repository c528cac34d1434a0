// The linear systems of a step together with their linearisation along a direction, over vectors laid out as [v | v̇]. From
// (M − h γ J) v = γ (k + M·out + h slope ∂f/∂t) follows
// (M − h γ J) v̇ = γ (k̇ + M·ȯut + h D(J v + slope ∂f/∂t) + ḣ (J v + slope ∂f/∂t)),
// where D is the derivative along (ẏ, θ̇, ṫ) at fixed v. As in fields/tangent.ts, where a step's size moves, v̇ stands for
// v̇ + (ḣ/h) v: then k̇ and ȯut have theirs already, and ḣ (J v + 2 slope ∂f/∂t) is left to add.
import { invalid, type SolveError } from "../base/errors.ts";
import type { BoundField } from "../fields/field.ts";
import type { BoundTangent } from "../fields/tangent.ts";
import type { ImplicitCounts, StageSystem, StepStart, StepSystem } from "../problem/implicit.ts";
import type { Vector } from "../vectors/arithmetic.ts";
import { WasmArithmetic } from "../vectors/wasm-arithmetic.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { SecondOrder } from "./second-order.ts";
import type { LinearSystems } from "./system.ts";

interface Halves {
  readonly value: HostVector;
  readonly dot: HostVector;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

export class TangentSystems implements StepSystem {
  readonly written = false;
  private readonly inner: LinearSystems;
  private readonly tangent: BoundTangent;
  /** The field with VJPs, for second derivatives. */
  private readonly field: BoundField<HostVector>;
  private readonly second: SecondOrder;
  private readonly paramsDot: ArrayLike<number> | undefined;
  private readonly halves = new Map<Vector, Halves>();
  private readonly arithmetic: WasmArithmetic;
  private readonly unit: HostVector;
  private readonly gradient: HostVector;
  /** The right side for v̇ but for what `out` has. */
  private readonly right: HostVector;

  constructor(
    scratch: Scratch,
    { length, dtype }: HostVector,
    inner: LinearSystems,
    tangent: BoundTangent,
    field: BoundField<HostVector>,
    second: SecondOrder,
    paramsDot: ArrayLike<number> | undefined,
  ) {
    this.inner = inner;
    this.tangent = tangent;
    this.field = field;
    this.second = second;
    this.paramsDot = paramsDot;
    this.arithmetic = new WasmArithmetic(scratch, length, { dtype });
    this.unit = scratch.vector(length, dtype);
    this.gradient = scratch.vector(length, dtype);
    this.right = scratch.vector(length, dtype);
  }

  get failed(): boolean {
    return this.inner.failed;
  }

  load(): void {
    this.field.load();
    this.inner.load();
  }

  recheck(): void {}

  forget(): void {
    this.inner.forget();
  }

  linearised(): undefined {
    return undefined;
  }

  countIn(stats: ImplicitCounts): void {
    this.inner.countIn(stats);
  }

  failure(t: number, h: number): SolveError {
    return this.inner.failure(t, h);
  }

  private halvesOf(whole: Vector): Halves {
    let halves = this.halves.get(whole);
    if (!halves) {
      const { arithmetic } = this;
      const { length } = this.unit;
      const part = (start: number): HostVector => arithmetic.part(whole as HostVector, start, length);
      halves = { value: part(0), dot: part(length) };
      this.halves.set(whole, halves);
    }
    return halves;
  }

  solve(stage: StageSystem, out: Vector, start: StepStart, t: number, h: number): undefined {
    const { inner, right, tangent } = this;
    const { gamma, slope, from } = stage;
    const [own, k, x, k1] = [out, stage.k, start.out, start.k!].map((vector) => this.halvesOf(vector)) as [
      Halves,
      Halves,
      Halves,
      Halves,
    ];
    const first = { out: x.value, k: k1.value };
    if (inner.solve({ gamma, slope, k: k.value, from: from && own.value }, own.value, first, t, h))
      throw invalid(
        "jvp(solution)",
        "one of an asynchronous field",
        "one of a synchronous field, for an implicit solver",
      );
    if (inner.failed) return undefined;
    const { motion } = tangent;
    right.view.set(k.dot.view);
    this.addDerivative(own.value, slope, x, t, h, motion?.tDot ?? 0, motion === undefined || motion.params);
    if (motion && motion.hDot !== 0) inner.addProduct(right, motion.hDot, own.value, 2 * slope);
    inner.apply(own.dot, right, from && own.dot, gamma);
    return undefined;
  }

  /** right += h D(J v + slope ∂f/∂t) */
  private addDerivative(
    v: HostVector,
    slope: number,
    { value: x, dot: xDot }: Halves,
    t: number,
    h: number,
    tDot: number,
    movesParams: boolean,
  ): void {
    const { unit, gradient, right, field, paramsDot } = this;
    const { paramsBar } = field;
    unit.view.fill(0);
    for (let i = 0; i < unit.length; i++) {
      unit.view[i] = 1;
      paramsBar?.view.fill(0);
      const tau = this.second.gradient({ t, h, x }, [{ tangent: v, time: slope, cotangent: unit }], gradient);
      if (typeof tau !== "number")
        throw invalid(
          "jvp(solution)",
          "one of an asynchronous field",
          "one of a synchronous field, for an implicit solver",
        );
      let sum = dot(gradient.view, xDot.view) + tau * tDot;
      if (paramsBar && paramsDot && movesParams) sum += dot(paramsBar.view, paramsDot);
      right.view[i]! += h * sum;
      unit.view[i] = 0;
    }
  }
}
