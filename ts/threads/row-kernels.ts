// How the rows of a field are computed on any thread of a pool: what a bound field shared by threads (bound-threaded.ts) has
// to know of the field that it shares.
import type { Field } from "../fields/field.ts";
import type { Mlp } from "../fields/mlp.ts";
import { kernelLayout, type Layout } from "../fields/mlp-layout.ts";
import { workOf } from "./chunks.ts";
import { type Network, networkOf } from "./job.ts";
import type { SharedMemory } from "./shared-memory.ts";

/** The layout of so many rows, in numbers of the dtype. */
export type Kernel = Pick<Layout, "tapeLength" | "packedLength" | "workLength" | "descriptorWords" | "describe">;

/** Code that workers instantiate from the shared memory: modules that export `run`, of an evaluation and of a VJP. */
export interface Code {
  /** Not 0; code with the same number is the same. */
  readonly number: number;
  readonly forward: Uint8Array;
  /** Empty where no gradient is asked for. */
  readonly backward: Uint8Array;
}

export interface RowKernels {
  readonly field: Field;
  readonly dim: number;
  /** About how many microseconds an evaluation of a batch takes. */
  readonly work: number;
  /** Whether kernels write beside the packed weights, so that each thread needs its own. */
  readonly packsEach: boolean;
  /** What workers need beside the networks' kernels. */
  readonly code: Code | undefined;
  layout(rows: number): Kernel;
  /** Packs the weights of a thread, once its descriptor is written. */
  pack(memory: SharedMemory, descriptor: number): void;
  /** The calling thread's functions. */
  functions(memory: SharedMemory): Network;
}

/** Of a network. */
export const networkRows = (field: Mlp, batch: number, gradient: boolean): RowKernels => {
  const { dtype, dim, activation, time } = field;
  return {
    field,
    dim,
    work: workOf(field, dtype, batch),
    // With time the kernels keep the first layer's bias at t beside the weights.
    packsEach: time,
    code: undefined,
    layout: (rows) => kernelLayout(field, activation, dtype, rows, gradient),
    pack({ networks }, descriptor) {
      if (dtype === "float32") networks.mlpPackF32(descriptor);
      else networks.mlpPackF64(descriptor);
    },
    functions: ({ networks }) => networkOf(networks, dtype === "float64"),
  };
};
