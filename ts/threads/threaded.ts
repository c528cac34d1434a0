// A network whose evaluations and VJPs are shared by the threads of a pool.

import type { ArrayOf, Dtype } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { BindRequest, BoundField } from "../fields/field.ts";
import type { Mlp } from "../fields/mlp.ts";
import { ACTIVATIONS, type Activation } from "../fields/mlp-layout.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { BoundThreaded, type Paces, unknownPaces } from "./bound-network.ts";
import { chunksOf, RECOMPUTING_WORK, workOf } from "./chunks.ts";
import { Threads } from "./pool.ts";

class ThreadedMlp<D extends Dtype> implements Mlp<D> {
  readonly dtype: D;
  readonly vectors: Mlp<D>["vectors"];
  readonly layers: readonly number[];
  readonly activation: Activation;
  readonly time: boolean;
  readonly dim: number;
  readonly params: ArrayOf<D>;
  readonly tensors?: readonly number[];
  readonly differentiable = true;
  readonly hasJvp = true;
  private readonly field: Mlp<D>;
  private readonly pool: Threads;
  /** By the batch. */
  private readonly paces = new Map<number, Paces>();

  constructor(field: Mlp<D>, pool: Threads) {
    this.field = field;
    this.pool = pool;
    this.dtype = field.dtype;
    this.vectors = field.vectors;
    this.layers = field.layers;
    this.activation = field.activation;
    this.time = field.time;
    this.dim = field.dim;
    this.params = field.params;
    if (field.tensors) this.tensors = field.tensors;
  }

  tapeLength(length: number): number {
    return this.field.tapeLength!(length);
  }

  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
    const batch = request.length / this.dim;
    const chunks = chunksOf(batch);
    const work = workOf(this, this.dtype, batch) * RECOMPUTING_WORK;
    // What is decided here must not change from a solve to its pullback, which reads the tape of the one in the other.
    if (!chunks || work < this.pool.threshold || request.tangent) return this.field.bind(scratch, request);
    const paces = this.paces.get(batch) ?? unknownPaces();
    this.paces.set(batch, paces);
    return new BoundThreaded(scratch, request, this, this.pool, chunks, paces);
  }
}

/**
 * The same network, sharing `params`, with the rows of a batch split among the pool's threads. Solutions and ∂L/∂y0 are
 * those of `field` bit for bit; ∂L/∂θ and ∂L/∂ts add the same numbers chunk by chunk of rows, so they differ in rounding,
 * but not from run to run nor with the number of threads. Forward sensitivities (`jvp`) and batches that are little work
 * stay on the calling thread. Throws `SolveError` "invalid" for anything but a field made with `mlp`.
 */
export function threaded<D extends Dtype>(field: Mlp<D>, pool: Threads): Mlp<D> {
  const isMlp =
    typeof field === "object" && typeof field?.bind === "function" && ACTIVATIONS.includes(field.activation);
  if (!isMlp || field instanceof ThreadedMlp)
    throw invalid("threaded(field, pool)", field, "a field made with mlp({ … })");
  if (!(pool instanceof Threads))
    throw invalid("threaded(field, pool), pool", pool, "a pool made with await threads()");
  return new ThreadedMlp(field, pool);
}
