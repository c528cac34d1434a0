// What an equation needs of a network that it calls: all by the network itself, so that equations alone do not bring networks.
import type { Dtype, FloatArray } from "../base/dtype.ts";
import type { Scratch } from "../wasm/scratch.ts";
import type { BindRequest } from "./field.ts";
import type { BoundMlp } from "./mlp-bound.ts";

export interface CallableNetwork {
  readonly dtype: Dtype;
  readonly layers: readonly number[];
  readonly inputs: number;
  readonly time: boolean;
  /** Set to a part of the parameters of the field whose equation calls it. */
  params: FloatArray;
  (row: ArrayLike<number>): FloatArray;
  /** Binds it for rows of state, inputs and t. */
  bindRows(scratch: Scratch, request: BindRequest): BoundMlp;
}

/** Whether a value is a network that equations can call. */
export const isCallable = (value: unknown): value is CallableNetwork =>
  typeof value === "function" && typeof (value as unknown as CallableNetwork).bindRows === "function";

/** Numbers in a row: state, inputs, and t where it is one. */
export const rowLengthOf = ({ layers, inputs, time }: CallableNetwork): number => layers[0]! + inputs + (time ? 1 : 0);
