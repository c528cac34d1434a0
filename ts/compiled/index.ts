// Public names of odegrad/compiled.
export type { SparsityPattern } from "../fields/field.ts";
export {
  type Compiled,
  type CompiledOptions,
  compiled,
  type EquationFunction,
  type EquationOptions,
  type NamedOptions,
} from "./compiled.ts";
export type { CompiledField, CotangentOutputs } from "./compiled-field.ts";
export { divergence, withDivergence } from "./divergence.ts";
export type { Equation } from "./equation.ts";
export { type HamiltonianFunction, hamiltonian } from "./hamiltonian.ts";
export type { NamedParams, NamedValues } from "./tracing/parameters.ts";
