// A network whose evaluations and VJPs are shared by the threads of a pool.

import type { Dtype } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { BindRequest, BoundField, Field } from "../fields/field.ts";
import type { Mlp } from "../fields/mlp.ts";
import { ACTIVATIONS } from "../fields/mlp-layout.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { BoundThreaded, type Paces, unknownPaces } from "./bound-network.ts";
import { chunksOf, RECOMPUTING_WORK, workOf } from "./chunks.ts";
import { Threads } from "./pool.ts";

const threadedOnes = new WeakSet<object>();

/**
 * The same network, sharing `params`, with the rows of a batch split among the pool's threads. Solutions and ∂L/∂y0 are
 * those of `field` bit for bit; ∂L/∂θ and ∂L/∂ts add the same numbers chunk by chunk of rows, so they differ in rounding,
 * but not from run to run nor with the number of threads. Forward sensitivities (`jvp`), networks with `inputs` and batches
 * that are little work stay on the calling thread. Throws `SolveError` "invalid" for anything but a field made with `mlp`.
 */
export function threaded<D extends Dtype>(field: Mlp<D>, pool: Threads): Mlp<D> {
  if (typeof field !== "function" || !ACTIVATIONS.includes(field.activation) || threadedOnes.has(field))
    throw invalid("threaded(field, pool)", field, "a field made with mlp({ … })");
  if (!(pool instanceof Threads))
    throw invalid("threaded(field, pool), pool", pool, "a pool made with await threads()");
  /** By the batch. */
  const pacesOf = new Map<number, Paces>();
  // All but these is the network's own.
  const own: Pick<Field, "bind" | "inSolve"> & { bindRows: undefined } = {
    // Calls in equations are the network's own.
    bindRows: undefined,
    bind(scratch: Scratch, request: BindRequest): BoundField<HostVector> {
      const batch = request.length / field.dim;
      const chunks = chunksOf(batch);
      const work = workOf(field, field.dtype, batch) * RECOMPUTING_WORK;
      // Solve and pullback must decide alike: the pullback reads the tape of the solve.
      if (!chunks || work < pool.threshold || request.tangent || request.pairs) return field.bind(scratch, request);
      const paces = pacesOf.get(batch) ?? unknownPaces();
      pacesOf.set(batch, paces);
      return new BoundThreaded(scratch, request, field, pool, chunks, paces);
    },
    inSolve(inputs, times) {
      const alone = field.inSolve!(inputs, times);
      return alone === field ? shared : alone;
    },
  };
  const shared: Mlp<D> = Object.assign(
    Object.setPrototypeOf((...row: number[]) => field(...row), field),
    own,
  );
  threadedOnes.add(shared);
  return shared;
}
