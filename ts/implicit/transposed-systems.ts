// The adjoints of a step's linear systems: solves with the transpose, and what a gradient takes of how J and ∂f/∂t depend on
// the step's start.
import type { Awaitable } from "../base/waiting.ts";
import type { Pair } from "../fields/field.ts";
import type { LinearSolver } from "../linear/solver.ts";
import type {
  ImplicitCounts,
  SolvedStage,
  StageSystem,
  StartMotion,
  StepStart,
  TransposedSystem,
} from "../problem/implicit.ts";
import type { Vector } from "../vectors/arithmetic.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import type { JacobianSource } from "./jacobian.ts";
import type { SecondOrder } from "./second-order.ts";
import { LinearSystems } from "./system.ts";

export class TransposedSystems extends LinearSystems implements TransposedSystem {
  private readonly second: SecondOrder;
  /** Cotangents times h. */
  private readonly scaled: readonly HostVector[];

  /** `stages`: systems of a step. */
  constructor(
    scratch: Scratch,
    like: HostVector,
    solver: LinearSolver,
    source: JacobianSource,
    second: SecondOrder,
    stages: number,
  ) {
    super(scratch, like, solver, source);
    this.second = second;
    this.scaled = Array.from({ length: stages }, () => scratch.vector(like.length, like.dtype));
  }

  solveTransposed(
    { gamma }: StageSystem,
    bar: Vector,
    solved: Vector,
    product: Vector,
    start: StepStart,
    t: number,
    h: number,
  ): Awaitable<void> {
    const pending = this.prepare(gamma, start, t, h);
    if (pending) return pending;
    this.counts.solves++;
    const [from, to] = [(bar as HostVector).view, solved as HostVector];
    const out = this.wide?.out ?? to;
    for (let i = 0; i < from.length; i++) out.view[i] = gamma * from[i]!;
    this.solver.solveTransposed(out);
    const massed = product as HostVector;
    if (out === to) {
      this.solver.multiplyByMass(massed, to);
    } else {
      to.view.set(out.view);
      this.solver.multiplyByMass(this.product, out);
      massed.view.set(this.product.view);
    }
    return undefined;
  }

  pullStart(
    stages: readonly SolvedStage[],
    start: StepStart,
    t: number,
    h: number,
    xBar: Vector,
    motion: StartMotion | undefined,
  ): Awaitable<number> {
    const x = start.out as HostVector;
    const pairs = stages.map(({ tangent, slope, cotangent }, i): Pair<HostVector> => {
      const scaled = this.scaled[i]!;
      const { view } = cotangent as HostVector;
      for (let j = 0; j < view.length; j++) scaled.view[j] = h * view[j]!;
      return { tangent: tangent as HostVector, time: slope, cotangent: scaled };
    });
    if (motion) {
      for (const { tangent, slope, cotangent } of stages) {
        const product = this.multiply(tangent as HostVector, slope);
        const { view } = cotangent as HostVector;
        for (let i = 0; i < view.length; i++) motion.dh += view[i]! * product[i]!;
      }
    }
    return this.second.gradient({ t, h, x }, pairs, xBar as HostVector);
  }

  override countIn(stats: ImplicitCounts): void {
    super.countIn(stats);
    if (stats.vjps !== undefined) stats.vjps += this.second.vjps;
  }
}
