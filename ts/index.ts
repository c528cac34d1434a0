// odegrad's public names.

// First, because bundlers keep the order: the binaries, of networks and of vectors, then lie side by side. Gzip sees back 32 kB,
// and finds more where 40 kB of binaries do not part code from code.
import { mlp } from "./fields/mlp.ts";

export type { Adjoint, GradientStats, Gradients, PeakBytes, PullbackOptions } from "./adjoints/adjoint.ts";
export type { BackwardNorm } from "./adjoints/augmented-measure.ts";
export { type AutoOptions, auto } from "./adjoints/auto.ts";
export { backprop } from "./adjoints/backprop.ts";
export { type CheckpointedOptions, checkpointed } from "./adjoints/checkpointed.ts";
export { type ContinuousOptions, continuous } from "./adjoints/continuous.ts";
export { type ReverseOptions, reverse } from "./adjoints/reverse.ts";
export { symplectic } from "./adjoints/symplectic.ts";
export type { ArrayOf, Dtype, FloatArray, NumberSink } from "./base/dtype.ts";
export { SolveError, type SolveErrorCode, type SolveErrorDetails } from "./base/errors.ts";
export type { Paper, PaperId } from "./base/papers.ts";
export type { Awaitable } from "./base/waiting.ts";
export { type CheckPoint, checkDerivatives, type DerivativeCheck } from "./check-derivatives.ts";
export { citations } from "./citations.ts";
export type { AsyncField, Field, SparsityPattern } from "./fields/field.ts";
export type { AsyncFieldFunction, BareField, FieldFunction, NumbersFieldFunction } from "./fields/function.ts";
export type { GivenDerivatives, JacobianFunction, SecondFunction, VjpOutputs } from "./fields/given-derivatives.ts";
export type { Activation, InputFunction, Mlp, MlpField, MlpOptions } from "./fields/mlp.ts";
export {
  type JvpFunction,
  type JvpInputs,
  type VectorField,
  type VectorFieldOptions,
  type VjpFunction,
  vectorField,
} from "./fields/vector-field.ts";
export { widened } from "./fields/widened.ts";
export { rodas5P } from "./implicit/rodas5p.ts";
export { jvp, type Tangent } from "./jvp.ts";
export { type Band, banded } from "./linear/banded.ts";
export { type Diagonal, diagonal } from "./linear/diagonal.ts";
export type { NormSegment, SolveOptions } from "./options/options.ts";
export { type Controller, type ControllerOptions, integral, pid, type RuledControl } from "./problem/controller.ts";
export type {
  Effect,
  EffectFunction,
  EffectOutputs,
  EffectTangent,
  EventRecord,
  SolveEvent,
} from "./problem/event.ts";
export type { ImplicitOptions, ImplicitSolver, ImplicitStats } from "./problem/implicit.ts";
export { type PredictiveOptions, predictive } from "./problem/predictive.ts";
export type { Rejection, StepReport, StepStats } from "./problem/report.ts";
export type { AsyncSolution } from "./solution.ts";
export { Solution, type SolutionJson, type SolveStats, type SolveStatus } from "./solution.ts";
export { solve } from "./solve.ts";
export { ees25, ees27 } from "./solvers/ees.ts";
export { bosh3 } from "./solvers/explicit/bosh3.ts";
export { cashKarp } from "./solvers/explicit/cash-karp.ts";
export { dop853 } from "./solvers/explicit/dop853.ts";
export { dopri5 } from "./solvers/explicit/dopri5.ts";
export { euler } from "./solvers/explicit/euler.ts";
export { fehlberg45 } from "./solvers/explicit/fehlberg45.ts";
export { heun } from "./solvers/explicit/heun.ts";
export { midpoint } from "./solvers/explicit/midpoint.ts";
export { ralston } from "./solvers/explicit/ralston.ts";
export { rk4 } from "./solvers/explicit/rk4.ts";
export { rk38 } from "./solvers/explicit/rk38.ts";
export { stabilized6 } from "./solvers/explicit/stabilized6.ts";
export { tsit5 } from "./solvers/explicit/tsit5.ts";
export { vern7 } from "./solvers/explicit/vern7.ts";
export { vern9 } from "./solvers/explicit/vern9.ts";
export { type ReversibleOptions, reversible } from "./solvers/reversible.ts";
export { reversibleHeun } from "./solvers/reversible-heun.ts";
export { type Interpolant, rungeKutta, type Solver, type Tableau } from "./solvers/runge-kutta.ts";
export {
  type AsyncSteps,
  type Step,
  type Steps,
  type StepsOptions,
  type StepsReport,
  type StepsStatus,
  steps,
} from "./steps.ts";
export { mlp };
